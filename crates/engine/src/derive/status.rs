//! The lifecycle status: the leading source's word, or what an admin said later.

use super::profile::ranked_records;
use crate::config::Config;
use crate::facts::{Facts, RecordState};
use crate::model::{AppKey, LeaverAction, Millis, PlanKey, UserStatus};

/// Why a person has her status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatusCause {
    /// A source has her, since then.
    Source {
        /// The leading source.
        app: AppKey,
        /// Since when it says so.
        at: Millis,
    },
    /// The source that led last let her go, then.
    Left {
        /// That source.
        app: AppKey,
        /// What it means.
        action: LeaverAction,
        /// When it let her go.
        at: Millis,
    },
    /// An admin said so, then.
    Admin {
        /// In this plan.
        plan: PlanKey,
        /// When.
        at: Millis,
    },
    /// Nobody has said anything.
    Nobody,
}

/// Derives the status.
pub fn derive_status(config: &Config, facts: &Facts) -> (UserStatus, StatusCause) {
    let admin = facts.lifecycle();
    let by_admin = || {
        admin.map_or((UserStatus::Staged, StatusCause::Nobody), |(status, at, plan)| {
            (status, StatusCause::Admin { plan, at })
        })
    };
    let admin_later_than = |at: Millis| admin.is_some_and(|(_, said, _)| said > at);
    let ended_outright = facts
        .records()
        .filter(|(app, _, r, _)| {
            r.state == RecordState::Ended && config.source(*app).is_some_and(|s| s.source.ends_person)
        })
        // She goes by another key there: the source hasn't let her go.
        .filter(|(app, ..)| !facts.records().any(|(a, _, r, _)| a == *app && r.state == RecordState::Living))
        .max_by_key(|(_, _, r, _)| r.said_at);
    if let Some((app, _, record, _)) = ended_outright
        && !admin_later_than(record.said_at)
    {
        let cause = StatusCause::Left { app, action: LeaverAction::Deactivate, at: record.said_at };
        return (UserStatus::Deprovisioned, cause);
    }
    let Some((source, record, _)) = ranked_records(config, facts).into_iter().next() else {
        return by_admin();
    };
    if admin_later_than(record.said_at) {
        return by_admin();
    }
    match record.state {
        RecordState::Withdrawn => by_admin(),
        RecordState::Living => {
            let status = if source.source.stage { UserStatus::Staged } else { UserStatus::Active };
            (status, StatusCause::Source { app: source.app, at: record.said_at })
        }
        RecordState::Ended => {
            let action = source.source.on_leave;
            let status = match action {
                LeaverAction::Deactivate => UserStatus::Deprovisioned,
                LeaverAction::Suspend => UserStatus::Suspended,
                LeaverAction::Nothing => admin.map_or(UserStatus::Active, |(s, _, _)| s),
            };
            (status, StatusCause::Left { app: source.app, action, at: record.said_at })
        }
    }
}
