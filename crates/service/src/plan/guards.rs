//! Guards over a plan as a whole: what it takes away, what plans of late took before it, what is protected, and the feed.

use std::collections::BTreeMap;

use aws_lc_rs::digest;
use muster_engine::Config;
use muster_engine::facts::{Fact, FactValue};
use muster_engine::model::{AppKey, FeedMode, GroupKey, Millis, UserStatus};
use muster_engine::plan::{Finding, Loss, Losses, Taking, judge, protection, suspects};
use muster_store::guard_window::{self, Taken};
use muster_store::{Tx, feeds, lookups, plans};

use super::apply::{Found, Going};
use super::stream::Source;
use super::work::Op;
use super::{Counts, Notes, Trigger, feed_guard};
use crate::error::{Result, ServiceError};

const HOUR: i64 = 3_600_000;
/// Whose windows are kept: there is one org in a store.
const SCOPE: &str = "org";

/// The hour of an instant.
pub(crate) fn bucket(at: Millis) -> i64 {
    at.0.div_euclid(HOUR)
}

/// The last bucket that doesn't count any more at an instant: the hour it is in is the first of the window's.
pub(crate) fn last_outside(config: &Config, at: Millis) -> i64 {
    bucket(at) - i64::from(config.org.settings.guard.window_hours)
}

/// People are kept apart by how they end: who is suspended still is one of those there are.
const DEACTIVATED: i64 = 0;
const SUSPENDED: i64 = 1;
/// Stands for all apps.
const ALL_APPS: i64 = 0;

/// How a loss is written down. Attributes are known by their names, which have no keys: base attributes aren't items.
fn row_of(loss: &Loss) -> (&'static str, i64) {
    match loss {
        Loss::Person => ("people", DEACTIVATED),
        Loss::App(app) => ("app", app.0),
        Loss::Group(group) => ("group", group.0),
        Loss::Value(name) => {
            let hash = digest::digest(&digest::SHA256, name.as_bytes());
            let first = hash.as_ref().first_chunk().copied().unwrap_or_default();
            ("attribute", i64::from_be_bytes(first))
        }
        Loss::Account(app) => ("account", app.map_or(ALL_APPS, |app| app.0)),
    }
}

/// What a plan charges to its hour: what it took, but for what a person has looked at and let through. Who waives a
/// guard has seen the sum, and what comes after is judged for itself.
fn charged(counts: &Counts, notes: &Notes) -> Vec<(&'static str, i64, i64)> {
    let waived: Vec<Loss> = notes.findings.iter().filter_map(Finding::loss).collect();
    let mut rows = Vec::new();
    for (loss, n) in counts.tally.losses() {
        let (what, subject) = row_of(&loss);
        if waived.contains(&loss) {
            continue;
        }
        if loss == Loss::Person {
            rows.push((what, DEACTIVATED, counts.tally.deactivated as i64));
            rows.push((what, SUSPENDED, (counts.tally.suspended + counts.tally.sent_back) as i64));
        } else {
            rows.push((what, subject, n as i64));
        }
    }
    rows.retain(|(_, _, n)| *n != 0);
    rows
}

fn add(tx: &mut dyn Tx, at: Millis, rows: &[(&'static str, i64, i64)], sign: i64) -> Result<()> {
    let taken = |(what, subject, n): &(&str, i64, i64)| Taken {
        scope: SCOPE.to_owned(),
        what: (*what).to_owned(),
        subject: *subject,
        bucket: bucket(at),
        taken: n * sign,
    };
    if !rows.is_empty() {
        guard_window::add(tx, &rows.iter().map(taken).collect::<Vec<_>>())?;
    }
    Ok(())
}

/// What plans took within the window.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Before {
    losses: Losses,
    /// Of the people, those who were suspended.
    suspended: u64,
}

impl Going<'_> {
    /// Asks the guards, and notes what they find. Gives whether that holds the plan.
    pub(super) fn judge(&self, tx: &mut dyn Tx, found: &mut Found) -> Result<bool> {
        let mut findings = protection(&self.old, &self.proposal.items, &found.losers);
        found.before = self.before(tx, found)?;
        findings.extend(self.count(tx, found)?);
        if let (Source::Feed { app, feed, mode }, Some(stats)) = (&self.proposal.source, &found.counts.feed) {
            let guard =
                self.config.app(AppKey(*app)).and_then(|a| a.guard).unwrap_or(self.config.org.settings.guard);
            let last = feeds::last_feed(tx, *app, "APPLIED")?;
            let hash = feeds::feed(tx, *feed)?.map(|f| f.hash).unwrap_or_default();
            let undone = feeds::feeds_by_hash(tx, *app, &hash)?.iter().any(|f| f.state == "UNDONE");
            findings.extend(match mode {
                FeedMode::Full => feed_guard::full(guard, stats, last.as_ref()),
                FeedMode::Delta => feed_guard::delta(&self.waiting(tx)?).into_iter().collect(),
            });
            findings.extend(undone.then(feed_guard::undone));
        }
        found.notes.findings = findings;
        Ok(self.is_held(found))
    }

    /// The same for a plan that was judged before, in the transaction that begins to apply it: what it is compared with
    /// is counted again only if others have taken something since.
    pub(super) fn judge_again(&self, tx: &mut dyn Tx, found: &mut Found) -> Result<bool> {
        if self.before(tx, found)? == found.before { Ok(self.is_held(found)) } else { self.judge(tx, found) }
    }

    /// Whether what was found holds the plan.
    fn is_held(&self, found: &Found) -> bool {
        found.notes.findings.iter().any(|f| !(f.waivable && self.proposal.force))
    }

    /// What is found by counting. The store is asked only about what the plan takes away, and how many there are of
    /// something only where that can matter.
    fn count(&self, tx: &mut dyn Tx, found: &Found) -> Result<Vec<Finding>> {
        let losses = found.counts.tally.losses();
        if losses.is_empty() || self.is_about_one_named() {
            return Ok(Vec::new());
        }
        let before = &found.before;
        let suspects = suspects(&self.old, &losses, &before.losses);
        let of = self.at_the_start(tx, &suspects, before)?;
        let taking = Taking { losses: &losses, before: &before.losses, of: &of, losers: &found.losers };
        Ok(judge(&self.old, taking))
    }

    /// Held plans of the same source that came before.
    fn waiting(&self, tx: &mut dyn Tx) -> Result<Vec<i64>> {
        let trigger = &self.proposal.trigger;
        let mut waiting = plans::plans_by_trigger(tx, &trigger.key(), &["HELD"])?;
        waiting.extend(plans::plans_by_trigger_prefix(tx, &trigger.deltas_key(), &["HELD"])?);
        let mut keys: Vec<i64> = waiting.iter().map(|p| p.plan_key).filter(|k| *k < self.plan.0).collect();
        keys.sort_unstable();
        Ok(keys)
    }

    /// Whether an admin says of one person, by name, where she stands: that is never too much, though it counts.
    fn is_about_one_named(&self) -> bool {
        let Source::List { works } = &self.proposal.source else { return false };
        let says_where_she_stands =
            |op: &Op| matches!(op, Op::Say { fact: Fact::Lifecycle, value: Some(FactValue::Lifecycle(_)) });
        matches!(self.proposal.trigger, Trigger::Edit { .. })
            && self.proposal.items.is_empty()
            && matches!(works.as_slice(), [work] if work.ops.iter().all(says_where_she_stands))
    }

    /// What was taken within the window, of what this plan takes and is judged for.
    fn before(&self, tx: &mut dyn Tx, found: &Found) -> Result<Before> {
        let mut before = Before::default();
        let losses = found.counts.tally.losses();
        let alone = self.old.org.settings.guard.window_hours == 0;
        if losses.is_empty() || alone || self.is_about_one_named() {
            return Ok(before);
        }
        let mut asked: BTreeMap<&str, BTreeMap<i64, &Loss>> = BTreeMap::new();
        for loss in losses.keys() {
            let (what, subject) = row_of(loss);
            asked.entry(what).or_default().insert(subject, loss);
            if *loss == Loss::Person {
                asked.entry(what).or_default().insert(SUSPENDED, loss);
            }
        }
        let after = last_outside(&self.old, self.at);
        for (what, subjects) in asked {
            let keys: Vec<i64> = subjects.keys().copied().collect();
            for (subject, taken) in guard_window::sums(tx, SCOPE, what, &keys, after)? {
                let (Some(loss), taken) = (subjects.get(&subject), taken.max(0) as u64) else { continue };
                *before.losses.entry((*loss).clone()).or_default() += taken;
                if **loss == Loss::Person && subject == SUSPENDED {
                    before.suspended = taken;
                }
            }
        }
        Ok(before)
    }

    /// How many there were of something at the window's start: those there are, and those that were taken since.
    fn at_the_start(&self, tx: &mut dyn Tx, suspects: &[Loss], before: &Before) -> Result<Losses> {
        let mut of = Losses::new();
        let (mut apps, mut groups): (Vec<i64>, Vec<i64>) = (Vec::new(), Vec::new());
        for loss in suspects {
            match loss {
                Loss::Person => {
                    let counts = lookups::status_counts(tx)?;
                    let living =
                        counts.iter().filter(|(s, _)| UserStatus::parse(s).is_none_or(|s| !s.has_left()));
                    let living: i64 = living.map(|(_, n)| n).sum();
                    of.insert(Loss::Person, (living as u64).saturating_sub(before.suspended));
                }
                Loss::App(app) | Loss::Account(Some(app)) => apps.push(app.0),
                Loss::Account(None) => apps.extend(self.old.org.apps.keys().map(|app| app.0)),
                Loss::Group(group) => groups.push(group.0),
                Loss::Value(name) => {
                    of.insert(loss.clone(), lookups::people_with_value(tx, name)? as u64);
                }
            }
        }
        if !apps.is_empty() {
            apps.sort_unstable();
            apps.dedup();
            for held in lookups::accounts_held(tx, &apps)? {
                let app = AppKey(held.app_key);
                of.insert(Loss::App(app), held.assigned as u64);
                of.insert(Loss::Account(Some(app)), held.accounts as u64);
                *of.entry(Loss::Account(None)).or_default() += held.accounts as u64;
            }
        }
        if !groups.is_empty() {
            let members = lookups::living_members(tx, &groups)?;
            of.extend(members.into_iter().map(|(group, n)| (Loss::Group(GroupKey(group)), n as u64)));
        }
        for loss in suspects {
            *of.entry(loss.clone()).or_default() += before.losses.get(loss).copied().unwrap_or_default();
        }
        Ok(of)
    }

    /// Charges what the plan takes to its hour.
    pub(super) fn charge(&self, tx: &mut dyn Tx, found: &Found) -> Result<()> {
        add(tx, self.at, &charged(&found.counts, &found.notes), 1)
    }

    /// Gives back what a plan was charged that this one takes back, if its hour still counts.
    pub(super) fn give_back(&self, tx: &mut dyn Tx, undone: &plans::PlanRow) -> Result<()> {
        let at = Millis(undone.as_of);
        if bucket(at) <= last_outside(&self.old, self.at) {
            return Ok(());
        }
        let bad = |e: &dyn std::fmt::Display| ServiceError::corrupt(format!("plan {}", undone.plan_key), e);
        let counts = serde_json::from_str(&undone.counts).map_err(|e| bad(&e))?;
        let notes = serde_json::from_str(&undone.notes).map_err(|e| bad(&e))?;
        add(tx, at, &charged(&counts, &notes), -1)
    }
}
