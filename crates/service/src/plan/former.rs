//! What stays behind when a person loses an app or comes back: written where what was before decides.

use std::collections::BTreeMap;

use muster_engine::config::Target;
use muster_engine::derive::{AppScope, Derived, StatusCause, days_from, on_hold, zone_of};
use muster_engine::facts::{Fact, FactValue, Former};
use muster_engine::model::{AppKey, GroupKey, Millis, OnUnassign, UserStatus};
use muster_engine::{Config, Value};

use super::process::{Frame, Slot};
use super::work::Op;

/// How long somebody who had left may have been away to find her assignments as they were: a feed that ends her is
/// put right by the next one.
const AWAY: i64 = 24 * 60 * 60 * 1000;

/// Whether an org has anything that stays behind.
pub(super) fn may_leave(config: &Config, slot: &Slot<'_>) -> bool {
    let any = |target: &Target| {
        let p = &target.provisioning;
        p.grace_days > 0
            || p.leaver_grace_days > 0
            || p.delete_after_days.is_some()
            || (p.on_unassign == OnUnassign::Delete && config.hold_slot.is_some())
    };
    let has = !slot.person.stored.apps.is_empty() || slot.facts.formers().next().is_some();
    (has && config.targets.iter().any(any)) || comes_back(slot)
}

fn comes_back(slot: &Slot<'_>) -> bool {
    slot.person.stored.status.is_some_and(UserStatus::has_left) && slot.facts.assignments().next().is_some()
}

/// Says what stays behind of what a person loses by this plan, and takes back what she has no use for any more. An undo
/// says itself what was before. Tells whether anything was said.
pub(super) fn leave_behind(frame: &Frame<'_>, slot: &mut Slot<'_>, derived: &Derived) -> bool {
    let mut says = returning(frame, slot, derived);
    let has = |app: AppKey| derived.apps.iter().find(|a| a.app == app).map(|a| a.scope);
    for (app, _) in slot.facts.formers().filter(|(app, _)| has(*app).is_some_and(|s| s != AppScope::Grace)) {
        says.push((Fact::Former { app }, None));
    }
    for (app, row) in &slot.person.stored.apps {
        let (Some(had), None, Some(target)) = (row.scope, has(*app), frame.config.target(*app)) else {
            continue;
        };
        let former = Loss { frame, slot, derived, target, had }.former();
        says.push((Fact::Former { app: *app }, former.map(FactValue::Former)));
    }
    let mut any = false;
    for (fact, value) in says {
        let never = value.is_none() && slot.facts.get(&fact).is_none();
        let before = if never { None } else { slot.facts.say(fact, value, frame.at, frame.plan) };
        any |= before.is_some();
        slot.befores.extend(before);
    }
    any
}

/// Direct assignments that a person had before she left and doesn't have again, now that she comes back.
fn returning(frame: &Frame<'_>, slot: &Slot<'_>, derived: &Derived) -> Vec<(Fact, Option<FactValue>)> {
    if !comes_back(slot) || derived.status.has_left() {
        return Vec::new();
    }
    let left = slot.person.rows.as_ref().and_then(|r| r.user.status_changed).unwrap_or(frame.at.0);
    let keeps = |app: AppKey| {
        frame.config.target(app).is_none_or(|t| {
            let grace = i64::from(t.provisioning.leaver_grace_days) * AWAY;
            t.provisioning.keep_assignments || frame.at.0 - left <= grace.max(AWAY)
        })
    };
    // What this plan itself says isn't from before.
    let now =
        |app: AppKey| slot.facts.said.get(&Fact::Assignment { app }).is_some_and(|s| s.plan == frame.plan);
    let gone = slot.facts.assignments().map(|(app, ..)| app).filter(|app| !keeps(*app) && !now(*app));
    gone.map(|app| (Fact::Assignment { app }, None)).collect()
}

/// An app that a person loses.
struct Loss<'a, 'w> {
    frame: &'a Frame<'a>,
    slot: &'a Slot<'w>,
    derived: &'a Derived,
    target: &'a Target,
    had: AppScope,
}

impl Loss<'_, '_> {
    /// What was noted when she lost it and kept it for a while.
    fn before(&self) -> Option<&Former> {
        match self.slot.facts.get(&Fact::Former { app: self.target.app }) {
            Some(FactValue::Former(former)) if self.had == AppScope::Grace => Some(former),
            _ => None,
        }
    }

    /// The first instant of the day that is so many whole days ahead.
    fn whole_days(&self, from: Millis, days: u32) -> Millis {
        let source = match self.derived.status_cause {
            StatusCause::Source { app, .. } | StatusCause::Left { app, .. } => Some(app),
            _ => None,
        };
        days_from(from, i64::from(days) + 1, &zone_of(self.frame.config, &self.derived.profile, source))
    }

    fn former(&self) -> Option<Former> {
        let (config, p) = (self.frame.config, &self.target.provisioning);
        let until = self.until();
        let now = self.slot.as_of;
        let held = || on_hold(config, &self.slot.facts, &self.derived.profile, now);
        let delete_at = match (p.on_unassign, p.delete_after_days) {
            (OnUnassign::Deactivate | OnUnassign::Task, Some(days)) => {
                let noted = self.before().and_then(|f| f.delete_at).filter(|_| until.is_none());
                // A grace ends with a day, so the next day is one whole day later.
                let from = until.map_or(now, |until| Millis(until.0 - 1));
                Some(noted.unwrap_or_else(|| self.whole_days(from, days)))
            }
            (OnUnassign::Delete, _) if held() => Some(until.unwrap_or(now)),
            _ => None,
        };
        let leaver = until.is_some() && self.derived.status.has_left();
        let profile = if until.is_some() { self.given() } else { BTreeMap::new() };
        (until.is_some() || delete_at.is_some()).then_some(Former { until, leaver, delete_at, profile })
    }

    /// Until when she keeps it.
    fn until(&self) -> Option<Millis> {
        let p = &self.target.provisioning;
        if self.target.expired {
            return None;
        }
        // Who had nothing yet has nothing to keep.
        if !self.slot.person.stored.status.is_some_and(UserStatus::has_accounts) {
            return None;
        }
        let (from, days) = match self.derived.status_cause {
            StatusCause::Left { at, .. } if self.derived.status.has_left() => (at, p.leaver_grace_days),
            _ if self.derived.status.has_left() => return None,
            _ if matches!(self.had, AppScope::Group(_)) && !self.by_hand() => (self.lost_at(), p.grace_days),
            _ => return None,
        };
        let had = self.before().and_then(|f| f.until);
        let until = (days > 0).then(|| self.whole_days(from, days))?;
        Some(had.map_or(until, |had| had.min(until))).filter(|until| *until > self.slot.as_of)
    }

    /// When she lost it: dates count from when they came, not from when they were seen to.
    fn lost_at(&self) -> Millis {
        let came = self.slot.person.rows.as_ref().and_then(|r| r.user.next_due).filter(|_| self.frame.due);
        came.map_or(self.slot.as_of, |came| self.slot.as_of.min(Millis(came)))
    }

    /// Whether it is an admin's word about her that takes it: such a word holds at once.
    fn by_hand(&self) -> bool {
        let about = |op: &Op| {
            matches!(
                op,
                Op::Say { fact: Fact::Membership { .. } | Fact::Assignment { .. }, .. } | Op::Lose { .. }
            )
        };
        self.slot.works.iter().flat_map(|w| &w.ops).any(about)
    }

    /// What groups and her own assignment gave her there.
    fn given(&self) -> BTreeMap<String, Value> {
        let groups = &self.slot.person.stored.groups;
        let member = |g: &GroupKey| groups.contains(g) || self.frame.config.everyone == Some(*g);
        let mut given = BTreeMap::new();
        for (_, _, values) in self.target.groups.iter().rev().filter(|(g, ..)| member(g)) {
            given.extend(values.clone());
        }
        let own = self.slot.person.facts.assignments().find(|(app, ..)| *app == self.target.app);
        given.extend(own.into_iter().flat_map(|(_, profile, _)| profile.clone()));
        self.before().map_or(given, |former| former.profile.clone())
    }
}
