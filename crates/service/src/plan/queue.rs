//! Rows that wait until somebody says whose they are: what plans say of them, and how that is taken back.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use muster_engine::Config;
use muster_engine::facts::{Fact, FactValue};
use muster_engine::model::{AppKey, MatchKind, Millis, PlanKey, UserKey};
use muster_store::Tx;
use muster_store::pending::{self, PendingRow};
use serde::{Deserialize, Serialize};

use super::process::{Frame, Outcome, UserBefore};
use super::work::{ChangedSince, Op, Work};
use crate::error::{Result, ServiceError};
use crate::world::Person;

/// Somebody a row may be about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// The person.
    pub user: UserKey,
    /// How much she resembles the row, up to 100.
    pub score: u32,
    /// In what, and what speaks against it.
    pub reasons: Vec<String>,
    /// She bears quite another name.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub another_name: bool,
}

/// Whether anybody is asked about a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum WaitState {
    /// Somebody is to say whose it is.
    Open,
    /// Somebody said to leave it alone until it changes.
    Ignored,
}

impl WaitState {
    /// The name in the store and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "OPEN",
            Self::Ignored => "IGNORED",
        }
    }
}

/// A row that waits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Waiting {
    pub(crate) kind: MatchKind,
    pub(crate) state: WaitState,
    pub(crate) line: u64,
    /// What the feed says, as JSON by column.
    pub(crate) values: String,
    pub(crate) hash: i64,
    pub(crate) candidates: Vec<Candidate>,
    /// Who it isn't.
    pub(crate) apart: Vec<UserKey>,
    pub(crate) since: Millis,
    pub(crate) plan: PlanKey,
}

impl Waiting {
    /// Reads a stored one.
    pub(crate) fn of(row: &PendingRow) -> Result<Self> {
        let bad = |e: &dyn std::fmt::Display| {
            ServiceError::corrupt(format!("row {:?} that waits", row.external_id), e)
        };
        Ok(Self {
            kind: MatchKind::parse(&row.kind).ok_or_else(|| bad(&row.kind))?,
            state: if row.state == WaitState::Ignored.as_str() {
                WaitState::Ignored
            } else {
                WaitState::Open
            },
            line: row.line.max(0) as u64,
            values: row.values.clone(),
            hash: row.hash,
            candidates: serde_json::from_str(&row.candidates).map_err(|e| bad(&e))?,
            apart: serde_json::from_str(&row.apart).map_err(|e| bad(&e))?,
            since: Millis(row.since),
            plan: PlanKey(row.plan),
        })
    }

    fn row(&self, app: AppKey, key: &str) -> Result<PendingRow> {
        let bad = |e| ServiceError::corrupt("a row that waits", e);
        Ok(PendingRow {
            app_key: app.0,
            external_id: key.to_owned(),
            kind: self.kind.as_str().to_owned(),
            state: self.state.as_str().to_owned(),
            line: self.line as i64,
            values: self.values.clone(),
            hash: self.hash,
            candidates: serde_json::to_string(&self.candidates).map_err(bad)?,
            apart: serde_json::to_string(&self.apart).map_err(bad)?,
            since: self.since.0,
            plan: self.plan.0,
        })
    }

    /// Whether another says the same, whoever said it when and wherever it stands in the feed.
    fn says_as(&self, other: &Self) -> bool {
        let plain = |w: &Self| Self { since: Millis(0), plan: PlanKey(0), line: 0, ..w.clone() };
        plain(self) == plain(other)
    }
}

/// How a row waited before a plan, and whose word it is after: a line of the plan's inverse.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct WaitBefore {
    pub(crate) app: AppKey,
    pub(crate) external_id: String,
    pub(crate) before: Option<Waiting>,
    /// The plan it belongs to after; `None` if it doesn't wait then.
    pub(crate) after: Option<PlanKey>,
}

/// What plans do with rows that wait, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct MatchCounts {
    /// Rows that name somebody and come to wait, or wait as others than before.
    pub exact: u64,
    /// The same of rows that resemble somebody.
    pub partial: u64,
    /// The same of rows that nobody is found for.
    pub new: u64,
    /// Rows that nobody is asked about any more until they change.
    pub ignored: u64,
    /// Rows that wait no more.
    pub settled: u64,
}

impl MatchCounts {
    pub(crate) fn add(&mut self, other: Self) {
        self.exact += other.exact;
        self.partial += other.partial;
        self.new += other.new;
        self.ignored += other.ignored;
        self.settled += other.settled;
    }

    pub(crate) fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    fn count(&mut self, row: &Waiting) {
        match (row.state, row.kind) {
            (WaitState::Ignored, _) => self.ignored += 1,
            (WaitState::Open, MatchKind::Exact) => self.exact += 1,
            (WaitState::Open, MatchKind::Partial) => self.partial += 1,
            (WaitState::Open, MatchKind::New) => self.new += 1,
        }
    }
}

/// A row that comes to wait, as a plan tells of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Its key in the source.
    pub key: String,
    /// Its line in the feed.
    pub line: u64,
    /// Why it waits.
    pub kind: MatchKind,
    /// Who it may be, the likeliest first.
    pub candidates: Vec<Candidate>,
}

/// What a plan says of one row that waits or is to wait.
#[derive(Clone, Debug)]
pub(super) enum Word {
    /// It waits so.
    Put(AppKey, String, Waiting),
    /// It waits no more, if it is as it was seen.
    Drop(AppKey, String, Option<PlanKey>),
    /// It waits so, if it is as it was seen.
    Change(AppKey, String, Option<PlanKey>, Waiting),
    /// It is as it was before another plan.
    Back(WaitBefore),
}

impl Word {
    fn place(&self) -> (AppKey, &str) {
        match self {
            Self::Put(app, key, _) | Self::Drop(app, key, _) | Self::Change(app, key, ..) => (*app, key),
            Self::Back(line) => (line.app, &line.external_id),
        }
    }
}

/// What a work says of rows that wait.
pub(super) fn words(work: &Work) -> impl Iterator<Item = Word> {
    work.ops.iter().filter_map(|op| match op {
        Op::Wait { app, external_id, seen, row: None } => Some(Word::Drop(*app, external_id.clone(), *seen)),
        Op::Wait { app, external_id, seen, row: Some(row) } => {
            Some(Word::Change(*app, external_id.clone(), *seen, (**row).clone()))
        }
        Op::Rewait { line } => Some(Word::Back((**line).clone())),
        _ => None,
    })
}

/// What a work says of a person, with what she keeps of a record that she forgoes.
pub(super) fn with_kept<'o>(config: &Config, person: &Person, ops: &'o [Op]) -> Cow<'o, [Op]> {
    if !ops.iter().any(|op| matches!(op, Op::Forgo { .. })) {
        return Cow::Borrowed(ops);
    }
    let keeps = config.attributes.iter().zip(&person.stored.profile).filter(|(_, value)| !value.is_null());
    let keeps = keeps.map(|(attribute, value)| Op::Say {
        fact: Fact::Profile { attribute: attribute.def.name.clone() },
        value: Some(FactValue::Profile(value.clone())),
    });
    Cow::Owned(ops.iter().cloned().chain(keeps).collect())
}

/// Rows that wait now, by source and key.
pub(super) type Present = HashMap<(AppKey, String), Waiting>;

/// Those of the given keys.
pub(super) fn present<'a>(tx: &mut dyn Tx, keys: impl Iterator<Item = (AppKey, &'a str)>) -> Result<Present> {
    let mut by_app: BTreeMap<AppKey, Vec<&str>> = BTreeMap::new();
    for (app, key) in keys {
        by_app.entry(app).or_default().push(key);
    }
    let mut found = Present::new();
    for (app, keys) in by_app {
        for row in pending::by_keys(tx, app.0, &keys)? {
            found.insert((app, row.external_id.clone()), Waiting::of(&row)?);
        }
    }
    Ok(found)
}

/// Turns what is said of rows that wait into what is to be written, counted and taken back.
pub(super) fn settle(tx: &mut dyn Tx, frame: &Frame<'_>, words: Vec<Word>, out: &mut Outcome) -> Result<()> {
    if words.is_empty() {
        return Ok(());
    }
    let mut is = present(tx, words.iter().map(Word::place))?;
    let mut befores = Vec::new();
    for word in words {
        let (app, key) = word.place();
        let place = (app, key.to_owned());
        let before = is.get(&place).cloned();
        let now_plan = before.as_ref().map(|w| w.plan);
        let after = match word {
            Word::Drop(_, _, seen) | Word::Change(_, _, seen, _) if seen != now_plan => {
                if frame.lenient {
                    continue;
                }
                return Err(ServiceError::Premise(format!(
                    "the row {:?} of {} isn't as it was any more; look at it again with `muster matches`",
                    place.1,
                    frame.config.app_name(app)
                )));
            }
            Word::Back(line) if line.after != now_plan => {
                let fact = Fact::Record { app, external_id: line.external_id };
                out.since.push((UserKey::default(), ChangedSince { fact, by: now_plan }));
                continue;
            }
            Word::Back(line) => line.before,
            Word::Drop(..) => None,
            Word::Put(_, _, row) | Word::Change(_, _, _, row) => {
                if before.as_ref().is_some_and(|b| b.says_as(&row)) {
                    continue;
                }
                let since = before.as_ref().map_or(frame.at, |b| b.since);
                Some(Waiting { since, plan: frame.plan, ..row })
            }
        };
        if before == after {
            continue;
        }
        note(app, &place.1, after.as_ref(), out)?;
        let line =
            WaitBefore { app, external_id: place.1.clone(), before, after: after.as_ref().map(|w| w.plan) };
        befores.push(line);
        match after {
            Some(row) => is.insert(place, row),
            None => is.remove(&place),
        };
    }
    if !befores.is_empty() {
        out.befores.push(UserBefore { waits: befores, ..UserBefore::of_nobody() });
    }
    Ok(())
}

fn note(app: AppKey, key: &str, after: Option<&Waiting>, out: &mut Outcome) -> Result<()> {
    let place = (app.0, key.to_owned());
    let Some(row) = after else {
        out.matches.settled += 1;
        out.writes.pending.retain(|r| (r.app_key, r.external_id.as_str()) != (app.0, key));
        out.writes.pending_removed.push(place);
        return Ok(());
    };
    out.matches.count(row);
    if row.state == WaitState::Open {
        let (key, candidates) = (key.to_owned(), row.candidates.clone());
        out.asked.push(Asked { key, line: row.line, kind: row.kind, candidates });
    }
    out.writes.pending_removed.retain(|p| *p != place);
    out.writes.pending.push(row.row(app, key)?);
    Ok(())
}
