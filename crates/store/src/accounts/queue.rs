//! Claiming dirty accounts and settling them.

use crate::people::{AccountRow, account_columns, account_row};
use crate::statements::statements;
use crate::tx::{first, rows};
use crate::{Result, Tx};

/// The next attempt of an account that failed for good: it comes when new work resets it.
pub(crate) const NEVER: i64 = i64::MAX;

statements! {
    CLAIM = concat!("UPDATE account SET lease_owner = $1, lease_token = lease_token + 1, lease_until = $2 \
        WHERE account_key IN (SELECT account_key FROM account WHERE app_key = $3 AND lane = $4 AND next_attempt <= $5 \
            AND wanted_rev > done_rev AND (lease_until IS NULL OR lease_until < $5) \
            ORDER BY next_attempt, account_key LIMIT $6 FOR UPDATE SKIP LOCKED) RETURNING ", account_columns!());
    RENEW = "UPDATE account SET lease_until = $1 WHERE account_key = $2 AND lease_token = $3 \
        AND lease_until IS NOT NULL";
    ATTEMPT = "UPDATE account SET attempt = $1 WHERE account_key = $2 AND lease_token = $3 \
        AND lease_until IS NOT NULL";
    LEARN = "UPDATE account SET remote_id = $1, known = $2, known_at = $3 WHERE account_key = $4 \
        AND lease_token = $5 AND lease_until IS NOT NULL";
    DONE = "UPDATE account SET done_rev = $1, attempt = NULL, attempts = 0, next_attempt = 0, failed_rev = NULL, \
        error = NULL, lease_owner = NULL, lease_until = NULL \
        WHERE account_key = $2 AND lease_token = $3 AND lease_until IS NOT NULL";
    LATER = "UPDATE account SET next_attempt = $1, attempts = attempts + 1, error = $2, attempt = $3, \
        lease_owner = NULL, lease_until = NULL \
        WHERE account_key = $4 AND lease_token = $5 AND lease_until IS NOT NULL";
    // New work that came meanwhile is tried at once.
    FAIL = "UPDATE account SET failed_rev = $1, next_attempt = CASE WHEN wanted_rev > $1 THEN 0 ELSE $2 END, \
        attempts = attempts + 1, error = $3, attempt = $4, lease_owner = NULL, lease_until = NULL \
        WHERE account_key = $5 AND lease_token = $6 AND lease_until IS NOT NULL";
    RELEASE = "UPDATE account SET lease_owner = NULL, lease_until = NULL \
        WHERE account_key = $1 AND lease_token = $2 AND lease_until IS NOT NULL";
    RETRY_NOW = "UPDATE account SET failed_rev = NULL, next_attempt = 0, attempts = 0 \
        WHERE account_key = ANY($1) AND wanted_rev > done_rev";
    // What was known of them may be long past.
    DOUBT_ALL = "UPDATE account SET wanted_rev = wanted_rev + 1, attempt = COALESCE(attempt, $1), attempts = 0, \
        next_attempt = 0, failed_rev = NULL, lease_owner = NULL, lease_until = NULL \
        WHERE user_key IS NOT NULL AND wanted IS NOT NULL";
    NEXT_APP = "SELECT MIN(app_key) FROM account WHERE app_key > $1 AND wanted_rev > done_rev";
    // Walks the queue's index up to the first row that isn't leased.
    WAKEUP = "SELECT next_attempt FROM account WHERE app_key = $1 AND lane = $2 AND next_attempt < $3 \
        AND wanted_rev > done_rev AND lease_until IS NULL ORDER BY next_attempt LIMIT 1";
    LEASE_ENDS = "SELECT MIN(lease_until) FROM account WHERE app_key = $1 AND lease_until IS NOT NULL";
}

/// Lanes of the queue, most urgent first.
pub(crate) const LANES: [i64; 3] = [0, 1, 2];

/// What a worker asks for.
#[derive(Debug, Clone, Copy)]
pub struct Claim<'a> {
    /// The app.
    pub app: i64,
    /// The last lane to take from; 2 is all of them.
    pub lane_max: i64,
    /// At most so many.
    pub limit: usize,
    /// Who asks.
    pub owner: &'a str,
    /// The machine's time.
    pub now: i64,
    /// For how long.
    pub lease_ms: i64,
}

/// A lease a worker holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// The account.
    pub account_key: i64,
    /// The token the claim gave.
    pub token: i64,
}

/// What a worker learned of the account in the target.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Learned {
    /// The target's id; none: the target hasn't got it.
    pub remote_id: Option<String>,
    /// What the target holds, as JSON.
    pub known: Option<String>,
    /// When that was learned.
    pub known_at: i64,
}

/// How the work on an account ended. Each ends the lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// The target was brought to this revision.
    Done {
        /// The revision that was read when the work began.
        done_rev: i64,
    },
    /// To be tried again.
    Later {
        /// Not before this time.
        next_attempt: i64,
        /// Why.
        error: Option<String>,
        /// A create whose outcome is unknown.
        attempt: Option<String>,
    },
    /// Not to be tried again before something changes.
    Failed {
        /// The revision that was read when the work began.
        failed_rev: i64,
        /// Why.
        error: String,
        /// A create whose outcome is unknown.
        attempt: Option<String>,
    },
    /// Given back untouched.
    Released,
}

/// The end of the work on one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settlement {
    /// The lease it was done under.
    pub lease: Lease,
    /// What was learned, if anything.
    pub learned: Option<Learned>,
    /// How it ended.
    pub ending: Ending,
}

/// Leases accounts that have work to do, most urgent first.
pub fn claim_dirty(tx: &mut dyn Tx, claim: &Claim<'_>) -> Result<Vec<AccountRow>> {
    let mut taken = Vec::new();
    // A lane at a time, so that the index gives exactly the rows whose time has come, in order.
    for lane in LANES.into_iter().filter(|lane| *lane <= claim.lane_max) {
        let room = claim.limit - taken.len();
        if room == 0 {
            break;
        }
        let mut found = rows(
            tx,
            CLAIM,
            &[
                claim.owner.into(),
                (claim.now + claim.lease_ms).into(),
                claim.app.into(),
                lane.into(),
                claim.now.into(),
                (room as i64).into(),
            ],
            account_row,
        )?;
        found.sort_by_key(|row| (row.next_attempt, row.account_key));
        taken.append(&mut found);
    }
    Ok(taken)
}

/// Makes leases last until `until`. Tells for each whether it was still held.
pub fn renew_leases(tx: &mut dyn Tx, leases: &[Lease], until: i64) -> Result<Vec<bool>> {
    let mut held = Vec::with_capacity(leases.len());
    tx.execute_many(RENEW, &mut |put| {
        for lease in leases {
            held.push(put(&[until.into(), lease.account_key.into(), lease.token.into()])? > 0);
        }
        Ok(())
    })?;
    Ok(held)
}

/// Notes what creates are about to be sent as (JSON), before they are sent: who finds the note later knows that an
/// account may exist. Tells for each whether the lease was still held; if not, nothing must be sent.
pub fn note_attempts(tx: &mut dyn Tx, attempts: &[(Lease, &str)]) -> Result<Vec<bool>> {
    let mut held = Vec::with_capacity(attempts.len());
    tx.execute_many(ATTEMPT, &mut |put| {
        for (lease, attempt) in attempts {
            held.push(put(&[(*attempt).into(), lease.account_key.into(), lease.token.into()])? > 0);
        }
        Ok(())
    })?;
    Ok(held)
}

/// Records the ends of work on accounts. Tells for each whether its lease was still held; otherwise nothing is written.
pub fn settle(tx: &mut dyn Tx, settlements: &[Settlement]) -> Result<Vec<bool>> {
    settlements.iter().map(|settlement| settle_one(tx, settlement)).collect()
}

fn settle_one(tx: &mut dyn Tx, settlement: &Settlement) -> Result<bool> {
    let (key, token) = (settlement.lease.account_key.into(), settlement.lease.token.into());
    if let Some(learned) = &settlement.learned {
        let held = tx.execute(
            LEARN,
            &[(&learned.remote_id).into(), (&learned.known).into(), learned.known_at.into(), key, token],
        )?;
        if held == 0 {
            return Ok(false);
        }
    }
    let written = match &settlement.ending {
        Ending::Done { done_rev } => tx.execute(DONE, &[(*done_rev).into(), key, token])?,
        Ending::Later { next_attempt, error, attempt } => {
            tx.execute(LATER, &[(*next_attempt).into(), error.into(), attempt.into(), key, token])?
        }
        Ending::Failed { failed_rev, error, attempt } => {
            tx.execute(FAIL, &[(*failed_rev).into(), NEVER.into(), error.into(), attempt.into(), key, token])?
        }
        Ending::Released => tx.execute(RELEASE, &[key, token])?,
    };
    Ok(written > 0)
}

/// Makes dirty accounts due at once, those that failed for good included.
pub fn retry_now(tx: &mut dyn Tx, keys: &[i64]) -> Result<u64> {
    tx.execute(RETRY_NOW, &[keys.into()])
}

/// The apps with accounts that aren't in line; some may have failed, be waiting or leased.
pub fn apps_with_dirty(tx: &mut dyn Tx) -> Result<Vec<i64>> {
    let mut apps = Vec::new();
    // One step in the index for each app, however many rows it has.
    while let Some(app) = next_app(tx, apps.last().copied().unwrap_or(i64::MIN))? {
        apps.push(app);
    }
    Ok(apps)
}

fn next_app(tx: &mut dyn Tx, after: i64) -> Result<Option<i64>> {
    Ok(first(tx, NEXT_APP, &[after.into()], |row| row.opt_int(0))?.flatten())
}

/// The earliest time at which an account of the app can be claimed, if nobody settles those that are leased; none:
/// nothing is left to do. It may be in the past.
pub fn next_wakeup(tx: &mut dyn Tx, app: i64) -> Result<Option<i64>> {
    let leased = first(tx, LEASE_ENDS, &[app.into()], |row| row.opt_int(0))?.flatten();
    let mut times: Vec<i64> = leased.map(|until| until + 1).into_iter().collect();
    for lane in LANES {
        times.extend(first(tx, WAKEUP, &[app.into(), lane.into(), NEVER.into()], |row| row.int(0))?);
    }
    Ok(times.into_iter().min())
}

/// Whether an account of the app can be claimed that is to lose access.
pub fn removal_waits(tx: &mut dyn Tx, app: i64, now: i64) -> Result<bool> {
    let lane = LANES.first().copied().unwrap_or_default();
    let next = first(tx, WAKEUP, &[app.into(), lane.into(), NEVER.into()], |row| row.int(0))?;
    Ok(next.is_some_and(|at| at <= now))
}

/// Has every account looked up in its app and brought into line anew; `note` says so to workers, as one of an attempt
/// whose end isn't known. Gives how many accounts that are.
pub fn doubt_all(tx: &mut dyn Tx, note: &str) -> Result<u64> {
    tx.execute(DOUBT_ALL, &[note.into()])
}
