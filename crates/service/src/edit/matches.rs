//! Rows that wait: somebody says whose they are.

use std::collections::{BTreeMap, BTreeSet};

use muster_engine::Config;
use muster_engine::facts::{Fact, RecordState};
use muster_engine::model::{AppKey, MatchKind, PlanKey, UserKey};
use muster_store::people::load_people;
use muster_store::{lookups, pending};

use super::edit;
use crate::access::Actor;
use crate::error::{Result, ServiceError};
use crate::import::ImportOptions;
use crate::muster::Muster;
use crate::plan::queue::{Candidate, WaitState, Waiting};
use crate::plan::work::{Op, Who, Work};
use crate::plan::{PlanReport, Quiet};
use crate::world::Person;

/// How many rows are looked at together.
const PAGE: usize = 1_000;

/// Whose a row is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The likeliest candidate's.
    Best,
    /// This person's, by login or id.
    Link(String),
    /// Somebody's who is new.
    New,
    /// Nobody is to be asked about it until it changes.
    Ignore,
    /// Somebody is to be asked about it again.
    Reopen,
}

/// What somebody says of a row that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatchDecision {
    /// The row's key in the source.
    pub external_id: String,
    /// Whose it is.
    pub verdict: Verdict,
}

/// Many rows that wait at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MatchBulk {
    /// Those that name one person exactly, who bears the same name: each is hers.
    Exact,
    /// Those whose likeliest candidate has this score at least, and more than the next: each is hers.
    Best(u32),
    /// Those that nobody was found for: each is somebody new.
    New,
}

impl MatchBulk {
    fn takes(self, row: &Waiting) -> Option<Verdict> {
        if row.state != WaitState::Open {
            return None;
        }
        match (self, row.kind, row.candidates.as_slice()) {
            (Self::Exact, MatchKind::Exact, [one]) if !one.another_name => Some(Verdict::Best),
            (Self::Best(least), _, all) => best(all).filter(|c| c.score >= least).map(|_| Verdict::Best),
            (Self::New, MatchKind::New, _) => Some(Verdict::New),
            _ => None,
        }
    }
}

/// The likeliest candidate, if one is.
fn best(candidates: &[Candidate]) -> Option<&Candidate> {
    match candidates {
        [one] => Some(one),
        [one, two, ..] if one.score > two.score => Some(one),
        _ => None,
    }
}

/// A row that waits, with whoever had been created for it before that was undone.
struct Open {
    row: Waiting,
    withdrawn: Option<UserKey>,
}

impl Muster {
    /// Says whose rows are that wait, or that nobody is to be asked about them: one plan for all.
    ///
    /// # Errors
    /// If one doesn't wait or nobody can be meant by it, or the person has another record in the source. [`ServiceError::Premise`]
    /// if one changes meanwhile: nothing is done then. A row that doesn't fit is left out and told.
    pub fn matches_decide(
        &self,
        actor: &Actor,
        app: &str,
        decisions: &[MatchDecision],
        options: ImportOptions,
    ) -> Result<PlanReport> {
        let config = self.config()?;
        let app = self.source_named(&config, app)?;
        let keys: Vec<&str> = decisions.iter().map(|d| d.external_id.as_str()).collect();
        if keys.iter().collect::<BTreeSet<_>>().len() < keys.len() {
            return Err(ServiceError::Invalid("a row is named twice; say once whose it is".to_owned()));
        }
        let rows = self.open_rows(app, &keys)?;
        let mut works = Vec::with_capacity(decisions.len());
        let mut hers: BTreeMap<UserKey, &str> = BTreeMap::new();
        for decision in decisions {
            let key = decision.external_id.as_str();
            let open = rows.get(key).ok_or_else(|| {
                let name = config.app_name(app);
                ServiceError::NotFound(format!(
                    "no row {key:?} of {name} waits; `muster matches --app {name}` lists those that do"
                ))
            })?;
            let user = match &decision.verdict {
                Verdict::Best => Some(best(&open.row.candidates).map(|c| c.user).ok_or_else(|| {
                    ServiceError::Invalid(format!(
                        "row {key:?} has no candidate ahead of all others; say whose it is with `muster match link`"
                    ))
                })?),
                Verdict::Link(user) => Some(self.locate(user)?),
                Verdict::New | Verdict::Ignore | Verdict::Reopen => None,
            };
            if let Some(user) = user
                && let Some(other) = hers.insert(user, key)
            {
                return Err(ServiceError::Invalid(format!(
                    "rows {other:?} and {key:?} can't both be hers: one source has a person once"
                )));
            }
            works.extend(works_of(&config, app, key, open, &decision.verdict, user)?);
        }
        self.refuse_second_records(&config, app, &hers)?;
        let what = match decisions {
            [one] => format!("match {} of {}", one.external_id, config.app_name(app)),
            all => format!("match {} rows of {}", all.len(), config.app_name(app)),
        };
        let report = self.propose(actor, &edit(what, works, options), &Quiet)?;
        match report.notes.rejected.as_slice() {
            [first, ..] if report.counts.matches.is_nothing() => Err(ServiceError::Invalid(format!(
                "row {:?} doesn't fit: {}",
                first.key.as_deref().unwrap_or_default(),
                first.reason
            ))),
            _ => Ok(report),
        }
    }

    /// Says it of many rows at once.
    ///
    /// # Errors
    /// As [`Muster::matches_decide`].
    pub fn matches_decide_all(
        &self,
        actor: &Actor,
        app: &str,
        bulk: MatchBulk,
        options: ImportOptions,
    ) -> Result<PlanReport> {
        let config = self.config()?;
        let key = self.source_named(&config, app)?;
        let mut decisions: Vec<MatchDecision> = Vec::new();
        let mut taken: BTreeSet<UserKey> = BTreeSet::new();
        let mut after = String::new();
        loop {
            let page = self.store.read(|tx| pending::scan(tx, key.0, &after, PAGE))?;
            let Some(last) = page.last() else { break };
            after.clone_from(&last.external_id);
            for row in &page {
                let waiting = Waiting::of(row)?;
                let Some(verdict) = bulk.takes(&waiting) else { continue };
                // Of several rows that may be hers the others go on waiting.
                let user = if verdict == Verdict::Best { best(&waiting.candidates) } else { None };
                if user.is_none_or(|c| taken.insert(c.user)) {
                    decisions.push(MatchDecision { external_id: row.external_id.clone(), verdict });
                }
            }
        }
        if decisions.is_empty() {
            return Ok(PlanReport::nothing());
        }
        self.matches_decide(actor, app, &decisions, options)
    }

    /// Takes a source's record from a person it isn't about: from then on the row waits, and is never hers by itself.
    ///
    /// # Errors
    /// If she has no living record there, or several and `key` doesn't say which, or nothing would be left of her.
    pub fn unlink(
        &self,
        actor: &Actor,
        user: &str,
        app: &str,
        key: Option<&str>,
        options: ImportOptions,
    ) -> Result<PlanReport> {
        let config = self.config()?;
        let source = self.source_named(&config, app)?;
        let person = self.person(&config, self.locate(user)?)?;
        let name = config.app_name(source);
        let living: Vec<&str> = living(&person, source).collect();
        let external_id = match (key, living.as_slice()) {
            (Some(key), all) if all.contains(&key) => key,
            (None, [one]) => one,
            (None, [_, ..]) => {
                return Err(ServiceError::Invalid(format!(
                    "{user} has several records in {name}: {}; say which with --key",
                    living.join(", ")
                )));
            }
            _ => {
                return Err(ServiceError::Invalid(format!("{user} has no such record in {name} that lives")));
            }
        };
        if person.facts.records().count() == 1 && person.facts.profile("login").is_none() {
            return Err(ServiceError::Invalid(format!(
                "{user} is known by this record alone: nothing would be left of her. If she is somebody else, change \
                 the row in {name}, or deactivate her"
            )));
        }
        let works = unlinked(&config, &person, source, external_id)?;
        self.propose(actor, &edit(format!("unlink {user} from {name}"), works, options), &Quiet)
    }

    fn source_named(&self, config: &Config, app: &str) -> Result<AppKey> {
        let key = self.find_app(config, app)?;
        if config.source(key).is_none() {
            return Err(ServiceError::Invalid(format!("{app} is no source: no rows come from it")));
        }
        Ok(key)
    }

    fn open_rows(&self, app: AppKey, keys: &[&str]) -> Result<BTreeMap<String, Open>> {
        self.store.try_read(|tx| {
            let mut rows = BTreeMap::new();
            for page in keys.chunks(PAGE) {
                let records = lookups::records_by_ids(tx, app.0, page)?;
                for row in pending::by_keys(tx, app.0, page)? {
                    let record = records.iter().find(|r| r.external_id == row.external_id);
                    let open =
                        Open { row: Waiting::of(&row)?, withdrawn: record.map(|r| UserKey(r.user_key)) };
                    rows.insert(row.external_id, open);
                }
            }
            Ok(rows)
        })
    }

    /// Two living records of one source are two people.
    fn refuse_second_records(
        &self,
        config: &Config,
        app: AppKey,
        hers: &BTreeMap<UserKey, &str>,
    ) -> Result<()> {
        let users: Vec<i64> = hers.keys().map(|u| u.0).collect();
        for page in users.chunks(PAGE) {
            for rows in self.store.read(|tx| load_people(tx, page))? {
                let login = rows.user.login.clone().unwrap_or_default();
                let person = Person::load(config, rows)?;
                if let Some(record) = living(&person, app).next() {
                    let key = hers.get(&person.facts.user).copied().unwrap_or_default();
                    return Err(ServiceError::Invalid(format!(
                        "row {key:?} can't be {login}'s: she has the record {record:?} of {} already",
                        config.app_name(app)
                    )));
                }
            }
        }
        Ok(())
    }
}

/// The keys of a person's living records in a source.
fn living(person: &Person, app: AppKey) -> impl Iterator<Item = &str> {
    person
        .facts
        .records()
        .filter(move |(a, _, r, _)| *a == app && r.state == RecordState::Living)
        .map(|(_, key, ..)| key)
}

fn work(who: Who, ops: Vec<Op>) -> Work {
    Work { who, ops, advance: false, again: false, seen: None, position: String::new() }
}

/// What a verdict comes to. `user`: whose the row is, if she is known.
fn works_of(
    config: &Config,
    app: AppKey,
    key: &str,
    open: &Open,
    verdict: &Verdict,
    user: Option<UserKey>,
) -> Result<Vec<Work>> {
    let external_id = key.to_owned();
    let seen: Option<PlanKey> = Some(open.row.plan);
    let state = match verdict {
        Verdict::Ignore => Some(WaitState::Ignored),
        Verdict::Reopen => Some(WaitState::Open),
        Verdict::Best | Verdict::Link(_) | Verdict::New => None,
    };
    if let Some(state) = state {
        let row = Some(Box::new(Waiting { state, ..open.row.clone() }));
        return Ok(vec![work(Who::Nobody, vec![Op::Wait { app, external_id, seen, row }])]);
    }
    let values = config
        .record_from_json(app, &open.row.values)
        .map_err(|e| ServiceError::corrupt(format!("row {key:?} that waits"), e))?;
    let (line, hash) = (open.row.line, open.row.hash);
    let ops = vec![
        Op::Row { app, external_id: external_id.clone(), line, ended: false, values, hash, kept: Vec::new() },
        Op::Wait { app, external_id: external_id.clone(), seen, row: None },
    ];
    Ok(match (user, open.withdrawn) {
        // The record moves from whoever was created for it once.
        (Some(user), Some(former)) if former != user => {
            vec![work(Who::Known(former), vec![Op::Forgo { app, external_id }]), work(Who::Known(user), ops)]
        }
        // Whoever was created for it once is the same person again.
        (Some(user), _) | (None, Some(user)) => vec![work(Who::Known(user), ops)],
        (None, None) => vec![work(Who::New, ops)],
    })
}

/// What it takes for a record to be hers no more, and for its row to wait.
fn unlinked(config: &Config, person: &Person, app: AppKey, key: &str) -> Result<Vec<Work>> {
    let fact = Fact::Record { app, external_id: key.to_owned() };
    let Some(muster_engine::facts::FactValue::Record(record)) = person.facts.get(&fact) else {
        return Err(ServiceError::NotFound(format!("the record {key:?} is gone")));
    };
    let external_id = key.to_owned();
    let row = Waiting {
        kind: MatchKind::New,
        state: WaitState::Open,
        line: 0,
        values: config.record_to_json(app, &record.values),
        hash: record.hash,
        candidates: Vec::new(),
        apart: vec![person.facts.user],
        since: muster_engine::Millis(0),
        plan: PlanKey(0),
    };
    let seen = person.rows.as_ref().map(|rows| rows.user.rev);
    let unlink = vec![Op::Unlink { app, external_id: external_id.clone() }];
    let values = record.values.clone();
    let waits = vec![
        Op::Row {
            app,
            external_id: external_id.clone(),
            line: 0,
            ended: false,
            values,
            hash: record.hash,
            kept: Vec::new(),
        },
        Op::Wait { app, external_id, seen: None, row: Some(Box::new(row)) },
    ];
    Ok(vec![Work { seen, ..work(Who::Known(person.facts.user), unlink) }, work(Who::Match, waits)])
}
