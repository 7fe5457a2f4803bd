//! Provisioning that goes on for as long as the server runs.
//!
//! A supervisor notices work, whoever made it: the store's data version tells of commits of any process, and times of
//! later attempts come by themselves. Each app with work has a worker of its own, for as long as it has some, so an app
//! that hangs keeps nothing of another waiting. A worker whose app is set up differently now ends, and another one begins.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use muster_engine::Config;
use muster_engine::model::{App, AppKey};
use muster_store::{accounts, app_state};
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::SyncProgress;
use super::app_loop::{Context, Poke, Worker};
use super::by_hand;
use super::db::{Db, blocking};
use super::end::End;
use super::settler::{Message, Settler};
use super::target::{NotSetUp, Target, secret_key};
use crate::clock::machine_now;
use crate::error::{Result, ServiceError};
use crate::muster::Muster;

/// How often the store is asked whether anything was committed.
const POLL: Duration = Duration::from_millis(100);
/// A worker of an app isn't started more often than this.
const SPACING: Duration = Duration::from_millis(200);
/// How long an app that can't be spoken to for want of a setting is left alone, unless its settings change.
const NOT_SET_UP: Duration = Duration::from_secs(30);
/// How long an app whose worker failed is left alone: so long its leases last.
const FAILED: Duration = super::leases::LEASE;
/// Threads that wait for the store.
const BLOCKING_THREADS: usize = 16;

/// What a worker depends on: with another one, it is another worker's work.
#[derive(Clone, Debug, PartialEq)]
struct Setup {
    app: Option<App>,
    secret: Option<i64>,
}

/// An app with accounts that aren't in line, as the store shows it.
struct Seen {
    app: AppKey,
    setup: Setup,
    /// The earliest time at which an account can be claimed, by the machine's clock; none: all failed.
    claimable: Option<i64>,
    /// One that is to lose access can be claimed now.
    removal: bool,
    paused_until: Option<i64>,
    unwell: bool,
}

/// What the supervisor knows of an app.
struct Serving {
    setup: Setup,
    target: Option<Arc<Target>>,
    worker: Option<Handle>,
    /// It is set up differently than when it was worked on last.
    changed: bool,
    /// Nothing is started before.
    not_before: Instant,
}

/// A worker at work.
struct Handle {
    task: tokio::task::Id,
    poke: Arc<Poke>,
    end: watch::Sender<Option<Instant>>,
}

impl Handle {
    /// Has it finish its calls under way, give back the rest, and end.
    fn finish(&self) {
        self.end.send_replace(Some(Instant::now()));
        self.poke.tell(false);
    }
}

impl Muster {
    /// Brings accounts into line until told to stop; then finishes the calls under way, for as long as `grace`, and hands
    /// back what is leased.
    ///
    /// It blocks, on a runtime of its own: however busy the caller's is, leases are kept.
    ///
    /// # Errors
    /// If the store fails. It can be begun again at once or later.
    pub fn provision_forever(
        self: &Arc<Self>,
        stop: watch::Receiver<bool>,
        grace: Duration,
        progress: &dyn SyncProgress,
    ) -> Result<()> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .max_blocking_threads(BLOCKING_THREADS)
            .thread_name("provisioning")
            .enable_all()
            .build()
            .map_err(|error| ServiceError::io("starting provisioning", error))?;
        let outcome = runtime.block_on(async {
            let db = Db(Arc::clone(&self.store));
            let (told, telling) = mpsc::channel(4_096);
            let mut settler = Settler { muster: self, db: db.clone(), progress, done: BTreeMap::new() };
            let supervisor = Supervisor {
                muster: Arc::clone(self),
                db,
                told,
                grace,
                stop,
                apps: BTreeMap::new(),
                working: JoinSet::new(),
                next_due: None,
            };
            tokio::try_join!(settler.run(telling), supervisor.run()).map(drop)
        });
        // A call that was given up may still hang in a name look-up; nobody waits for it.
        runtime.shutdown_background();
        outcome
    }

    /// The apps with accounts that aren't in line, and the configuration.
    fn look_for_work(&self) -> Result<(Arc<Config>, Vec<Seen>)> {
        self.store.try_read(|tx| {
            let config = self.config_in(tx)?;
            let states = app_state::app_states(tx)?;
            let mut seen = Vec::new();
            for app in accounts::apps_with_dirty(tx)?.into_iter().map(AppKey) {
                let state = states.iter().find(|state| state.app_key == app.0);
                let configured = config.app(app);
                let setup = Setup {
                    app: configured.cloned(),
                    secret: configured.map(|set_up| secret_key(tx, app, set_up)).transpose()?.flatten(),
                };
                seen.push(Seen {
                    app,
                    setup,
                    claimable: accounts::next_wakeup(tx, app.0)?,
                    removal: accounts::removal_waits(tx, app.0, machine_now())?,
                    paused_until: state.and_then(|state| state.paused_until),
                    unwell: state.is_some_and(|state| state.failures > 0),
                });
            }
            Ok((config, seen))
        })
    }
}

struct Supervisor {
    muster: Arc<Muster>,
    db: Db,
    told: mpsc::Sender<Message>,
    grace: Duration,
    stop: watch::Receiver<bool>,
    apps: BTreeMap<AppKey, Serving>,
    working: JoinSet<(AppKey, Result<()>)>,
    /// When to look again, if nothing is committed before, by the machine's clock.
    next_due: Option<i64>,
}

impl Supervisor {
    async fn run(mut self) -> Result<()> {
        let mut polling = interval(POLL);
        polling.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut stop = self.stop.clone();
        let mut version = None;
        loop {
            let look = tokio::select! {
                // Whoever could tell being gone means the same.
                _ = stop.wait_for(|stop| *stop) => break,
                Some(ended) = self.working.join_next() => {
                    self.ended(ended);
                    true
                }
                _ = polling.tick() => {
                    let now = Some(self.db.data_version().await?);
                    std::mem::replace(&mut version, now) != now || self.next_due.is_some_and(|due| due <= machine_now())
                }
            };
            if look {
                self.look().await?;
            }
        }
        for handle in self.apps.values().filter_map(|serving| serving.worker.as_ref()) {
            handle.finish();
        }
        while let Some(ended) = self.working.join_next().await {
            self.ended(ended);
        }
        Ok(())
    }

    /// Notes that a worker has ended, by itself or by a mistake in it: its app is taken up again in either case.
    fn ended(&mut self, ended: std::result::Result<(AppKey, Result<()>), JoinError>) {
        let (app, failed) = match ended {
            Ok((app, outcome)) => (Some(app), outcome.err()),
            Err(error) => {
                let is_its =
                    |serving: &Serving| serving.worker.as_ref().is_some_and(|one| one.task == error.id());
                let app = self.apps.iter().find(|(_, serving)| is_its(serving)).map(|(app, _)| *app);
                (app, Some(ServiceError::io("provisioning", std::io::Error::other(error))))
            }
        };
        let serving = app.and_then(|app| self.apps.get_mut(&app));
        if let Some(serving) = serving {
            serving.worker = None;
            if failed.is_some() {
                serving.not_before = Instant::now() + FAILED;
            }
        }
        if let Some(error) = failed {
            tracing::error!(%error, "a worker failed; its app is taken up again shortly");
        }
    }

    /// Looks where there is work, and sees to it that somebody does it.
    async fn look(&mut self) -> Result<()> {
        let muster = Arc::clone(&self.muster);
        let (config, seen) = blocking(move || muster.look_for_work()).await?;
        self.apps.retain(|app, serving| serving.worker.is_some() || config.app(*app).is_some());
        self.next_due = None;
        for seen in seen {
            self.take_up(&config, seen).await?;
        }
        Ok(())
    }

    fn look_again_at(&mut self, time: i64) {
        self.next_due = Some(self.next_due.map_or(time, |due| due.min(time)));
    }

    async fn take_up(&mut self, config: &Arc<Config>, seen: Seen) -> Result<()> {
        let app = seen.app;
        let serving = self.apps.entry(app).or_insert_with(|| Serving {
            setup: seen.setup.clone(),
            target: None,
            worker: None,
            changed: false,
            not_before: Instant::now(),
        });
        if serving.setup != seen.setup {
            serving.setup = seen.setup;
            serving.target = None;
            serving.changed = true;
            serving.not_before = Instant::now();
            if let Some(worker) = &serving.worker {
                worker.finish();
            }
        }
        // What waits for provisioning to be enabled is nobody's work.
        if serving.setup.app.as_ref().is_some_and(|app| !app.is_served()) {
            return Ok(());
        }
        let now = machine_now();
        let Some(claimable) = seen.claimable else { return Ok(()) };
        if let Some(worker) = &serving.worker {
            if claimable <= now {
                worker.poke.tell(seen.removal);
            }
            return Ok(());
        }
        let due = claimable.max(seen.paused_until.unwrap_or(0));
        if due > now && !(serving.changed && claimable <= now) {
            self.look_again_at(due);
            return Ok(());
        }
        let left = serving.not_before.saturating_duration_since(Instant::now());
        if !left.is_zero() {
            self.look_again_at(now + left.as_millis() as i64 + 1);
            return Ok(());
        }
        // What its reference leads to may be another secret by now, if the app refused the one before.
        let kept = serving.target.clone().filter(|_| !seen.unwell);
        let target = match kept {
            Some(target) => target,
            None => match self.open(config, app).await? {
                Ok(target) => target,
                Err(problem) => return self.not_set_up(problem).await,
            },
        };
        self.start(target);
        Ok(())
    }

    async fn open(&self, config: &Arc<Config>, app: AppKey) -> Result<Result<Arc<Target>, NotSetUp>> {
        let (muster, config) = (Arc::clone(&self.muster), Arc::clone(config));
        blocking(move || muster.store.try_read(|tx| Target::open(&muster, tx, &config, app))).await
    }

    async fn not_set_up(&mut self, problem: NotSetUp) -> Result<()> {
        if let Some(serving) = self.apps.get_mut(&problem.app) {
            serving.not_before = Instant::now() + NOT_SET_UP;
        }
        self.look_again_at(machine_now() + NOT_SET_UP.as_millis() as i64);
        let muster = Arc::clone(&self.muster);
        blocking(move || muster.note_not_set_up(&[problem])).await
    }

    fn start(&mut self, target: Arc<Target>) {
        let app = target.app;
        let Some(serving) = self.apps.get_mut(&app) else { return };
        let (end, ends) = End::at(None, self.grace);
        let poke: Arc<Poke> = Arc::default();
        let changed = std::mem::take(&mut serving.changed);
        serving.target = Some(Arc::clone(&target));
        serving.not_before = Instant::now() + SPACING;
        let task = if target.capabilities.automatic {
            let context = Context {
                db: self.db.clone(),
                node: self.muster.node.clone(),
                end: ends,
                // Waiting is the supervisor's.
                patience: Duration::ZERO,
                told: self.told.clone(),
            };
            let worker = Worker::new(context, target).with(Arc::clone(&poke), changed);
            self.working.spawn(async move { (app, worker.run().await) })
        } else {
            let muster = Arc::clone(&self.muster);
            let work = move || by_hand::work_off(&muster, &target, &|| ends.is_over()).map(drop);
            self.working.spawn(async move { (app, blocking(work).await) })
        };
        serving.worker = Some(Handle { task: task.id(), poke, end });
    }
}
