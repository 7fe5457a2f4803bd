//! Times a first import, the same again, and one with 1 % changed, beside the least that any program has to do.
//!
//! `cargo xtask bench import --users 100000`. Each phase runs in a process of its own, so that its peak memory is its
//! own. Figures go to standard output, one JSON object a line; a table for people goes to standard error.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "figures are what this program is for")]

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use muster_connectors::csv::{Column, FeedFormat, FeedReader, FeedRow, Kind, Marked};
use muster_service::plan::{PlanStatus, Quiet};
use muster_service::{Actor, ImportOptions, Muster};
use rusqlite::Connection;

mod bench_data;

use bench_data::{COLUMNS, done, figure, org, phase, write_feed};

// The program's own allocator, so that its figures are the program's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const CHUNK: usize = 2_000;
/// How often a later import is done.
const ROUNDS: usize = 3;
/// Tables that hold people, in the order in which they refer to each other.
const TABLES: [&str; 6] = ["users", "source_record", "claim", "membership", "link", "account"];

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["--users", n] => all(n.parse().context("--users takes a number")?),
        [] => all(100_000),
        ["phase", "import", dir, feed] => import(Path::new(dir), Path::new(feed)),
        ["phase", "load", dir, to] => load(Path::new(dir), Path::new(to)),
        ["phase", "scan", dir, feed, changed] => scan(Path::new(dir), Path::new(feed), changed.parse()?),
        _ => bail!("usage: bench_import [--users N]"),
    }
}

fn format() -> FeedFormat {
    let columns =
        COLUMNS.iter().map(|c| Column::new(*c, if *c == "hire_date" { Kind::Date } else { Kind::Text }));
    FeedFormat {
        terminated: Some(Marked { column: "status".to_owned(), values: vec!["terminated".to_owned()] }),
        ..FeedFormat::new("employee_number", columns.collect())
    }
}

fn all(users: u64) -> Result<()> {
    let root = std::env::temp_dir().join(format!("muster-bench-{}", std::process::id()));
    std::fs::create_dir_all(&root)?;
    let result = phases(users, &root);
    let _ = std::fs::remove_dir_all(&root);
    result
}

fn phases(users: u64, root: &Path) -> Result<()> {
    let (feed, changed) = (root.join("feed.csv"), root.join("changed.csv"));
    write_feed(&feed, users, None)?;
    write_feed(&changed, users, Some(100))?;
    let dir = root.join("data");
    {
        let muster = Muster::open(&dir, true, None)?;
        muster.org_apply(&Actor::operator("bench"), "org.toml", &org(), ImportOptions::default(), &Quiet)?;
    }
    eprintln!("{users} people, {} MB of feed", std::fs::metadata(&feed)?.len() / 1_000_000);
    eprintln!("{:<14} {:>9} {:>9} {:>7} {:>9}", "", "seconds", "floor", "ratio", "peak MB");
    let path = |p: &PathBuf| p.display().to_string();
    let (first, peak) = phase(&["import", &path(&dir), &path(&feed)])?;
    let (floor, _) = phase(&["load", &path(&dir), &path(&root.join("floor.db"))])?;
    figure("import_first", first, floor, peak);
    sizes(&dir, users)?;
    // They are short, so each is done several times, turn and turn about with its floor, and the middle counts. What was
    // changed is changed back: 1 % each time.
    let changes = (users / 100).to_string();
    later("import_again", [&feed; ROUNDS], &dir, "0")?;
    later("import_1_percent", [&changed, &feed, &changed], &dir, &changes)
}

/// A later import, once with each of these feeds, beside its floor.
fn later(name: &str, feeds: [&PathBuf; ROUNDS], dir: &Path, changes: &str) -> Result<()> {
    // The floor writes into a copy: the next import must find what the last one left.
    let copy = dir.with_extension("copy");
    std::fs::create_dir_all(&copy)?;
    let (from, to) = (dir.join("muster.db"), copy.join("muster.db"));
    let (dir, copy) = (dir.display().to_string(), copy.display().to_string());
    let (mut times, mut floors, mut most) = ([0.0; ROUNDS], [0.0; ROUNDS], 0.0_f64);
    for ((feed, time), floor) in feeds.into_iter().zip(&mut times).zip(&mut floors) {
        let feed = feed.display().to_string();
        let (spent, peak) = phase(&["import", &dir, &feed])?;
        std::fs::copy(&from, &to)?;
        // Both begin with the file in the system's cache and nothing of it to be written.
        std::fs::File::open(&to)?.sync_all()?;
        (*time, *floor) = (spent, phase(&["scan", &copy, &feed, changes])?.0);
        most = most.max(peak);
    }
    times.sort_by(f64::total_cmp);
    floors.sort_by(f64::total_cmp);
    figure(name, times[ROUNDS / 2], floors[ROUNDS / 2], most);
    Ok(())
}

/// Rows and bytes a person, after a checkpoint, indices included.
fn sizes(dir: &Path, users: u64) -> Result<()> {
    Muster::open(dir, false, None)?.store().checkpoint()?;
    let db = Connection::open(dir.join("muster.db"))?;
    let mut rows = 0i64;
    for table in TABLES {
        rows += db.query_row(&format!("SELECT count(*) FROM {table}"), [], |r| r.get::<_, i64>(0))?;
    }
    let bytes = std::fs::metadata(dir.join("muster.db"))?.len();
    let (rows, bytes) = (rows as f64 / users as f64, bytes as f64 / users as f64);
    println!(
        "{{\"name\":\"import_rows_per_person\",\"value\":{rows:.2},\"unit\":\"rows\",\"floor\":14,\"ratio\":{:.2},\"peak_rss_mb\":0}}",
        rows / 14.0
    );
    println!(
        "{{\"name\":\"import_bytes_per_person\",\"value\":{bytes:.0},\"unit\":\"bytes\",\"floor\":4096,\"ratio\":{:.2},\"peak_rss_mb\":0}}",
        bytes / 4096.0
    );
    eprintln!("{rows:.1} rows and {bytes:.0} bytes a person");
    Ok(())
}

fn import(dir: &Path, feed: &Path) -> Result<()> {
    let muster = Muster::open(dir, false, None)?;
    let started = Instant::now();
    let report = muster.import_file(
        &Actor::operator("bench"),
        "hr",
        feed,
        ImportOptions { preview: false, force: false },
        &Quiet,
    )?;
    if report.status != PlanStatus::Applied || !report.notes.problems.is_empty() {
        bail!("{report:?}");
    }
    done(started)
}

/// The floor of a first import: its final rows, into the same schema, by the plainest prepared statements, in the same
/// chunks, each durable. Reading them isn't counted.
fn load(dir: &Path, to: &Path) -> Result<()> {
    drop(muster_store::Store::open(to, &muster_store::OpenOptions::create())?);
    let from = Connection::open(dir.join("muster.db"))?;
    let mut db = Connection::open(to)?;
    db.pragma_update(None, "journal_mode", "WAL")?;
    db.pragma_update(None, "synchronous", "FULL")?;
    db.pragma_update(None, "foreign_keys", "ON")?;
    db.pragma_update(None, "wal_autocheckpoint", 16_384)?;
    let last: i64 = from.query_row("SELECT max(user_key) FROM users", [], |r| r.get(0))?;
    copy_all(&from, &mut db, "plan", "1 = 1", &[])?;
    let mut spent = std::time::Duration::ZERO;
    let mut low = 0i64;
    while low <= last {
        let high = low + CHUNK as i64;
        let mut rows = Vec::new();
        for table in TABLES {
            rows.push((table, read(&from, table, "user_key >= ?1 AND user_key < ?2", &[low, high])?));
        }
        let started = Instant::now();
        let tx = db.transaction()?;
        for (table, (width, values)) in &rows {
            let places: Vec<String> = (1..=*width).map(|i| format!("?{i}")).collect();
            let mut insert =
                tx.prepare_cached(&format!("INSERT INTO {table} VALUES ({})", places.join(", ")))?;
            for row in values {
                insert.execute(rusqlite::params_from_iter(row))?;
            }
        }
        tx.commit()?;
        spent += started.elapsed();
        low = high;
    }
    println!("{} 0", spent.as_secs_f64());
    Ok(())
}

type Rows = (usize, Vec<Vec<rusqlite::types::Value>>);

fn read(from: &Connection, table: &str, filter: &str, params: &[i64]) -> Result<Rows> {
    let mut select = from.prepare_cached(&format!("SELECT * FROM {table} WHERE {filter}"))?;
    let width = select.column_count();
    let rows = select
        .query_map(rusqlite::params_from_iter(params), |r| (0..width).map(|i| r.get(i)).collect())?
        .collect::<Result<Vec<Vec<rusqlite::types::Value>>, _>>()?;
    Ok((width, rows))
}

fn copy_all(from: &Connection, to: &mut Connection, table: &str, filter: &str, params: &[i64]) -> Result<()> {
    let (width, rows) = read(from, table, filter, params)?;
    let places: Vec<String> = (1..=width).map(|i| format!("?{i}")).collect();
    for row in rows {
        to.execute(
            &format!("INSERT OR IGNORE INTO {table} VALUES ({})", places.join(", ")),
            rusqlite::params_from_iter(row),
        )?;
    }
    Ok(())
}

/// The floor of a later import: parse the file, scan the stored keys and hashes in order, write the changed rows.
fn scan(dir: &Path, feed: &Path, changed: usize) -> Result<()> {
    let store = muster_store::Store::open(dir.join("muster.db"), &muster_store::OpenOptions::default())?;
    let mut db = Connection::open(dir.join("muster.db"))?;
    db.pragma_update(None, "synchronous", "FULL")?;
    let app: i64 = db.query_row("SELECT min(app_key) FROM source_record", [], |r| r.get(0))?;
    let rows: Vec<(i64, String)> = {
        let mut select = db.prepare(
            "SELECT user_key, profile FROM users WHERE plan = (SELECT max(plan) FROM users) \
             ORDER BY user_key LIMIT ?1",
        )?;
        let rows = select.query_map([changed as i64], |r| Ok((r.get(0)?, r.get(1)?)))?;
        rows.collect::<Result<_, _>>()?
    };
    if rows.len() != changed {
        bail!("{} people changed, not {changed}", rows.len());
    }
    let started = Instant::now();
    let mut hashes = 0u64;
    for row in FeedReader::open(std::fs::File::open(feed)?, &format())? {
        if let FeedRow::Valid(row) = row? {
            hashes ^= row.content_hash();
        }
    }
    let mut after = String::new();
    loop {
        let page = store.read(|tx| muster_store::lookups::scan_records(tx, app, &after, 5_000))?;
        let Some(last) = page.last() else { break };
        after.clone_from(&last.external_id);
        hashes ^= page.iter().fold(0, |h, r| h ^ r.hash as u64);
    }
    // The rows of a changed person: the record, the person, two accounts.
    for part in rows.chunks(CHUNK) {
        let tx = db.transaction()?;
        {
            let mut user = tx.prepare_cached(
                "UPDATE users SET profile = ?2, last_updated = ?3, rev = rev + 1 WHERE user_key = ?1",
            )?;
            let mut record = tx.prepare_cached(
                "UPDATE source_record SET hash = hash + 1, changed = ?2 WHERE user_key = ?1",
            )?;
            let mut account = tx.prepare_cached(
                "UPDATE account SET wanted = wanted || ' ', wanted_rev = wanted_rev + 1 WHERE user_key = ?1",
            )?;
            for (key, profile) in part {
                user.execute(rusqlite::params![key, profile, 1])?;
                record.execute(rusqlite::params![key, 1])?;
                account.execute([key])?;
            }
        }
        tx.commit()?;
    }
    std::hint::black_box(hashes);
    done(started)
}
