//! From a proposal to a plan that is applied, held, or only shown.

use std::sync::Arc;

use muster_engine::model::{AppKey, Item, Millis, PlanKey, UserKey};
use muster_engine::plan::{Losers, UserEffects, Watch};
use muster_engine::{Config, compile};
use muster_store::config::{ConfigItemPut, ConfigWrites, mark_applied, publish};
use muster_store::{Tx, log, plans, secrets};

use super::guards::Before;
use super::narrow::{Narrow, TouchedWorks};
use super::process::{Frame, Outcome, Pass, look_ahead, process};
use super::record::{self, Premises, plan_row, write_history};
use super::settle::report;
use super::stream::{self, DueWorks, FeedThenTouched, InverseWorks, ListWorks, Source, Works};
use super::work::{Who, Work};
use super::{Counts, Notes, PlanReport, PlanStatus, Progress, Proposal, Trigger};
use crate::access::{Actor, Right};
use crate::error::{Result, ServiceError};
use crate::import::{FeedKeys, FeedWorks, Records, open_feed};
use crate::muster::Muster;

/// A proposal on its way.
pub(super) struct Going<'a> {
    pub(super) muster: &'a Muster,
    pub(super) actor: String,
    /// The person behind the actor, where there is one.
    pub(super) person: Option<UserKey>,
    pub(super) proposal: Proposal,
    pub(super) plan: PlanKey,
    pub(super) at: Millis,
    pub(super) old: Arc<Config>,
    /// The configuration it leads to; the same as `old` if it changes none.
    pub(super) config: Arc<Config>,
    /// The version its own configuration is, or the present one.
    pub(super) version: i64,
    /// Whom its configuration can touch.
    pub(super) narrow: Arc<Narrow>,
    /// The keys of the feed it comes from.
    pub(super) keys: Option<FeedKeys<'a>>,
    pub(super) progress: &'a dyn Progress,
}

/// What has been found out so far.
#[derive(Default)]
pub(super) struct Found {
    pub(super) counts: Counts,
    pub(super) notes: Notes,
    pub(super) sample: Vec<UserEffects>,
    /// Rows of people who had left, as long as the comparison of the feed isn't there to tell them.
    pub(super) left_before: u64,
    pub(super) losers: Losers,
    /// What plans before it took, when it was judged.
    pub(super) before: Before,
}

/// How many people's effects a report shows.
const SAMPLE: usize = 50;

impl Found {
    /// What works that have all come have to say of their feed.
    pub(super) fn hear(&mut self, works: &mut dyn Works) {
        self.notes.take(works.take_rejected(), Vec::new());
        self.notes.remarks.extend_from_slice(works.remarks());
        self.counts.feed = works.feed_stats().cloned();
        let n = std::mem::take(&mut self.left_before);
        self.left_before(n);
    }

    /// Rows that looked like new people were of people who had left.
    fn left_before(&mut self, n: u64) {
        match &mut self.counts.feed {
            Some(feed) => {
                feed.left_before += n;
                feed.new = feed.new.saturating_sub(n);
            }
            None => self.left_before += n,
        }
    }

    pub(super) fn add(&mut self, outcome: &mut Outcome) {
        self.left_before(outcome.left_before);
        self.counts.tally.merge(&outcome.tally);
        self.losers.merge(std::mem::take(&mut outcome.losers));
        self.counts.matches.add(outcome.matches);
        self.notes.ask(std::mem::take(&mut outcome.asked));
        self.counts.changed_since += outcome.since.len() as u64;
        for (user, since) in outcome.since.iter().take(20) {
            let by = since.by.map_or_else(|| "nobody knows".to_owned(), |p| format!("plan {p}"));
            self.notes
                .remarks
                .push(format!("left alone, changed since by {by}: {:?} of user {user}", since.fact));
        }
        self.notes.take(std::mem::take(&mut outcome.rejected), std::mem::take(&mut outcome.problems));
        let room = SAMPLE.saturating_sub(self.sample.len());
        self.sample.extend(outcome.effects.iter().take(room).cloned());
    }
}

/// What became of an attempt to do everything in one transaction.
enum Small {
    /// Done.
    Applied,
    /// There is nothing to do.
    Nothing,
    /// Others changed the configuration meanwhile.
    Again,
}

/// Why nothing of an attempt is kept, not even the keys it has taken.
enum Unkept {
    /// Guards hold it.
    Held,
    /// It is too big for one transaction, or must be looked at as a big one.
    TooBig,
    Failed(ServiceError),
}

impl<E: Into<ServiceError>> From<E> for Unkept {
    fn from(e: E) -> Self {
        Self::Failed(e.into())
    }
}

impl Muster {
    /// Makes a plan of a proposal: applies it, or holds it, or only says what it would do.
    pub(crate) fn propose(
        &self,
        actor: &Actor,
        proposal: &Proposal,
        progress: &dyn Progress,
    ) -> Result<PlanReport> {
        let plan = PlanKey(self.plan_keys.take(&self.store)?);
        self.carry_out(actor, proposal, plan, progress)
    }

    pub(super) fn carry_out(
        &self,
        actor: &Actor,
        proposal: &Proposal,
        plan: PlanKey,
        progress: &dyn Progress,
    ) -> Result<PlanReport> {
        // Every change comes by here: no face can go around the rights.
        actor.require(proposal.right(), &format!("change this ({})", proposal.trigger.describe()))?;
        if proposal.force {
            actor.require(Right::Admin, "waive guards")?;
        }
        for _ in 0..8 {
            let going = self.prepare(actor, proposal.clone(), plan, progress)?;
            if let Some(report) = going.go()? {
                return Ok(report);
            }
        }
        Err(ServiceError::Premise(
            "the configuration kept changing while the plan was worked out; try again".to_owned(),
        ))
    }

    /// Works out which configuration a proposal leads to.
    pub(super) fn prepare<'a>(
        &'a self,
        actor: &Actor,
        proposal: Proposal,
        plan: PlanKey,
        progress: &'a dyn Progress,
    ) -> Result<Going<'a>> {
        // For the small ones whether the configuration has moved is asked again where people are changed.
        let small = matches!(&proposal.source, Source::List { works } if works.len() < self.chunk);
        let asks_again = small && !proposal.preview && proposal.items.is_empty();
        let old = if asks_again { self.recent_config()? } else { self.config()? };
        let mut proposal = proposal;
        if let Source::Feed { app, feed, mode } = proposal.source {
            proposal.items = self.feed_groups(&old, AppKey(app), feed, mode, proposal.items)?;
        }
        let config = if proposal.items.is_empty() {
            old.clone()
        } else {
            let mut org = old.org.clone();
            for change in &proposal.items {
                org.set(change.kind, change.key, change.item.clone());
            }
            let mut config = compile(old.version + 1, org).map_err(ServiceError::Config)?;
            config.rule_versions.clone_from(&old.rule_versions);
            config.index_history = old.index_history.then(config.version, config.index_names());
            // What a rule gave stays when it is deleted, now or before.
            let before = old.org.rules.iter().map(|(k, r)| (k, &r.groups)).chain(&old.inactive_rules);
            for (key, groups) in before {
                if !config.org.rules.contains_key(key) {
                    config.inactive_rules.insert(*key, groups.clone());
                }
            }
            for change in proposal.items.iter().filter(|c| c.kind == muster_engine::model::ItemKind::Rule) {
                config.rule_versions.insert(change.key, config.version);
            }
            Arc::new(config)
        };
        let keys = match &proposal.source {
            Source::Feed { app, feed, mode } => {
                Some(FeedKeys::spooled(self, &config, AppKey(*app), *feed, *mode))
            }
            _ => None,
        };
        Ok(Going {
            keys,
            muster: self,
            actor: actor.name.clone(),
            person: actor.user,
            proposal,
            plan,
            at: self.now(),
            version: config.version,
            narrow: Arc::new(Narrow::between(old.clone(), config.clone())),
            old,
            config,
            progress,
        })
    }
}

impl Going<'_> {
    /// The instant people are derived with: a look ahead has another now.
    fn as_of(&self) -> Millis {
        match self.proposal.trigger {
            Trigger::Ahead { at } => Millis(at),
            _ => self.at,
        }
    }

    pub(super) fn frame(&self, dry: bool) -> Frame<'_> {
        let lenient = !matches!(self.proposal.source, Source::List { .. });
        let (publishes, undoes) = (!self.proposal.items.is_empty(), self.proposal.undo_of.is_some());
        Frame {
            config: &self.config,
            watch: Watch { config: &self.old, actor: self.person },
            plan: self.plan,
            at: self.as_of(),
            dry,
            detail: true,
            lenient,
            publishes,
            undoes,
            due: matches!(self.proposal.trigger, Trigger::Due),
            keys: self.keys.as_ref(),
        }
    }

    /// The works, from a position.
    pub(super) fn works(&self, position: &str) -> Result<Box<dyn Works>> {
        let store = &self.muster.store;
        Ok(match &self.proposal.source {
            Source::List { works } => Box::new(ListWorks::new(works, position)),
            Source::Feed { app, feed, mode } => {
                let key = AppKey(*app);
                let app = self
                    .config
                    .app(key)
                    .ok_or_else(|| ServiceError::NotFound("the feed's app is gone".to_owned()))?;
                let sorted = open_feed(self.muster, app, *feed, *mode)?;
                let records = Records::of(store, &self.config, key, *mode);
                let feed = FeedWorks::new(store, records, sorted, &self.muster.dir, position)?;
                if self.proposal.items.is_empty() {
                    return Ok(Box::new(feed));
                }
                let after = position.strip_prefix("user:").and_then(|n| n.parse().ok());
                let then = TouchedWorks::new(store, self.narrow.clone(), after.unwrap_or(i64::MIN));
                Box::new(FeedThenTouched::new(feed, then, after.is_some()))
            }
            Source::Touched => {
                let after = position.strip_prefix("user:").and_then(|n| n.parse().ok());
                Box::new(TouchedWorks::new(store, self.narrow.clone(), after.unwrap_or(i64::MIN)))
            }
            Source::Everyone => {
                let after = position.strip_prefix("user:").and_then(|n| n.parse().ok());
                let everyone = Arc::new(Narrow::everyone(self.config.clone()));
                Box::new(TouchedWorks::new(store, everyone, after.unwrap_or(i64::MIN)))
            }
            Source::Inverse { plan } => {
                let until = self.config.put_off(self.at);
                Box::new(InverseWorks::new(store, *plan, until, self.narrow.clone(), position))
            }
            Source::Due { until } => Box::new(DueWorks::new(store, *until)),
        })
    }

    /// `None`: the world moved, begin again.
    fn go(&self) -> Result<Option<PlanReport>> {
        self.progress.step("reading", 0, 0);
        let publishes = !self.proposal.items.is_empty();
        let seen = if publishes { self.muster.store.read(log::last_position)? } else { 0 };
        let mut works = self.works("")?;
        let first = stream::chunk(&mut *works, self.muster.chunk)?;
        let whole = first.len() < self.muster.chunk;
        let mut found = self.begin();
        if whole {
            found.hear(&mut *works);
            drop(works);
            self.progress.step("working out", 0, first.len() as u64);
            if let Some(report) = self.go_small(&first, found, seen)? {
                return Ok(report);
            }
        } else {
            drop((first, works));
        }
        self.go_big().map(Some)
    }

    pub(super) fn begin(&self) -> Found {
        let mut found = Found::default();
        for change in &self.proposal.items {
            let before = self.old.org.get(change.kind, change.key).is_some();
            let items = &mut found.counts.items;
            match (before, change.item.is_some()) {
                (false, _) => items.0 += 1,
                (true, true) => items.1 += 1,
                (true, false) => items.2 += 1,
            }
        }
        found
    }

    /// Everything in one transaction. Outer `None`: it is too big for that; inner: begin again. `seen`: how far the log
    /// was before people were selected, which matters to a new configuration alone.
    #[expect(clippy::option_option, reason = "two different reasons not to have a report")]
    fn go_small(&self, works: &[Work], found: Found, seen: i64) -> Result<Option<Option<PlanReport>>> {
        let store = self.muster.store.clone();
        if self.proposal.preview {
            let mut found = found;
            let outcomes = store.try_read(|tx| self.work_out(tx, works, true))?;
            let Some(outcomes) = outcomes else { return Ok(None) };
            self.settle_dry(&mut found, outcomes, PlanStatus::Planned).map(|r| Some(Some(r)))
        } else {
            let mut state = found;
            let begun = (state.counts.clone(), state.notes.clone());
            let end = store.try_write(|tx| {
                // The closure may run again: begin anew each time.
                state.counts.clone_from(&begun.0);
                state.notes.clone_from(&begun.1);
                state.sample.clear();
                state.losers = Losers::default();
                if self.moved(tx)? {
                    self.muster.config_in(tx)?;
                    return Ok(Small::Again);
                }
                // Somebody may have become one of those it touches since they were selected. A run publishes first and
                // selects then, so nobody slips through there.
                if !self.proposal.items.is_empty() && log::last_position(tx)? != seen {
                    return Err(Unkept::TooBig);
                }
                let Some(mut outcomes) = self.work_out(tx, works, false)? else {
                    return Err(Unkept::TooBig);
                };
                for outcome in &mut outcomes {
                    state.add(outcome);
                }
                if self.nothing(&state, &outcomes) {
                    return Ok(Small::Nothing);
                }
                if self.judge(tx, &mut state)? {
                    return Err(Unkept::Held);
                }
                self.write_small(tx, &outcomes, &mut state)?;
                Ok(Small::Applied)
            });
            match end {
                Ok(Small::Again) => Ok(Some(None)),
                Ok(Small::Nothing) => Ok(Some(Some(report(None, PlanStatus::Applied, state)))),
                Ok(Small::Applied) => Ok(Some(Some(report(Some(self.plan), PlanStatus::Applied, state)))),
                Err(Unkept::Failed(e)) => Err(e),
                Err(Unkept::TooBig) => Ok(None),
                Err(Unkept::Held) => {
                    let mut found = Found { counts: begun.0, notes: begun.1, ..Found::default() };
                    let outcomes = store.try_read(|tx| self.work_out(tx, works, true))?;
                    let Some(outcomes) = outcomes else { return Ok(None) };
                    self.settle_dry(&mut found, outcomes, PlanStatus::Held).map(|r| Some(Some(r)))
                }
            }
        }
    }

    /// Whether somebody published another configuration since this was prepared.
    pub(super) fn moved(&self, tx: &mut dyn Tx) -> Result<bool> {
        let version = muster_store::config::current_version(tx)?.map_or(0, |v| v.version);
        Ok(version != self.old.version)
    }

    /// The works and whoever depends on the people they change; `None` if those are too many for one transaction, or
    /// depend on each other.
    fn work_out(&self, tx: &mut dyn Tx, works: &[Work], dry: bool) -> Result<Option<Vec<Outcome>>> {
        let mut pass = Pass::default();
        let keys = FeedKeys::of(works);
        let frame = Frame { keys: self.keys.as_ref().map(|_| &keys), ..self.frame(dry) };
        let first = process(tx, &frame, works, &mut pass)?;
        if first.taken < works.len() || first.dependants.len() > self.muster.chunk {
            return Ok(None);
        }
        let again = derive_again(&first.dependants);
        let mut outcomes = vec![first];
        if !again.is_empty() {
            outcomes.push(process(tx, &frame, &again, &mut pass)?);
        }
        Ok(Some(outcomes))
    }

    fn nothing(&self, found: &Found, outcomes: &[Outcome]) -> bool {
        self.proposal.items.is_empty()
            && self.proposal.secrets.is_empty()
            && self.proposal.undo_of.is_none()
            && !matches!(self.proposal.trigger, Trigger::Import { .. })
            && found.counts.tally.changed == 0
            && outcomes.iter().all(|o| o.writes.is_empty())
    }

    fn write_small(&self, tx: &mut dyn Tx, outcomes: &[Outcome], found: &mut Found) -> Result<()> {
        // First of all the row that blocks and log belong to, as it will stay.
        let premises = Premises { config_version: self.version, digest: String::new() };
        self.put_applied(tx, found, &premises)?;
        self.publish(tx)?;
        for (no, outcome) in outcomes.iter().enumerate() {
            muster_store::people::write_people(tx, &outcome.writes)?;
            write_history(tx, self.plan, &self.actor, self.at, no as i64, outcome)?;
        }
        self.mark_walked(tx)?;
        self.charge(tx, found)?;
        self.conclude(tx, found)
    }

    /// Everybody whom its configuration touches has been derived under it.
    pub(super) fn mark_walked(&self, tx: &mut dyn Tx) -> Result<()> {
        if !self.proposal.items.is_empty() {
            mark_applied(tx, self.version, self.at.0)?;
        }
        Ok(())
    }

    /// Makes the plan's row, which its blocks and its log belong to, if it isn't there yet.
    pub(super) fn ensure_row(&self, tx: &mut dyn Tx, status: PlanStatus) -> Result<()> {
        if plans::plan(tx, self.plan.0)?.is_none() {
            let (counts, notes) = (Counts::default(), Notes::default());
            let premises = Premises::default();
            let row = plan_row(
                self.plan,
                status,
                &self.proposal,
                &self.actor,
                self.at,
                &counts,
                &notes,
                &premises,
            )?;
            plans::insert_plan(tx, &row)?;
        }
        Ok(())
    }

    /// Publishes the new configuration, if there is one, with its secrets and events.
    pub(super) fn publish(&self, tx: &mut dyn Tx) -> Result<()> {
        for secret in &self.proposal.secrets {
            secrets::add_secret(
                tx,
                &secrets::SecretRow {
                    secret_key: 0,
                    owner_kind: "app".to_owned(),
                    owner_key: secret.app.0,
                    name: secret.name.clone(),
                    reference: Some(secret.reference.clone()),
                    sealed: Some(secret.sealed.clone()),
                    deadline: None,
                    plan: self.plan.0,
                },
            )?;
        }
        if self.proposal.items.is_empty() {
            return Ok(());
        }
        let mut writes = ConfigWrites {
            version: self.config.version,
            plan: self.plan.0,
            created: self.at.0,
            ..ConfigWrites::default()
        };
        let mut lines = Vec::new();
        for change in &self.proposal.items {
            match &change.item {
                Some(item) => writes.put.push(ConfigItemPut {
                    kind: change.kind.as_str().to_owned(),
                    item: change.key.0,
                    name: item.name(&self.config.org),
                    body: Item::to_json(item),
                }),
                None => writes.ended.push((change.kind.as_str().to_owned(), change.key.0)),
            }
            let event = record::item_event(&self.config, &self.old, change, &self.actor, self.at, self.plan);
            lines.push(event.to_line());
        }
        publish(tx, &writes)?;
        let events = log::Events {
            published: self.at.0,
            plan_key: Some(self.plan.0),
            actor: self.actor.clone(),
            first_key: 0,
            last_key: 0,
            lines,
        };
        log::append(tx, &events)?;
        Ok(())
    }

    /// The pass before the one that counts, where other people's values matter.
    pub(super) fn look_ahead(&self, pass: &mut Pass) -> Result<()> {
        if self.config.linked_reads.is_empty() {
            return Ok(());
        }
        let mut works = self.works("")?;
        let frame = self.frame(true);
        loop {
            let chunk = stream::chunk(&mut *works, self.muster.chunk)?;
            if chunk.is_empty() {
                pass.again();
                return Ok(());
            }
            let mut rest = chunk.as_slice();
            while !rest.is_empty() {
                let taken = self.muster.store.try_read(|tx| look_ahead(tx, &frame, rest, pass))?;
                rest = rest.get(taken..).unwrap_or_default();
            }
        }
    }
}

/// Works that only derive again.
pub(super) fn derive_again(users: &[i64]) -> Vec<Work> {
    users
        .iter()
        .map(|&user| Work {
            who: Who::Known(muster_engine::model::UserKey(user)),
            ops: Vec::new(),
            advance: false,
            again: false,
            seen: None,
            position: String::new(),
        })
        .collect()
}
