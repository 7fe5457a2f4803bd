//! Plans looked at, applied later, discarded.

use std::collections::BTreeSet;

use muster_engine::model::{Millis, PlanKey, UserKey};
use muster_engine::plan::Effect;
use muster_store::plans::{self, PlanRow};
use muster_store::{log, tasks};
use serde::Serialize;

use super::apply::Going;
use super::process::Pass;
use super::record::{EFFECTS, EffectLine, premises_of, proposal_of};
use super::settle::held_task;
use super::work::{Op, Who, Work};
use super::{Counts, Notes, PlanReport, PlanStatus, Progress, Quiet, Trigger};
use crate::access::{Actor, Right};
use crate::edit::edit;
use crate::error::{Result, ServiceError};
use crate::import::ImportOptions;
use crate::muster::Muster;

/// A plan as people and programs see it.
#[derive(Clone, Debug, Serialize)]
pub struct PlanView {
    /// Its key.
    pub id: i64,
    /// Where it stands.
    pub status: PlanStatus,
    /// What made it.
    pub trigger: Trigger,
    /// Who asked for it.
    pub actor: String,
    /// When it was made, in milliseconds since 1970 UTC.
    pub created: i64,
    /// When it was applied.
    pub applied: Option<i64>,
    /// What it does.
    pub counts: Counts,
    /// What there is to say.
    pub notes: Notes,
    /// The plan it undoes.
    pub undo_of: Option<i64>,
    /// The plan that took its place.
    pub successor: Option<i64>,
}

/// Some of a plan's effects.
#[derive(Clone, Debug, Default)]
pub struct EffectsPage {
    /// Who, and what happens to her.
    pub effects: Vec<(i64, String, Effect)>,
    /// Where the next page starts; `None` after the last one.
    pub next: Option<i64>,
}

fn view(row: PlanRow) -> Result<PlanView> {
    let bad = |e: &dyn std::fmt::Display| ServiceError::corrupt(format!("plan {}", row.plan_key), e);
    Ok(PlanView {
        id: row.plan_key,
        status: PlanStatus::parse(&row.status).ok_or_else(|| bad(&row.status))?,
        trigger: serde_json::from_str(&row.trigger).map_err(|e| bad(&e))?,
        counts: serde_json::from_str(&row.counts).map_err(|e| bad(&e))?,
        notes: serde_json::from_str(&row.notes).map_err(|e| bad(&e))?,
        actor: row.actor,
        created: row.created,
        applied: row.applied,
        undo_of: row.undo_of,
        successor: row.successor,
    })
}

const ALL: [&str; 9] =
    ["PLANNED", "HELD", "APPLYING", "APPLIED", "STOPPED", "UNDONE", "DISCARDED", "SUPERSEDED", "FAILED"];

impl Muster {
    /// The newest plans first.
    ///
    /// # Errors
    /// If the store fails.
    pub fn plans(&self, before: Option<PlanKey>, limit: usize) -> Result<Vec<PlanView>> {
        let before = before.map_or(i64::MAX, |p| p.0);
        let rows = self.store.read(|tx| plans::plans_before(tx, before, &ALL, limit))?;
        rows.into_iter().map(view).collect()
    }

    /// A plan.
    ///
    /// # Errors
    /// If there is none of that key.
    pub fn plan(&self, plan: PlanKey) -> Result<PlanView> {
        view(self.plan_row(plan)?)
    }

    fn plan_row(&self, plan: PlanKey) -> Result<PlanRow> {
        self.store.read(|tx| plans::plan(tx, plan.0))?.ok_or_else(|| {
            ServiceError::NotFound(format!("there is no plan {plan}; `muster plans` lists them"))
        })
    }

    /// A plan's effects, a few blocks at a time; `from` is [`EffectsPage::next`] of the page before.
    ///
    /// # Errors
    /// If there is no such plan or the store fails.
    pub fn plan_effects(&self, plan: PlanKey, from: Option<i64>) -> Result<EffectsPage> {
        let status = self.plan(plan)?.status;
        let unapplied = matches!(
            status,
            PlanStatus::Planned | PlanStatus::Held | PlanStatus::Discarded | PlanStatus::Superseded
        );
        let mut page = EffectsPage::default();
        let lines: Vec<String> = self.store.read(|tx| {
            let mut lines = Vec::new();
            if unapplied {
                for block in plans::blocks_after(tx, plan.0, EFFECTS, from.unwrap_or(-1), 2)? {
                    page.next = Some(block.no);
                    lines.extend(block.lines()?);
                }
            } else {
                for block in log::blocks_of_plan(tx, plan.0, from.unwrap_or(0), 2)? {
                    page.next = Some(block.position);
                    lines.extend(block.events()?.into_iter().map(|(_, line)| line));
                }
            }
            Ok(lines)
        })?;
        // Events that are no effects on people (configuration, the plan itself) are passed over.
        page.effects = lines
            .iter()
            .filter_map(|l| serde_json::from_str::<EffectLine>(l).ok())
            .map(|l| (l.user, l.login, l.effect))
            .collect();
        Ok(page)
    }

    /// Applies a held or previewed plan. It is worked out anew; if anything differs from what was shown, nothing is
    /// done and a successor with the present effects takes its place.
    ///
    /// # Errors
    /// [`ServiceError::Premise`] names the successor; others if the plan can't be applied.
    pub fn apply_plan(
        &self,
        actor: &Actor,
        plan: PlanKey,
        force: bool,
        progress: &dyn Progress,
    ) -> Result<PlanReport> {
        let row = self.plan_row(plan)?;
        actor.require(proposal_of(&row)?.right(), "apply this plan")?;
        if let Trigger::Ahead { at } = proposal_of(&row)?.trigger {
            return Err(ServiceError::Invalid(format!(
                "plan {plan} only shows what will follow by {}; it can't be applied: dates take effect by themselves \
                 when they come",
                Millis(at)
            )));
        }
        match PlanStatus::parse(&row.status) {
            Some(PlanStatus::Planned | PlanStatus::Held) => {}
            Some(PlanStatus::Applying) => return self.resume(plan, progress),
            _ => {
                let hint =
                    row.successor.map_or_else(String::new, |s| format!("; plan {s} has taken its place"));
                return Err(ServiceError::Invalid(format!(
                    "plan {plan} is {} and can't be applied{hint}",
                    row.status
                )));
            }
        }
        if force || row.status == PlanStatus::Held.as_str() {
            actor.require(Right::Admin, "waive guards")?;
        }
        let mut proposal = proposal_of(&row)?;
        // A person with the right says yes to what a guard has held and shown.
        proposal.force = force || row.status == PlanStatus::Held.as_str();
        let premises = premises_of(&row);
        let digest = {
            let going = self.prepare(actor, proposal.clone(), plan, progress)?;
            dry_digest(&going)?
        };
        if digest == premises.digest {
            return self.carry_out(actor, &proposal, plan, progress);
        }
        let shown = super::Proposal { preview: true, force: row.force, ..proposal };
        let successor = self.propose(actor, &shown, progress)?;
        let key = successor.plan;
        self.store.write(|tx| {
            let status = PlanStatus::Superseded.as_str().to_owned();
            plans::update_plan(tx, &PlanRow { status, successor: key.map(|p| p.0), ..row.clone() })
        })?;
        let next = key.map_or_else(String::new, |p| format!("; plan {p} shows what it would do now: look with `muster plan {p}`, apply with `muster apply {p}`"));
        Err(ServiceError::Premise(format!(
            "plan {plan} would do something else now than what was shown, nothing was done{next}"
        )))
    }

    /// Discards a held or previewed plan.
    ///
    /// # Errors
    /// If there is no such plan, or it is neither.
    pub fn discard_plan(&self, actor: &Actor, plan: PlanKey) -> Result<()> {
        let row = self.plan_row(plan)?;
        actor.require(proposal_of(&row)?.right(), "discard this plan")?;
        let now = self.now().0;
        let done = self.store.write(|tx| {
            let done = plans::set_status(tx, plan.0, &["HELD", "PLANNED"], PlanStatus::Discarded.as_str())?;
            if done {
                tasks::finish_by_dedupe(tx, &[&held_task(&row.trigger_key)], now, &actor.name)?;
            }
            Ok(done)
        })?;
        if done {
            self.put_off(actor, &row)
        } else {
            Err(ServiceError::Invalid(format!(
                "plan {plan} is {}: only a held or previewed plan can be discarded",
                row.status
            )))
        }
    }

    /// Whoever a discarded plan of dates that had come was about waits before they come again.
    fn put_off(&self, actor: &Actor, row: &PlanRow) -> Result<()> {
        if !matches!(proposal_of(row)?.trigger, Trigger::Due) {
            return Ok(());
        }
        let until = self.config()?.put_off(self.now());
        let mut from = None;
        loop {
            let page = self.plan_effects(PlanKey(row.plan_key), from)?;
            let users: BTreeSet<i64> = page.effects.iter().map(|(user, ..)| *user).collect();
            let works = users.into_iter().map(|user| Work {
                who: Who::Known(UserKey(user)),
                ops: vec![Op::Postpone { back: None, until }],
                advance: false,
                again: false,
                seen: None,
                position: String::new(),
            });
            let works: Vec<Work> = works.collect();
            if !works.is_empty() {
                let what = format!("dates of plan {} put off", row.plan_key);
                let options = ImportOptions { preview: false, force: true };
                self.propose(actor, &edit(what, works, options), &Quiet)?;
            }
            from = page.next;
            if from.is_none() {
                return Ok(());
            }
        }
    }
}

fn dry_digest(going: &Going<'_>) -> Result<String> {
    let mut pass = Pass::default();
    going.look_ahead(&mut pass)?;
    Ok(going.dry_pass(&mut pass, false, true)?.1)
}
