//! Why a person has her status.

use muster_engine::derive::{StatusCause, ranked_records};
use muster_engine::facts::{Fact, FactValue, RecordState};
use muster_engine::model::{AppKey, LeaverAction, Millis, UserStatus};

use super::answer::{At, Since, StatusReason, WhyStatus};
use super::subject::Subject;

pub(super) fn explain(subject: &Subject) -> WhyStatus {
    let because = match subject.derived.status_cause {
        StatusCause::Source { app, at } => {
            let (record, said) = record(subject, at);
            let staged = subject.derived.status == UserStatus::Staged;
            StatusReason::Source { source: subject.config.app_name(app), record, said, staged }
        }
        StatusCause::Begins { app, at } => {
            let (record, _) = record(subject, at);
            StatusReason::Begins { source: subject.config.app_name(app), record, begins: At(at) }
        }
        StatusCause::Returned { app, at } => {
            let (record, said) = record(subject, at);
            StatusReason::Returned { source: subject.config.app_name(app), record, said }
        }
        StatusCause::Left { app, action, at } => {
            let (record, said) = record(subject, at);
            let action = match action {
                LeaverAction::Deactivate => "deactivates",
                LeaverAction::Suspend => "suspends",
                LeaverAction::Nothing => "changes nothing",
            };
            StatusReason::Left {
                source: subject.config.app_name(app),
                record,
                said,
                action: action.to_owned(),
            }
        }
        StatusCause::Admin { plan, at } => StatusReason::Admin { said: subject.since(at, plan) },
        StatusCause::Nobody => StatusReason::Nobody,
    };
    WhyStatus {
        status: subject.derived.status.as_str().to_owned(),
        others: others(subject, &because),
        because,
        since: subject.rows.user.status_changed.map(|at| At(Millis(at))),
    }
}

/// The record that speaks: its key, and when the source said so.
fn record(subject: &Subject, at: Millis) -> (String, Since) {
    let as_of = Millis(subject.rows.user.as_of);
    match ranked_records(&subject.config, &subject.person.facts, as_of).into_iter().next() {
        // The plan of a record is that of its last change, which may be later than the word.
        Some(r) if changed(subject, r.source.app, r.key) == Some(at) => {
            (r.key.to_owned(), subject.since(at, r.plan))
        }
        Some(r) => (r.key.to_owned(), Since { at: At(at), plan: None }),
        None => (String::new(), Since { at: At(at), plan: None }),
    }
}

fn changed(subject: &Subject, app: AppKey, external_id: &str) -> Option<Millis> {
    let fact = Fact::Record { app, external_id: external_id.to_owned() };
    subject.person.facts.said.get(&fact).map(|said| said.at)
}

/// Other words about her status, which didn't count.
fn others(subject: &Subject, because: &StatusReason) -> Vec<String> {
    let mut others = Vec::new();
    if !matches!(because, StatusReason::Admin { .. })
        && let Some((status, at, _)) = subject.person.facts.lifecycle()
    {
        others.push(format!("an admin said {status} on {}, before the source's word", At(at)));
    }
    for (fact, said) in &subject.person.facts.said {
        let (Fact::Record { app, external_id }, Some(FactValue::Record(r))) = (fact, &said.value) else {
            continue;
        };
        let name = subject.config.app_name(*app);
        // Sources may use the same keys.
        let leads = match because {
            StatusReason::Source { source, record, .. }
            | StatusReason::Begins { source, record, .. }
            | StatusReason::Returned { source, record, .. }
            | StatusReason::Left { source, record, .. } => *record == *external_id && *source == name,
            StatusReason::Admin { .. } | StatusReason::Nobody => false,
        };
        if leads {
            continue;
        }
        let what = match r.state {
            RecordState::Living => "has a living record",
            RecordState::Ended => "had a record that ended",
            RecordState::Withdrawn => "had a record whose import was undone",
        };
        others.push(format!("{name} {what}, {external_id}, since {}", At(r.said_at)));
    }
    others
}
