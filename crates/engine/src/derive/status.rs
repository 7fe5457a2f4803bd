//! The lifecycle status: the leading source's word, or what an admin said later.

use super::standing::{Ranked, Standing, in_order, standings};
use crate::config::{Config, ProfileSource};
use crate::facts::{Facts, Record, RecordState};
use crate::model::{AppKey, LeaverAction, Millis, OnReturn, PlanKey, UserStatus};

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
    /// A source has her from then on.
    Begins {
        /// That source.
        app: AppKey,
        /// When she begins.
        at: Millis,
    },
    /// A source that had let her go has her again, since then, which alone doesn't bring her back.
    Returned {
        /// That source.
        app: AppKey,
        /// Since when it has her again.
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
pub fn derive_status(config: &Config, facts: &Facts, as_of: Millis) -> (UserStatus, StatusCause) {
    status_of(config, facts, &standings(config, facts, as_of).0)
}

/// The status by where the records stand.
pub(super) fn status_of(config: &Config, facts: &Facts, all: &[Ranked<'_>]) -> (UserStatus, StatusCause) {
    let admin = facts.lifecycle();
    let by_admin = || {
        admin.map_or((UserStatus::Staged, StatusCause::Nobody), |(status, at, plan)| {
            (status, StatusCause::Admin { plan, at })
        })
    };
    let admin_later_than = |at: Millis| admin.is_some_and(|(_, said, _)| said > at);
    if let Some((app, at)) = ended_outright(all)
        && !admin_later_than(at)
    {
        let cause = StatusCause::Left { app, action: LeaverAction::Deactivate, at };
        return (UserStatus::Deprovisioned, cause);
    }
    let Some(Ranked { source, record, standing, .. }) = in_order(config, all.to_vec()).into_iter().next()
    else {
        return by_admin();
    };
    let app = source.app;
    let said = match standing {
        Standing::Ended(at) => at,
        _ => record.said_at,
    };
    if admin_later_than(said) {
        return by_admin();
    }
    match standing {
        Standing::Withdrawn => by_admin(),
        // Whoever an admin has let in before doesn't wait for her start.
        Standing::Begins(_) if admin.is_some() => by_admin(),
        Standing::Begins(at) => (UserStatus::Staged, StatusCause::Begins { app, at }),
        Standing::Speaks if waits_for_admin(source, record) => {
            let status = after_leaving(source.source.on_leave, admin);
            (status, StatusCause::Returned { app, at: record.said_at })
        }
        Standing::Speaks => {
            let status = if source.source.stage { UserStatus::Staged } else { UserStatus::Active };
            (status, StatusCause::Source { app, at: record.said_at })
        }
        Standing::Ended(at) => {
            let action = source.source.on_leave;
            // A date that comes gives nobody access from whom an admin has taken it before.
            let by_date = record.state == RecordState::Living;
            if by_date && admin_later_than(record.said_at) && admin.is_some_and(|(s, ..)| s.has_left()) {
                return by_admin();
            }
            (after_leaving(action, admin), StatusCause::Left { app, action, at })
        }
    }
}

/// What leaving a source makes of a person.
fn after_leaving(action: LeaverAction, admin: Option<(UserStatus, Millis, PlanKey)>) -> UserStatus {
    match action {
        LeaverAction::Deactivate => UserStatus::Deprovisioned,
        LeaverAction::Suspend => UserStatus::Suspended,
        LeaverAction::Nothing => admin.map_or(UserStatus::Active, |(s, ..)| s),
    }
}

/// Whether a source has somebody again whom only an admin brings back. A record that came and was let go since says
/// something later than when it came.
fn waits_for_admin(source: &ProfileSource, record: &Record) -> bool {
    source.source.on_return == OnReturn::Nothing
        && record.state == RecordState::Living
        && record.said_at > record.first_seen
}

/// The source whose end ends the person, and when it let her go. One that has another record of her that speaks
/// hasn't: she goes by another key there.
fn ended_outright(all: &[Ranked<'_>]) -> Option<(AppKey, Millis)> {
    let goes_on = |app: AppKey| all.iter().any(|r| r.source.app == app && r.standing == Standing::Speaks);
    let ended = all.iter().filter(|r| r.source.source.ends_person).filter_map(|r| match r.standing {
        Standing::Ended(at) => Some((r.source.app, at)),
        _ => None,
    });
    ended.filter(|(app, _)| !goes_on(*app)).max_by_key(|(_, at)| *at)
}
