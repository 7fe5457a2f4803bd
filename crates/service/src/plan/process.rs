//! From works to what follows, a chunk of people at a time: load, apply, derive, compare, and the rows to write.

use std::collections::{HashMap, HashSet};

use muster_engine::derive::{Derived, ProfilePart, derive_from, derive_profile};
use muster_engine::facts::{Before, Fact, FactValue, Facts};
use muster_engine::model::{AttributeType, Millis, PlanKey, UserKey};
use muster_engine::plan::{Diff, Tally, UserEffects, diff};
use muster_engine::{Config, Value};
use muster_store::config::applied_through;
use muster_store::people::{PeopleWrites, load_people};
use muster_store::{Tx, keys};
use serde::{Deserialize, Serialize};

use super::claims::{self, Allocated, Need, Provisional};
use super::kept::{drop_kept, keep_memberships, lost_rules};
use super::matching::{Said, resolve};
use super::others::{self, Ahead};
use super::work::{ChangedSince, Op, Work, apply};
use crate::error::{Result, ServiceError};
use crate::index;
use crate::muster::{ACCOUNT_KEYS, RECORD_KEYS, USER_KEYS};
use crate::world::{NewKeys, Person, Stamp, claims_move, write_person};

/// What stays the same for all chunks of a plan.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame<'a> {
    pub(crate) config: &'a Config,
    pub(crate) plan: PlanKey,
    pub(crate) at: Millis,
    /// Nothing is written: new people get provisional keys.
    pub(crate) dry: bool,
    /// Effects are wanted in full, not only counted.
    pub(crate) detail: bool,
    /// Values that don't fit are noted and left out, instead of refusing the change (changes of configuration).
    pub(crate) lenient: bool,
    /// It brings a new configuration.
    pub(crate) publishes: bool,
    /// It takes another plan back.
    pub(crate) undoes: bool,
}

/// What goes from chunk to chunk.
#[derive(Debug, Default)]
pub(crate) struct Pass {
    pub(crate) provisional: Provisional,
    pub(crate) ahead: Ahead,
    /// What the feed has said so far of people whom rows of new keys may name.
    pub(super) said: Said,
    /// People whose facts this pass changes without writing them: what is stored of them would mislead.
    worked: HashSet<i64>,
    /// People seen, where it matters who was.
    pub(crate) seen: HashSet<i64>,
    /// Provisional keys go down from here.
    new_people: i64,
}

impl Pass {
    /// A pass that knows what others may read of the people the plan changes.
    pub(crate) fn ahead_of(ahead: Ahead) -> Self {
        Self { ahead, ..Self::default() }
    }

    /// The next pass over the same works: new people get the same provisional keys again.
    pub(crate) fn again(&mut self) {
        self.new_people = 0;
        self.said = Said::default();
        self.worked.clear();
    }
}

/// A row that was left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectedRow {
    /// Its line in the feed.
    pub line: u64,
    /// Its key, if it can be read.
    pub key: Option<String>,
    /// Why.
    pub reason: String,
}

/// The lines of a plan's inverse for one person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct UserBefore {
    pub(crate) user: UserKey,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) created: bool,
    pub(crate) before: Vec<Before>,
    /// Values given once: attribute, before, after.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) kept: Vec<(String, Option<Value>, Option<Value>)>,
}

/// What follows for a chunk.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) tally: Tally,
    pub(crate) effects: Vec<UserEffects>,
    pub(crate) befores: Vec<UserBefore>,
    pub(crate) writes: PeopleWrites,
    pub(crate) rejected: Vec<RejectedRow>,
    pub(crate) since: Vec<(UserKey, ChangedSince)>,
    pub(crate) problems: Vec<(String, String)>,
    /// People outside the chunk who must be derived again.
    pub(crate) dependants: Vec<i64>,
}

/// A person on her way through a chunk.
pub(super) struct Slot<'w> {
    pub(super) works: Vec<&'w Work>,
    pub(super) person: Person,
    pub(super) facts: Facts,
    pub(super) befores: Vec<Before>,
    as_of: Millis,
    part: ProfilePart,
    /// How many of the derivation's problems come from the profile and are told already.
    known_problems: usize,
    left_out: bool,
}

/// Derives the profiles only and notes what others may read: the pass before the one that counts, for plans too large
/// to be held in memory whole.
pub(crate) fn look_ahead(tx: &mut dyn Tx, frame: &Frame<'_>, works: &[Work], pass: &mut Pass) -> Result<()> {
    let mut out = Outcome::default();
    let slots = profiles(tx, frame, works, pass, &mut out)?;
    pass.seen.extend(slots.iter().filter(|s| !s.left_out).map(|s| s.facts.user.0));
    Ok(())
}

/// Works a chunk out.
pub(crate) fn process(
    tx: &mut dyn Tx,
    frame: &Frame<'_>,
    works: &[Work],
    pass: &mut Pass,
) -> Result<Outcome> {
    let mut out = Outcome::default();
    let slots = profiles(tx, frame, works, pass, &mut out)?;
    let slots: Vec<Slot<'_>> = slots.into_iter().filter(|s| !s.left_out).collect();
    let parts: Vec<&ProfilePart> = slots.iter().map(|s| &s.part).collect();
    let linked = others::load(tx, frame.config, &parts, &pass.ahead)?;
    let through = applied_through(tx)?;
    let mut done: Vec<(Slot<'_>, Derived, Diff)> = Vec::with_capacity(slots.len());
    for slot in slots {
        let mut slot = slot;
        let part = std::mem::take(&mut slot.part);
        slot.known_problems = part.problems.len();
        let again =
            (!frame.undoes && lost_rules(frame, &slot, through).next().is_some()).then(|| part.clone());
        let mut derived = derive_from(frame.config, &slot.facts, part, &linked, slot.as_of);
        if let Some(part) = again
            && keep_memberships(frame, &mut slot, &derived, through)
        {
            derived = derive_from(frame.config, &slot.facts, part, &linked, slot.as_of);
        }
        let diff = diff(frame.config, &slot.person.stored, &derived, frame.detail);
        done.push((slot, derived, diff));
    }
    let changed: Vec<_> = done
        .iter()
        .map(|(slot, derived, diff)| others::Changed {
            now: &derived.profile,
            attributes: &diff.attributes,
            before: slot.person.rows.is_some().then_some(&slot.person.stored.profile[..]),
        })
        .collect();
    out.dependants = others::dependants(tx, frame.config, &changed)?;
    let inside: HashSet<i64> = done.iter().map(|(s, ..)| s.facts.user.0).collect();
    out.dependants.retain(|u| !(inside.contains(u) || (frame.dry && pass.seen.contains(u))));
    finish(tx, frame, done, &mut out)?;
    Ok(out)
}

/// Whom the works are about, with facts changed, unique values allocated and profiles derived.
fn profiles<'w>(
    tx: &mut dyn Tx,
    frame: &Frame<'_>,
    works: &'w [Work],
    pass: &mut Pass,
    out: &mut Outcome,
) -> Result<Vec<Slot<'w>>> {
    let whom = resolve(tx, frame, works, pass)?;
    let mut known: Vec<i64> = whom.iter().flatten().map(|u| u.0).collect();
    known.sort_unstable();
    known.dedup();
    let mut people: HashMap<i64, Person> = HashMap::with_capacity(known.len());
    for rows in load_people(tx, &known)? {
        people.insert(rows.user.user_key, Person::load(frame.config, rows)?);
    }
    let new = whom.iter().filter(|w| w.is_none()).count();
    let mut next_new = if frame.dry || new == 0 { 0 } else { keys::allocate(tx, USER_KEYS, new)? };
    let mut slots: Vec<Slot<'w>> = Vec::with_capacity(works.len());
    let mut places: HashMap<i64, usize> = HashMap::new();
    for (work, who) in works.iter().zip(whom) {
        if work.ops.is_empty() && who.is_some_and(|u| pass.worked.contains(&u.0)) {
            continue;
        }
        if let Some(at) = who.and_then(|u| places.get(&u.0)).copied() {
            if let Some(slot) = slots.get_mut(at) {
                slot.works.push(work);
            }
            continue;
        }
        let person = match who {
            Some(user) => match people.remove(&user.0) {
                Some(person) => person,
                // Gone since the plan was made: nothing to do.
                None => continue,
            },
            None if frame.dry => {
                pass.new_people -= 1;
                Person::new(UserKey(pass.new_people), frame.at, frame.plan)
            }
            None => {
                next_new += 1;
                Person::new(UserKey(next_new - 1), frame.at, frame.plan)
            }
        };
        places.insert(person.facts.user.0, slots.len());
        slots.push(Slot {
            works: vec![work],
            facts: person.facts.clone(),
            as_of: frame.at,
            person,
            befores: Vec::new(),
            part: ProfilePart::default(),
            known_problems: 0,
            left_out: false,
        });
    }
    for slot in &mut slots {
        change(frame, slot, out);
    }
    slots.retain(|s| !s.left_out);
    for slot in &mut slots {
        slot.part = derive_profile(frame.config, &slot.facts, slot.as_of);
        // A row that doesn't fit takes no unique value from those behind it.
        if slot.works.iter().any(|w| w.row().is_some()) {
            judge_problems(frame, slot, out)?;
        }
    }
    slots.retain(|s| !s.left_out);
    allocate(tx, frame, &mut slots, pass)?;
    for slot in &mut slots {
        judge_problems(frame, slot, out)?;
        if !slot.left_out {
            if frame.dry && slot.works.iter().any(|w| !w.ops.is_empty()) {
                pass.worked.insert(slot.facts.user.0);
            }
            let before = slot.person.rows.is_some().then_some(&slot.person.stored.profile[..]);
            pass.ahead.note(frame.config, &slot.part, before);
        }
    }
    Ok(slots)
}

/// Applies a person's works to her facts.
fn change(frame: &Frame<'_>, slot: &mut Slot<'_>, out: &mut Outcome) {
    let mut since = Vec::new();
    for work in &slot.works {
        slot.befores.extend(apply(&mut slot.facts, &work.ops, frame.at, frame.plan, &mut since));
    }
    drop_kept(frame, slot);
    out.since.extend(since.into_iter().map(|s| (slot.facts.user, s)));
    let advance = slot.person.rows.is_none() || slot.works.iter().any(|w| w.advance);
    slot.as_of = if advance { frame.at } else { slot.person.as_of().unwrap_or(frame.at) };
    // Who loses what a rule gave may have no fact about it.
    let says = |op: &Op| !matches!(op, Op::Lose { .. });
    let wants_something = slot.works.iter().flat_map(|w| &w.ops).any(says);
    // Saying again what already holds changes nothing.
    slot.left_out = wants_something && slot.befores.is_empty() && slot.facts == slot.person.facts && !advance;
}

/// Allocates what the profiles need and derives those again.
fn allocate(tx: &mut dyn Tx, frame: &Frame<'_>, slots: &mut [Slot<'_>], pass: &mut Pass) -> Result<()> {
    let mut needs: Vec<Need> = Vec::new();
    for (person, slot) in slots.iter().enumerate() {
        needs.extend(slot.part.needs().map(|n| Need {
            person,
            user: slot.facts.user,
            slot: n.slot,
            base: n.base.clone(),
            taken: n.taken,
            whole: slot.works.iter().any(|w| w.row().is_some()),
        }));
    }
    if needs.is_empty() {
        return Ok(());
    }
    let got = claims::allocate(tx, frame.config, &needs, &mut pass.provisional)?;
    let mut conflicts: Vec<(usize, String, String)> = Vec::new();
    for (need, got) in needs.iter().zip(got) {
        let Some(slot) = slots.get_mut(need.person) else { continue };
        match got {
            Allocated::Value(shown) => {
                let claim = claims::claim(frame.config, need, &shown, frame.at, frame.plan);
                slot.facts.claims.retain(|c| c.attribute != claim.attribute || c.value != claim.value);
                slot.facts.claims.push(claim);
            }
            Allocated::Taken => {
                let name = frame.config.attribute_name(need.slot).to_owned();
                let reason = format!("{name}: {:?} is taken by somebody else; it must be unique", need.base);
                conflicts.push((need.person, name, reason));
            }
            Allocated::LeftOut => {}
        }
    }
    let mut again: Vec<usize> = needs.iter().map(|n| n.person).collect();
    again.dedup();
    for person in again {
        if let Some(slot) = slots.get_mut(person) {
            slot.part = derive_profile(frame.config, &slot.facts, slot.as_of);
        }
    }
    for (person, about, reason) in conflicts {
        if let Some(slot) = slots.get_mut(person) {
            slot.part.problems.push(muster_engine::derive::Problem { about, reason });
        }
    }
    Ok(())
}

/// What doesn't fit: a row is left out, a request is refused, a change of configuration is told of it.
fn judge_problems(frame: &Frame<'_>, slot: &mut Slot<'_>, out: &mut Outcome) -> Result<()> {
    if slot.part.problems.is_empty() {
        advance_dates(frame, slot);
        return Ok(());
    }
    let old = match slot.person.rows {
        Some(_) => derive_profile(frame.config, &slot.person.facts, slot.as_of).problems,
        None => Vec::new(),
    };
    let new: Vec<String> =
        slot.part.problems.iter().filter(|p| !old.contains(p)).map(|p| p.reason.clone()).collect();
    if new.is_empty() {
        advance_dates(frame, slot);
        return Ok(());
    }
    if let Some((line, key)) = slot.works.iter().find_map(|w| w.row()) {
        out.rejected.push(RejectedRow { line, key: Some(key.to_owned()), reason: new.join("; ") });
        slot.left_out = true;
        return Ok(());
    }
    if frame.lenient || slot.works.iter().all(|w| w.ops.is_empty()) {
        let login = login_of(frame.config, &slot.part.values, &slot.person);
        out.problems.extend(new.into_iter().map(|p| (login.clone(), p)));
        advance_dates(frame, slot);
        return Ok(());
    }
    Err(ServiceError::Invalid(new.join("; ")))
}

/// A changed date is a word about time: she is derived with the plan's instant.
fn advance_dates(frame: &Frame<'_>, slot: &mut Slot<'_>) {
    if slot.as_of == frame.at || slot.person.rows.is_none() {
        return;
    }
    let dated = frame.config.attributes.iter().enumerate().any(|(at, attribute)| {
        matches!(attribute.def.kind, AttributeType::Date | AttributeType::DateTime)
            && slot.part.values.get(at) != slot.person.stored.profile.get(at)
    });
    if dated {
        slot.as_of = frame.at;
        slot.part = derive_profile(frame.config, &slot.facts, slot.as_of);
    }
}

fn login_of(config: &Config, profile: &[Value], person: &Person) -> String {
    let at = config.slot("login");
    let now = at.and_then(|s| profile.get(s)).and_then(Value::as_str);
    let was = at.and_then(|s| person.stored.profile.get(s)).and_then(Value::as_str);
    now.or(was).unwrap_or_default().to_owned()
}

/// Values given once that the plan gives or takes: attribute, before, after.
fn kept_before(
    config: &Config,
    slot: &Slot<'_>,
    derived: &Derived,
) -> Vec<(String, Option<Value>, Option<Value>)> {
    let before = &slot.person.facts.kept;
    if derived.keeps.is_empty() && slot.facts.kept == *before {
        return Vec::new();
    }
    let mut after = slot.facts.kept.clone();
    after.extend(derived.keeps.iter().map(|(at, v)| (config.attribute_name(*at).to_owned(), v.clone())));
    let names: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    names
        .into_iter()
        .filter(|n| before.get(*n) != after.get(*n))
        .map(|n| (n.clone(), before.get(n).cloned(), after.get(n).cloned()))
        .collect()
}

/// Counts, effects, inverse and rows.
fn finish(
    tx: &mut dyn Tx,
    frame: &Frame<'_>,
    done: Vec<(Slot<'_>, Derived, Diff)>,
    out: &mut Outcome,
) -> Result<()> {
    let mut new_accounts = 0usize;
    let mut new_records = 0usize;
    for (slot, _, diff) in &done {
        new_accounts +=
            diff.accounts.iter().filter(|w| !slot.person.stored.apps.contains_key(&w.app)).count();
        let known = &slot.person.facts.said;
        new_records += slot
            .facts
            .said
            .keys()
            .filter(|f| matches!(f, Fact::Record { .. }) && !known.contains_key(f))
            .count();
    }
    let block = |tx: &mut dyn Tx, name: &str, n: usize| match n {
        0 => Ok(0),
        n => keys::allocate(tx, name, n),
    };
    let mut next_account = if frame.dry { 0 } else { block(tx, ACCOUNT_KEYS, new_accounts)? };
    let mut next_record = if frame.dry { 0 } else { block(tx, RECORD_KEYS, new_records)? };
    let mut account = || {
        next_account += 1;
        next_account - 1
    };
    let mut record = || {
        next_record += 1;
        next_record - 1
    };
    for (mut slot, derived, diff) in done {
        out.tally.add(&diff);
        let login = login_of(frame.config, &derived.profile, &slot.person);
        let beyond = derived.problems.iter().skip(slot.known_problems);
        out.problems.extend(beyond.map(|p| (login.clone(), p.reason.clone())));
        if !frame.dry {
            for said in slot.facts.said.values_mut() {
                if let Some(FactValue::Record(r)) = &mut said.value {
                    r.fresh = false;
                }
            }
            let stored_due = slot.person.rows.as_ref().map(|r| r.user.next_due);
            let must_write = !diff.is_empty()
                || slot.facts != slot.person.facts
                || slot.person.as_of() != Some(slot.as_of)
                || stored_due != Some(derived.next_due.map(|d| d.0))
                || !derived.keeps.is_empty()
                || index::moved(frame.config, &slot.person, &derived.profile)?
                || frame.publishes && claims_move(frame.config, &slot.person, &derived);
            if must_write {
                let stamp = Stamp { plan: frame.plan, at: frame.at, as_of: slot.as_of };
                let mut keys = NewKeys { record: &mut record, account: &mut account };
                write_person(
                    frame.config,
                    &slot.person,
                    &slot.facts,
                    &derived,
                    &diff,
                    stamp,
                    &mut keys,
                    &mut out.writes,
                )?;
            }
        }
        let created = slot.person.rows.is_none();
        let kept = if created { Vec::new() } else { kept_before(frame.config, &slot, &derived) };
        if created || !slot.befores.is_empty() || !kept.is_empty() {
            out.befores.push(UserBefore { user: slot.facts.user, created, before: slot.befores, kept });
        }
        if !diff.effects.is_empty() {
            out.effects.push(UserEffects { user: slot.facts.user, login, effects: diff.effects });
        }
    }
    Ok(())
}
