//! From works to what follows, a chunk of people at a time: load, apply, derive, compare, and the rows to write.

use std::collections::{HashMap, HashSet};

use muster_engine::derive::{Derived, ProfilePart, derive_from, derive_profile};
use muster_engine::facts::{Before, Fact, FactValue, Facts};
use muster_engine::model::{AppKey, Millis, PlanKey, UserKey};
use muster_engine::plan::{Diff, Losers, Tally, UserEffects, Watch, diff};
use muster_engine::{Config, Value};
use muster_store::config::applied_through;
use muster_store::people::{PeopleWrites, PersonRows, load_people};
use muster_store::{Tx, keys};
use serde::{Deserialize, Serialize};

use super::claims::Provisional;
use super::former::{leave_behind, may_leave};
use super::judging::{allocate, judge_problems, note, spare};
use super::kept::{drop_kept, keep_memberships, lost_rules};
use super::matching::{Whom, Whose, begins, resolve};
use super::others::{self, Ahead};
use super::queue::{self, Asked, MatchCounts, WaitBefore, Word};
use super::unwritten::Unwritten;
use super::work::{ChangedSince, Op, Taken, Work, apply};
use super::{dates, exchange, farewell, numbers};
use crate::error::{Result, ServiceError};
use crate::import::FeedKeys;
use crate::index;
use crate::muster::{ACCOUNT_KEYS, RECORD_KEYS, USER_KEYS};
use crate::world::{NewKeys, Person, Stamp, claims_move, write_person};

/// What stays the same for all chunks of a plan.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame<'a> {
    pub(crate) config: &'a Config,
    /// Under whose eyes it takes something away.
    pub(crate) watch: Watch<'a>,
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
    /// It does what dates bring that have come.
    pub(crate) due: bool,
    /// The keys of the feed it comes from.
    pub(crate) keys: Option<&'a FeedKeys<'a>>,
}

/// What goes from chunk to chunk.
#[derive(Debug, Default)]
pub(crate) struct Pass {
    pub(crate) provisional: Provisional,
    pub(crate) ahead: Ahead,
    /// What a pass that writes nothing must remember itself.
    pub(super) unwritten: Unwritten,
    /// People whose new key's row was left out: the same feed ends none of their records, for a row that is left out is
    /// no absence.
    pub(crate) spared: HashSet<UserKey>,
    /// Records that works before have taken from somebody: source and key.
    freed: HashSet<(AppKey, String)>,
    /// People about whom there is or may be more than one work.
    pub(super) several: HashSet<UserKey>,
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
        // What this pass gave out isn't given out yet when the next begins.
        self.provisional = Provisional::default();
        self.unwritten = Unwritten::default();
        self.spared.clear();
        self.freed.clear();
        self.several.clear();
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
    /// Other lines may be about her too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) again: bool,
    pub(crate) before: Vec<Before>,
    /// What she gave to somebody else, who gives it back when this is undone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) gave: Option<Taken>,
    /// What her clock said before dates that had come changed her, and after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) clock: Option<(Millis, Millis)>,
    /// Values given once: attribute, before, after.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) kept: Vec<(String, Option<Value>, Option<Value>)>,
    /// Rows that waited otherwise before; they are nobody's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) waits: Vec<WaitBefore>,
}

impl UserBefore {
    /// Lines about rows that are nobody's.
    pub(super) fn of_nobody() -> Self {
        let (user, before, kept, waits) = (UserKey::default(), Vec::new(), Vec::new(), Vec::new());
        Self { user, created: false, again: false, before, kept, clock: None, gave: None, waits }
    }
}

/// What follows for a chunk.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) tally: Tally,
    pub(crate) losers: Losers,
    pub(crate) effects: Vec<UserEffects>,
    pub(crate) befores: Vec<UserBefore>,
    pub(crate) writes: PeopleWrites,
    pub(crate) rejected: Vec<RejectedRow>,
    /// Rows of people unknown so far whose record has ended by its own date: nobody is created.
    pub(crate) left_before: u64,
    pub(crate) since: Vec<(UserKey, ChangedSince)>,
    pub(crate) problems: Vec<(String, String)>,
    /// People outside the chunk who must be derived again.
    pub(crate) dependants: Vec<i64>,
    /// What becomes of rows that wait, counted.
    pub(crate) matches: MatchCounts,
    /// Rows that come to wait.
    pub(crate) asked: Vec<Asked>,
    /// How many of the works were taken; those behind depend on what became of these.
    pub(crate) taken: usize,
}

impl Outcome {
    /// Adds what follows for the works behind; what is to be written isn't kept.
    pub(crate) fn add(&mut self, other: Self) {
        self.tally.merge(&other.tally);
        self.losers.merge(other.losers);
        self.effects.extend(other.effects);
        self.befores.extend(other.befores);
        self.rejected.extend(other.rejected);
        self.since.extend(other.since);
        self.problems.extend(other.problems);
        self.dependants.extend(other.dependants);
        self.matches.add(other.matches);
        self.asked.extend(other.asked);
        self.taken += other.taken;
        self.left_before += other.left_before;
    }
}

/// A person on her way through a chunk.
pub(super) struct Slot<'w> {
    pub(super) works: Vec<&'w Work>,
    pub(super) person: Person,
    pub(super) facts: Facts,
    pub(super) befores: Vec<Before>,
    pub(super) as_of: Millis,
    pub(super) part: ProfilePart,
    /// The ends of other records that go with the beginning of one; `None` if none begins.
    pub(super) begins: Option<Vec<Op>>,
    /// There is or may be more than one work about her.
    pub(super) again: bool,
    /// She was counted with an earlier work.
    counted: bool,
    /// How many of the derivation's problems come from the profile and are told already.
    known_problems: usize,
    pub(super) left_out: bool,
    /// What she gave to somebody else.
    pub(super) gave: Option<Taken>,
}

/// Derives the profiles only and notes what others may read: the pass before the one that counts, for plans too large
/// to be held in memory whole.
/// Gives the number of works taken.
pub(crate) fn look_ahead(
    tx: &mut dyn Tx,
    frame: &Frame<'_>,
    works: &[Work],
    pass: &mut Pass,
) -> Result<usize> {
    let mut out = Outcome::default();
    let (slots, _) = profiles(tx, frame, works, pass, &mut out)?;
    pass.seen.extend(slots.iter().filter(|s| !s.left_out).map(|s| s.facts.user.0));
    Ok(out.taken)
}

/// Works a chunk out, or its beginning: at least one work, up to the first that depends on what becomes of one before it.
pub(crate) fn process(
    tx: &mut dyn Tx,
    frame: &Frame<'_>,
    works: &[Work],
    pass: &mut Pass,
) -> Result<Outcome> {
    let mut out = Outcome::default();
    let (slots, mut words) = profiles(tx, frame, works, pass, &mut out)?;
    let slots: Vec<Slot<'_>> = slots.into_iter().filter(|s| !s.left_out).collect();
    words.extend(slots.iter().flat_map(|s| &s.works).flat_map(|w| queue::words(w)));
    queue::settle(tx, frame, words, &mut out)?;
    let links: Vec<_> = slots.iter().map(|s| &s.part.links[..]).collect();
    let linked = others::load(tx, frame.config, &links, &pass.ahead)?;
    let through = applied_through(tx)?;
    let mut done: Vec<(Slot<'_>, Derived, Diff)> = Vec::with_capacity(slots.len());
    for slot in slots {
        let mut slot = slot;
        let part = std::mem::take(&mut slot.part);
        slot.known_problems = part.problems.len();
        let again = !frame.undoes
            && (lost_rules(frame, &slot, through).next().is_some() || may_leave(frame.config, &slot));
        let again = again.then(|| part.clone());
        let mut derived = derive_from(frame.config, &slot.facts, part, &linked, slot.as_of);
        if let Some(part) = again {
            if keep_memberships(frame, &mut slot, &derived, through) {
                derived = derive_from(frame.config, &slot.facts, part.clone(), &linked, slot.as_of);
            }
            if leave_behind(frame, &mut slot, &derived) {
                derived = derive_from(frame.config, &slot.facts, part, &linked, slot.as_of);
            }
        }
        let diff = diff(frame.config, &slot.person.stored, &derived, frame.detail);
        if frame.dry {
            pass.unwritten.derived(frame.config, &slot.facts, slot.as_of, &derived, &diff);
        }
        done.push((slot, derived, diff));
    }
    let changed: Vec<_> = done
        .iter()
        .map(|(slot, derived, diff)| others::Changed {
            user: slot.facts.user,
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
) -> Result<(Vec<Slot<'w>>, Vec<Word>)> {
    let Whom { who: whom, people, spared, words } = resolve(tx, frame, works, pass)?;
    out.taken = whom.len();
    pass.spared.extend(spared);
    let mut people = load(tx, frame, &whom, people, pass)?;
    let new = whom.iter().filter(|w| **w == Whose::New).count();
    let mut next_new = if frame.dry || new == 0 { 0 } else { keys::allocate(tx, USER_KEYS, new)? };
    let mut slots: Vec<Slot<'w>> = Vec::with_capacity(works.len());
    let mut places: HashMap<i64, usize> = HashMap::new();
    for (work, whose) in works.iter().zip(whom) {
        let who = match whose {
            Whose::Hers(user) => Some(user),
            Whose::New => None,
            Whose::Nobodys => continue,
        };
        if who.is_some_and(|u| is_said(frame, work, u, pass)) {
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
                Some(person) if is_as_seen(work, &person) => person,
                Some(_) => {
                    return Err(ServiceError::Premise(format!(
                        "user {user} was changed by somebody else meanwhile; look at her again"
                    )));
                }
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
            begins: begins(frame, work, &person.facts)?,
            again: false,
            counted: pass.unwritten.has_worked(person.facts.user),
            facts: person.facts.clone(),
            as_of: frame.at,
            person,
            befores: Vec::new(),
            part: ProfilePart::default(),
            known_problems: 0,
            left_out: false,
            gave: None,
        });
    }
    let owners =
        if frame.undoes { exchange::taken_since(tx, works, &mut pass.freed)? } else { HashMap::new() };
    for slot in &mut slots {
        change(frame, slot, &owners, out);
    }
    exchange::hand_over(&mut slots, frame.dry, out)?;
    slots.retain(|s| !s.left_out);
    for slot in &mut slots {
        slot.part = derive_profile(frame.config, &slot.facts, slot.as_of);
        // A row that doesn't fit takes no unique value from those behind it.
        if slot.works.iter().any(|w| w.row().is_some()) {
            slot.left_out = dates::left_before(frame, slot);
            if slot.left_out {
                out.left_before += 1;
                continue;
            }
            judge_problems(frame, slot, out)?;
        }
    }
    spare(&slots, pass);
    slots.retain(|s| !s.left_out);
    allocate(tx, frame, &mut slots, pass)?;
    for slot in &mut slots {
        judge_problems(frame, slot, out)?;
    }
    // Who is left out gets no number.
    numbers::hand_out(tx, frame, &mut slots, pass)?;
    for slot in &mut slots {
        if !slot.left_out {
            if slot.works.iter().any(|w| !w.ops.is_empty()) {
                note(frame, slot, pass)?;
            }
            let before = slot.person.rows.is_some().then_some(&slot.person.stored.profile[..]);
            pass.ahead.note(frame.config, slot.facts.user, &slot.part, before);
        }
    }
    spare(&slots, pass);
    Ok((slots, words))
}

/// The people known, as they are stored or as this pass has left them.
fn load(
    tx: &mut dyn Tx,
    frame: &Frame<'_>,
    whom: &[Whose],
    mut loaded: HashMap<i64, PersonRows>,
    pass: &Pass,
) -> Result<HashMap<i64, Person>> {
    let mut people: HashMap<i64, Person> = HashMap::with_capacity(whom.len());
    let mut missing: Vec<i64> = Vec::with_capacity(whom.len());
    for user in whom.iter().filter_map(Whose::known) {
        if let Some(person) = pass.unwritten.person(user) {
            people.insert(user.0, person.clone());
        } else if let Some(rows) = loaded.remove(&user.0) {
            people.insert(user.0, Person::load(frame.config, rows)?);
        } else if !people.contains_key(&user.0) {
            missing.push(user.0);
        }
    }
    missing.sort_unstable();
    missing.dedup();
    for rows in load_people(tx, &missing)? {
        people.insert(rows.user.user_key, Person::load(frame.config, rows)?);
    }
    Ok(people)
}

/// Whether she still is as she was when the work was decided on.
fn is_as_seen(work: &Work, person: &Person) -> bool {
    let rev = person.rows.as_ref().map(|rows| rows.user.rev);
    work.seen.is_none() || work.seen == rev
}

/// Whether there is nothing more to say about her by this work.
fn is_said(frame: &Frame<'_>, work: &Work, user: UserKey, pass: &Pass) -> bool {
    match work.record() {
        Some(_) if work.ends().is_some() && pass.spared.contains(&user) => true,
        Some(_) => frame.dry && pass.unwritten.all_said(user),
        None => work.ops.is_empty() && pass.unwritten.has_worked(user),
    }
}

/// Applies a person's works to her facts.
fn change(
    frame: &Frame<'_>,
    slot: &mut Slot<'_>,
    owners: &HashMap<(AppKey, String), UserKey>,
    out: &mut Outcome,
) {
    let mut since = Vec::new();
    for work in &slot.works {
        let possible = exchange::still_possible(&work.ops, slot.facts.user, owners, &mut since);
        let ops = queue::with_kept(frame.config, &slot.person, &possible);
        slot.befores.extend(apply(&mut slot.facts, &ops, frame.at, frame.plan, &mut since));
    }
    let ends = slot.begins.as_deref().unwrap_or_default();
    slot.befores.extend(apply(&mut slot.facts, ends, frame.at, frame.plan, &mut since));
    dates::spoken_anew(frame, slot);
    dates::postpone(frame, slot, &mut since);
    drop_kept(frame, slot);
    out.since.extend(since.into_iter().map(|s| (slot.facts.user, s)));
    let advance = slot.person.rows.is_none()
        || slot.works.iter().any(|w| w.advance)
        || dates::moves_clock(slot)
        || dates::begin_or_end(frame.config, &slot.person.facts, &slot.facts);
    slot.as_of = if advance { slot.facts.clock(frame.at) } else { slot.person.as_of().unwrap_or(frame.at) };
    // Who loses what a rule gave may have no fact about it.
    let says = |op: &Op| !matches!(op, Op::Lose { .. });
    let wants_something = slot.works.iter().flat_map(|w| &w.ops).any(says);
    // Saying again what already holds changes nothing.
    slot.left_out = wants_something && slot.befores.is_empty() && slot.facts == slot.person.facts && !advance;
}

pub(super) fn login_of(config: &Config, profile: &[Value], person: &Person) -> String {
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
    let mut leavers = Vec::new();
    for (mut slot, derived, diff) in done {
        out.tally.add(&diff);
        out.tally.people -= u64::from(slot.counted);
        let login = login_of(frame.config, &derived.profile, &slot.person);
        leavers.extend(farewell::leaver(frame, &login, &derived, &diff));
        out.losers.add(&frame.watch, slot.facts.user, &login, &diff);
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
        let clock = slot.person.as_of().map(|before| (before, slot.as_of));
        let clock = clock.filter(|(a, b)| frame.due && a != b && !diff.is_empty());
        let gives = slot.gave.is_some();
        if created || gives || !slot.befores.is_empty() || !kept.is_empty() || clock.is_some() {
            out.befores.push(UserBefore {
                gave: slot.gave,
                clock,
                user: slot.facts.user,
                created,
                again: slot.again,
                before: slot.befores,
                kept,
                waits: Vec::new(),
            });
        }
        if !diff.effects.is_empty() {
            out.effects.push(UserEffects { user: slot.facts.user, login, effects: diff.effects });
        }
    }
    farewell::tell(tx, frame, &leavers)
}
