//! Runs: how far a big plan has been carried out, and by whom.

use crate::statements::statements;
use crate::tx::{first, rows};
use crate::{Result, Row, Tx};

/// The columns that [`run_row`] reads, in its order.
macro_rules! run_columns {
    () => {
        "plan_key, phase, position, done, total, lease_owner, lease_token, lease_until, started, updated"
    };
}

statements! {
    INSERT = "INSERT INTO run (plan_key, phase, position, done, total, lease_token, started, updated) \
        VALUES ($1, $2, $3, $4, $5, 0, $6, $7)";
    GET = concat!("SELECT ", run_columns!(), " FROM run WHERE plan_key = $1");
    UNFINISHED = concat!("SELECT ", run_columns!(), " FROM run WHERE phase <> 'DONE' ORDER BY plan_key");
    CLAIM = concat!("UPDATE run SET lease_owner = $1, lease_token = lease_token + 1, lease_until = $2 \
        WHERE plan_key = $3 AND phase <> 'DONE' AND (lease_until IS NULL OR lease_until < $4 OR lease_owner = $1) \
        RETURNING ", run_columns!());
    ADVANCE = "UPDATE run SET phase = $1, position = $2, done = $3, total = $4, updated = $5, lease_until = $6 \
        WHERE plan_key = $7 AND lease_token = $8 AND lease_until IS NOT NULL";
    END = "UPDATE run SET phase = $1, updated = $2, lease_owner = NULL, lease_until = NULL \
        WHERE plan_key = $3 AND lease_token = $4 AND lease_until IS NOT NULL";
}

/// The phase of a run that is over.
pub const DONE: &str = "DONE";

/// A run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunRow {
    /// The plan it carries out.
    pub plan_key: i64,
    /// What it is doing; [`DONE`] when it is over.
    pub phase: String,
    /// The last source key or person done in this phase.
    pub position: Option<String>,
    /// How much is done.
    pub done: i64,
    /// Of how much.
    pub total: i64,
    /// Who carries it out.
    pub lease_owner: Option<String>,
    /// Grows with each lease.
    pub lease_token: i64,
    /// When the lease runs out.
    pub lease_until: Option<i64>,
    /// When it began.
    pub started: i64,
    /// When it got on last.
    pub updated: i64,
}

/// Adds a run; its lease columns are ignored.
pub fn insert_run(tx: &mut dyn Tx, run: &RunRow) -> Result<()> {
    tx.execute(
        INSERT,
        &[
            run.plan_key.into(),
            run.phase.as_str().into(),
            (&run.position).into(),
            run.done.into(),
            run.total.into(),
            run.started.into(),
            run.updated.into(),
        ],
    )?;
    Ok(())
}

/// A plan's run.
pub fn run(tx: &mut dyn Tx, plan_key: i64) -> Result<Option<RunRow>> {
    first(tx, GET, &[plan_key.into()], run_row)
}

/// The runs that aren't over, oldest plan first.
pub fn unfinished_runs(tx: &mut dyn Tx) -> Result<Vec<RunRow>> {
    rows(tx, UNFINISHED, &[], run_row)
}

/// Leases a run for `owner`, if nobody else holds it; none: somebody does, or it is over.
pub fn claim_run(
    tx: &mut dyn Tx,
    plan_key: i64,
    owner: &str,
    now: i64,
    lease_ms: i64,
) -> Result<Option<RunRow>> {
    first(tx, CLAIM, &[owner.into(), (now + lease_ms).into(), plan_key.into(), now.into()], run_row)
}

/// Writes how far the run has come and renews its lease, in the chunk's transaction. Tells whether the lease was still
/// held; if not, the chunk must be rolled back.
pub fn advance_run(tx: &mut dyn Tx, run: &RunRow) -> Result<bool> {
    let written = tx.execute(
        ADVANCE,
        &[
            run.phase.as_str().into(),
            (&run.position).into(),
            run.done.into(),
            run.total.into(),
            run.updated.into(),
            run.lease_until.into(),
            run.plan_key.into(),
            run.lease_token.into(),
        ],
    )?;
    Ok(written > 0)
}

/// Gives the lease back, with the phase to go on from or [`DONE`]. Tells whether it was still held.
pub fn end_run(tx: &mut dyn Tx, plan_key: i64, token: i64, phase: &str, now: i64) -> Result<bool> {
    Ok(tx.execute(END, &[phase.into(), now.into(), plan_key.into(), token.into()])? > 0)
}

fn run_row(row: &Row<'_>) -> Result<RunRow> {
    Ok(RunRow {
        plan_key: row.int(0)?,
        phase: row.string(1)?,
        position: row.opt_string(2)?,
        done: row.int(3)?,
        total: row.int(4)?,
        lease_owner: row.opt_string(5)?,
        lease_token: row.int(6)?,
        lease_until: row.opt_int(7)?,
        started: row.int(8)?,
        updated: row.int(9)?,
    })
}
