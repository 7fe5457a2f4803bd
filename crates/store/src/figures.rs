//! Figures for those who watch a server: found by indexes, never by walking through a large table.

use crate::statements::statements;
use crate::tx::{first, number, rows};
use crate::{Result, Row, Tx};

statements! {
    NEWEST_PLAN = "SELECT MAX(plan_key) FROM plan";
    PLANS_AFTER = "SELECT plan_key, SUBSTR(trigger_key, 1, 4), status FROM plan WHERE plan_key > $1 ORDER BY plan_key";
    OPEN_PLANS = "SELECT SUBSTR(trigger_key, 1, 4), status, COUNT(*) FROM plan WHERE status = ANY($1) \
        GROUP BY SUBSTR(trigger_key, 1, 4), status";
    OLDEST_WAITING = "SELECT MIN(since) FROM (SELECT since FROM account WHERE app_key = $1 AND lane = $2 \
        AND next_attempt < $3 AND wanted_rev > done_rev ORDER BY next_attempt, account_key LIMIT $4) AS next_ones";
}

/// So many accounts a lane are looked at for the one that has waited longest.
const LOOKED_AT: i64 = 5_000;

/// The statuses of plans that wait or are being carried out.
const OPEN: &[&str] = &["PLANNED", "HELD", "APPLYING", "STOPPED"];

/// How many plans of one kind there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanCount {
    /// The first four letters of what they are triggered by.
    pub trigger: String,
    /// Their status.
    pub status: String,
    /// How many.
    pub count: i64,
}

/// The key of the newest plan; 0 if there is none.
pub fn newest_plan(tx: &mut dyn Tx) -> Result<i64> {
    number(tx, NEWEST_PLAN, &[])
}

/// Plans with keys above `after`, each with the first four letters of what it is triggered by and its status.
pub fn plans_after(tx: &mut dyn Tx, after: i64) -> Result<Vec<(i64, String, String)>> {
    rows(tx, PLANS_AFTER, &[after.into()], |row| Ok((row.int(0)?, row.string(1)?, row.string(2)?)))
}

/// Plans that wait or are being carried out, counted.
pub fn open_plans(tx: &mut dyn Tx) -> Result<Vec<PlanCount>> {
    rows(tx, OPEN_PLANS, &[OPEN.into()], plan_count)
}

/// Since when what is wanted of an app's accounts has been waiting, at the longest; among those that are next to be worked
/// on, if there are very many.
pub fn oldest_waiting(tx: &mut dyn Tx, app: i64) -> Result<Option<i64>> {
    let mut oldest = None;
    for lane in crate::accounts::LANES {
        let params = [app.into(), lane.into(), crate::accounts::NEVER.into(), LOOKED_AT.into()];
        let since = first(tx, OLDEST_WAITING, &params, |row| row.opt_int(0))?.flatten();
        oldest = [oldest, since].into_iter().flatten().min();
    }
    Ok(oldest)
}

fn plan_count(row: &Row<'_>) -> Result<PlanCount> {
    Ok(PlanCount { trigger: row.string(0)?, status: row.string(1)?, count: row.int(2)? })
}
