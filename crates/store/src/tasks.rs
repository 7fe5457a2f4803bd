//! Tasks for people.

use crate::statements::statements;
use crate::tx::{first, rows};
use crate::{Result, Row, Tx, keys};

/// The columns that [`task_row`] reads, in its order.
macro_rules! task_columns {
    () => {
        "task_key, kind, dedupe, title, body, app_key, user_key, account_key, account_rev, plan_key, owner, due, \
         created, notified, done, done_by"
    };
}

statements! {
    OPEN = "INSERT INTO task (task_key, kind, dedupe, title, body, app_key, user_key, account_key, account_rev, \
        plan_key, owner, due, created) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) \
        ON CONFLICT (dedupe) WHERE done IS NULL DO UPDATE SET kind = excluded.kind, title = excluded.title, \
        body = excluded.body, app_key = excluded.app_key, user_key = excluded.user_key, \
        account_key = excluded.account_key, account_rev = excluded.account_rev, plan_key = excluded.plan_key, \
        owner = excluded.owner, due = excluded.due";
    GET = concat!("SELECT ", task_columns!(), " FROM task WHERE task_key = $1");
    LIST_OPEN = concat!("SELECT ", task_columns!(), " FROM task WHERE done IS NULL AND task_key > $1 \
        ORDER BY task_key LIMIT $2");
    LIST_DONE = concat!("SELECT ", task_columns!(), " FROM task WHERE done IS NOT NULL AND task_key < $1 \
        ORDER BY task_key DESC LIMIT $2");
    BY_DEDUPE = concat!("SELECT ", task_columns!(), " FROM task WHERE done IS NULL AND dedupe = ANY($1) \
        ORDER BY task_key");
    OF_ACCOUNTS = concat!("SELECT ", task_columns!(), " FROM task WHERE done IS NULL AND account_key IS NOT NULL \
        AND account_key = ANY($1) ORDER BY task_key");
    UNNOTIFIED = concat!("SELECT ", task_columns!(), " FROM task WHERE done IS NULL AND notified IS NULL \
        ORDER BY owner, task_key LIMIT $1");
    NOTIFIED = "UPDATE task SET notified = $1 WHERE task_key = ANY($2)";
    DONE = "UPDATE task SET done = $1, done_by = $2 WHERE done IS NULL AND task_key = ANY($3)";
    DONE_BY_DEDUPE = "UPDATE task SET done = $1, done_by = $2 WHERE done IS NULL AND dedupe = ANY($3)";
    COUNTS = "SELECT kind, app_key, COUNT(*) FROM task WHERE done IS NULL GROUP BY kind, app_key \
        ORDER BY kind, app_key";
}

/// A task to open.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewTask {
    /// What is to be done.
    pub kind: String,
    /// At most one open task has it; opening it again renews the open one's words.
    pub dedupe: String,
    /// For people.
    pub title: String,
    /// Details, as JSON.
    pub body: String,
    /// The app it is about.
    pub app_key: Option<i64>,
    /// The person it is about.
    pub user_key: Option<i64>,
    /// The account it is about.
    pub account_key: Option<i64>,
    /// The account's revision that it brings about.
    pub account_rev: Option<i64>,
    /// The plan it is about.
    pub plan_key: Option<i64>,
    /// Who is to do it.
    pub owner: Option<String>,
    /// Until when.
    pub due: Option<i64>,
    /// When it was opened.
    pub created: i64,
}

/// A task.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TaskRow {
    /// The task's key.
    pub task_key: i64,
    /// What it says.
    pub task: NewTask,
    /// When its owner was told.
    pub notified: Option<i64>,
    /// When it was done.
    pub done: Option<i64>,
    /// By whom.
    pub done_by: Option<String>,
}

/// Open tasks of a kind for an app.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TaskCount {
    /// The kind.
    pub kind: String,
    /// The app.
    pub app_key: Option<i64>,
    /// How many are open.
    pub open: i64,
}

/// Opens tasks. One whose `dedupe` is open already takes the new words and stays the same task, told or not.
pub fn open_tasks(tx: &mut dyn Tx, tasks: &[NewTask]) -> Result<()> {
    if tasks.is_empty() {
        return Ok(());
    }
    let first_key = keys::allocate(tx, "task", tasks.len())?;
    tx.execute_many(OPEN, &mut |put| {
        for (key, task) in (first_key..).zip(tasks) {
            put(&[
                key.into(),
                task.kind.as_str().into(),
                task.dedupe.as_str().into(),
                task.title.as_str().into(),
                task.body.as_str().into(),
                task.app_key.into(),
                task.user_key.into(),
                task.account_key.into(),
                task.account_rev.into(),
                task.plan_key.into(),
                (&task.owner).into(),
                task.due.into(),
                task.created.into(),
            ])?;
        }
        Ok(())
    })?;
    Ok(())
}

/// A task.
pub fn task(tx: &mut dyn Tx, task_key: i64) -> Result<Option<TaskRow>> {
    first(tx, GET, &[task_key.into()], task_row)
}

/// A page of open tasks, oldest first.
pub fn open_after(tx: &mut dyn Tx, after: i64, limit: usize) -> Result<Vec<TaskRow>> {
    rows(tx, LIST_OPEN, &[after.into(), (limit as i64).into()], task_row)
}

/// A page of done tasks before `before` (start with `i64::MAX`), newest first.
pub fn done_before(tx: &mut dyn Tx, before: i64, limit: usize) -> Result<Vec<TaskRow>> {
    rows(tx, LIST_DONE, &[before.into(), (limit as i64).into()], task_row)
}

/// The open tasks with the given `dedupe`.
pub fn open_by_dedupe(tx: &mut dyn Tx, dedupe: &[&str]) -> Result<Vec<TaskRow>> {
    rows(tx, BY_DEDUPE, &[dedupe.into()], task_row)
}

/// The open tasks about the given accounts.
pub fn open_of_accounts(tx: &mut dyn Tx, accounts: &[i64]) -> Result<Vec<TaskRow>> {
    rows(tx, OF_ACCOUNTS, &[accounts.into()], task_row)
}

/// Open tasks whose owners weren't told, by owner.
pub fn unnotified(tx: &mut dyn Tx, limit: usize) -> Result<Vec<TaskRow>> {
    rows(tx, UNNOTIFIED, &[(limit as i64).into()], task_row)
}

/// Notes that the owners of tasks were told.
pub fn mark_notified(tx: &mut dyn Tx, tasks: &[i64], at: i64) -> Result<u64> {
    tx.execute(NOTIFIED, &[at.into(), tasks.into()])
}

/// Ends tasks; those done before are left alone. Gives how many ended now.
pub fn finish_tasks(tx: &mut dyn Tx, tasks: &[i64], at: i64, by: &str) -> Result<u64> {
    tx.execute(DONE, &[at.into(), by.into(), tasks.into()])
}

/// Ends the open tasks with the given `dedupe`, such as when their cause is gone. Gives how many ended.
pub fn finish_by_dedupe(tx: &mut dyn Tx, dedupe: &[&str], at: i64, by: &str) -> Result<u64> {
    tx.execute(DONE_BY_DEDUPE, &[at.into(), by.into(), dedupe.into()])
}

/// How many tasks are open, by kind and app.
pub fn open_counts(tx: &mut dyn Tx) -> Result<Vec<TaskCount>> {
    rows(tx, COUNTS, &[], |row| {
        Ok(TaskCount { kind: row.string(0)?, app_key: row.opt_int(1)?, open: row.int(2)? })
    })
}

fn task_row(row: &Row<'_>) -> Result<TaskRow> {
    Ok(TaskRow {
        task_key: row.int(0)?,
        task: NewTask {
            kind: row.string(1)?,
            dedupe: row.string(2)?,
            title: row.string(3)?,
            body: row.string(4)?,
            app_key: row.opt_int(5)?,
            user_key: row.opt_int(6)?,
            account_key: row.opt_int(7)?,
            account_rev: row.opt_int(8)?,
            plan_key: row.opt_int(9)?,
            owner: row.opt_string(10)?,
            due: row.opt_int(11)?,
            created: row.int(12)?,
        },
        notified: row.opt_int(13)?,
        done: row.opt_int(14)?,
        done_by: row.opt_string(15)?,
    })
}
