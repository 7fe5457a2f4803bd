//! What is to be done when: one row a job, leased by the node that does it.

use crate::statements::statements;
use crate::tx::{first, rows};
use crate::{Result, Row, Tx};

/// The columns that [`schedule_row`] reads, in its order.
macro_rules! schedule_columns {
    () => {
        "name, spec, next_run, last_run, last_outcome, failures, lease_owner, lease_token, lease_until"
    };
}

statements! {
    PLAN = "INSERT INTO schedule (name, spec, next_run, lease_token, failures) VALUES ($1, $2, $3, 0, 0) \
        ON CONFLICT (name) DO UPDATE SET spec = excluded.spec, next_run = excluded.next_run, failures = 0";
    ALL = concat!("SELECT ", schedule_columns!(), " FROM schedule ORDER BY name");
    GET = concat!("SELECT ", schedule_columns!(), " FROM schedule WHERE name = $1");
    // A lease counts by the machine's time, a run by the org's.
    CLAIM = concat!("UPDATE schedule SET lease_owner = $1, lease_token = lease_token + 1, lease_until = $2 \
        WHERE name = $3 AND next_run <= $4 AND (lease_until IS NULL OR lease_until < $5) RETURNING ",
        schedule_columns!());
    RENEW = "UPDATE schedule SET lease_until = $1 WHERE name = $2 AND lease_token = $3";
    END = "UPDATE schedule SET next_run = $1, last_run = $2, last_outcome = $3, failures = $4, lease_owner = NULL, \
        lease_until = NULL WHERE name = $5 AND lease_token = $6";
    DROP = "DELETE FROM schedule WHERE name = ANY($1)";
}

/// A job and when it runs next.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ScheduleRow {
    /// Its name.
    pub name: String,
    /// What its times follow from, in words (`0 6 * * 1-5 Europe/Berlin`).
    pub spec: Option<String>,
    /// When it is to run next, by the org's clock.
    pub next_run: i64,
    /// When it ran last.
    pub last_run: Option<i64>,
    /// What came of it, in words.
    pub last_outcome: Option<String>,
    /// Failures in a row.
    pub failures: i64,
    /// The node that runs it.
    pub lease_owner: Option<String>,
    /// Grows with each lease: only the newest holder may end the job.
    pub lease_token: i64,
    /// When another node may take it over, by the machine's clock.
    pub lease_until: Option<i64>,
}

/// How a run ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ended {
    /// When it ran, by the org's clock.
    pub ran: i64,
    /// What came of it, in words.
    pub outcome: String,
    /// When the next is.
    pub next_run: i64,
    /// Failures in a row.
    pub failures: i64,
}

/// Sets what a job's times follow from and when it runs next; one that isn't there is added.
pub fn plan(tx: &mut dyn Tx, name: &str, spec: &str, next_run: i64) -> Result<()> {
    tx.execute(PLAN, &[name.into(), spec.into(), next_run.into()])?;
    Ok(())
}

/// All jobs, by name.
pub fn schedules(tx: &mut dyn Tx) -> Result<Vec<ScheduleRow>> {
    rows(tx, ALL, &[], schedule_row)
}

/// A job.
pub fn schedule(tx: &mut dyn Tx, name: &str) -> Result<Option<ScheduleRow>> {
    first(tx, GET, &[name.into()], schedule_row)
}

/// Takes a job whose time has come by `now` (the org's clock) and that nobody holds at `machine` (the machine's clock),
/// until `until`. `None`: it isn't time, or somebody else has it.
pub fn claim(
    tx: &mut dyn Tx,
    name: &str,
    owner: &str,
    now: i64,
    machine: i64,
    until: i64,
) -> Result<Option<ScheduleRow>> {
    let params = [owner.into(), until.into(), name.into(), now.into(), machine.into()];
    first(tx, CLAIM, &params, schedule_row)
}

/// Holds a job for longer; whether it is still held.
pub fn renew(tx: &mut dyn Tx, name: &str, lease_token: i64, until: i64) -> Result<bool> {
    Ok(tx.execute(RENEW, &[until.into(), name.into(), lease_token.into()])? > 0)
}

/// Ends a run and says when the next is; whether the job was still held.
pub fn end(tx: &mut dyn Tx, name: &str, lease_token: i64, ended: &Ended) -> Result<bool> {
    let params = [
        ended.next_run.into(),
        ended.ran.into(),
        ended.outcome.as_str().into(),
        ended.failures.into(),
        name.into(),
        lease_token.into(),
    ];
    Ok(tx.execute(END, &params)? > 0)
}

/// Takes jobs away.
pub fn drop_schedules(tx: &mut dyn Tx, names: &[&str]) -> Result<()> {
    tx.execute(DROP, &[names.into()])?;
    Ok(())
}

fn schedule_row(row: &Row<'_>) -> Result<ScheduleRow> {
    Ok(ScheduleRow {
        name: row.string(0)?,
        spec: row.opt_string(1)?,
        next_run: row.int(2)?,
        last_run: row.opt_int(3)?,
        last_outcome: row.opt_string(4)?,
        failures: row.int(5)?,
        lease_owner: row.opt_string(6)?,
        lease_token: row.int(7)?,
        lease_until: row.opt_int(8)?,
    })
}
