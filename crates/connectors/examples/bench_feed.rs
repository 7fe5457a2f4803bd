//! Reads and sorts a feed of made-up people, against the bare CSV tokenizer as the floor.
//!
//! Run by `cargo xtask bench feed`: one JSON object a figure on standard output, a table on standard error.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark speaks to its caller")]

use std::error::Error;
use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::time::Instant;

use muster_connectors::csv::{Column, FeedFormat, FeedReader, FeedRow, Kind, Marked, sorted};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Columns besides the key, the status and the date of hire: 20 in all.
const TEXTS: usize = 17;

/// What sorting may take before it spills.
const SORT_MEMORY: usize = 64 * 1024 * 1024;

fn main() -> Outcome<()> {
    let mut arguments = std::env::args().skip(1);
    let rows = match (arguments.next().as_deref(), arguments.next()) {
        (Some("--rows"), Some(rows)) => rows.parse()?,
        (None, _) => 1_000_000,
        _ => return Err("usage: bench_feed [--rows NUMBER]".into()),
    };
    let dir = tempfile::tempdir()?;
    let file = dir.path().join("feed.csv");
    write_feed(&file, rows)?;
    let (format, size) = (format(), fs::metadata(&file)?.len());
    eprintln!("{rows} rows of 20 columns, {} MB", size / 1_000_000);
    eprintln!("{:<12} {:>10} {:>10} {:>8} {:>12}", "", "seconds", "floor", "ratio", "peak MB");

    let floor = seconds(|| {
        let mut reader = csv::Reader::from_path(&file)?;
        let mut record = csv::ByteRecord::new();
        let mut fields = 0;
        while reader.read_byte_record(&mut record)? {
            fields += record.len();
        }
        if fields as u64 == rows * 20 { Ok(()) } else { Err("the tokenizer lost fields".into()) }
    })?;
    let read = seconds(|| {
        let mut hash = 0;
        for row in FeedReader::open(File::open(&file)?, &format)? {
            match row? {
                FeedRow::Valid(row) => hash ^= row.content_hash(),
                FeedRow::Gone(row) => return Err(format!("{} is gone", row.key).into()),
                FeedRow::Rejected(row) => return Err(row.reason.into()),
            }
        }
        // Looked at, so that nothing is optimized away.
        if hash == 0 && rows > 1 { Err("all rows look the same".into()) } else { Ok(()) }
    })?;
    report("feed_read", read, floor);
    let sort = seconds(|| {
        let mut feed = sorted(FeedReader::open(File::open(&file)?, &format)?, SORT_MEMORY, dir.path())?;
        for item in feed.by_ref() {
            item?;
        }
        if feed.summary().valid == rows { Ok(()) } else { Err("sorting lost rows".into()) }
    })?;
    report("feed_sort", sort, floor);
    Ok(())
}

fn format() -> FeedFormat {
    let texts = (0..TEXTS).map(|index| Column::new(format!("text_{index}"), Kind::Text));
    let columns = texts.chain([Column::new("hired", Kind::Date).required()]).collect();
    let terminated = Some(Marked { column: "status".into(), values: vec!["terminated".into()] });
    FeedFormat { terminated, ..FeedFormat::new("id", columns) }
}

/// Keys come in an order that is no order, as hashed ones do.
fn write_feed(file: &Path, rows: u64) -> Outcome<()> {
    let mut out = BufWriter::new(File::create(file)?);
    write!(out, "id,status,hired")?;
    for index in 0..TEXTS {
        write!(out, ",text_{index}")?;
    }
    writeln!(out)?;
    for row in 0..rows {
        let key = row.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        write!(out, "{key:016x},active,19{:02}-0{}-1{}", row % 100, row % 9 + 1, row % 10)?;
        for index in 0..TEXTS as u64 {
            write!(out, ",value {}", (row * 31 + index) % 10_000)?;
        }
        writeln!(out)?;
    }
    out.flush()?;
    Ok(())
}

fn seconds(work: impl FnOnce() -> Outcome<()>) -> Outcome<f64> {
    let started = Instant::now();
    work()?;
    Ok(started.elapsed().as_secs_f64())
}

fn report(name: &str, value: f64, floor: f64) {
    let (ratio, peak) = (value / floor, peak_rss_mb());
    println!(
        "{}",
        serde_json::json!({
            "name": name, "value": value, "unit": "s", "floor": floor, "ratio": ratio, "peak_rss_mb": peak,
        })
    );
    let peak = peak.map(|peak| peak.to_string()).unwrap_or_default();
    eprintln!("{name:<12} {value:>10.2} {floor:>10.2} {ratio:>8.1} {peak:>12}");
}

/// The most memory this process has had so far, where the system tells.
fn peak_rss_mb() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kilobytes / 1024)
}
