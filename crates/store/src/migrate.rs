//! Migrations: forward only, each in a transaction, written once for all engines.

use crate::tx::first;
use crate::{Param, Result, StoreError, Tx, meta};

/// A migration: its name and its text, in which type words stand in braces.
struct Migration {
    name: &'static str,
    sql: &'static str,
}

/// All migrations; the place in the list, counted from 1, is the schema version it leads to.
const MIGRATIONS: &[Migration] = &[
    Migration { name: "0001_directory", sql: include_str!("../migrations/0001_directory.sql") },
    Migration { name: "0002_server", sql: include_str!("../migrations/0002_server.sql") },
    Migration { name: "0003_jobs", sql: include_str!("../migrations/0003_jobs.sql") },
    Migration { name: "0004_deltas", sql: include_str!("../migrations/0004_deltas.sql") },
    Migration { name: "0005_matching", sql: include_str!("../migrations/0005_matching.sql") },
    Migration { name: "0006_source_sessions", sql: include_str!("../migrations/0006_source_sessions.sql") },
];

/// What an engine writes for the type words of a migration.
pub(crate) struct Words {
    /// `{KEY}`: the primary key of a table whose keys grow.
    pub(crate) key: &'static str,
    /// `{BYTES}`: bytes.
    pub(crate) bytes: &'static str,
    /// `{BYTEWISE}`: after a text column that is compared and sorted by its bytes.
    pub(crate) bytewise: &'static str,
    /// `{ROWLESS}`: after a table whose rows are kept in its primary key.
    pub(crate) rowless: &'static str,
}

/// The newest schema version this program knows.
pub(crate) fn newest() -> i64 {
    MIGRATIONS.len() as i64
}

/// The schema version of a store whose `meta` table exists; refuses one from a newer program.
pub(crate) fn version(tx: &mut dyn Tx) -> Result<i64> {
    const VERSION: &str = "SELECT CAST(value AS BIGINT) FROM meta WHERE name = $1";
    let found = first(tx, VERSION, &[Param::Text(meta::SCHEMA_VERSION)], |row| row.int(0))?.unwrap_or(0);
    if found > newest() {
        return Err(StoreError::Newer { found, known: newest() });
    }
    Ok(found)
}

/// Brings a store to the newest version inside the open write transaction. `batch` runs a text of several statements.
pub(crate) fn migrate<T: Tx>(
    tx: &mut T,
    words: &Words,
    batch: impl Fn(&mut T, &str) -> Result<()>,
) -> Result<()> {
    const CREATE: &str =
        "CREATE TABLE IF NOT EXISTS meta (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL)";
    batch(tx, CREATE)?;
    let found = version(tx)?;
    for (number, migration) in (1_i64..).zip(MIGRATIONS).filter(|(number, _)| *number > found) {
        let sql = migration
            .sql
            .replace("{KEY}", words.key)
            .replace("{BYTES}", words.bytes)
            .replace("{BYTEWISE}", words.bytewise)
            .replace("{ROWLESS}", words.rowless);
        batch(tx, &sql)
            .map_err(|source| StoreError::Migration { name: migration.name, source: Box::new(source) })?;
        meta::set(tx, meta::SCHEMA_VERSION, &number.to_string())?;
        tracing::info!(migration = migration.name, "migrated the database");
    }
    Ok(())
}
