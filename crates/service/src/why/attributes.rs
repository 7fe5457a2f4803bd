//! Why an attribute has its value, or none.

use std::collections::BTreeMap;

use muster_engine::Value;
use muster_engine::config::ProfileSource;
use muster_engine::derive::{ValueCause, derive_profile, ranked_records};
use muster_engine::facts::{Fact, FactValue, Facts, Record, RecordState, Said, fold};
use muster_engine::model::{AppKey, Millis, PushWhen, WhenTaken};

use super::answer::{Loser, Mapped, ValueReason, WhyAttribute};
use super::reads;
use super::subject::Subject;
use super::text::{by_plan, shown};

pub(super) fn explain(subject: &Subject, slot: usize) -> WhyAttribute {
    let config = &subject.config;
    let name = config.attribute_name(slot);
    let value = subject.value(slot).clone();
    let cause = subject.derived.value_causes.get(slot).copied().unwrap_or_default();
    let because = match cause {
        ValueCause::Source { app, .. } => {
            source(subject, slot, app).map_or(ValueReason::Nothing, ValueReason::Source)
        }
        ValueCause::Kept { app, mapping } => ValueReason::Kept {
            source: config.app_name(app),
            expression: config.org.mappings.get(&mapping).map(|m| m.expression.clone()).unwrap_or_default(),
        },
        ValueCause::Admin { .. } => match subject.person.facts.profile(name) {
            Some((_, said)) => ValueReason::Admin { said: subject.said(said) },
            None => ValueReason::Nothing,
        },
        ValueCause::Generated => ValueReason::Generated,
        ValueCause::Nothing => ValueReason::Nothing,
    };
    let notes = if value.is_null() { missing(subject, slot) } else { beside(subject, slot, cause) };
    WhyAttribute {
        name: name.to_owned(),
        since: (!value.is_null()).then(|| subject.attribute_since(name)),
        losers: losers(subject, slot, cause),
        value,
        because,
        notes,
    }
}

/// The records that speak for her, with their keys in the source.
fn speaking(subject: &Subject) -> Vec<(&ProfileSource, &Record, &str)> {
    let ranked = ranked_records(&subject.config, &subject.person.facts, Millis(subject.rows.user.as_of));
    ranked.into_iter().map(|r| (r.source, r.record, r.key)).collect()
}

/// The first speaking record of a source that gives the attribute a value.
fn source(subject: &Subject, slot: usize, app: AppKey) -> Option<Mapped> {
    let (source, record, id) = speaking(subject)
        .into_iter()
        .find(|(s, r, id)| s.app == app && !alone(subject, s.app, id, r, slot).is_null())?;
    let mapping = source.mapping(slot)?;
    let fact = Fact::Record { app, external_id: id.to_owned() };
    let said = subject.person.facts.said.get(&fact)?;
    Some(Mapped {
        source: subject.config.app_name(app),
        record: id.to_owned(),
        expression: mapping.program.text().to_owned(),
        reads: reads::inbound(&subject.config, app, record, mapping),
        imported: subject.said(said),
    })
}

/// The value an attribute would have if only this record spoke.
fn alone(subject: &Subject, app: AppKey, id: &str, record: &Record, slot: usize) -> Value {
    // "On create" mappings speak too: the question is what the source says.
    let record = Record { fresh: true, ..record.clone() };
    let fact = Fact::Record { app, external_id: id.to_owned() };
    let said =
        Said { value: Some(FactValue::Record(record)), at: subject.as_of, plan: muster_engine::PlanKey(0) };
    let facts = Facts {
        user: subject.person.facts.user,
        created: subject.person.facts.created,
        said: BTreeMap::from([(fact, said)]),
        ..Facts::default()
    };
    let part = derive_profile(&subject.config, &facts, subject.as_of);
    let value = part.values.get(slot).cloned().unwrap_or_default();
    // A unique value isn't allocated here: what it would be made from tells enough.
    let base = part.claims.iter().find(|c| c.slot == slot).map(|c| Value::from(c.base.as_str()));
    if value.is_null() { base.unwrap_or_default() } else { value }
}

/// What others say, that doesn't count.
fn losers(subject: &Subject, slot: usize, cause: ValueCause) -> Vec<Loser> {
    let config = &subject.config;
    let name = config.attribute_name(slot);
    let winner = match cause {
        ValueCause::Source { app, .. } | ValueCause::Kept { app, .. } => Some(app),
        ValueCause::Admin { .. } | ValueCause::Generated | ValueCause::Nothing => None,
    };
    let mut losers = Vec::new();
    let mut led = winner.is_none();
    for (source, record, id) in speaking(subject) {
        let value = alone(subject, source.app, id, record, slot);
        if !led && winner == Some(source.app) && !value.is_null() {
            led = true;
            continue;
        }
        if source.mapping(slot).is_none() || value.is_null() || value == *subject.value(slot) {
            continue;
        }
        let once = source.mapping(slot).is_some_and(|m| m.when == PushWhen::Create);
        let because = match cause {
            _ if once => "its mapping speaks only when the record comes".to_owned(),
            ValueCause::Source { app, .. } | ValueCause::Kept { app, .. } => {
                format!("{} comes first", config.app_name(app))
            }
            ValueCause::Admin { .. } => "what an admin sets counts here".to_owned(),
            ValueCause::Generated | ValueCause::Nothing => "it doesn't fit".to_owned(),
        };
        losers.push(Loser {
            source: format!("{}, record {id}", config.app_name(source.app)),
            value,
            because,
        });
    }
    if let (Some(app), Some((value, said))) = (winner, subject.person.facts.profile(name))
        && !value.is_null()
    {
        let said = subject.said(said);
        losers.push(Loser {
            source: format!("an admin, {}", by_plan(&said)),
            value: value.clone(),
            because: format!("{} gives a value, and a source comes before admins", config.app_name(app)),
        });
    }
    losers
}

/// What there is to know about a value besides its cause: sources that say nothing, and a counter.
fn beside(subject: &Subject, slot: usize, cause: ValueCause) -> Vec<String> {
    let mut notes = counted(subject, slot);
    notes.extend(match cause {
        ValueCause::Source { app, .. } | ValueCause::Kept { app, .. } => {
            silent_sources(subject, slot, Some(app))
        }
        // That no source maps it is no news of a value an admin set.
        _ if subject.config.sources.iter().all(|s| s.mapping(slot).is_none()) => Vec::new(),
        _ => silent_sources(subject, slot, None),
    });
    notes
}

/// That a unique value isn't the one the expression gives.
fn counted(subject: &Subject, slot: usize) -> Vec<String> {
    let claim = subject.derived.claims.iter().find(|c| c.slot == slot);
    let other = claim.filter(|c| c.shown.as_ref().is_some_and(|s| fold(s) != fold(&c.base)));
    other
        .map(|c| {
            let taken = shown(&Value::from(c.base.as_str()));
            let done = match c.taken {
                WhenTaken::Next => "what the mapping gives next was tried",
                WhenTaken::Counter | WhenTaken::Refuse => "a counter was added",
            };
            format!("{taken} was somebody else's already, so {done}")
        })
        .into_iter()
        .collect()
}

/// Why there is no value.
fn missing(subject: &Subject, slot: usize) -> Vec<String> {
    let config = &subject.config;
    let name = config.attribute_name(slot);
    let about = |p: &&muster_engine::derive::Problem| p.about == name;
    let mut notes: Vec<String> =
        subject.derived.problems.iter().filter(about).map(|p| p.reason.clone()).collect();
    if let Some(claim) = subject.derived.claims.iter().find(|c| c.slot == slot && c.shown.is_none()) {
        notes.push(format!(
            "{} is somebody else's already, and the value must be unique",
            shown(&Value::from(claim.base.as_str()))
        ));
    }
    notes.extend(silent_sources(subject, slot, None));
    match subject.person.facts.said.get(&Fact::Profile { attribute: name.to_owned() }) {
        Some(said)
            if said.value.is_none()
                || subject.person.facts.profile(name).is_some_and(|(v, _)| v.is_null()) =>
        {
            let said = subject.said(said);
            notes.push(format!("an admin cleared it on {}, {}", said.at, by_plan(&said)));
        }
        _ => notes.push("no admin has set it".to_owned()),
    }
    notes
}

/// Sources that could give a value and don't, with the reason; `winner` is the one that does.
fn silent_sources(subject: &Subject, slot: usize, winner: Option<AppKey>) -> Vec<String> {
    let config = &subject.config;
    let mut notes = Vec::new();
    let speaking = speaking(subject);
    let mapped: Vec<&ProfileSource> =
        config.sources.iter().filter(|s| Some(s.app) != winner && s.mapping(slot).is_some()).collect();
    if mapped.is_empty() && winner.is_none() {
        notes.push("no source maps it".to_owned());
    }
    for source in mapped {
        let app = config.app_name(source.app);
        let Some(mapping) = source.mapping(slot) else { continue };
        let records: Vec<_> = speaking.iter().filter(|(s, ..)| s.app == source.app).collect();
        if records.is_empty() {
            notes.push(format!(
                "{app} maps it (from {}), but {}",
                mapping.program.text(),
                silent(subject, source.app)
            ));
        }
        for (_, record, id) in records {
            if !alone(subject, source.app, id, record, slot).is_null() {
                if mapping.when == PushWhen::Create {
                    notes.push(format!(
                        "{app} maps it only when a record comes, and {id} had come before that"
                    ));
                }
                continue;
            }
            let read = reads::inbound(config, source.app, record, mapping);
            let empty: Vec<&str> =
                read.iter().filter(|r| is_empty(&r.value)).map(|r| r.name.as_str()).collect();
            let told = match (empty.as_slice(), read.is_empty()) {
                ([], true) => "that gives nothing".to_owned(),
                ([], false) => {
                    let values: Vec<String> =
                        read.iter().map(|r| format!("{} = {}", r.name, shown(&r.value))).collect();
                    format!("that gives nothing usable for {}", values.join(", "))
                }
                ([column], _) => format!("{column} is empty there"),
                (columns, _) => format!("{} are empty there", columns.join(" and ")),
            };
            notes.push(format!("{app} record {id} maps it from {}, and {told}", mapping.program.text()));
        }
    }
    notes
}

fn is_empty(value: &Value) -> bool {
    value.is_null() || value.as_str() == Some("") || value.as_list().is_some_and(<[Value]>::is_empty)
}

/// Why a source says nothing of her.
fn silent(subject: &Subject, app: AppKey) -> &'static str {
    let state = subject.person.facts.records().find(|(a, ..)| *a == app).map(|(_, _, r, _)| r.state);
    match state {
        None => "has no record of this person",
        Some(RecordState::Living) => "its record doesn't speak",
        Some(RecordState::Ended) => "its record has ended",
        Some(RecordState::Withdrawn) => "the import of its record was undone",
    }
}
