//! The least that any program has to do: the same rows by prepared statements, one durable commit for each person.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;
use rusqlite::Connection;
use rusqlite::types::Value;

/// Tables with the rows of people, and how a row is found by a person's key.
const TABLES: [(&str, &str); 9] = [
    ("plan", "plan_key = (SELECT created_plan FROM users WHERE user_key = ?1)"),
    ("users", "user_key = ?1"),
    ("claim", "user_key = ?1"),
    (
        "user_value",
        "user_key = ?1 AND attribute IN ('email', 'firstName', 'lastName') AND value IN (SELECT lower(value) FROM users, \
     json_each(users.profile) WHERE users.user_key = ?1 AND key IN ('email', 'firstName', 'lastName'))",
    ),
    ("membership", "user_key = ?1"),
    ("account", "user_key = ?1"),
    ("log_block", "plan_key = (SELECT created_plan FROM users WHERE user_key = ?1)"),
    ("plan_block", "plan_key = (SELECT created_plan FROM users WHERE user_key = ?1)"),
    ("group_state", "group_key IN (SELECT group_key FROM membership WHERE user_key = ?1)"),
];

/// The keys that each person takes from a sequence.
const SEQUENCES: [&str; 3] = ["user", "account", "log"];

/// A table, how many columns it has, and rows of it.
type Rows = (&'static str, usize, Vec<Vec<Value>>);

fn rows_of(db: &Connection, user: i64) -> Result<Vec<Rows>> {
    let mut all = Vec::with_capacity(TABLES.len());
    for (table, found) in TABLES {
        let mut select = db.prepare_cached(&format!("SELECT * FROM {table} WHERE {found}"))?;
        let width = select.column_count();
        let rows = select.query_map([user], |row| (0..width).map(|at| row.get(at)).collect())?;
        all.push((table, width, rows.collect::<Result<_, _>>()?));
    }
    Ok(all)
}

/// Opens a connection that commits as durably as the service.
pub(crate) fn open(dir: &Path) -> Result<Connection> {
    let db = Connection::open(dir.join("muster.db"))?;
    db.pragma_update(None, "synchronous", "FULL")?;
    db.pragma_update(None, "foreign_keys", "ON")?;
    db.pragma_update(None, "wal_autocheckpoint", 16_384)?;
    db.pragma_update(None, "cache_size", -131_072)?;
    db.set_prepared_statement_cache_capacity(64);
    Ok(db)
}

/// Takes the last `count` people out of the store and puts their rows back, one commit each; gives how long that took.
pub(crate) fn put_back(dir: &Path, count: u64) -> Result<Duration> {
    let mut db = open(dir)?;
    let mut select = db.prepare("SELECT user_key FROM users ORDER BY user_key DESC LIMIT ?1")?;
    let mut users = select.query_map([count as i64], |row| row.get(0))?.collect::<Result<Vec<i64>, _>>()?;
    drop(select);
    users.reverse();
    let people = users.iter().map(|user| rows_of(&db, *user)).collect::<Result<Vec<_>>>()?;
    // Only what is timed is checked: looking for whoever refers to a plan reads everybody.
    db.pragma_update(None, "foreign_keys", "OFF")?;
    let taking = db.transaction()?;
    for user in &users {
        // Backwards: what others are found by goes last. What groups' members do stays.
        for (table, found) in
            TABLES.iter().rev().filter(|(table, _)| !matches!(*table, "group_state" | "plan" | "users"))
        {
            taking.prepare_cached(&format!("DELETE FROM {table} WHERE {found}"))?.execute([user])?;
        }
        let plan: i64 = taking
            .prepare_cached("SELECT created_plan FROM users WHERE user_key = ?1")?
            .query_row([user], |r| r.get(0))?;
        taking.prepare_cached("DELETE FROM users WHERE user_key = ?1")?.execute([user])?;
        taking.prepare_cached("DELETE FROM plan WHERE plan_key = ?1")?.execute([plan])?;
    }
    taking.commit()?;
    db.pragma_update(None, "foreign_keys", "ON")?;
    let texts: Vec<String> = people.first().map_or_else(Vec::new, |rows| {
        rows.iter()
            .map(|(table, width, _)| {
                let places: Vec<String> = (1..=*width).map(|at| format!("?{at}")).collect();
                format!("INSERT OR REPLACE INTO {table} VALUES ({})", places.join(", "))
            })
            .collect()
    });
    let started = Instant::now();
    for rows in &people {
        let one = db.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        for name in SEQUENCES {
            one.prepare_cached("UPDATE sequence SET next = next + 1 WHERE name = ?1")?.execute([name])?;
        }
        for ((.., rows), text) in rows.iter().zip(&texts) {
            let mut insert = one.prepare_cached(text)?;
            for row in rows {
                insert.execute(rusqlite::params_from_iter(row))?;
            }
        }
        one.commit()?;
    }
    Ok(started.elapsed())
}
