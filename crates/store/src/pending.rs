//! Rows of sources that wait until somebody says whose they are.

use crate::statements::statements;
use crate::tx::rows;
use crate::{Result, Row, Tx};

/// The columns that [`pending_row`] reads, in its order.
macro_rules! pending_columns {
    () => {
        "app_key, external_id, kind, state, line, \"values\", hash, candidates, apart, since, plan"
    };
}

statements! {
    SCAN = concat!("SELECT ", pending_columns!(), " FROM pending_match WHERE app_key = $1 AND external_id > $2 \
        ORDER BY external_id LIMIT $3");
    BY_KEY = concat!("SELECT ", pending_columns!(), " FROM pending_match WHERE app_key = $1 \
        AND external_id = ANY($2) ORDER BY external_id");
    PUT = "INSERT INTO pending_match (app_key, external_id, kind, state, line, \"values\", hash, candidates, apart, \
        since, plan) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) \
        ON CONFLICT (app_key, external_id) DO UPDATE SET kind = excluded.kind, state = excluded.state, \
        line = excluded.line, \"values\" = excluded.\"values\", hash = excluded.hash, \
        candidates = excluded.candidates, apart = excluded.apart, since = excluded.since, plan = excluded.plan";
    REMOVE = "DELETE FROM pending_match WHERE app_key = $1 AND external_id = $2";
    COUNTS = "SELECT app_key, kind, COUNT(*) FROM pending_match WHERE state = 'OPEN' GROUP BY app_key, kind \
        ORDER BY app_key, kind";
    // Of a value that too many share, one more than `most` is enough to see that.
    SHARING = "SELECT value, user_key FROM (SELECT value, user_key, \
        ROW_NUMBER() OVER (PARTITION BY value ORDER BY user_key) AS place FROM user_value \
        WHERE attribute = $1 AND value = ANY($2)) found WHERE place <= $3 ORDER BY value, user_key";
}

/// A row of a source that waits.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PendingRow {
    /// The source.
    pub app_key: i64,
    /// Its key there.
    pub external_id: String,
    /// EXACT, PARTIAL or NEW: why it waits.
    pub kind: String,
    /// OPEN or IGNORED.
    pub state: String,
    /// Its line in the feed it came with.
    pub line: i64,
    /// What the feed says, as JSON by column.
    pub values: String,
    /// The hash of what the feed says.
    pub hash: i64,
    /// Who it may be, as JSON, the likeliest first.
    pub candidates: String,
    /// Who it isn't, as JSON.
    pub apart: String,
    /// Since when it waits.
    pub since: i64,
    /// The plan whose word it is.
    pub plan: i64,
}

/// How many rows of a source are open.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PendingCount {
    /// The source.
    pub app_key: i64,
    /// EXACT, PARTIAL or NEW.
    pub kind: String,
    /// How many.
    pub open: i64,
}

/// A page of a source's rows that wait, in the byte order of their keys; start after "".
pub fn scan(tx: &mut dyn Tx, app: i64, after: &str, limit: usize) -> Result<Vec<PendingRow>> {
    rows(tx, SCAN, &[app.into(), after.into(), (limit as i64).into()], pending_row)
}

/// Those of the given keys.
pub fn by_keys(tx: &mut dyn Tx, app: i64, keys: &[&str]) -> Result<Vec<PendingRow>> {
    rows(tx, BY_KEY, &[app.into(), keys.into()], pending_row)
}

/// How many are open, by source and kind.
pub fn open_counts(tx: &mut dyn Tx) -> Result<Vec<PendingCount>> {
    rows(tx, COUNTS, &[], |row| {
        Ok(PendingCount { app_key: row.int(0)?, kind: row.string(1)?, open: row.int(2)? })
    })
}

/// Who has the given values in an index: at most `most` of each value.
pub fn sharing(tx: &mut dyn Tx, index: &str, values: &[&str], most: usize) -> Result<Vec<(String, i64)>> {
    let params = [index.into(), values.into(), (most as i64).into()];
    rows(tx, SHARING, &params, |row| Ok((row.string(0)?, row.int(1)?)))
}

/// Puts rows; one of the same key is replaced.
pub(crate) fn put_all(tx: &mut dyn Tx, all: &[PendingRow]) -> Result<()> {
    tx.execute_many(PUT, &mut |put| {
        all.iter().try_for_each(|row| {
            put(&[
                row.app_key.into(),
                row.external_id.as_str().into(),
                row.kind.as_str().into(),
                row.state.as_str().into(),
                row.line.into(),
                row.values.as_str().into(),
                row.hash.into(),
                row.candidates.as_str().into(),
                row.apart.as_str().into(),
                row.since.into(),
                row.plan.into(),
            ])
            .map(drop)
        })
    })?;
    Ok(())
}

/// Removes rows: source and key.
pub(crate) fn remove_all(tx: &mut dyn Tx, all: &[(i64, String)]) -> Result<()> {
    tx.execute_many(REMOVE, &mut |put| {
        all.iter().try_for_each(|(app, key)| put(&[(*app).into(), key.into()]).map(drop))
    })?;
    Ok(())
}

fn pending_row(row: &Row<'_>) -> Result<PendingRow> {
    Ok(PendingRow {
        app_key: row.int(0)?,
        external_id: row.string(1)?,
        kind: row.string(2)?,
        state: row.string(3)?,
        line: row.int(4)?,
        values: row.string(5)?,
        hash: row.int(6)?,
        candidates: row.string(7)?,
        apart: row.string(8)?,
        since: row.int(9)?,
        plan: row.int(10)?,
    })
}
