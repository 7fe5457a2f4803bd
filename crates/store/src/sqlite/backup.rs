//! Copies of the whole database: taken while others write, checked, and put in place of the one there is.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use super::connection::{APPLICATION_ID, pragma};
use super::error;
use crate::{Result, StoreError};

/// Writes a consistent copy of the database to a file that isn't there yet, for nobody else's eyes; gives its size.
/// Writers go on meanwhile.
pub(super) fn copy(database: &Path, to: &Path) -> Result<u64> {
    let connection = open(database, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let text = to.to_str().ok_or_else(|| StoreError::Open {
        path: to.to_owned(),
        source: "the path isn't valid UTF-8".into(),
    })?;
    super::connection::create_private(to).map_err(|source| opening(to, source))?;
    if let Err(source) = connection.execute("VACUUM INTO ?1", [text]) {
        // What is there of it would be in the way of the next attempt.
        remove(to)?;
        return Err(error::of(source, "vacuum into"));
    }
    let file = File::open(to).map_err(|source| opening(to, source))?;
    file.sync_all().map_err(|source| opening(to, source))?;
    Ok(file.metadata().map_err(|source| opening(to, source))?.len())
}

/// Checks that a file is a whole database of ours.
pub(super) fn check(file: &Path) -> Result<()> {
    let connection = open(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let foreign = || StoreError::NotADatabase { path: file.to_owned() };
    match pragma(&connection, "application_id") {
        Ok(APPLICATION_ID) => {}
        Ok(_) | Err(StoreError::Corrupt { .. }) => return Err(foreign()),
        Err(other) => return Err(other),
    }
    let told: String = connection
        .pragma_query_value(None, "integrity_check", |row| row.get(0))
        .map_err(|source| error::of(source, "integrity_check"))?;
    if told == "ok" {
        return Ok(());
    }
    Err(StoreError::Corrupt { operation: format!("checking {}", file.display()), source: told.into() })
}

/// Puts a copy in place of the database, as a whole or not at all.
pub(super) fn replace(copy: &Path, database: &Path) -> Result<()> {
    let waiting = beside(database, "-restore");
    // A file that an interrupted attempt left behind.
    remove(&waiting)?;
    super::connection::create_private(&waiting).map_err(|source| opening(&waiting, source))?;
    fs::copy(copy, &waiting).map_err(|source| opening(&waiting, source))?;
    File::open(&waiting).and_then(|f| f.sync_all()).map_err(|source| opening(&waiting, source))?;
    if database.exists() {
        alone(database)?;
    }
    // The log of writes belongs to the database that goes.
    for log in ["-wal", "-shm"] {
        remove(&beside(database, log))?;
    }
    fs::rename(&waiting, database).map_err(|source| opening(database, source))?;
    let folder = database.parent().filter(|f| !f.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|f| f.sync_all()).map_err(|source| opening(folder, source))
}

/// Refuses a database that somebody has open: only who is alone can leave the write-ahead log.
fn alone(database: &Path) -> Result<()> {
    // One that is damaged beyond opening is in nobody's use.
    let Ok(connection) = open(database, OpenFlags::SQLITE_OPEN_READ_WRITE) else { return Ok(()) };
    match connection.pragma_update_and_check(None, "journal_mode", "DELETE", |row| row.get::<_, String>(0)) {
        Ok(mode) if mode.eq_ignore_ascii_case("delete") => Ok(()),
        Ok(_) => Err(StoreError::InUse { path: database.to_owned() }),
        Err(source) => match error::of(source, "pragma") {
            StoreError::Locked { .. } => Err(StoreError::InUse { path: database.to_owned() }),
            StoreError::Corrupt { .. } => Ok(()),
            other => Err(other),
        },
    }
}

fn open(file: &Path, flags: OpenFlags) -> Result<Connection> {
    Connection::open_with_flags(file, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)
        .map_err(|source| StoreError::Open { path: file.to_owned(), source: source.into() })
}

fn opening(path: &Path, source: std::io::Error) -> StoreError {
    StoreError::Open { path: path.to_owned(), source: source.into() }
}

fn beside(file: &Path, end: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}

fn remove(file: &Path) -> Result<()> {
    match fs::remove_file(file) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => Err(opening(file, source)),
        _ => Ok(()),
    }
}
