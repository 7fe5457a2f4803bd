//! Accounts: the queue of outbound work, and what workers learn from targets.
//!
//! An account is dirty while `wanted_rev > done_rev`; a worker leases it, works, and settles it. Leases are fenced by a
//! token that grows, so a worker that was thought dead changes nothing.

use crate::people::{AccountRow, account_columns, account_row};
use crate::statements::statements;
use crate::tx::{number, rows};
use crate::{Result, Tx};

mod assigned;
mod queue;

pub(crate) use assigned::STATEMENTS as ASSIGNED_STATEMENTS;
pub use assigned::{account_of, assigned_found, assigned_of_app, assigned_of_user};
pub(crate) use queue::STATEMENTS as QUEUE_STATEMENTS;
pub use queue::{
    Claim, Ending, Learned, Lease, Settlement, apps_with_dirty, claim_dirty, doubt_all, next_wakeup,
    note_attempts, removal_waits, renew_leases, retry_now, settle,
};
pub(crate) use queue::{LANES, NEVER};

statements! {
    GET = concat!("SELECT ", account_columns!(), " FROM account WHERE account_key = ANY($1) ORDER BY account_key");
    PAGE = concat!("SELECT ", account_columns!(), " FROM account WHERE app_key = $1 AND account_key > $2 \
        ORDER BY account_key LIMIT $3");
    BY_REMOTE = concat!("SELECT ", account_columns!(), " FROM account WHERE app_key = $1 AND remote_id = ANY($2) \
        ORDER BY remote_id");
    FAILED = concat!("SELECT ", account_columns!(), " FROM account WHERE app_key = $1 AND lane = $2 \
        AND next_attempt = $3 AND account_key > $4 AND wanted_rev > done_rev ORDER BY account_key LIMIT $5");
    REMOTES = "SELECT remote_id, account_key, user_key FROM account WHERE app_key = $1 AND remote_id > $2 \
        ORDER BY remote_id LIMIT $3";
    SET_REMOTE = "UPDATE account SET remote_id = $1, known = $2, known_at = $3 WHERE account_key = $4";
    ADD_ORPHAN = "INSERT INTO account (account_key, app_key, remote_id, known, known_at, since, plan, wanted_rev, \
        done_rev, lane, lease_token, attempts, next_attempt) VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 0, 0, 0, 0, 0)";
    REMOVE_ORPHANS = "DELETE FROM account WHERE account_key = ANY($1) AND user_key IS NULL";
    TOTAL = "SELECT COUNT(*) FROM account WHERE app_key = $1";
    // Reads the queue's index only, so it may be polled while workers run.
    DIRTY = "SELECT app_key, COUNT(*), SUM(CASE WHEN next_attempt = $1 THEN 1 ELSE 0 END), \
        SUM(CASE WHEN next_attempt > $2 AND next_attempt < $1 THEN 1 ELSE 0 END) \
        FROM account WHERE wanted_rev > done_rev GROUP BY app_key ORDER BY app_key";
    LEASED = "SELECT app_key, COUNT(*) FROM account WHERE lease_until IS NOT NULL AND lease_until >= $1 \
        GROUP BY app_key ORDER BY app_key";
    // Written so that SQLite begins with the open tasks, which are few.
    BY_HAND = "SELECT account.app_key, COUNT(DISTINCT account.account_key) FROM task CROSS JOIN account \
        WHERE account.account_key = task.account_key AND task.account_key IS NOT NULL AND task.done IS NULL AND account.wanted_rev > account.done_rev \
        GROUP BY account.app_key ORDER BY account.app_key";
    ORPHANS = "SELECT COUNT(*) FROM account WHERE app_key = $1 AND user_key IS NULL";
}

/// An account found in a target that belongs to nobody here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrphanRow {
    /// The account's key.
    pub account_key: i64,
    /// The app.
    pub app_key: i64,
    /// The target's id.
    pub remote_id: String,
    /// What the target holds, as JSON.
    pub known: Option<String>,
    /// When that was learned.
    pub known_at: i64,
    /// Found at, by the org's clock.
    pub since: i64,
    /// The plan that wrote it.
    pub plan: i64,
}

/// What a listing of a target found out about an account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RemoteLink {
    /// The account.
    pub account_key: i64,
    /// The target's id; none: the target hasn't got it.
    pub remote_id: Option<String>,
    /// What the target holds, as JSON.
    pub known: Option<String>,
    /// When that was learned.
    pub known_at: i64,
}

/// The target's id of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteHead {
    /// The target's id.
    pub remote_id: String,
    /// The account.
    pub account_key: i64,
    /// The person; none for an orphan.
    pub user_key: Option<i64>,
}

/// Where the dirty accounts of an app stand. `failed`, `waiting` and `leased` exclude each other; what is left of `dirty`
/// can be worked on now. `by_hand` counts those with an open task, whichever of the others they are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct QueueCounts {
    /// The app.
    pub app_key: i64,
    /// Not in line.
    pub dirty: i64,
    /// Failed for good, until something about them changes.
    pub failed: i64,
    /// Being worked on.
    pub leased: i64,
    /// Waiting for a later attempt.
    pub waiting: i64,
    /// With an open task for a person.
    pub by_hand: i64,
}

/// Accounts by key, in key order.
pub fn accounts(tx: &mut dyn Tx, keys: &[i64]) -> Result<Vec<AccountRow>> {
    rows(tx, GET, &[keys.into()], account_row)
}

/// A page of an app's accounts, in key order.
pub fn accounts_of_app(tx: &mut dyn Tx, app: i64, after: i64, limit: usize) -> Result<Vec<AccountRow>> {
    rows(tx, PAGE, &[app.into(), after.into(), (limit as i64).into()], account_row)
}

/// Accounts of an app by the target's ids.
pub fn accounts_by_remote_id(tx: &mut dyn Tx, app: i64, remote_ids: &[&str]) -> Result<Vec<AccountRow>> {
    rows(tx, BY_REMOTE, &[app.into(), remote_ids.into()], account_row)
}

/// A page of an app's accounts that failed for good, in key order.
pub fn failed_accounts(tx: &mut dyn Tx, app: i64, after: i64, limit: usize) -> Result<Vec<AccountRow>> {
    let mut failed = Vec::new();
    for lane in LANES {
        let params = [app.into(), lane.into(), NEVER.into(), after.into(), (limit as i64).into()];
        failed.extend(rows(tx, FAILED, &params, account_row)?);
    }
    failed.sort_by_key(|row| row.account_key);
    failed.truncate(limit);
    Ok(failed)
}

/// A page of an app's remote ids, in their byte order: what a full listing of the target is compared with.
pub fn remote_ids(tx: &mut dyn Tx, app: i64, after: &str, limit: usize) -> Result<Vec<RemoteHead>> {
    rows(tx, REMOTES, &[app.into(), after.into(), (limit as i64).into()], |row| {
        Ok(RemoteHead { remote_id: row.string(0)?, account_key: row.int(1)?, user_key: row.opt_int(2)? })
    })
}

/// Records what a listing found, for many accounts. A remote id another account of the app has is refused.
pub fn set_remote(tx: &mut dyn Tx, links: &[RemoteLink]) -> Result<u64> {
    tx.execute_many(SET_REMOTE, &mut |put| {
        for link in links {
            put(&[
                (&link.remote_id).into(),
                (&link.known).into(),
                link.known_at.into(),
                link.account_key.into(),
            ])?;
        }
        Ok(())
    })
}

/// Adds accounts that belong to nobody here.
pub fn add_orphans(tx: &mut dyn Tx, orphans: &[OrphanRow]) -> Result<u64> {
    tx.execute_many(ADD_ORPHAN, &mut |put| {
        for row in orphans {
            put(&[
                row.account_key.into(),
                row.app_key.into(),
                row.remote_id.as_str().into(),
                (&row.known).into(),
                row.known_at.into(),
                row.since.into(),
                row.plan.into(),
            ])?;
        }
        Ok(())
    })
}

/// Removes orphans, such as those whose target account was found gone or was adopted. Others are left alone.
pub fn remove_orphans(tx: &mut dyn Tx, keys: &[i64]) -> Result<u64> {
    tx.execute(REMOVE_ORPHANS, &[keys.into()])
}

/// How many accounts an app has, orphans included.
pub fn account_total(tx: &mut dyn Tx, app: i64) -> Result<i64> {
    number(tx, TOTAL, &[app.into()])
}

/// How many orphans an app has.
pub fn orphan_total(tx: &mut dyn Tx, app: i64) -> Result<i64> {
    number(tx, ORPHANS, &[app.into()])
}

/// Where the dirty accounts of each app stand; apps without any are left out.
pub fn queue_counts(tx: &mut dyn Tx, now: i64) -> Result<Vec<QueueCounts>> {
    let mut counts = rows(tx, DIRTY, &[NEVER.into(), now.into()], |row| {
        Ok(QueueCounts {
            app_key: row.int(0)?,
            dirty: row.int(1)?,
            failed: row.int(2)?,
            waiting: row.int(3)?,
            ..QueueCounts::default()
        })
    })?;
    let leased = rows(tx, LEASED, &[now.into()], |row| Ok((row.int(0)?, row.int(1)?)))?;
    let by_hand = rows(tx, BY_HAND, &[], |row| Ok((row.int(0)?, row.int(1)?)))?;
    for count in &mut counts {
        let of_app =
            |list: &[(i64, i64)]| list.iter().find(|(app, _)| *app == count.app_key).map_or(0, |(_, n)| *n);
        (count.leased, count.by_hand) = (of_app(&leased), of_app(&by_hand));
    }
    Ok(counts)
}
