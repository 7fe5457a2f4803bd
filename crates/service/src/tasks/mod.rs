//! Tasks: what waits for a person, who is told of it, and what becomes of it when it is done.

mod notify;
pub(crate) mod words;

use std::collections::BTreeSet;

use muster_engine::Millis;
use muster_engine::model::{AccountKey, AppKey, IdKind, PlanKey, UserKey, public_id};
use muster_engine::outbound::RemoteAccount;
use muster_store::accounts::{self, RemoteLink};
use muster_store::tasks::{self as stored, TaskRow};
use muster_store::{Tx, app_state, log};

pub use notify::NotifyReport;
pub use words::{
    DEPROVISION, EXPIRES, FAILED, IN_DOUBT, JOB_FAILED, MAIL_FAILED, MATCHES, PROTECTED, PROVISION, REFUSED,
    UPDATE,
};

use crate::access::{Actor, Right};
use crate::clock::machine_now;
use crate::error::{Result, ServiceError};
use crate::events::{Event, EventOutcome, EventTarget};
use crate::muster::Muster;

/// How many rows are read at once.
const PAGE: usize = 1_000;

/// A task.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Task {
    /// Its key.
    pub key: i64,
    /// What is to be done, in one word (such as [`PROVISION`]).
    pub kind: String,
    /// What is to be done, for people.
    pub title: String,
    /// Details; `what` says in words what to do.
    pub body: serde_json::Value,
    /// The app it is about.
    pub app: Option<AppKey>,
    /// The person it is about.
    pub user: Option<UserKey>,
    /// The account it is about.
    pub account: Option<AccountKey>,
    /// The plan it is about.
    pub plan: Option<PlanKey>,
    /// Whose it is; the org's admins' if nobody is named.
    pub owner: Option<String>,
    /// Until when it is to be done.
    pub due: Option<Millis>,
    /// When it was opened.
    pub created: Millis,
    /// When its owner was told.
    pub notified: Option<Millis>,
    /// When it was done.
    pub done: Option<Millis>,
    /// By whom.
    pub done_by: Option<String>,
}

impl Task {
    /// Its public id.
    pub fn id(&self) -> String {
        public_id(IdKind::Task, self.key)
    }

    /// What to do, in words.
    pub fn what(&self) -> &str {
        self.body.get("what").and_then(serde_json::Value::as_str).unwrap_or_default()
    }
}

impl From<TaskRow> for Task {
    fn from(row: TaskRow) -> Self {
        let task = row.task;
        Self {
            key: row.task_key,
            kind: task.kind,
            title: task.title,
            body: serde_json::from_str(&task.body).unwrap_or_default(),
            app: task.app_key.map(AppKey),
            user: task.user_key.map(UserKey),
            account: task.account_key.map(AccountKey),
            plan: task.plan_key.map(PlanKey),
            owner: task.owner,
            due: task.due.map(Millis),
            created: Millis(task.created),
            notified: row.notified.map(Millis),
            done: row.done.map(Millis),
            done_by: row.done_by,
        }
    }
}

/// Which tasks to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaskFilter {
    /// Those that are done instead of those that are open.
    pub done: bool,
    /// Only of this kind.
    pub kind: Option<String>,
    /// Only about this app.
    pub app: Option<AppKey>,
    /// Only about this person.
    pub user: Option<UserKey>,
    /// Only of this owner.
    pub owner: Option<String>,
    /// At most so many.
    pub limit: Option<usize>,
}

impl TaskFilter {
    fn fits(&self, task: &Task) -> bool {
        self.kind.as_ref().is_none_or(|kind| *kind == task.kind)
            && self.app.is_none_or(|app| task.app == Some(app))
            && self.user.is_none_or(|user| task.user == Some(user))
            && self.owner.as_ref().is_none_or(|owner| task.owner.as_ref() == Some(owner))
    }
}

/// What became of tasks that were said to be done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TasksDone {
    /// Done now.
    pub done: usize,
    /// Done before.
    pub already: usize,
    /// Done now, but more is wanted of the account since: there is a new task for the rest.
    pub overtaken: usize,
}

impl Muster {
    /// Tasks, open ones oldest first, done ones newest first.
    ///
    /// # Errors
    /// If the store fails.
    pub fn tasks(&self, filter: &TaskFilter) -> Result<Vec<Task>> {
        let limit = filter.limit.unwrap_or(usize::MAX);
        let found = self.store.read(|tx| {
            let mut found = Vec::new();
            let mut position = if filter.done { i64::MAX } else { i64::MIN };
            while found.len() < limit {
                let page = if filter.done {
                    stored::done_before(tx, position, PAGE)?
                } else {
                    stored::open_after(tx, position, PAGE)?
                };
                let Some(last) = page.last() else { break };
                position = last.task_key;
                found.extend(page.into_iter().map(Task::from).filter(|task| filter.fits(task)));
            }
            found.truncate(limit);
            Ok(found)
        })?;
        Ok(found)
    }

    /// Records that tasks were done. What was done by hand is from then on what the app is known to hold; if more is
    /// wanted since the task was written, the rest becomes a task of its own. A failed account is tried again.
    ///
    /// # Errors
    /// If there is no such task, or one is ended otherwise (that of a held plan by applying or discarding the plan), or
    /// the store fails. Then no task is done.
    pub fn task_done(&self, actor: &Actor, tasks: &[i64]) -> Result<TasksDone> {
        actor.require(Right::Write, "say that tasks are done")?;
        let at = self.clock.now();
        let (done, apps) = self.store.try_write(|tx| finish(tx, actor, tasks, at))?;
        // By hand there is nothing to call: whether anything is left to do is seen at once.
        for app in apps {
            self.work_off_by_hand(app)?;
        }
        Ok(done)
    }

    /// Has the accounts of failed tasks, and the apps of those that refused, tried again by the next worker. The tasks
    /// end when it succeeds. Gives how many accounts and apps that are.
    ///
    /// # Errors
    /// If there is no such task, or it isn't about a failure, or the store fails.
    pub fn retry(&self, actor: &Actor, tasks: &[i64]) -> Result<usize> {
        actor.require(Right::Write, "have tasks tried again")?;
        self.store.try_write(|tx| {
            let (mut accounts, mut apps) = (Vec::new(), BTreeSet::new());
            for key in tasks {
                let task = open_task(tx, *key)?.task;
                match (task.kind.as_str(), task.account_key, task.app_key) {
                    (FAILED | IN_DOUBT | PROTECTED, Some(account), _) => accounts.push(account),
                    (REFUSED, _, Some(app)) => {
                        apps.insert(app);
                    }
                    _ => {
                        let id = public_id(IdKind::Task, *key);
                        return Err(ServiceError::Invalid(format!(
                            "task {id} is not about a failure: do what it says, then record it as done"
                        )));
                    }
                }
            }
            accounts::retry_now(tx, &accounts)?;
            for app in &apps {
                app_state::note_success(tx, *app)?;
            }
            Ok(accounts.len() + apps.len())
        })
    }
}

fn open_task(tx: &mut dyn Tx, key: i64) -> Result<TaskRow> {
    let id = || public_id(IdKind::Task, key);
    let row =
        stored::task(tx, key)?.ok_or_else(|| ServiceError::NotFound(format!("there is no task {}", id())))?;
    if row.done.is_some() {
        return Err(ServiceError::Invalid(format!("task {} is done already", id())));
    }
    Ok(row)
}

/// Ends tasks. Gives what became of them, and the apps that people work in by hand.
fn finish(tx: &mut dyn Tx, actor: &Actor, keys: &[i64], at: Millis) -> Result<(TasksDone, BTreeSet<AppKey>)> {
    let keys: BTreeSet<i64> = keys.iter().copied().collect();
    let mut result = TasksDone::default();
    let mut by_hand = BTreeSet::new();
    let (mut links, mut again, mut ended) = (Vec::new(), Vec::new(), Vec::new());
    let mut events = log::Events { published: at.0, actor: actor.name.clone(), ..log::Events::default() };
    for key in keys {
        let id = public_id(IdKind::Task, key);
        let row =
            stored::task(tx, key)?.ok_or_else(|| ServiceError::NotFound(format!("there is no task {id}")))?;
        if row.done.is_some() {
            result.already += 1;
            continue;
        }
        if row.task.plan_key.is_some() {
            return Err(ServiceError::Invalid(format!(
                "task {id} is about a plan: apply or discard the plan"
            )));
        }
        let task = &row.task;
        match task.kind.as_str() {
            PROVISION | UPDATE | DEPROVISION => {
                let Some(account) = accounts::accounts(tx, task.account_key.as_slice())?.pop() else {
                    continue;
                };
                let after: Option<RemoteAccount> = serde_json::from_str::<serde_json::Value>(&task.body)
                    .ok()
                    .and_then(|body| serde_json::from_value(body.get("after")?.clone()).ok());
                if account.remote_id.is_none() {
                    links.push(RemoteLink {
                        account_key: account.account_key,
                        remote_id: None,
                        known: after.as_ref().and_then(|after| serde_json::to_string(after).ok()),
                        known_at: machine_now(),
                    });
                } else if let Some(id) = account.remote_id.clone() {
                    // The app itself tells whether it is done: nothing is known of the account until it is looked at.
                    links.push(RemoteLink {
                        account_key: account.account_key,
                        remote_id: Some(id),
                        known: None,
                        known_at: machine_now(),
                    });
                }
                if task.account_rev.is_some_and(|rev| rev < account.wanted_rev) {
                    result.overtaken += 1;
                }
                again.push(account.account_key);
                by_hand.insert(AppKey(account.app_key));
                events.lines.push(event(&row, actor, at).to_line());
                if let Some(user) = task.user_key {
                    events.first_key = if events.first_key == 0 { user } else { events.first_key.min(user) };
                    events.last_key = events.last_key.max(user);
                }
            }
            FAILED | IN_DOUBT | PROTECTED => again.extend(task.account_key),
            REFUSED => {
                if let Some(app) = task.app_key {
                    app_state::note_success(tx, app)?;
                }
            }
            _ => {}
        }
        ended.push(key);
    }
    accounts::set_remote(tx, &links)?;
    accounts::retry_now(tx, &again)?;
    result.done = ended.len();
    stored::finish_tasks(tx, &ended, at.0, &actor.name)?;
    if !events.lines.is_empty() {
        log::append(tx, &events)?;
    }
    Ok((result, by_hand))
}

fn event(row: &TaskRow, actor: &Actor, at: Millis) -> Event {
    let task = &row.task;
    let target = |kind, id_kind, key: Option<i64>| {
        key.map(|key| EventTarget { kind, id: public_id(id_kind, key), display_name: None })
    };
    Event {
        event_type: match task.kind.as_str() {
            PROVISION => "application.provision.user.push",
            UPDATE => "application.provision.user.push_profile",
            _ => "application.provision.user.deactivate",
        },
        actor: actor.name.clone(),
        outcome: EventOutcome::success(),
        published: at,
        targets: [
            target("User", IdKind::User, task.user_key),
            target("AppInstance", IdKind::App, task.app_key),
            target("AppUser", IdKind::Account, task.account_key),
        ]
        .into_iter()
        .flatten()
        .collect(),
        plan: None,
    }
}
