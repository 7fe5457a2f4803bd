//! Opening connections and setting them up.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior};

use super::error;
use super::tx::{LiteTx, Texts};
use crate::migrate::{self, Words};
use crate::tx::number;
use crate::{Checkpoint, Result, StoreError};

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Writer,
    Reader,
    Memory,
}

/// Name of the database file in a store's folder.
const FILE_NAME: &str = "muster.db";

/// Marks a file as Muster's ("MUST"), so that no other program's database is taken for one.
pub(super) const APPLICATION_ID: i64 = 0x4d55_5354;

/// The log of writes is moved into the file after so many pages (64 MB): rarely enough for an import to write each page
/// of an index once instead of a hundred times.
const CHECKPOINT_PAGES: i64 = 16_384;

/// Statements kept prepared; more than the crate has.
const STATEMENTS_KEPT: usize = 512;

const WORDS: Words =
    Words { key: "INTEGER NOT NULL PRIMARY KEY", bytes: "BLOB", bytewise: "", rowless: "WITHOUT ROWID" };

/// The database file that a path given by a person means.
pub(super) fn file_of(path: &Path) -> PathBuf {
    if path.extension().is_some_and(|extension| extension == "db") {
        path.to_owned()
    } else {
        path.join(FILE_NAME)
    }
}

/// Makes sure that the file is there, creating it for nobody else's eyes if wanted.
pub(super) fn prepare_file(file: &Path, create: bool) -> Result<()> {
    if file.exists() {
        return Ok(());
    }
    if !create {
        return Err(StoreError::Missing { path: file.to_owned() });
    }
    create_private(file).map_err(|source| StoreError::Open { path: file.to_owned(), source: source.into() })
}

/// Makes a file for nobody else's eyes, with the folders above it.
pub(super) fn create_private(file: &Path) -> std::io::Result<()> {
    if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder)?;
    }
    let mut options = fs::OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file).map(drop)
}

/// Opens a connection to a file.
pub(super) fn open(file: &Path, role: Role) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags)
        .map_err(|source| StoreError::Open { path: file.to_owned(), source: source.into() })?;
    match configure(&connection, role) {
        Err(StoreError::Corrupt { operation, source }) => Err(not_ours(file, operation, source)),
        outcome => outcome.map(|()| connection),
    }
}

/// Tells a file that never was a database from a damaged one.
fn not_ours(file: &Path, operation: String, source: crate::error::Cause) -> StoreError {
    let code = source.downcast_ref::<rusqlite::Error>().and_then(rusqlite::Error::sqlite_error_code);
    if code == Some(ErrorCode::NotADatabase) {
        return StoreError::NotADatabase { path: file.to_owned() };
    }
    StoreError::Corrupt { operation, source }
}

/// Sets a connection up for its role.
pub(super) fn configure(connection: &Connection, role: Role) -> Result<()> {
    connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    // A writer waits by itself, with jitter; the others meet a lock only for moments, while a log is recovered.
    let patience = if role == Role::Writer { Duration::ZERO } else { Duration::from_secs(5) };
    connection.busy_timeout(patience).map_err(|source| error::of(source, "pragma"))?;
    // Plans follow from texts alone: else a statement is prepared anew whenever a value it is given changes.
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)
        .map_err(|source| error::of(source, "configure"))?;
    let set = |name: &str, value: &dyn rusqlite::ToSql| {
        connection
            .pragma_update_and_check(None, name, value, |_| Ok(()))
            .or_else(|source| {
                if matches!(source, rusqlite::Error::QueryReturnedNoRows) { Ok(()) } else { Err(source) }
            })
            .map_err(|source| error::of(source, "pragma"))
    };
    set("foreign_keys", &true)?;
    set("temp_store", &"MEMORY")?;
    match role {
        Role::Writer => {
            set("journal_mode", &"WAL")?;
            // An acknowledged commit outlives a loss of power.
            set("synchronous", &"FULL")?;
            set("wal_autocheckpoint", &CHECKPOINT_PAGES)?;
            // What a long import made of the log beyond that is given back to the disk.
            set("journal_size_limit", &(CHECKPOINT_PAGES * 4096))?;
            // Negative: in KiB.
            set("cache_size", &-131_072)?;
        }
        Role::Reader => {
            set_read_only(connection, true)?;
            // It is forgotten with every commit, so a large one is never full of what is still true.
            set("cache_size", &-4_096)?;
        }
        Role::Memory => {}
    }
    Ok(())
}

/// Brings the schema to the newest version; looks first without waiting for writers, since it mostly is there.
pub(super) fn migrate(connection: &mut Connection, texts: &mut Texts, file: &Path) -> Result<()> {
    if is_current(connection, texts, file)? {
        return Ok(());
    }
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(|source| error::of(source, "begin immediate"))?;
    let mut tx = LiteTx::new(&transaction, texts);
    migrate::migrate(&mut tx, &WORDS, LiteTx::batch)?;
    tx.batch(&format!("PRAGMA application_id = {APPLICATION_ID}"))?;
    transaction.commit().map_err(|source| error::of(source, "commit"))
}

fn is_current(connection: &Connection, texts: &mut Texts, file: &Path) -> Result<bool> {
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Deferred)
        .map_err(|source| error::of(source, "begin"))?;
    let tables = number(&mut LiteTx::new(&transaction, texts), "SELECT COUNT(*) FROM sqlite_schema", &[])?;
    if tables == 0 {
        return Ok(false);
    }
    if pragma(&transaction, "application_id")? != APPLICATION_ID {
        return Err(StoreError::NotADatabase { path: file.to_owned() });
    }
    Ok(migrate::version(&mut LiteTx::new(&transaction, texts))? == migrate::newest())
}

/// Makes a connection refuse writes, or take them again.
pub(super) fn set_read_only(connection: &Connection, read_only: bool) -> Result<()> {
    connection.pragma_update(None, "query_only", read_only).map_err(|source| error::of(source, "pragma"))
}

/// Reads a number `SQLite` knows of itself.
pub(super) fn pragma(connection: &Connection, name: &str) -> Result<i64> {
    connection.pragma_query_value(None, name, |row| row.get(0)).map_err(|source| error::of(source, "pragma"))
}

/// Empties the log of writes into the file.
pub(super) fn checkpoint(connection: &Connection) -> Result<Checkpoint> {
    let busy: i64 = connection
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))
        .map_err(|source| error::of(source, "checkpoint"))?;
    Ok(Checkpoint { complete: busy == 0 })
}

/// Size of the file and its log of writes; what can't be looked at counts as empty.
pub(super) fn size_of(file: &Path) -> u64 {
    let mut log = OsString::from(file);
    log.push("-wal");
    [file, Path::new(&log)].iter().filter_map(|path| fs::metadata(path).ok()).map(|found| found.len()).sum()
}
