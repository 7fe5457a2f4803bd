//! Records that begin and end by dates of their own: what a plan makes of them.

use muster_engine::config::ProfileSource;
use muster_engine::derive::{Ranked, Standing, standings};
use muster_engine::facts::{Fact, FactValue, Facts, Record};
use muster_engine::model::{AppKey, Millis};
use muster_engine::{Config, Value};

use super::process::{Frame, Slot};
use super::work::{ChangedSince, Op};

/// The columns of a record that say when it begins and ends.
fn days<'a>(config: &Config, app: AppKey, record: &'a Record) -> [Option<&'a Value>; 2] {
    let source = config.source(app);
    let at = |place: Option<usize>| place.and_then(|at| record.values.get(at));
    [at(source.and_then(|s| s.starts)), at(source.and_then(|s| s.ends))]
}

fn record<'a>(facts: &'a Facts, fact: &Fact) -> Option<&'a Record> {
    match facts.get(fact) {
        Some(FactValue::Record(record)) => Some(record),
        _ => None,
    }
}

/// Whether the days change on which a person's records begin or end: a word about time, she is derived with the
/// plan's instant.
pub(super) fn begin_or_end(config: &Config, before: &Facts, after: &Facts) -> bool {
    if !config.sources.iter().any(ProfileSource::is_dated) {
        return false;
    }
    let changed = |fact: &Fact, app: AppKey| {
        let told = |facts| record(facts, fact).map(|r| days(config, app, r));
        told(before) != told(after)
    };
    before.said.keys().chain(after.said.keys()).any(|fact| match fact {
        Fact::Record { app, .. } => changed(fact, *app),
        _ => false,
    })
}

/// A source that brings a record back which had ended by its date says something new, now.
pub(super) fn spoken_anew(frame: &Frame<'_>, slot: &mut Slot<'_>) {
    let dated = |app: AppKey| frame.config.source(app).is_some_and(ProfileSource::is_dated);
    let rows: Vec<Fact> = slot
        .works
        .iter()
        .filter_map(|w| w.record())
        .filter(|(app, _)| dated(*app))
        .map(|(app, key)| Fact::Record { app, external_id: key.to_owned() })
        .collect();
    for fact in rows {
        let before = ended(frame.config, &slot.person.facts, &fact, frame.at);
        if !before || ended(frame.config, &slot.facts, &fact, frame.at) {
            continue;
        }
        if let Some(said) = slot.facts.said.get_mut(&fact)
            && let Some(FactValue::Record(record)) = &mut said.value
        {
            record.said_at = record.said_at.max(frame.at);
        }
    }
}

fn ended(config: &Config, facts: &Facts, fact: &Fact, at: Millis) -> bool {
    let Fact::Record { app, external_id } = fact else { return false };
    standings(config, facts, at)
        .0
        .iter()
        .any(|r| r.source.app == *app && r.key == external_id && matches!(r.standing, Standing::Ended(_)))
}

/// Puts a person's dates off, as the works say. A word about her dates sets her clock going again.
pub(super) fn postpone(frame: &Frame<'_>, slot: &mut Slot<'_>, since: &mut Vec<ChangedSince>) {
    let now = slot.person.as_of();
    for op in slot.works.iter().flat_map(|w| &w.ops) {
        let Op::Postpone { back, until } = op else { continue };
        let stands_at = match (back, now) {
            (Some((at, left)), Some(now)) if now == *left => *at,
            (None, Some(now)) => now,
            _ => {
                since.push(ChangedSince { fact: Fact::Postponed, by: None });
                continue;
            }
        };
        let value = FactValue::Postponed { stands_at, until: *until };
        slot.befores.extend(slot.facts.say(Fact::Postponed, Some(value), frame.at, frame.plan));
    }
    if slot.facts.postponed().is_some() && begin_or_end(frame.config, &slot.person.facts, &slot.facts) {
        slot.befores.extend(slot.facts.say(Fact::Postponed, None, frame.at, frame.plan));
    }
}

/// Whether it is said of a person that her dates are put off, or no longer.
pub(super) fn moves_clock(slot: &Slot<'_>) -> bool {
    slot.befores.iter().any(|line| line.fact == Fact::Postponed)
}

/// Whether the works tell of somebody unknown so far who has left already.
pub(super) fn left_before(frame: &Frame<'_>, slot: &Slot<'_>) -> bool {
    let ended = |r: &Ranked<'_>| matches!(r.standing, Standing::Ended(_));
    if slot.person.rows.is_some() || !slot.person.facts.said.is_empty() {
        return false;
    }
    let (records, _) = standings(frame.config, &slot.facts, slot.as_of);
    !records.is_empty() && records.iter().all(ended)
}
