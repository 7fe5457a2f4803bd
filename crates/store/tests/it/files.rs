//! Files: what isn't a store says so, and processes share one.

use std::fs;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use muster_store::{OpenOptions, Store, StoreError, meta};

#[test]
fn a_store_that_is_not_there_is_not_made_by_accident() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("nowhere");
    let error = Store::open(&path, &OpenOptions::default()).unwrap_err();
    assert!(matches!(error, StoreError::Missing { .. }), "{error:?}");
    assert!(!path.exists());
}

#[test]
fn a_store_is_a_folder_or_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), &OpenOptions::create()).unwrap();
    store.write(|tx| meta::set(tx, "a", "1")).unwrap();
    let same = Store::open(folder.path().join("muster.db"), &OpenOptions::default()).unwrap();
    assert_eq!(same.read(|tx| meta::get(tx, "a")).unwrap().as_deref(), Some("1"));
}

#[test]
fn other_files_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("text.db");
    fs::write(&text, "This is a letter, and a rather long one at that.\n".repeat(100)).unwrap();
    let error = Store::open(&text, &OpenOptions::create()).unwrap_err();
    assert!(matches!(error, StoreError::NotADatabase { .. }), "{error:?}");

    let other = folder.path().join("other.db");
    rusqlite::Connection::open(&other).unwrap().execute_batch("CREATE TABLE notes (a TEXT)").unwrap();
    let error = Store::open(&other, &OpenOptions::create()).unwrap_err();
    assert!(matches!(error, StoreError::NotADatabase { .. }), "{error:?}");
}

#[test]
fn a_damaged_file_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), &OpenOptions::create()).unwrap();
    store
        .write(|tx| (0..2000).try_for_each(|n| meta::set(tx, &format!("name {n}"), &"x".repeat(100))))
        .unwrap();
    assert!(store.checkpoint().unwrap().complete);
    drop(store);
    let path = folder.path().join("muster.db");
    let size = fs::metadata(&path).unwrap().len();
    let mut file = fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.seek(SeekFrom::Start(size - 40 * 4096)).unwrap();
    file.write_all(&vec![0xa5; 40 * 4096]).unwrap();
    drop(file);
    let error = Store::open(folder.path(), &OpenOptions::default())
        .and_then(|store| store.read(muster_store::meta::all))
        .unwrap_err();
    assert!(matches!(error, StoreError::Corrupt { .. }), "{error:?}");
    assert!(error.to_string().contains("restore"), "{error}");
}

#[test]
fn a_store_of_a_newer_program_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), &OpenOptions::create()).unwrap();
    store.write(|tx| meta::set(tx, meta::SCHEMA_VERSION, "9999")).unwrap();
    let error = Store::open(folder.path(), &OpenOptions::create()).unwrap_err();
    assert!(matches!(error, StoreError::Newer { found: 9999, .. }), "{error:?}");
    assert!(error.to_string().contains("newer Muster"), "{error}");
}

#[test]
fn a_writer_waits_for_another_and_gives_up_in_time() {
    let folder = tempfile::tempdir().unwrap();
    let first = Store::open(folder.path(), &OpenOptions::create()).unwrap();
    let hasty = OpenOptions { wait: Duration::from_millis(30), ..OpenOptions::default() };
    let hasty = Store::open(folder.path(), &hasty).unwrap();
    let patient = Store::open(folder.path(), &OpenOptions::default()).unwrap();
    let (begun, begins) = mpsc::channel();
    let (end, ends) = mpsc::channel::<()>();
    let holder = thread::spawn(move || {
        first.write(|tx| {
            meta::set(tx, "holder", "first")?;
            begun.send(()).unwrap();
            ends.recv().unwrap();
            Ok(())
        })
    });
    begins.recv().unwrap();
    let error = hasty.write(|tx| meta::set(tx, "holder", "hasty")).unwrap_err();
    assert!(error.is_transient(), "{error:?}");
    // Readers don't wait, and see what was there before.
    assert_eq!(hasty.read(|tx| meta::get(tx, "holder")).unwrap(), None);
    let waiter = thread::spawn(move || patient.write(|tx| meta::set(tx, "waiter", "patient")));
    end.send(()).unwrap();
    holder.join().unwrap().unwrap();
    waiter.join().unwrap().unwrap();
    assert_eq!(hasty.read(|tx| meta::get(tx, "holder")).unwrap().as_deref(), Some("first"));
    assert_eq!(hasty.read(|tx| meta::get(tx, "waiter")).unwrap().as_deref(), Some("patient"));
}

#[test]
fn a_checkpoint_empties_the_log_of_writes() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), &OpenOptions::create()).unwrap();
    store.write(|tx| meta::set(tx, "big", &"x".repeat(1_000_000))).unwrap();
    assert!(store.size_bytes().unwrap() > 1_000_000);
    assert!(store.checkpoint().unwrap().complete);
    assert_eq!(fs::metadata(folder.path().join("muster.db-wal")).unwrap().len(), 0);
}

#[test]
fn many_may_create_the_same_store_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let threads: Vec<_> = (0..8)
        .map(|n| {
            let path = folder.path().join("new");
            thread::spawn(move || {
                let store = Store::open(path, &OpenOptions::create()).unwrap();
                store.write(|tx| meta::set(tx, &format!("opened by {n}"), "yes")).unwrap();
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    let store = Store::open(folder.path().join("new"), &OpenOptions::default()).unwrap();
    assert_eq!(store.read(meta::all).unwrap().len(), 9);
}
