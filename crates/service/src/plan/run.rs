//! Plans too big for one transaction: worked out chunk by chunk first, judged as a whole, then applied chunk by chunk
//! under a durable run that any process can take over.

use std::collections::BTreeSet;
use std::sync::Arc;

use muster_engine::model::PlanKey;
use muster_store::runs::{self, DONE, RunRow};
use muster_store::{Tx, plans, rederive};

use super::apply::{Found, Going, derive_again};
use super::digest::Digest;
use super::narrow::Narrow;
use super::process::{Frame, Outcome, Pass, process};
use super::record::{self, Premises, plan_row, write_effects, write_history};
use super::settle::report;
use super::stream;
use super::work::Work;
use super::{PlanReport, PlanStatus, Progress};
use crate::access::Actor;
use crate::clock::machine_now;
use crate::error::{Result, ServiceError};
use crate::import::Place;
use crate::muster::{Muster, load_config};

/// How long a process may be silent before another takes its run over.
const LEASE_MS: i64 = 60_000;

impl Going<'_> {
    /// Works everything out, judges it, and applies it if nothing holds it.
    pub(super) fn go_big(&self) -> Result<PlanReport> {
        let mut pass = Pass::default();
        self.look_ahead(&mut pass)?;
        let (mut found, digest) = self.dry_pass(&mut pass, self.proposal.preview, self.proposal.preview)?;
        let held = self.muster.store.try_read(|tx| self.judge(tx, &mut found))?;
        if self.proposal.preview {
            return self.settle(found, digest, PlanStatus::Planned);
        }
        if held || !self.start_run(&mut found, digest)? {
            // Now its effects are wanted on paper.
            pass = Pass::default();
            self.look_ahead(&mut pass)?;
            let (_, digest) = self.dry_pass(&mut pass, true, true)?;
            return self.settle(found, digest, PlanStatus::Held);
        }
        let ahead = std::mem::take(&mut pass.ahead);
        self.carry_on(Pass::ahead_of(ahead), found)
    }

    /// Goes through all works without writing anything but, if asked, the effects; the digest of effects is made if
    /// asked.
    pub(super) fn dry_pass(
        &self,
        pass: &mut Pass,
        keep_effects: bool,
        digesting: bool,
    ) -> Result<(Found, String)> {
        let mut found = self.begin();
        let mut digest = Digest::default();
        let mut works = self.works("")?;
        let mut dependants: BTreeSet<i64> = BTreeSet::new();
        let mut no = 0;
        if keep_effects {
            self.muster.store.try_write(|tx| {
                self.ensure_row(tx, PlanStatus::Failed)?;
                Ok::<_, ServiceError>(plans::drop_blocks(tx, self.plan.0, record::EFFECTS)?)
            })?;
        }
        let mut one = |chunk: &[Work],
                       found: &mut Found,
                       digest: &mut Digest,
                       pass: &mut Pass|
         -> Result<Vec<i64>> {
            let frame = Frame { detail: keep_effects || digesting, ..self.frame(true) };
            let mut outcome =
                self.muster.store.try_read(|tx| process_all(tx, &frame, chunk, pass, &mut |_, _| Ok(())))?;
            if keep_effects {
                self.muster.store.try_write_alone(|tx| write_effects(tx, self.plan, no, &outcome.effects))?;
                no += 1;
            }
            if digesting {
                digest.add(&outcome)?;
            }
            found.add(&mut outcome);
            self.progress.step("working out", found.counts.tally.people, 0);
            Ok(outcome.dependants)
        };
        loop {
            let chunk = stream::chunk(&mut *works, self.muster.chunk)?;
            if chunk.is_empty() {
                break;
            }
            dependants.extend(one(&chunk, &mut found, &mut digest, pass)?);
        }
        found.hear(&mut *works);
        let waiting: Vec<i64> = dependants.into_iter().collect();
        for chunk in waiting.chunks(self.muster.chunk) {
            one(&derive_again(chunk), &mut found, &mut digest, pass)?;
        }
        Ok((found, digest.finish()))
    }

    /// Publishes the configuration and makes the run that applies the plan, unless guards hold it after all: others have
    /// taken something away since it was worked out.
    fn start_run(&self, found: &mut Found, digest: String) -> Result<bool> {
        let premises = Premises { config_version: self.config.version, digest };
        self.progress.step("judging", 0, 0);
        let now = machine_now();
        let run = RunRow {
            plan_key: self.plan.0,
            phase: "APPLY".to_owned(),
            total: found.counts.tally.people as i64,
            started: now,
            updated: now,
            ..RunRow::default()
        };
        self.muster.store.try_write(|tx| {
            if self.moved(tx)? {
                return Err(ServiceError::Premise(
                    "the configuration changed while the plan was worked out; propose it again".to_owned(),
                ));
            }
            if self.judge_again(tx, found)? {
                return Ok(false);
            }
            if let Some(undone) = self.proposal.undo_of {
                self.claim_undone(tx, undone)?;
            }
            let row = plan_row(
                self.plan,
                PlanStatus::Applying,
                &self.proposal,
                &self.actor,
                self.at,
                &found.counts,
                &found.notes,
                &premises,
            )?;
            if plans::plan(tx, self.plan.0)?.is_some() {
                plans::update_plan(tx, &row)?;
            } else {
                plans::insert_plan(tx, &row)?;
            }
            self.publish(tx)?;
            // All of it at once, before anything of it happens.
            self.charge(tx, found)?;
            runs::insert_run(tx, &run)?;
            Ok(true)
        })
    }

    /// Applies the rest of a run, from where it stands.
    pub(super) fn carry_on(&self, mut pass: Pass, planned: Found) -> Result<PlanReport> {
        let store = &self.muster.store;
        let node = self.muster.node.clone();
        let claimed = store.write(|tx| runs::claim_run(tx, self.plan.0, &node, machine_now(), LEASE_MS))?;
        let Some(mut run) = claimed else {
            return Err(ServiceError::Premise(format!(
                "plan {} is being applied by another process; `muster plan {}` shows how far it is",
                self.plan, self.plan
            )));
        };
        let mut found = self.begin();
        let mut no = store.read(|tx| plans::last_block(tx, self.plan.0, stream::BEFORE))?;
        let position = run.position.clone().unwrap_or_default();
        self.recall(&position, &mut pass)?;
        let mut works = self.works(&position)?;
        let total = run.total.max(0) as u64;
        self.progress.step("applying", run.done.max(0) as u64, total);
        loop {
            let chunk = stream::chunk(&mut *works, self.muster.chunk)?;
            let Some(position) = chunk.last().map(|w| w.position.clone()) else { break };
            no += 1;
            run.position = Some(position);
            run.done += chunk.len() as i64;
            let mut outcome = self.write_chunk(&chunk, &mut pass, no, &mut run, true)?;
            found.add(&mut outcome);
            self.progress.step("applying", run.done as u64, total);
        }
        found.hear(&mut *works);
        self.drain(&mut pass, &mut found, &mut no, &mut run)?;
        self.end_run(&run, found, planned)
    }

    /// Finds out again whom a run had spared before it was interrupted: the rows it left out are left out again.
    fn recall(&self, position: &str, pass: &mut Pass) -> Result<()> {
        let (Some(keys), Some(place)) = (&self.keys, Place::read(position)) else { return Ok(()) };
        // Not later, while others wait to write.
        keys.read()?;
        let frame = self.frame(true);
        let mut before = self.works("")?;
        let mut again = Pass::default();
        loop {
            let chunk = stream::chunk(&mut *before, self.muster.chunk)?;
            let all = chunk.len();
            let done: Vec<Work> = chunk
                .into_iter()
                .take_while(|w| w.ends().is_none() && Place::read(&w.position).is_some_and(|p| p <= place))
                .collect();
            if !done.is_empty() {
                self.muster
                    .store
                    .try_read(|tx| process_all(tx, &frame, &done, &mut again, &mut |_, _| Ok(())))?;
            }
            if done.len() < all || all == 0 {
                pass.spared = again.spared;
                return Ok(());
            }
        }
    }

    /// Derives everybody again who was marked by what others became.
    fn drain(&self, pass: &mut Pass, found: &mut Found, no: &mut i64, run: &mut RunRow) -> Result<()> {
        loop {
            let marked = self.muster.store.read(|tx| rederive::marked(tx, i64::MIN, self.muster.chunk))?;
            let users: Vec<i64> = marked.into_iter().map(|(user, _)| user).collect();
            if users.is_empty() {
                return Ok(());
            }
            *no += 1;
            let mut outcome = self.write_chunk(&derive_again(&users), pass, *no, run, false)?;
            found.add(&mut outcome);
            self.progress.step("applying", run.done.max(0) as u64, run.total.max(0) as u64);
        }
    }

    /// One chunk in one transaction: rows, log, inverse, marks, and how far the run is.
    fn write_chunk(
        &self,
        chunk: &[Work],
        pass: &mut Pass,
        no: i64,
        run: &mut RunRow,
        first_time: bool,
    ) -> Result<Outcome> {
        run.updated = machine_now();
        run.lease_until = Some(run.updated + LEASE_MS);
        // Claims of chunks before are in the store by now.
        pass.provisional = super::claims::Provisional::default();
        self.muster.store.try_write_alone(|tx| {
            // Whoever published another configuration meanwhile: its version holds for everybody written from now on.
            let config = self.muster.config_in(tx)?;
            let frame = Frame { config: &config, ..self.frame(false) };
            let outcome = process_all(tx, &frame, chunk, pass, &mut |tx, part| {
                Ok(muster_store::people::write_people(tx, &part.writes)?)
            })?;
            write_history(tx, self.plan, &self.actor, self.at, no, &outcome)?;
            if first_time {
                rederive::mark(tx, self.plan.0, &outcome.dependants)?;
            } else {
                let users: Vec<i64> = chunk
                    .iter()
                    .filter_map(|w| match w.who {
                        super::work::Who::Known(user) => Some(user.0),
                        _ => None,
                    })
                    .collect();
                rederive::unmark(tx, &users)?;
            }
            if !runs::advance_run(tx, run)? {
                return Err(ServiceError::Premise(format!(
                    "another process has taken over the run of plan {}; it goes on there",
                    self.plan
                )));
            }
            Ok(outcome)
        })
    }

    fn end_run(&self, run: &RunRow, mut found: Found, planned: Found) -> Result<PlanReport> {
        // What the whole was judged to be is what the plan says it did; a run that was taken over saw only its part.
        if planned.counts != super::Counts::default() {
            found.counts = planned.counts;
            found.notes = planned.notes;
        }
        self.muster.store.try_write(|tx| {
            let premises = Premises { config_version: self.version, digest: String::new() };
            self.mark_done(tx, &found, &premises)?;
            self.mark_walked(tx)?;
            runs::end_run(tx, self.plan.0, run.lease_token, DONE, machine_now())?;
            Ok::<_, ServiceError>(())
        })?;
        Ok(report(Some(self.plan), PlanStatus::Applied, found))
    }
}

/// Works a whole chunk out, one part after the other where works depend on those before them.
fn process_all(
    tx: &mut dyn Tx,
    frame: &Frame<'_>,
    works: &[Work],
    pass: &mut Pass,
    write: &mut dyn FnMut(&mut dyn Tx, &Outcome) -> Result<()>,
) -> Result<Outcome> {
    let mut whole = process(tx, frame, works, pass)?;
    write(tx, &whole)?;
    while let Some(rest) = works.get(whole.taken..).filter(|rest| !rest.is_empty()) {
        let part = process(tx, frame, rest, pass)?;
        write(tx, &part)?;
        whole.add(part);
    }
    Ok(whole)
}

/// A process on this machine that is gone leaves its lease at once.
fn is_dead(run: &RunRow) -> bool {
    let owner = run.lease_owner.as_deref().unwrap_or_default();
    let pid = owner.split('-').next().and_then(|p| p.parse::<u32>().ok());
    pid.is_some_and(|pid| {
        pid != std::process::id() && !std::path::Path::new(&format!("/proc/{pid}")).exists()
    }) && std::path::Path::new("/proc/self").exists()
}

impl Muster {
    /// Finishes runs that a process left behind when it died; runs in progress elsewhere are left alone.
    ///
    /// # Errors
    /// If the store fails or a run can't go on.
    pub fn resume_runs(&self, progress: &dyn Progress) -> Result<Vec<PlanKey>> {
        let now = machine_now();
        let waiting = self.store.read(runs::unfinished_runs)?;
        let mut finished = Vec::new();
        for run in waiting {
            if run.lease_until.is_some_and(|until| until > now) && !is_dead(&run) {
                continue;
            }
            let plan = PlanKey(run.plan_key);
            match self.resume(plan, progress) {
                Ok(_) => finished.push(plan),
                Err(error @ ServiceError::Store(_)) => return Err(error),
                // It stands still until somebody looks; the others go on, and so does whoever came to mend it.
                Err(error) => tracing::warn!(%plan, %error, "a run can't go on"),
            }
        }
        Ok(finished)
    }

    /// Goes on with an interrupted run.
    pub(super) fn resume(&self, plan: PlanKey, progress: &dyn Progress) -> Result<PlanReport> {
        let row = self
            .store
            .read(|tx| plans::plan(tx, plan.0))?
            .ok_or_else(|| ServiceError::corrupt("run", format!("plan {plan} is gone")))?;
        if let Some(run) = self.store.read(|tx| runs::run(tx, plan.0))?
            && is_dead(&run)
        {
            self.store.write(|tx| runs::end_run(tx, plan.0, run.lease_token, &run.phase, machine_now()))?;
        }
        let mut proposal = record::proposal_of(&row)?;
        // Its configuration is published already; `force` was judged then.
        let items = std::mem::take(&mut proposal.items);
        let mut going = self.prepare(&Actor::operator(row.actor.clone()), proposal, plan, progress)?;
        going.at = muster_engine::Millis(row.as_of);
        if !items.is_empty() {
            // Others may have been published since: it touches whom its own step touches.
            let version = record::premises_of(&row).config_version;
            let (old, new) = self.store.try_read(|tx| {
                Ok::<_, ServiceError>((load_config(tx, version - 1)?, load_config(tx, version)?))
            })?;
            going.narrow = Arc::new(Narrow::between(Arc::new(old), Arc::new(new)));
            going.version = version;
        }
        going.proposal.items = items;
        let planned = Found {
            counts: serde_json::from_str(&row.counts).unwrap_or_default(),
            notes: serde_json::from_str(&row.notes).unwrap_or_default(),
            ..Found::default()
        };
        let mut pass = Pass::default();
        going.look_ahead(&mut pass)?;
        let ahead = std::mem::take(&mut pass.ahead);
        going.carry_on(Pass::ahead_of(ahead), planned)
    }
}
