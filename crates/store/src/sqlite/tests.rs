//! What only this engine can show: its statements, its query plans, its limits.

use std::path::Path;

use rusqlite::Connection;

use super::tx::{LiteTx, Texts};
use super::{Sqlite, lock};
use crate::store::Engine;
use crate::{OpenOptions, Store, StoreError, meta, statements};

/// Statements that may walk a whole table: small tables, what the function's description says of itself, and partial
/// indices that hold only the rows asked for.
const WHOLE_TABLE: &[&str] = &[
    "accounts::BY_HAND",
    "accounts::DIRTY",
    "accounts::LEASED",
    "app_state::ALL",
    "cleanup::FEEDS_EMPTY",
    "cleanup::FEEDS_FULL",
    "cleanup::LOG_OLDEST",
    "cleanup::MAILS",
    "cleanup::TASKS",
    "cleanup::TOKENS",
    "config::CURRENT",
    "config::ITEMS",
    "config::UNAPPLIED",
    "feeds::ABANDONED",
    "guard_window::PRUNE",
    "lookups::ACCOUNT_COUNTS",
    "lookups::GROUP_SIZES",
    "lookups::STATUS_COUNTS",
    "mail::DUE",
    "mail::FEWEST",
    "mail::POSTPONE",
    "mail::RETRY",
    "mail::TAKE",
    "mail::WAITING",
    "meta::ALL",
    "rederive::COUNT",
    "runs::UNFINISHED",
    "schedule::ALL",
    "search::GROUP_STATES",
    "tasks::COUNTS",
    "tasks::UNNOTIFIED",
    "tokens::ALL",
];

#[test]
fn every_statement_prepares_and_numbers_its_parameters_in_order() {
    let engine = Sqlite::in_memory().unwrap();
    let mut writer = lock(&engine.writer);
    let connection = std::mem::replace(&mut writer.connection, Connection::open_in_memory().unwrap());
    let mut texts = Texts::default();
    for statement in statements() {
        let prepared = LiteTx::new(&connection, &mut texts)
            .prepare(statement.sql)
            .unwrap_or_else(|error| panic!("{}: {error:?}", statement.name));
        for index in 1..=prepared.parameter_count() {
            assert_eq!(
                prepared.parameter_name(index),
                Some(format!("${index}").as_str()),
                "{}",
                statement.name
            );
        }
    }
}

#[test]
fn statements_find_their_rows_by_an_index() {
    let engine = Sqlite::in_memory().unwrap();
    let writer = lock(&engine.writer);
    for statement in statements() {
        let text = format!("EXPLAIN QUERY PLAN {}", super::dialect::rewrite(statement.sql));
        let mut explain = writer.connection.prepare(&text).unwrap();
        let mut steps = explain.raw_query();
        while let Some(step) = steps.next().unwrap() {
            let detail: String = step.get(3).unwrap();
            let name = statement.name.trim_start_matches("muster_store::");
            let scan = detail.starts_with("SCAN") && !detail.contains("json_each");
            assert!(!scan || WHOLE_TABLE.contains(&name), "{name}: {detail}");
            assert!(name != "accounts::DIRTY" || detail.contains("COVERING"), "{name}: {detail}");
            assert!(name != "accounts::BY_HAND" || !detail.contains("SCAN account"), "{name}: {detail}");
        }
    }
}

#[test]
fn a_full_database_says_so_and_takes_everything_back() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Sqlite::open(folder.path(), &OpenOptions::create()).unwrap();
    {
        let writer = lock(&engine.writer);
        let pages = super::connection::pragma(&writer.connection, "page_count").unwrap();
        let _: i64 = writer
            .connection
            .pragma_update_and_check(None, "max_page_count", pages, |row| row.get(0))
            .unwrap();
    }
    let mut error = None;
    engine
        .write(&mut |tx| {
            let big = "x".repeat(100_000);
            error = meta::set(tx, "first", "1").and_then(|()| meta::set(tx, "big", &big)).err();
            error.is_none()
        })
        .unwrap();
    assert!(matches!(error, Some(StoreError::Full { .. })), "{error:?}");
    engine
        .read(&mut |tx| {
            assert_eq!(meta::get(tx, "first").unwrap(), None);
            true
        })
        .unwrap();
}

#[test]
fn a_panic_in_a_closure_rolls_back_and_leaves_the_store_usable() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), &OpenOptions::create()).unwrap();
    let clone = store.clone();
    let panicked = std::thread::spawn(move || {
        clone.write(|tx| -> crate::Result<()> {
            meta::set(tx, "half", "done")?;
            panic!("on purpose")
        })
    })
    .join();
    assert!(panicked.is_err());
    assert_eq!(store.write(|tx| meta::get(tx, "half")).unwrap(), None);
}

#[test]
fn settings_are_what_durability_needs() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Sqlite::open(folder.path(), &OpenOptions::create()).unwrap();
    let writer = lock(&engine.writer);
    assert_eq!(super::connection::pragma(&writer.connection, "synchronous").unwrap(), 2);
    assert_eq!(super::connection::pragma(&writer.connection, "foreign_keys").unwrap(), 1);
    assert_eq!(super::connection::pragma(&writer.connection, "wal_autocheckpoint").unwrap(), 16_384);
    let mode: String = writer.connection.pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
    assert_eq!(mode, "wal");
}

#[cfg(unix)]
#[test]
fn the_file_is_for_nobody_elses_eyes() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep/er");
    Store::open(&path, &OpenOptions::create()).unwrap();
    let mode = std::fs::metadata(Path::new(&path).join("muster.db")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}
