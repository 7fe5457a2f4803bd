//! How a plan ends: judged, recorded as applied, held or shown, with the tasks and feeds that belong to it.

use std::collections::BTreeMap;

use muster_engine::model::{AppKey, FeedMode, IdKind, PlanKey, public_id};
use muster_store::{Tx, feeds, log, pending, plans, tasks};

use super::apply::{Found, Going};
use super::digest::Digest;
use super::process::Outcome;
use super::record::{self, Premises, plan_row, write_effects};
use super::stream::Source;
use super::{PlanReport, PlanStatus, Trigger};
use crate::error::{Result, ServiceError};
use crate::events::{Event, EventOutcome, EventTarget};
use crate::tasks::words::{matches_dedupe, matches_to_confirm};

impl Going<'_> {
    /// The plan is applied: its row, its feed, the plan it undoes, held ones it supersedes, tasks about left out rows.
    pub(super) fn mark_done(&self, tx: &mut dyn Tx, found: &Found, premises: &Premises) -> Result<()> {
        self.put_applied(tx, found, premises)?;
        self.conclude(tx, found)
    }

    /// The row of a plan that is applied.
    pub(super) fn put_applied(&self, tx: &mut dyn Tx, found: &Found, premises: &Premises) -> Result<()> {
        let row = plan_row(
            self.plan,
            PlanStatus::Applied,
            &self.proposal,
            &self.actor,
            self.at,
            &found.counts,
            &found.notes,
            premises,
        )?;
        plans::put_plan(tx, &row)?;
        Ok(())
    }

    /// Says of the plan that this one undoes that it is undone: of several that would do so, one may.
    pub(super) fn claim_undone(&self, tx: &mut dyn Tx, undone: PlanKey) -> Result<()> {
        let by_this_run = muster_store::runs::run(tx, self.plan.0)?.is_some();
        let claimed = plans::set_status(tx, undone.0, &["APPLIED", "STOPPED"], PlanStatus::Undone.as_str())?;
        if claimed || by_this_run {
            return Ok(());
        }
        Err(ServiceError::Invalid(format!("plan {undone} is undone already")))
    }

    /// What else there is to do for a plan that is applied.
    pub(super) fn conclude(&self, tx: &mut dyn Tx, found: &Found) -> Result<()> {
        plans::drop_blocks(tx, self.plan.0, record::EFFECTS)?;
        if let Some(undone) = self.proposal.undo_of {
            self.claim_undone(tx, undone)?;
            if let Some(row) = plans::plan(tx, undone.0)? {
                self.give_back(tx, &row)?;
                if let Some(feed) = feed_of(&row) {
                    feed_state(tx, feed, "UNDONE", None)?;
                }
                // Undoing an undo brings the plan back, and its feed.
                if let Some(first) = row.undo_of {
                    plans::set_status(tx, first, &["UNDONE"], PlanStatus::Applied.as_str())?;
                    if let Some(feed) = plans::plan(tx, first)?.as_ref().and_then(feed_of) {
                        feed_state(tx, feed, "APPLIED", None)?;
                    }
                }
            }
        }
        if let Source::Feed { feed, .. } = self.proposal.source {
            feed_state(tx, feed, "APPLIED", found.counts.feed.as_ref())?;
        }
        self.import_event(tx, "system.import.complete", EventOutcome::success())?;
        self.supersede(tx)?;
        if let Source::Feed { mode: FeedMode::Full, .. } = self.proposal.source {
            // What deltas before it said is in it, or isn't so any more.
            let deltas = self.proposal.trigger.deltas_key();
            let mut before = plans::plans_by_trigger_prefix(tx, &deltas, &["HELD", "PLANNED"])?;
            before.retain(|row| row.plan_key < self.plan.0);
            let tasks: Vec<String> = before.iter().map(|row| held_task(&row.trigger_key)).collect();
            let tasks: Vec<&str> = tasks.iter().map(String::as_str).collect();
            tasks::finish_by_dedupe(tx, &tasks, self.at.0, &self.actor)?;
            self.supersede_all(tx, before.into_iter())?;
        }
        tasks::finish_by_dedupe(tx, &[&self.held_task_key()], self.at.0, &self.actor)?;
        self.tell_rejected(tx, found)?;
        self.tell_matches(tx, found)
    }

    /// One task a source tells of the rows that wait, as long as there are any.
    fn tell_matches(&self, tx: &mut dyn Tx, found: &Found) -> Result<()> {
        let imports = matches!(self.proposal.source, Source::Feed { .. });
        if found.counts.matches.is_nothing() && !imports && self.proposal.undo_of.is_none() {
            return Ok(());
        }
        let mut open: BTreeMap<AppKey, i64> = BTreeMap::new();
        for count in pending::open_counts(tx)? {
            *open.entry(AppKey(count.app_key)).or_default() += count.open;
        }
        let sources = || self.config.sources.iter().map(|s| s.app);
        let done: Vec<String> = sources().filter(|a| !open.contains_key(a)).map(matches_dedupe).collect();
        let done: Vec<&str> = done.iter().map(String::as_str).collect();
        tasks::finish_by_dedupe(tx, &done, self.at.0, &self.actor)?;
        let admin = self.config.org.settings.admins.first().cloned().unwrap_or_default();
        let waits = sources().filter_map(|app| Some((app, *open.get(&app)?)));
        let new: Vec<tasks::NewTask> = waits
            .map(|(app, open)| {
                let own = self.config.app(app).and_then(|a| a.provisioning.as_ref()).map(|p| p.owner.clone());
                let owner = own.filter(|o| !o.is_empty()).unwrap_or_else(|| admin.clone());
                matches_to_confirm(app, &self.config.app_name(app), open, owner, self.at)
            })
            .collect();
        tasks::open_tasks(tx, &new)?;
        Ok(())
    }

    /// The log's word on an import as a whole.
    fn import_event(&self, tx: &mut dyn Tx, event_type: &'static str, outcome: EventOutcome) -> Result<()> {
        let Trigger::Import { app, name, .. } = &self.proposal.trigger else { return Ok(()) };
        let target = |kind, id, display_name| EventTarget { kind, id, display_name: Some(display_name) };
        let event = Event {
            event_type,
            actor: self.actor.clone(),
            outcome,
            published: self.at,
            targets: vec![
                target("AppInstance", public_id(IdKind::App, app.0), self.config.app_name(*app)),
                target("Feed", name.clone(), name.clone()),
            ],
            plan: Some(public_id(IdKind::Plan, self.plan.0)),
        };
        log::append(
            tx,
            &log::Events {
                published: self.at.0,
                plan_key: Some(self.plan.0),
                actor: self.actor.clone(),
                lines: vec![event.to_line()],
                ..log::Events::default()
            },
        )?;
        Ok(())
    }

    fn supersede(&self, tx: &mut dyn Tx) -> Result<()> {
        let rows = plans::plans_by_trigger(tx, &self.proposal.key(), &["HELD", "PLANNED"])?;
        self.supersede_all(tx, rows.into_iter().filter(|row| row.plan_key != self.plan.0))
    }

    /// Says of plans that this one stands for them.
    fn supersede_all(&self, tx: &mut dyn Tx, rows: impl Iterator<Item = plans::PlanRow>) -> Result<()> {
        for row in rows {
            let status = PlanStatus::Superseded.as_str().to_owned();
            plans::update_plan(tx, &plans::PlanRow { status, successor: Some(self.plan.0), ..row })?;
        }
        Ok(())
    }

    fn held_task_key(&self) -> String {
        held_task(&self.proposal.key())
    }

    fn tell_rejected(&self, tx: &mut dyn Tx, found: &Found) -> Result<()> {
        let Some(stats) = &found.counts.feed else { return Ok(()) };
        let rejected = stats.rejected + found.notes.rejected.len() as u64;
        let Source::Feed { app, .. } = self.proposal.source else { return Ok(()) };
        let dedupe = format!("rejected:{app}");
        if rejected == 0 && stats.withheld == 0 {
            tasks::finish_by_dedupe(tx, &[&dedupe], self.at.0, &self.actor)?;
            return Ok(());
        }
        let withheld = if stats.withheld > 0 {
            format!(
                "; {} people without a row are not called gone, since a row's key can't be read",
                stats.withheld
            )
        } else {
            String::new()
        };
        let name = self.config.app_name(AppKey(app));
        let title = format!(
            "rows of the feed of {name} were left out: `muster plan {}` lists them{withheld}",
            self.plan
        );
        self.open_task(tx, "feed_rows_rejected", dedupe, title, Some(app))
    }

    fn open_task(
        &self,
        tx: &mut dyn Tx,
        kind: &str,
        dedupe: String,
        title: String,
        app: Option<i64>,
    ) -> Result<()> {
        let owner = self.config.org.settings.admins.first().cloned().unwrap_or_default();
        tasks::open_tasks(
            tx,
            &[tasks::NewTask {
                kind: kind.to_owned(),
                dedupe,
                title,
                app_key: app,
                plan_key: Some(self.plan.0),
                owner: (!owner.is_empty()).then_some(owner),
                created: self.at.0,
                due: Some(self.at.0 + 86_400_000),
                ..tasks::NewTask::default()
            }],
        )?;
        Ok(())
    }

    /// Records a plan that isn't applied, with its effects.
    pub(super) fn settle_dry(
        &self,
        found: &mut Found,
        mut outcomes: Vec<Outcome>,
        wanted: PlanStatus,
    ) -> Result<PlanReport> {
        let mut digest = Digest::default();
        for outcome in &mut outcomes {
            digest.add(outcome)?;
            found.add(outcome);
        }
        self.muster.store.try_read(|tx| self.judge(tx, found))?;
        self.muster.store.try_write(|tx| {
            self.ensure_row(tx, PlanStatus::Failed)?;
            plans::drop_blocks(tx, self.plan.0, record::EFFECTS)?;
            for (no, outcome) in outcomes.iter().enumerate() {
                write_effects(tx, self.plan, no as i64, &outcome.effects)?;
            }
            Ok::<_, ServiceError>(())
        })?;
        let found = std::mem::take(found);
        self.settle(found, digest.finish(), wanted)
    }

    /// Records a plan that isn't applied; its effects are written already.
    pub(super) fn settle(&self, found: Found, digest: String, status: PlanStatus) -> Result<PlanReport> {
        let premises = Premises { config_version: self.old.version, digest };
        let row = plan_row(
            self.plan,
            status,
            &self.proposal,
            &self.actor,
            self.at,
            &found.counts,
            &found.notes,
            &premises,
        )?;
        self.muster.store.try_write(|tx| {
            if status == PlanStatus::Held {
                // There is one open held plan a trigger: the older one makes room first.
                self.supersede(tx)?;
            }
            if plans::plan(tx, self.plan.0)?.is_some() {
                plans::update_plan(tx, &row)?;
            } else {
                plans::insert_plan(tx, &row)?;
            }
            if status == PlanStatus::Held {
                if let Source::Feed { feed, .. } = self.proposal.source {
                    feed_state(tx, feed, "HELD", found.counts.feed.as_ref())?;
                }
                let why: Vec<&str> = found.notes.findings.iter().map(|f| f.message.as_str()).collect();
                let title = format!(
                    "plan {} ({}) is held: {}; look with `muster plan {}`, then `muster apply {}` or `muster discard {}`",
                    self.plan,
                    self.proposal.trigger.describe(),
                    why.join("; "),
                    self.plan,
                    self.plan,
                    self.plan
                );
                self.import_event(tx, "system.import.roadblock", EventOutcome::failure(why.join("; ")))?;
                self.open_task(tx, "plan_held", self.held_task_key(), title, None)?;
            }
            Ok::<_, ServiceError>(())
        })?;
        Ok(report(Some(self.plan), status, found))
    }
}

/// What tells the task about a held plan from others.
pub(super) fn held_task(trigger_key: &str) -> String {
    format!("held:{trigger_key}")
}

fn feed_state(
    tx: &mut dyn Tx,
    feed: i64,
    state: &str,
    stats: Option<&crate::import::FeedStats>,
) -> Result<()> {
    let Some(mut row) = feeds::feed(tx, feed)? else { return Ok(()) };
    state.clone_into(&mut row.state);
    if let Some(stats) = stats {
        row.rows = stats.rows as i64;
        row.rejected = stats.rejected as i64;
        row.valid = row.rows - row.rejected;
    }
    feeds::update_feed(tx, &row)?;
    Ok(())
}

/// What is told of a plan.
pub(super) fn report(plan: Option<PlanKey>, status: PlanStatus, found: Found) -> PlanReport {
    PlanReport { plan, status, counts: found.counts, notes: found.notes, sample: found.sample }
}

/// The feed a plan came from.
fn feed_of(row: &plans::PlanRow) -> Option<i64> {
    match serde_json::from_str(&row.trigger) {
        Ok(Trigger::Import { feed, .. }) => Some(feed),
        _ => None,
    }
}
