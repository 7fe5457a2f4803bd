//! What only this engine can show: its statements, its query plans, its limits.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};

use rusqlite::Connection;

use super::dialect::Lists;
use super::tx::{LiteTx, Texts};
use super::{Sqlite, lock};
use crate::store::Engine;
use crate::{OpenOptions, Statement, Store, StoreError, Tx, meta, statements};

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
    "lookups::VALUED",
    "mail::DUE",
    "mail::FEWEST",
    "mail::POSTPONE",
    "mail::RETRY",
    "mail::TAKE",
    "mail::WAITING",
    "meta::ALL",
    "pending::COUNTS",
    "pending::SHARING",
    "rederive::COUNT",
    "runs::UNFINISHED",
    "schedule::ALL",
    "search::GROUP_STATES",
    "source_sessions::DROP",
    "source_sessions::EXPIRE",
    "source_sessions::OVER",
    "tasks::COUNTS",
    "tasks::UNNOTIFIED",
    "tokens::ALL",
];

/// Every statement as it runs with lists of one and with longer ones.
fn both_forms() -> impl Iterator<Item = (Statement, Lists)> {
    statements().into_iter().flat_map(|s| [(s, Lists::OfOne), (s, Lists::OfMany)])
}

#[test]
fn every_statement_prepares_and_numbers_its_parameters_in_order() {
    let engine = Sqlite::in_memory().unwrap();
    let mut writer = lock(&engine.writer);
    let connection = std::mem::replace(&mut writer.lite.connection, Connection::open_in_memory().unwrap());
    let mut texts = Texts::default();
    for (statement, lists) in both_forms() {
        let prepared = LiteTx::new(&connection, &mut texts)
            .prepare(statement.sql, lists)
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
    for (statement, lists) in both_forms() {
        let text = format!("EXPLAIN QUERY PLAN {}", super::dialect::rewrite(statement.sql, lists));
        let mut explain = writer.lite.connection.prepare(&text).unwrap();
        let mut steps = explain.raw_query();
        while let Some(step) = steps.next().unwrap() {
            let detail: String = step.get(3).unwrap();
            let name = statement.name.trim_start_matches("muster_store::");
            let reads_a_table =
                !["json_each", "CONSTANT ROW", "(subquery"].iter().any(|w| detail.contains(w));
            let scan = detail.starts_with("SCAN") && reads_a_table;
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
        let pages = super::connection::pragma(&writer.lite.connection, "page_count").unwrap();
        let _: i64 = writer
            .lite
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
    assert_eq!(super::connection::pragma(&writer.lite.connection, "synchronous").unwrap(), 2);
    assert_eq!(super::connection::pragma(&writer.lite.connection, "foreign_keys").unwrap(), 1);
    assert_eq!(super::connection::pragma(&writer.lite.connection, "wal_autocheckpoint").unwrap(), 16_384);
    let mode: String =
        writer.lite.connection.pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
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

/// Opens a store whose batches end only when nobody waits.
fn patient(folder: &Path) -> Arc<Sqlite> {
    let engine = Sqlite::open(folder, &OpenOptions::create()).unwrap();
    let hour = std::time::Duration::from_secs(3600);
    lock(&engine.writer).limits = super::batch::Limits { age: hour, works: 1_000, bytes: 1 << 20 };
    Arc::new(engine)
}

/// Runs works that all wait while a first one has the connection, so that they come together.
fn together<T: Send>(
    engine: &Sqlite,
    works: Vec<OneWork<'_>>,
    told: impl Fn(crate::Result<()>) -> T + Sync,
) -> Vec<std::thread::Result<T>> {
    let others = works.len();
    let told = &told;
    std::thread::scope(|scope| {
        let started = Arc::new(Barrier::new(2));
        let first = scope.spawn({
            let started = started.clone();
            move || {
                engine.write_alone(&mut |tx| {
                    started.wait();
                    while engine.waiting.load(Ordering::SeqCst) < others {
                        std::thread::yield_now();
                    }
                    meta::set(tx, "first", "done").is_ok()
                })
            }
        });
        started.wait();
        let running: Vec<_> =
            works.into_iter().map(|mut work| scope.spawn(move || told(engine.write(&mut *work)))).collect();
        first.join().unwrap().unwrap();
        running.into_iter().map(std::thread::ScopedJoinHandle::join).collect()
    })
}

/// How each of them ended that ended without a panic.
fn ends<T>(of: Vec<std::thread::Result<T>>) -> Vec<T> {
    of.into_iter().map(Result::unwrap).collect()
}

type OneWork<'a> = Box<dyn FnMut(&mut dyn Tx) -> bool + Send + 'a>;

fn value(engine: &Sqlite, name: &str) -> Option<String> {
    let mut found = None;
    engine
        .read(&mut |tx| {
            found = meta::get(tx, name).unwrap();
            true
        })
        .unwrap();
    found
}

#[test]
fn writes_that_come_together_share_a_commit() {
    let folder = tempfile::tempdir().unwrap();
    let engine = patient(folder.path());
    let works: Vec<OneWork<'_>> = (0..20)
        .map(|n| -> OneWork<'_> {
            Box::new(move |tx| {
                // Every fifth one fails after it has written.
                meta::set(tx, &format!("work {n}"), "done").unwrap();
                n % 5 != 0
            })
        })
        .collect();
    let ends = ends(together(&engine, works, |end| end.is_ok()));
    assert_eq!(ends, [true; 20]);
    for n in 0..20 {
        assert_eq!(value(&engine, &format!("work {n}")).is_some(), n % 5 != 0, "{n}");
    }
    // The first one's, and one for all that waited; a failing one that finds nothing open begins no batch.
    let commits = engine.commits();
    assert!(commits.done <= 4 && commits.lost == 0, "{commits:?}");
}

#[test]
fn a_commit_that_fails_fails_for_all_who_share_it() {
    let folder = tempfile::tempdir().unwrap();
    let engine = patient(folder.path());
    lock(&engine.writer)
        .lite
        .connection
        .execute_batch(
            "CREATE TABLE mother (id INTEGER PRIMARY KEY); \
             CREATE TABLE child (mother BIGINT REFERENCES mother (id) DEFERRABLE INITIALLY DEFERRED)",
        )
        .unwrap();
    let works: Vec<OneWork<'_>> = (0..6)
        .map(|n| -> OneWork<'_> {
            Box::new(move |tx| {
                // Nobody notices before the commit that this child has no mother.
                if n == 3 {
                    tx.execute("INSERT INTO child (mother) VALUES (7)", &[]).unwrap();
                }
                meta::set(tx, &format!("work {n}"), "done").is_ok()
            })
        })
        .collect();
    let ends = ends(together(&engine, works, |end| matches!(end, Err(StoreError::Constraint { .. }))));
    assert_eq!(ends, [true; 6]);
    assert!((0..6).all(|n| value(&engine, &format!("work {n}")).is_none()));
    assert_eq!(value(&engine, "first").as_deref(), Some("done"));
    assert_eq!(engine.commits().lost, 1);
    engine.write(&mut |tx| meta::set(tx, "after", "done").is_ok()).unwrap();
    assert_eq!(value(&engine, "after").as_deref(), Some("done"));
}

#[test]
fn a_full_database_in_a_batch_fails_for_whom_it_is_full() {
    let folder = tempfile::tempdir().unwrap();
    let engine = patient(folder.path());
    {
        let writer = lock(&engine.writer);
        let pages = super::connection::pragma(&writer.lite.connection, "page_count").unwrap();
        let _: i64 = writer
            .lite
            .connection
            .pragma_update_and_check(None, "max_page_count", pages, |row| row.get(0))
            .unwrap();
    }
    let full = Arc::new(AtomicUsize::new(0));
    let works: Vec<OneWork<'_>> = (0..8)
        .map(|n| -> OneWork<'_> {
            let full = full.clone();
            Box::new(move |tx| {
                let text = "x".repeat(if n % 4 == 3 { 100_000 } else { 1 });
                let set = meta::set(tx, &format!("work {n}"), &text);
                if matches!(set, Err(StoreError::Full { .. })) {
                    full.fetch_add(1, Ordering::SeqCst);
                }
                set.is_ok()
            })
        })
        .collect();
    let ends = ends(together(&engine, works, |end| end.is_ok()));
    assert_eq!(ends, [true; 8]);
    assert_eq!(full.load(Ordering::SeqCst), 2);
    for n in 0..8 {
        assert_eq!(value(&engine, &format!("work {n}")).is_some(), n % 4 != 3, "{n}");
    }
}

#[test]
fn a_panic_in_a_batch_takes_back_its_own_work_only() {
    let folder = tempfile::tempdir().unwrap();
    let engine = patient(folder.path());
    let works: Vec<OneWork<'_>> = (0..6)
        .map(|n| -> OneWork<'_> {
            Box::new(move |tx| {
                if n % 2 == 0 {
                    return meta::set(tx, &format!("work {n}"), "done").is_ok();
                }
                meta::set(tx, &format!("work {n}"), "half").unwrap();
                std::panic::resume_unwind(Box::new("on purpose"))
            })
        })
        .collect();
    let ends = together(&engine, works, |end| end.is_ok());
    let ends: Vec<bool> = ends.into_iter().map(Result::unwrap_or_default).collect();
    assert_eq!(ends, [true, false, true, false, true, false]);
    for n in 0..6 {
        assert_eq!(value(&engine, &format!("work {n}")).is_some(), n % 2 == 0, "{n}");
    }
}
