//! Transactions, handles, keys.

use std::collections::BTreeSet;
use std::thread;

use muster_store::{Store, StoreError, keys, meta};

use super::Open;

pub(crate) fn run(open: Open<'_>) {
    errors_take_everything_back(&open("rollback"));
    reads_cannot_write(&open("read-only"));
    transactions_do_not_nest(&open("nested"));
    migrating_again_changes_nothing(open);
    handles_see_each_others_writes(open);
    key_blocks_never_overlap(open);
    many_writers_lose_nothing(open);
}

#[derive(Debug, PartialEq)]
enum Mine {
    Refused,
    Store(String),
}

impl From<StoreError> for Mine {
    fn from(error: StoreError) -> Self {
        Self::Store(error.to_string())
    }
}

fn errors_take_everything_back(store: &Store) {
    let outcome: Result<(), Mine> = store.try_write(|tx| {
        meta::set(tx, "a", "1")?;
        keys::allocate(tx, "user", 5)?;
        Err(Mine::Refused)
    });
    assert_eq!(outcome, Err(Mine::Refused));
    assert_eq!(store.read(|tx| meta::get(tx, "a")).unwrap(), None);
    assert_eq!(store.write(|tx| keys::allocate(tx, "user", 1)).unwrap(), 1);
}

fn reads_cannot_write(store: &Store) {
    assert!(store.read(|tx| meta::set(tx, "a", "1")).is_err());
    assert_eq!(store.read(|tx| meta::get(tx, "a")).unwrap(), None);
    store.write(|tx| meta::set(tx, "a", "2")).unwrap();
}

fn transactions_do_not_nest(store: &Store) {
    let inner = store.clone();
    let error = store.write(|_| inner.write(|tx| meta::set(tx, "a", "1"))).unwrap_err();
    assert!(matches!(error, StoreError::Nested), "{error:?}");
    store.write(|tx| meta::set(tx, "a", "1")).unwrap();
}

fn migrating_again_changes_nothing(open: Open<'_>) {
    let store = open("migrated");
    let before = store.read(meta::all).unwrap();
    assert_eq!(before[0], ("schema_version".to_owned(), "6".to_owned()));
    drop(store);
    assert_eq!(open("migrated").read(meta::all).unwrap(), before);
}

fn handles_see_each_others_writes(open: Open<'_>) {
    let (one, other) = (open("shared"), open("shared"));
    let before = other.data_version().unwrap();
    assert_eq!(other.data_version().unwrap(), before);
    one.write(|tx| meta::set(tx, "a", "1")).unwrap();
    assert_ne!(other.data_version().unwrap(), before);
    assert_eq!(other.read(|tx| meta::get(tx, "a")).unwrap().as_deref(), Some("1"));
    other.write(|tx| meta::set(tx, "a", "2")).unwrap();
    assert_eq!(one.read(|tx| meta::get(tx, "a")).unwrap().as_deref(), Some("2"));
    assert!(one.size_bytes().unwrap() > 0);
    assert!(one.checkpoint().unwrap().complete);
}

fn key_blocks_never_overlap(open: Open<'_>) {
    let stores = [open("keys"), open("keys"), open("keys")];
    let threads: Vec<_> = (0..6)
        .map(|n| {
            let store = stores[n % stores.len()].clone();
            thread::spawn(move || -> Vec<i64> {
                (0..20)
                    .flat_map(|size| {
                        let first = store.write(|tx| keys::allocate(tx, "user", size)).unwrap();
                        first..first + size as i64
                    })
                    .collect()
            })
        })
        .collect();
    let keys: Vec<i64> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
    let distinct: BTreeSet<i64> = keys.iter().copied().collect();
    assert_eq!(distinct.len(), keys.len());
    assert_eq!(distinct.first(), Some(&1));
    assert_eq!(distinct.last(), Some(&(keys.len() as i64)));
    assert_eq!(stores[0].write(|tx| keys::allocate(tx, "group", 1)).unwrap(), 1);
}

fn many_writers_lose_nothing(open: Open<'_>) {
    let stores = [open("many"), open("many")];
    let threads: Vec<_> = (0..16)
        .map(|n| {
            let store = stores[n % stores.len()].clone();
            thread::spawn(move || {
                for m in 0..25 {
                    let end = store.try_write(|tx| {
                        meta::set(tx, &format!("write {n} {m}"), "")?;
                        if m % 5 == 4 { Err(Mine::Refused) } else { Ok(()) }
                    });
                    assert_eq!(end.is_err(), m % 5 == 4, "{end:?}");
                    // What was acknowledged is seen at once.
                    let seen = store.read(|tx| meta::get(tx, &format!("write {n} {m}"))).unwrap();
                    assert_eq!(seen.is_some(), end.is_ok());
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    let kept = stores[0].read(meta::all).unwrap();
    assert_eq!(kept.iter().filter(|(name, _)| name.starts_with("write ")).count(), 16 * 20);
}
