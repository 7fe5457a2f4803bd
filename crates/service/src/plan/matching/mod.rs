//! Whom a work is about: somebody known, somebody a row of a new key matches, somebody new, or nobody until somebody says
//! whose the row is.
//!
//! Works about the same person are judged one by one, in their order, however a plan is cut: a chunk ends before a work
//! whose outcome depends on what becomes of one before it. Rows of one feed are never each other's match: whoever the
//! feed has made or found has a living record of that source, and two living records of one source are two people. So
//! what a row finds doesn't depend on which rows before it are written already.

mod decide;
mod find;

use std::collections::{BTreeMap, HashMap, HashSet};

use muster_engine::Value;
use muster_engine::config::ProfileSource;
use muster_engine::derive::{Ranked, Standing, derive_profile, standings};
use muster_engine::facts::{Fact, FactValue, Facts, RecordState, fold};
use muster_engine::matching::Traits;
use muster_engine::model::{AppKey, MatchKind, UserKey, WhenNew, WhenPartial};
use muster_store::people::PersonRows;
use muster_store::{Tx, lookups};

use super::process::{Frame, Pass};
use super::queue::{self, Candidate, Present, WaitState, Waiting, Word};
use super::work::{Op, Who, Work, apply};
use crate::error::Result;
use crate::world::Person;

/// Whose a work is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whose {
    /// Somebody's who is known.
    Hers(UserKey),
    /// Somebody's who is new.
    New,
    /// Nobody's.
    Nobodys,
}

impl Whose {
    /// The person, if she is known.
    pub(super) fn known(&self) -> Option<UserKey> {
        match self {
            Self::Hers(user) => Some(*user),
            Self::New | Self::Nobodys => None,
        }
    }
}

/// Whom works are about.
#[derive(Debug, Default)]
pub(super) struct Whom {
    /// Whose each work is, of as many as can be judged together.
    pub(super) who: Vec<Whose>,
    /// Who was loaded to find that out.
    pub(super) people: HashMap<i64, PersonRows>,
    /// People whom a row that waits may be about: a row that waits is no absence.
    pub(super) spared: Vec<UserKey>,
    /// What is said of rows that wait.
    pub(super) words: Vec<Word>,
}

/// A unique value by which a row of a new key may find somebody: the attribute's slot, the value case folded.
type Asked = (usize, String);

/// A row of a new key.
struct NewRow<'a> {
    app: AppKey,
    key: &'a str,
    line: u64,
    values: &'a [Value],
    hash: i64,
    source: &'a ProfileSource,
    /// What her profile would be, unique values as they would be asked for.
    profile: Vec<Value>,
    /// The unique values it matches on, in order.
    asked: Vec<Asked>,
}

impl NewRow<'_> {
    /// What is compared of her.
    fn traits(&self, frame: &Frame<'_>) -> Traits {
        find::traits(frame.config, self.source, &self.profile)
    }
}

/// What becomes of a row of a new key.
enum Decision {
    Link(UserKey),
    New,
    Ask(MatchKind, Vec<Candidate>),
    /// It depends on what becomes of a work before it.
    Later,
}

/// The person of each work, up to the first that must wait for those before it.
pub(super) fn resolve(tx: &mut dyn Tx, frame: &Frame<'_>, works: &[Work], pass: &Pass) -> Result<Whom> {
    let mut waiting = queue::present(tx, works.iter().filter_map(waits))?;
    set_apart(tx, &mut waiting)?;
    waiting.extend(works.iter().filter_map(puts_back));
    let rows = first_rows(frame, works);
    let found = find::find(tx, frame, &rows, pass, &waiting)?;
    let mut whom = Whom::default();
    let mut touched: HashSet<UserKey> = HashSet::new();
    for (at, (work, row)) in works.iter().zip(&rows).enumerate() {
        let whose = match (&work.who, row) {
            (Who::Known(user), _) => Whose::Hers(*user),
            (Who::New, _) => Whose::New,
            (Who::Nobody, _) => {
                whom.words.extend(queue::words(work));
                Whose::Nobodys
            }
            (Who::Match, None) => Whose::New,
            (Who::Match, Some(row)) => match waited(work, row, &waiting) {
                // Somebody has said meanwhile whose it is.
                Err(()) => Whose::Nobodys,
                Ok(waited) => match found.decide(frame, at, row, waited, &touched, pass)? {
                    Decision::Later => break,
                    Decision::Link(user) => Whose::Hers(user),
                    Decision::New => Whose::New,
                    Decision::Ask(kind, candidates) => {
                        whom.spared.extend(found.leaving(frame, row, kind, &candidates, pass));
                        let row = (row.app, row.key.to_owned(), asks(frame, row, kind, candidates, waited));
                        whom.words.push(Word::Put(row.0, row.1, row.2));
                        Whose::Nobodys
                    }
                },
            },
        };
        if let Some(user) = whose.known()
            && !work.ops.is_empty()
            && !touched.insert(user)
        {
            break;
        }
        // Whom a new configuration touches is derived even if her row is left out.
        if work.ops.is_empty() && !frame.undoes && whose.known().is_some_and(|user| touched.contains(&user)) {
            break;
        }
        whom.who.push(whose);
    }
    whom.people = found.people;
    Ok(whom)
}

/// The place of the row that a work of a new key says has waited.
fn waits(work: &Work) -> Option<(AppKey, &str)> {
    work.ops.iter().find_map(|op| match op {
        Op::Wait { app, external_id, .. } if work.who == Who::Match => Some((*app, external_id.as_str())),
        _ => None,
    })
}

/// Whoever was created for a row that waits again isn't who it is about.
fn set_apart(tx: &mut dyn Tx, waiting: &mut Present) -> Result<()> {
    let mut by_app: BTreeMap<AppKey, Vec<&str>> = BTreeMap::new();
    for (app, key) in waiting.keys() {
        by_app.entry(*app).or_default().push(key);
    }
    let mut owners = Vec::new();
    for (app, keys) in by_app {
        let records = lookups::records_by_ids(tx, app.0, &keys)?;
        owners.extend(records.into_iter().map(|r| ((app, r.external_id), UserKey(r.user_key))));
    }
    for (place, owner) in owners {
        if let Some(row) = waiting.get_mut(&place).filter(|row| !row.apart.contains(&owner)) {
            row.apart.push(owner);
        }
    }
    Ok(())
}

/// How a row has waited so far; an error if that isn't as it was when the work was made.
fn waited<'p>(
    work: &Work,
    row: &NewRow<'_>,
    present: &'p Present,
) -> std::result::Result<Option<&'p Waiting>, ()> {
    let told = work.ops.iter().find_map(|op| match op {
        Op::Wait { seen, row, .. } => Some((*seen, row.is_some())),
        _ => None,
    });
    let Some((seen, put_back)) = told else { return Ok(None) };
    let is = present.get(&(row.app, row.key.to_owned()));
    if put_back || is.map(|w| w.plan) == seen { Ok(is) } else { Err(()) }
}

/// The row that somebody puts back where it waits, with those it is known not to be about.
fn puts_back(work: &Work) -> Option<((AppKey, String), Waiting)> {
    work.ops.iter().find_map(|op| match op {
        Op::Wait { app, external_id, row: Some(row), .. } if work.who == Who::Match => {
            Some(((*app, external_id.clone()), (**row).clone()))
        }
        _ => None,
    })
}

/// The row as it waits from now on.
fn asks(
    frame: &Frame<'_>,
    row: &NewRow<'_>,
    kind: MatchKind,
    candidates: Vec<Candidate>,
    waited: Option<&Waiting>,
) -> Waiting {
    Waiting {
        kind,
        state: WaitState::Open,
        line: row.line,
        values: frame.config.record_to_json(row.app, row.values),
        hash: row.hash,
        candidates,
        apart: waited.map(|w| w.apart.clone()).unwrap_or_default(),
        since: frame.at,
        plan: frame.plan,
    }
}

/// The works' new rows, up to the first that asks for what one before it asks for: it depends on what becomes of that
/// one. No work behind is looked at, for all that are left are looked at again.
fn first_rows<'a>(frame: &'a Frame<'_>, works: &'a [Work]) -> Vec<Option<NewRow<'a>>> {
    let mut all: Vec<Option<NewRow<'a>>> = Vec::with_capacity(works.len());
    let mut seen: HashSet<Asked> = HashSet::new();
    for work in works {
        let row = new_row(frame, work);
        let asked = row.iter().flat_map(|row| &row.asked);
        if asked.clone().any(|a| seen.contains(a)) {
            break;
        }
        seen.extend(asked.cloned());
        all.push(row);
    }
    all
}

/// The row of a new key, if anybody is to be looked for or asked.
fn new_row<'a>(frame: &'a Frame<'_>, work: &'a Work) -> Option<NewRow<'a>> {
    let (app, key, line, values, hash) = match work.ops.iter().find(|op| matches!(op, Op::Row { .. }))? {
        Op::Row { app, external_id, line, values, hash, .. } => (*app, external_id, *line, values, *hash),
        _ => return None,
    };
    let source = frame.config.source(app).filter(|_| work.who == Who::Match)?;
    let confirm = source.source.confirm;
    let waits = waits(work).is_some();
    if source.match_on.is_empty()
        && source.tiers.is_empty()
        && (confirm.partial, confirm.new) == (WhenPartial::New, WhenNew::Create)
        && !waits
    {
        return None;
    }
    let mut facts = Facts::default();
    apply(&mut facts, &work.ops, frame.at, frame.plan, &mut Vec::new());
    let part = derive_profile(frame.config, &facts, frame.at);
    let mut profile = part.values;
    for claim in &part.claims {
        if let Some(place) = profile.get_mut(claim.slot) {
            *place = Value::from(claim.base.as_str());
        }
    }
    let claim = |slot: &usize| part.claims.iter().find(|c| c.slot == *slot);
    let asked = source.match_on.iter().filter_map(|slot| Some((*slot, fold(&claim(slot)?.base)))).collect();
    Some(NewRow { app, key, line, values, hash, source, profile, asked })
}

/// Whether a person has a record of the source that lives on: two living records of one source are two people.
fn stays(
    frame: &Frame<'_>,
    people: &HashMap<i64, PersonRows>,
    pass: &Pass,
    user: UserKey,
    app: AppKey,
) -> Result<bool> {
    // Several jobs of one person are several records.
    if frame.config.source(app).is_some_and(|s| s.source.several) {
        return Ok(false);
    }
    // Whom this pass has made or given a record isn't found in the store as she will be.
    if user.0 < 0 || pass.unwritten.has_begun(user) {
        return Ok(true);
    }
    let ends = |key: &str| frame.keys.map_or(Ok(false), |keys| keys.ends(key));
    // Whom another row of the same feed brings back is somebody else than this row's person.
    let comes_back = |key: &str| frame.keys.map_or(Ok(false), |keys| keys.revives(key));
    let loaded;
    let facts = match (pass.unwritten.person(user), people.get(&user.0)) {
        (Some(person), _) => &person.facts,
        (None, Some(rows)) if rows.records.iter().any(|r| r.app_key == app.0) => {
            loaded = Person::load(frame.config, rows.clone())?;
            &loaded.facts
        }
        _ => return Ok(false),
    };
    let lives = living(frame, facts, app);
    for key in &lives {
        if !ends(key)? {
            return Ok(true);
        }
    }
    for (_, key, record, _) in facts.records().filter(|(a, ..)| *a == app) {
        if record.state != RecordState::Living && comes_back(key)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The keys of a person's living records in a source; one that has ended by its date isn't living.
fn living<'f>(frame: &'f Frame<'_>, facts: &'f Facts, app: AppKey) -> Vec<&'f str> {
    let (records, _) = standings(frame.config, facts, frame.at);
    let lives = |r: &Ranked<'_>| {
        r.source.app == app
            && r.record.state == RecordState::Living
            && !matches!(r.standing, Standing::Ended(_))
    };
    records.into_iter().filter(lives).map(|r| r.key).collect()
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
    for other in living(frame, facts, app).into_iter().filter(|k| k != key) {
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
