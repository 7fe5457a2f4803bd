//! How an account stands towards its app.

use std::collections::HashMap;

use muster_engine::model::{IdKind, public_id};
use muster_store::people::AccountRow;
use muster_store::tasks::TaskRow;
use muster_store::{Tx, tasks};
use serde::Serialize;

use super::iso;
use crate::tasks::{DEPROVISION, PROVISION, UPDATE};

/// How an account stands towards its app.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SyncState {
    /// The app holds what is wanted.
    InLine,
    /// A worker will take it up.
    Waiting,
    /// A worker has it.
    Working,
    /// It failed and will be tried again.
    Retrying,
    /// It failed until something changes.
    Failed,
    /// A person has a task to do it.
    ByHand,
}

impl SyncState {
    /// Okta's word for it (`syncState` of an app user).
    pub fn okta(self) -> &'static str {
        match self {
            Self::InLine => "SYNCHRONIZED",
            Self::Waiting | Self::Retrying | Self::ByHand => "OUT_OF_SYNC",
            Self::Working => "SYNCING",
            Self::Failed => "ERROR",
        }
    }
}

/// A task about an account that isn't done yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OpenTask {
    /// Its public id.
    pub id: String,
    /// Its key, by which `muster task done` takes it.
    pub key: i64,
    /// What is to be done.
    pub title: String,
    /// Who is to do it; the org's admins if nobody is named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Until when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due: Option<String>,
}

/// How an account stands, with what there is to say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SyncView {
    /// How it stands.
    pub state: SyncState,
    /// What the app said last, if it isn't in line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Attempts since it was in line.
    pub attempts: i64,
    /// When it is tried again, by the machine's clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_attempt: Option<String>,
    /// The task a person has about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task: Option<OpenTask>,
}

impl SyncView {
    /// Reads an account's columns; `now` is the machine's time.
    pub(crate) fn of(row: &AccountRow, task: Option<&TaskRow>, now: i64) -> Self {
        let by_hand = task.is_some_and(|t| [PROVISION, UPDATE, DEPROVISION].contains(&t.task.kind.as_str()));
        let state = if row.wanted_rev <= row.done_rev {
            SyncState::InLine
        } else if by_hand {
            SyncState::ByHand
        } else if row.failed_rev.is_some_and(|rev| rev >= row.wanted_rev) {
            SyncState::Failed
        } else if row.lease_until.is_some_and(|until| until >= now) {
            SyncState::Working
        } else if row.attempts > 0 {
            SyncState::Retrying
        } else {
            SyncState::Waiting
        };
        let task = task.filter(|_| state != SyncState::InLine).map(|t| OpenTask {
            id: public_id(IdKind::Task, t.task_key),
            key: t.task_key,
            title: t.task.title.clone(),
            owner: t.task.owner.clone(),
            due: t.task.due.map(iso),
        });
        // What is stored there of work by hand only repeats that it waits.
        let told = !matches!(state, SyncState::InLine | SyncState::ByHand);
        Self {
            state,
            error: row.error.clone().filter(|_| told),
            attempts: row.attempts,
            next_attempt: (state == SyncState::Retrying).then(|| iso(row.next_attempt)),
            task,
        }
    }
}

/// The open tasks about accounts, by account: one query for all.
pub(crate) fn open_tasks(
    tx: &mut dyn Tx,
    rows: &[AccountRow],
) -> muster_store::Result<HashMap<i64, TaskRow>> {
    let keys: Vec<i64> = rows.iter().filter(|r| r.wanted_rev > r.done_rev).map(|r| r.account_key).collect();
    if keys.is_empty() {
        return Ok(HashMap::new());
    }
    let open = tasks::open_of_accounts(tx, &keys)?;
    Ok(open.into_iter().filter_map(|t| Some((t.task.account_key?, t))).collect())
}
