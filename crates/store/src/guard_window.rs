//! Windows of guards: how much was taken away of late, summed over small changes.

use crate::statements::statements;
use crate::tx::{number, rows};
use crate::{Result, Tx};

statements! {
    ADD = "INSERT INTO guard_window (scope, what, subject, bucket, taken) VALUES ($1, $2, $3, $4, $5) \
        ON CONFLICT (scope, what, subject, bucket) DO UPDATE SET taken = guard_window.taken + excluded.taken";
    SUM = "SELECT CAST(SUM(taken) AS BIGINT) FROM guard_window WHERE scope = $1 AND what = $2 AND subject = $3 \
        AND bucket > $4 AND bucket <= $5";
    SUMS = "SELECT what, subject, CAST(SUM(taken) AS BIGINT) FROM guard_window WHERE scope = $1 AND bucket > $2 \
        AND bucket <= $3 GROUP BY what, subject ORDER BY what, subject";
    PRUNE = "DELETE FROM guard_window WHERE bucket < $1";
}

/// What a plan takes away in one bucket; negative when an undo gives it back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Taken {
    /// Whose guard counts it.
    pub scope: String,
    /// What is taken.
    pub what: String,
    /// The app, group or attribute it is taken of; 0 if none.
    pub subject: i64,
    /// The bucket of the plan's instant.
    pub bucket: i64,
    /// How much.
    pub taken: i64,
}

/// Adds to buckets.
pub fn add(tx: &mut dyn Tx, taken: &[Taken]) -> Result<()> {
    tx.execute_many(ADD, &mut |put| {
        for row in taken {
            put(&[
                row.scope.as_str().into(),
                row.what.as_str().into(),
                row.subject.into(),
                row.bucket.into(),
                row.taken.into(),
            ])?;
        }
        Ok(())
    })?;
    Ok(())
}

/// How much was taken in the buckets after `after`, up to `until`.
pub fn sum(tx: &mut dyn Tx, scope: &str, what: &str, subject: i64, after: i64, until: i64) -> Result<i64> {
    number(tx, SUM, &[scope.into(), what.into(), subject.into(), after.into(), until.into()])
}

/// As [`sum`], for everything a scope counts: (what, subject, taken).
pub fn sums(tx: &mut dyn Tx, scope: &str, after: i64, until: i64) -> Result<Vec<(String, i64, i64)>> {
    rows(tx, SUMS, &[scope.into(), after.into(), until.into()], |row| {
        Ok((row.string(0)?, row.int(1)?, row.int(2)?))
    })
}

/// Drops the buckets before `before`.
pub fn prune(tx: &mut dyn Tx, before: i64) -> Result<u64> {
    tx.execute(PRUNE, &[before.into()])
}
