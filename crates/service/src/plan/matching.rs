//! Whom a work is about: somebody known, somebody a row of a new key matches, or somebody new.
//!
//! Works about the same person are judged one by one, in their order, however a plan is cut: a chunk ends before a work
//! whose outcome depends on what becomes of one before it.

use std::collections::{BTreeSet, HashMap, HashSet};

use muster_engine::derive::derive_profile;
use muster_engine::facts::{Fact, FactValue, Facts, RecordState, fold};
use muster_engine::model::{AppKey, UserKey};
use muster_store::people::{PersonRows, load_people};
use muster_store::{Tx, lookups};

use super::process::{Frame, Pass};
use super::work::{Op, Who, Work, apply};
use crate::error::Result;
use crate::world::namespace;

/// Whom works are about.
#[derive(Debug, Default)]
pub(super) struct Whom {
    /// The person of each work, of as many as can be judged together; `None`: somebody new.
    pub(super) who: Vec<Option<UserKey>>,
    /// Who was loaded to find that out.
    pub(super) people: HashMap<i64, PersonRows>,
}

/// A unique value by which a row of a new key may find somebody: the attribute's slot, the value case folded.
type Asked = (usize, String);

/// The person of each work, up to the first that must wait for those before it.
pub(super) fn resolve(tx: &mut dyn Tx, frame: &Frame<'_>, works: &[Work], pass: &Pass) -> Result<Whom> {
    let asked = first_asked(frame, works);
    let owners = owners(tx, frame, &asked, pass)?;
    let mut whom = Whom { who: Vec::with_capacity(works.len()), people: HashMap::new() };
    let stored: BTreeSet<i64> = owners.values().map(|u| u.0).filter(|u| *u > 0).collect();
    if !stored.is_empty() {
        let stored: Vec<i64> = stored.into_iter().collect();
        whom.people = load_people(tx, &stored)?.into_iter().map(|p| (p.user.user_key, p)).collect();
    }
    let mut touched: HashSet<UserKey> = HashSet::new();
    for (work, asked) in works.iter().zip(&asked) {
        let who = match work.who {
            Who::Known(user) => Some(user),
            Who::New => None,
            Who::Match => {
                let found = asked.iter().find_map(|a| owners.get(a)).copied();
                if found.is_some_and(|u| touched.contains(&u)) {
                    break;
                }
                match (found, work.record()) {
                    (Some(user), Some((app, _))) if !stays(frame, &whom, pass, user, app)? => Some(user),
                    _ => None,
                }
            }
        };
        if let Some(user) = who
            && !work.ops.is_empty()
            && !touched.insert(user)
        {
            break;
        }
        whom.who.push(who);
    }
    Ok(whom)
}

/// What the works ask for, up to the first that asks for what one before it asks for: it depends on what becomes of that
/// one. No work behind is looked at, for all that are left are looked at again.
fn first_asked(frame: &Frame<'_>, works: &[Work]) -> Vec<Vec<Asked>> {
    let mut all: Vec<Vec<Asked>> = Vec::with_capacity(works.len());
    let mut seen: HashSet<Asked> = HashSet::new();
    for work in works {
        let asked = asks(frame, work);
        if asked.iter().any(|a| seen.contains(a)) {
            break;
        }
        seen.extend(asked.iter().cloned());
        all.push(asked);
    }
    all
}

/// By which values a row of a new key may find somebody.
fn asks(frame: &Frame<'_>, work: &Work) -> Vec<Asked> {
    let source = work.record().and_then(|(app, _)| frame.config.source(app));
    let (Who::Match, Some(source)) = (&work.who, source.filter(|s| !s.match_on.is_empty())) else {
        return Vec::new();
    };
    let mut facts = Facts::default();
    apply(&mut facts, &work.ops, frame.at, frame.plan, &mut Vec::new());
    let part = derive_profile(frame.config, &facts, frame.at);
    let claim = |slot: &usize| part.claims.iter().find(|c| c.slot == *slot);
    let mut slots = source.match_on.clone();
    slots.sort_unstable();
    slots.iter().filter_map(|slot| Some((*slot, fold(&claim(slot)?.base)))).collect()
}

/// Who has the values, by the store and by what this pass has given out without writing it.
fn owners(
    tx: &mut dyn Tx,
    frame: &Frame<'_>,
    asked: &[Vec<Asked>],
    pass: &Pass,
) -> Result<HashMap<Asked, UserKey>> {
    let mut by_slot: HashMap<usize, BTreeSet<&str>> = HashMap::new();
    for (slot, value) in asked.iter().flatten() {
        by_slot.entry(*slot).or_default().insert(value);
    }
    let mut owners = HashMap::new();
    for (slot, values) in by_slot {
        let values: Vec<&str> = values.into_iter().collect();
        let found = lookups::claims_by_value(tx, &namespace(frame.config.attribute_name(slot)), &values)?;
        owners.extend(found.into_iter().map(|c| ((slot, c.value), UserKey(c.user_key))));
        for value in values {
            if let Some(owner) = pass.provisional.owner(slot, value) {
                owners.entry((slot, value.to_owned())).or_insert(owner);
            }
        }
    }
    Ok(owners)
}

/// Whether a person has a record of the source that lives on: two living records of one source are two people.
fn stays(frame: &Frame<'_>, whom: &Whom, pass: &Pass, user: UserKey, app: AppKey) -> Result<bool> {
    // Whom this pass has made or given a record isn't found in the store as she will be.
    if user.0 < 0 || pass.unwritten.has_begun(user) {
        return Ok(true);
    }
    let ends = |key: &str| frame.keys.map_or(Ok(false), |keys| keys.ends(key));
    if let Some(person) = pass.unwritten.person(user) {
        return any_stays(living(&person.facts, app), ends);
    }
    let records = whom.people.get(&user.0).into_iter().flat_map(|p| &p.records);
    let living = records
        .filter(|r| r.app_key == app.0 && r.state == RecordState::Living.as_str())
        .map(|r| r.external_id.as_str());
    any_stays(living, ends)
}

fn any_stays<'a>(keys: impl Iterator<Item = &'a str>, ends: impl Fn(&str) -> Result<bool>) -> Result<bool> {
    for key in keys {
        if !ends(key)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The keys of a person's living records in a source.
fn living(facts: &Facts, app: AppKey) -> impl Iterator<Item = &str> {
    facts
        .records()
        .filter(move |(a, _, r, _)| *a == app && r.state == RecordState::Living)
        .map(|(_, key, ..)| key)
}

/// Whether a work begins a record for somebody known, and the ends of her other records in that source that go with
/// it, so that she is never without one.
pub(super) fn begins(frame: &Frame<'_>, work: &Work, facts: &Facts) -> Result<Option<Vec<Op>>> {
    let Some((app, key, keys)) = work.ops.iter().find_map(|op| match op {
        Op::Row { app, external_id, ended: false, .. } => Some((*app, external_id, frame.keys?)),
        _ => None,
    }) else {
        return Ok(None);
    };
    let known = facts.get(&Fact::Record { app, external_id: key.clone() });
    if matches!(known, Some(FactValue::Record(r)) if r.state == RecordState::Living) {
        return Ok(None);
    }
    let mut ends = Vec::new();
    for other in living(facts, app).filter(|k| k != key) {
        if keys.ends(other)? {
            ends.push(Op::Gone { app, external_id: other.to_owned() });
        }
    }
    Ok(Some(ends))
}

/// Whether another work of the same feed may be about a person after this one.
pub(super) fn comes_again(frame: &Frame<'_>, works: &[&Work], facts: &Facts) -> Result<bool> {
    if works.iter().any(|w| w.again) {
        return Ok(true);
    }
    let Some(keys) = frame.keys else { return Ok(false) };
    for (app, own) in works.iter().filter_map(|w| w.record()) {
        for (_, key, record, _) in facts.records().filter(|(a, key, ..)| *a == app && *key != own) {
            if record.state == RecordState::Living || keys.has_row(key)? {
                return Ok(true);
            }
        }
    }
    Ok(false)
}
