//! Times the creation of one person at a time in a directory that has many, beside the least that any program has to do.
//!
//! `cargo xtask bench create --users 1000000`. Figures go to standard output, one JSON object a line; a table for people
//! goes to standard error.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "figures are what this program is for")]

#[path = "create/floor.rs"]
mod floor;
#[path = "create/workload.rs"]
mod workload;

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use muster_service::Muster;

// The program's own allocator, so that its figures are the program's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How many people are created in a round, and in how many rounds.
const ROUND: u64 = 500;
const ROUNDS: u64 = 3;

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["--users", n] => all(n.parse().context("--users takes a number")?),
        [] => all(1_000_000),
        _ => bail!("usage: bench_create [--users N]"),
    }
}

fn all(users: u64) -> Result<()> {
    let root = std::env::temp_dir().join(format!("muster-bench-{}", std::process::id()));
    std::fs::create_dir_all(&root)?;
    let result = rounds(users, &root.join("data"));
    let _ = std::fs::remove_dir_all(&root);
    result
}

fn rounds(users: u64, dir: &Path) -> Result<()> {
    workload::stock(dir, users)?;
    eprintln!("{users} people are there");
    eprintln!("{:<18} {:>9} {:>9} {:>7} {:>9} {:>9}", "", "ms", "floor", "ratio", "commits", "peak MB");
    let mut next = users;
    for threads in [1, 16, 64] {
        let (mut spent, mut floor, mut commits) = (Vec::new(), Vec::new(), 0);
        // Turn and turn about, so that both have the same disk.
        for _ in 0..ROUNDS {
            let muster = Muster::open(dir, false, None)?;
            workload::create(&muster, next, ROUND / 10, threads)?;
            next += ROUND / 10;
            let before = muster.store().commits().done;
            spent.push(workload::create(&muster, next, ROUND, threads)?);
            next += ROUND;
            commits += muster.store().commits().done - before;
            drop(muster);
            floor.push(floor::put_back(dir, ROUND)?);
        }
        let (value, floor) = (each(spent), each(floor));
        let (ratio, peak) = (value / floor, peak()?);
        let commits = commits as f64 / (ROUND * ROUNDS) as f64;
        let name = format!("create_{threads}_threads");
        println!(
            "{{\"name\":\"{name}\",\"value\":{value:.3},\"unit\":\"ms\",\"floor\":{floor:.3},\"ratio\":{ratio:.2},\"peak_rss_mb\":{peak:.1},\"commits_each\":{commits:.3}}}"
        );
        eprintln!("{name:<18} {value:>9.3} {floor:>9.3} {ratio:>7.2} {commits:>9.3} {peak:>9.1}");
    }
    Ok(())
}

/// Milliseconds a person in the middle one of some rounds.
fn each(mut rounds: Vec<Duration>) -> f64 {
    rounds.sort();
    rounds.get(rounds.len() / 2).map_or(0.0, |d| d.as_secs_f64() * 1_000.0 / ROUND as f64)
}

fn peak() -> Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("0");
    Ok(peak.trim().trim_end_matches(" kB").trim().parse::<f64>()? / 1024.0)
}
