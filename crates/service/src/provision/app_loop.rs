//! The worker of one app: claims what is dirty, carries it out, and waits where waiting helps.

mod claiming;

pub(super) use claiming::Poke;

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use muster_connectors::{ConnectorError, ErrorKind};
use muster_store::accounts::next_wakeup;
use muster_store::{app_state, tasks};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::breaker::Breaker;
use super::carry_out::{News, Outcome, Verdict, carry_out};
use super::db::Db;
use super::end::End;
use super::find::{Found, taken};
use super::job::Job;
use super::leases::Leases;
use super::listing::{Listing, WORTH_LISTING};
use super::orphans;
use super::record::{Finished, Signal};
use super::settler::Message;
use super::target::Target;
use crate::clock::machine_now;
use crate::error::{Result, ServiceError};
use crate::tasks::words;

/// So many failures in a row that may be the app's are taken for the app's.
const TROUBLE: usize = 5;
/// What all workers of a run share.
#[derive(Clone)]
pub(super) struct Context {
    pub(super) db: Db,
    pub(super) node: String,
    /// When all is to be over; it may be set while the worker works.
    pub(super) end: End,
    /// How long a worker without an end waits in all for accounts that can only be tried again later.
    pub(super) patience: Duration,
    pub(super) told: mpsc::Sender<Message>,
}

impl Context {
    async fn tell(&self, message: Message) -> Result<()> {
        let gone = || ServiceError::io("recording work", std::io::ErrorKind::BrokenPipe.into());
        self.told.send(message).await.map_err(|_| gone())
    }

    /// Waits until everything told before is written.
    async fn flush(&self) -> Result<()> {
        let (done, written) = oneshot::channel();
        self.tell(Message::Flush(done)).await?;
        written.await.map_err(|error| ServiceError::io("recording work", std::io::Error::other(error)))
    }
}

/// Whether work goes on.
#[derive(PartialEq)]
enum Next {
    Work,
    Stop,
}

pub(super) struct Worker {
    context: Context,
    target: Arc<Target>,
    queue: VecDeque<Job>,
    /// Claimed accounts that may be there already. What is known, above all what takes away, comes before them.
    unmatched: Vec<Job>,
    in_flight: JoinSet<Result<(Outcome, u64)>>,
    /// What takes access away, being claimed while the batch is worked on.
    overtaking: JoinSet<Result<Vec<Job>>>,
    leases: Leases,
    /// Keeps the leases; ends with the worker.
    _renewal: JoinSet<()>,
    batch: usize,
    claimed_at: Instant,
    /// Nothing was left to claim; asked again when all calls are over.
    drained: bool,
    listing: Option<Arc<Listing>>,
    /// Accounts that were deleted, by the app's ids.
    gone: HashSet<String>,
    patience: Duration,
    /// Grows with each pause, so that the answer to a call from before it doesn't end it.
    epoch: u64,
    /// The app failed before and hasn't answered since.
    unwell: bool,
    /// Nothing is started until what is known of the app is written and read again.
    paused: bool,
    failures_in_a_row: usize,
    /// The app was set up differently before it was paused, so that it is asked whether it answers now.
    changed: bool,
    /// Told when there may be more to claim, or an end was set.
    poke: Arc<Poke>,
    breaker: Breaker,
}

impl Worker {
    pub(super) fn new(context: Context, target: Arc<Target>) -> Self {
        let leases = Leases::default();
        let mut renewal = JoinSet::new();
        renewal.spawn(leases.clone().renew(context.db.clone()));
        Self {
            batch: (target.concurrency() * 8).clamp(claiming::CLAIM.0, claiming::CLAIM.1),
            patience: context.patience,
            breaker: Breaker::new(context.db.clone(), target.app),
            context,
            target,
            queue: VecDeque::new(),
            unmatched: Vec::new(),
            in_flight: JoinSet::new(),
            overtaking: JoinSet::new(),
            leases,
            _renewal: renewal,
            claimed_at: Instant::now(),
            drained: false,
            listing: None,
            gone: HashSet::new(),
            epoch: 0,
            unwell: false,
            paused: false,
            failures_in_a_row: 0,
            changed: false,
            poke: Arc::default(),
        }
    }

    /// One that is told by `poke` when there may be more to claim; `changed`: the app is set up differently than when it
    /// was worked on last.
    pub(super) fn with(self, poke: Arc<Poke>, changed: bool) -> Self {
        Self { changed, poke, ..self }
    }

    /// Works until everything is in line, or all that is left waits or failed.
    ///
    /// # Errors
    /// If the store fails.
    pub(super) async fn run(mut self) -> Result<()> {
        while self.until_ready().await? == Next::Work {
            self.work().await?;
            self.breaker.leave().await?;
            if self.is_over() || (!self.paused && self.rest().await? == Next::Stop) {
                break;
            }
        }
        self.context.flush().await?;
        if let Some(listing) = self.listing.take().filter(|listing| listing.complete) {
            orphans::record(&self.context.db, &self.target, &listing, &self.gone).await?;
        }
        Ok(())
    }

    fn has_nothing_claimed(&self) -> bool {
        self.queue.is_empty() && self.unmatched.is_empty()
    }

    fn is_idle(&self) -> bool {
        self.has_nothing_claimed() && self.overtaking.is_empty()
    }

    fn is_over(&self) -> bool {
        self.context.end.is_over()
    }

    /// Waits while the app is paused, as far as waiting helps.
    async fn until_ready(&mut self) -> Result<Next> {
        let app = self.target.app.0;
        self.paused = false;
        self.failures_in_a_row = 0;
        loop {
            let dedupe = words::refused_dedupe(self.target.app);
            let (state, refused) = self
                .context
                .db
                .read(move |tx| {
                    let refused = !tasks::open_by_dedupe(tx, &[&dedupe])?.is_empty();
                    Ok((app_state::app_state(tx, app)?, refused))
                })
                .await?;
            let state = state.filter(|state| state.failures > 0 || state.paused_until.is_some());
            if state.is_none() && !refused {
                return Ok(Next::Work);
            }
            self.unwell = true;
            let seen = state.and_then(|state| state.paused_until);
            let until = seen.filter(|until| *until > machine_now());
            if !refused && !std::mem::take(&mut self.changed) {
                match until {
                    None => match seen {
                        Some(seen) if !self.breaker.half_open(seen).await? => continue,
                        _ => return Ok(Next::Work),
                    },
                    Some(until) if self.wait(until).await => continue,
                    Some(_) => return Ok(Next::Stop),
                }
            }
            // A person may have mended it; the app itself is asked, once.
            if self.epoch > 0
                && let Some(until) = until
                && !(self.context.end.time().is_some() && self.wait(until).await)
            {
                return Ok(Next::Stop);
            }
            self.epoch += 1;
            match self.context.end.within(self.target.connector.check()).await {
                Some(Ok(())) => {
                    self.signal(Signal::Healthy).await?;
                    self.unwell = false;
                    return Ok(Next::Work);
                }
                Some(Err(error)) => self.signal(signal_of(&error)).await?,
                None => return Ok(Next::Stop),
            }
        }
    }

    /// Waits until a time of the machine. Gives whether it could wait that long.
    async fn wait(&mut self, until: i64) -> bool {
        let left = Duration::from_millis(u64::try_from(until - machine_now()).unwrap_or(0));
        match self.context.end.time() {
            Some(end) if Instant::now() + left > end => return false,
            Some(_) => {}
            None if left > self.patience => return false,
            None => self.patience -= left,
        }
        tokio::time::sleep(left).await;
        true
    }

    /// Tells what is known of the app as a whole, and waits until all nodes can know.
    async fn signal(&mut self, signal: Signal) -> Result<()> {
        self.context.tell(Message::Signal(Arc::clone(&self.target), signal)).await?;
        self.context.flush().await
    }

    /// Works off what can be claimed, until nothing is left, the app pauses, or the time is over.
    async fn work(&mut self) -> Result<()> {
        self.drained = false;
        loop {
            if !self.paused && self.breaker.is_open().await? {
                self.paused = true;
                self.unwell = true;
                self.epoch += 1;
            }
            if self.paused || self.is_over() {
                self.give_back().await?;
            } else {
                if self.queue.is_empty() && self.in_flight.len() < self.at_once() {
                    if self.unmatched.is_empty() && !self.drained {
                        self.claim().await?;
                    }
                    if self.queue.is_empty() && !self.unmatched.is_empty() {
                        self.match_listing().await?;
                    }
                }
                while self.in_flight.len() < self.at_once() && self.start() {}
            }
            let ended = tokio::select! {
                ended = self.in_flight.join_next(), if !self.in_flight.is_empty() || self.overtaking.is_empty() => ended,
                () = self.poke.told() => {
                    self.poked();
                    continue;
                }
                Some(claimed) = self.overtaking.join_next() => {
                    self.overtake(claimed)?;
                    continue;
                }
            };
            match ended {
                Some(ended) => self.ended(ended).await?,
                None if self.is_idle() && (self.drained || self.paused || self.is_over()) => {
                    return Ok(());
                }
                None => {}
            }
        }
    }

    /// How many accounts are worked on at once.
    fn at_once(&self) -> usize {
        if self.breaker.is_half_open() { 1 } else { self.target.concurrency() }
    }

    /// Starts the next account, if there is one.
    fn start(&mut self) -> bool {
        let Some(job) = self.queue.pop_front() else { return false };
        if self.leases.is_lost(job.account) {
            self.leases.end(job.account);
            return true;
        }
        let (db, target, epoch) = (self.context.db.clone(), Arc::clone(&self.target), self.epoch);
        let end = self.context.end.clone();
        self.in_flight.spawn(async move {
            let cut_off = job.clone();
            if let Some(outcome) = end.within_grace(carry_out(&db, &target, job)).await {
                return Ok((outcome?, epoch));
            }
            let error = "the call was still under way when the time was over".to_owned();
            let mut outcome = Outcome::without_calls(cut_off, Verdict::Unknown { error });
            outcome.keeps_note = true;
            Ok((outcome, epoch))
        });
        true
    }

    /// Takes in how work on an account ended.
    async fn ended(
        &mut self,
        ended: std::result::Result<Result<(Outcome, u64)>, tokio::task::JoinError>,
    ) -> Result<()> {
        let (outcome, epoch) = match ended {
            Ok(result) => result?,
            Err(error) => {
                return Err(ServiceError::io("working on an account", std::io::Error::other(error)));
            }
        };
        let mut signal = None;
        match &outcome.verdict {
            Verdict::Later { after: Some(after), error } => {
                signal = Some(Signal::busy(*after, error.clone()));
            }
            Verdict::Refused { error } => signal = Some(Signal::Refused { error: error.clone() }),
            Verdict::Later { after: None, error } | Verdict::Unknown { error } => {
                self.failures_in_a_row += 1;
                if self.failures_in_a_row >= TROUBLE || self.breaker.is_half_open() {
                    signal = Some(Signal::Trouble { error: error.clone() });
                }
            }
            Verdict::Done
            | Verdict::Failed { .. }
            | Verdict::InDoubt { .. }
            | Verdict::Protected { .. }
            | Verdict::ByHand { .. } => {
                self.failures_in_a_row = 0;
                let answered = !outcome.did.is_empty() || outcome.failed_call.is_some();
                if self.unwell && epoch == self.epoch && answered {
                    self.unwell = false;
                    self.breaker.tried();
                    // Written before the next look at the row, or its own trial looks like another's pause.
                    self.signal(Signal::Healthy).await?;
                }
            }
            Verdict::GivenBack => {}
        }
        self.finish(outcome).await?;
        if let Some(signal) = signal.filter(|_| !self.paused) {
            self.pause(signal).await?;
        }
        Ok(())
    }

    async fn finish(&mut self, outcome: Outcome) -> Result<()> {
        self.leases.end(outcome.job.account);
        if outcome.learned == News::Gone {
            self.gone.extend(outcome.job.remote_id.clone());
        }
        let finished = Finished { target: Arc::clone(&self.target), outcome };
        self.context.tell(Message::Finished(Box::new(finished))).await
    }

    /// Gives back what wasn't started.
    async fn give_back(&mut self) -> Result<()> {
        let unmatched = std::mem::take(&mut self.unmatched);
        for job in std::mem::take(&mut self.queue).into_iter().chain(unmatched) {
            self.finish(Outcome::without_calls(job, Verdict::GivenBack)).await?;
        }
        Ok(())
    }

    /// Matches accounts that aren't linked against what the app holds already, if it is worth it.
    async fn match_listing(&mut self) -> Result<()> {
        if self.listing.is_none() && !self.list().await? {
            return Ok(());
        }
        let Some(listing) = self.listing.clone() else {
            // An app that takes a name twice never answers with a conflict.
            let looks = !self.target.capabilities.unique_user_names;
            let jobs = std::mem::take(&mut self.unmatched);
            self.queue.extend(jobs.into_iter().map(|job| Job { look_first: looks, ..job }));
            return Ok(());
        };
        let jobs = std::mem::take(&mut self.unmatched);
        let ids: Vec<String> = jobs.iter().flat_map(|job| listing.candidates(job)).collect();
        let taken =
            if ids.is_empty() { Vec::new() } else { taken(&self.context.db, &self.target, ids).await? };
        let owners: HashMap<&str, i64> = taken.iter().map(|(id, owner)| (id.as_str(), *owner)).collect();
        for mut job in jobs {
            let is_free = |id: &str| owners.get(id).is_none_or(|owner| *owner == job.account.0);
            match listing.find(&job, is_free) {
                Found::One(account) => {
                    job.known = Some(*account);
                    job.found = true;
                    self.queue.push_back(job);
                }
                Found::Unclear(error) => {
                    self.finish(Outcome::without_calls(job, Verdict::InDoubt { error })).await?;
                }
                Found::None => self.queue.push_back(job),
            }
        }
        Ok(())
    }

    /// Lists the app, if it is worth it. Gives whether work can go on.
    async fn list(&mut self) -> Result<bool> {
        if !self.target.capabilities.list || self.unmatched.len() < WORTH_LISTING {
            return Ok(true);
        }
        match self.take_listing().await? {
            Some(Ok(listing)) => {
                self.listing = Some(Arc::new(listing));
                Ok(true)
            }
            Some(Err(error)) => {
                // Nothing was tried, so nothing is kept back but the batch.
                self.give_back().await?;
                self.pause(signal_of(&error)).await?;
                Ok(false)
            }
            // The time is over; what was claimed is given back.
            None => Ok(false),
        }
    }

    /// Lists the app, which may take long; what takes access away meanwhile is worked on all the same.
    async fn take_listing(&mut self) -> Result<Option<std::result::Result<Listing, ConnectorError>>> {
        let (end, target) = (self.context.end.clone(), Arc::clone(&self.target));
        let mut taking = std::pin::pin!(async move { end.within(Listing::take(&target)).await });
        loop {
            tokio::select! {
                taken = &mut taking => return Ok(taken),
                () = self.poke.told() => self.poked(),
                Some(claimed) = self.overtaking.join_next() => self.overtake(claimed)?,
                Some(ended) = self.in_flight.join_next() => self.ended(ended).await?,
            }
            while !self.paused && self.in_flight.len() < self.at_once() && self.start() {}
        }
    }

    /// Starts nothing more before what is known of the app as a whole is written and read again.
    async fn pause(&mut self, signal: Signal) -> Result<()> {
        self.paused = true;
        self.unwell = true;
        self.epoch += 1;
        self.breaker.tried();
        self.signal(signal).await
    }

    /// Waits for what can only be tried later, as far as waiting helps.
    async fn rest(&mut self) -> Result<Next> {
        self.context.flush().await?;
        let app = self.target.app.0;
        let Some(next) = self.context.db.read(move |tx| next_wakeup(tx, app)).await? else {
            return Ok(Next::Stop);
        };
        Ok(if self.wait(next).await { Next::Work } else { Next::Stop })
    }
}

/// What an error that is about no account says of the app as a whole.
fn signal_of(error: &ConnectorError) -> Signal {
    let words = error.message.clone();
    match error.kind {
        ErrorKind::Later(Some(after)) => Signal::busy(after, words),
        ErrorKind::Refused => Signal::Refused { error: words },
        _ => Signal::Trouble { error: words },
    }
}
