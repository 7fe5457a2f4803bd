//! Windows of guards: how much was taken away of late, summed over small changes.

use crate::statements::statements;
use crate::tx::rows;
use crate::{Result, Tx};

statements! {
    ADD = "INSERT INTO guard_window (scope, what, subject, bucket, taken) VALUES ($1, $2, $3, $4, $5) \
        ON CONFLICT (scope, what, subject, bucket) DO UPDATE SET taken = guard_window.taken + excluded.taken";
    SUMS = "SELECT subject, CAST(SUM(taken) AS BIGINT) FROM guard_window WHERE scope = $1 AND what = $2 \
        AND subject = ANY($3) AND bucket > $4 GROUP BY subject ORDER BY subject";
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

/// How much was taken of each subject in the buckets after `after`; subjects of which nothing ever was are left out.
pub fn sums(
    tx: &mut dyn Tx,
    scope: &str,
    what: &str,
    subjects: &[i64],
    after: i64,
) -> Result<Vec<(i64, i64)>> {
    rows(tx, SUMS, &[scope.into(), what.into(), subjects.into(), after.into()], |row| {
        Ok((row.int(0)?, row.int(1)?))
    })
}

/// Drops the buckets before `before`.
pub fn prune(tx: &mut dyn Tx, before: i64) -> Result<u64> {
    tx.execute(PRUNE, &[before.into()])
}
