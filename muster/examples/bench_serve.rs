//! Times the server over HTTP in a directory that has many people: one at a time and many at once, client included,
//! beside the least that any program has to do.
//!
//! `cargo xtask bench serve --users 1000000`. Figures go to standard output, one JSON object a line; a table for people
//! goes to standard error.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "figures are what this program is for")]

#[path = "../../crates/service/examples/create/floor.rs"]
mod floor;
#[path = "serve/http.rs"]
mod http;
#[path = "serve/server.rs"]
#[expect(dead_code, reason = "the other benchmark asks for the memory it has")]
mod server;
#[path = "../../crates/service/examples/create/workload.rs"]
#[expect(dead_code, reason = "the other benchmark creates people through the service")]
mod workload;

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::http::Client;
use crate::server::Server;

/// How many people are created in a round, and in how many rounds.
const ROUND: u64 = 500;
const ROUNDS: usize = 3;
/// How many are created before it counts.
const WARM: u64 = 1_500;
/// How many requests of a kind are made to read.
const READS: u64 = 4_000;
/// Nobody provisions: the applications aren't there.
const ALONE: [&str; 4] = ["--workers", "off", "--scheduler", "off"];

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["--binary", binary, "--users", n] => {
            all(Path::new(binary), n.parse().context("--users takes a number")?)
        }
        _ => bail!("usage: bench_serve --binary MUSTER --users N"),
    }
}

fn all(binary: &Path, users: u64) -> Result<()> {
    let root = std::env::temp_dir().join(format!("muster-bench-{}", std::process::id()));
    std::fs::create_dir_all(&root)?;
    let result = measure(binary, users, &root.join("data"));
    let _ = std::fs::remove_dir_all(&root);
    result
}

fn measure(binary: &Path, users: u64, dir: &Path) -> Result<()> {
    workload::stock(dir, users)?;
    eprintln!("{users} people are there");
    let token = server::token(binary, dir)?;
    eprintln!("{:<26} {:>10} {:>10} {:>7} {:>9}", "", "", "floor", "ratio", "peak MB");
    creates(binary, users, dir, &token)?;
    let server = Server::start_with(binary, dir, &ALONE, &[])?;
    let paths = |n: u64| -> [(&'static str, String); 3] {
        let n = n * 7_919 % users.max(1);
        let text = |filter: &str| format!("/api/v1/users?limit=20&search={}", http::encode(filter));
        [
            ("get_user", format!("/api/v1/users/p{n:08}@bench.example")),
            ("search_by_email", text(&format!("profile.email eq \"p{n:08}@bench.example\""))),
            ("search_by_last_name", text(&format!("profile.lastName eq \"Last{}\"", n % 4_913))),
        ]
    };
    for (at, kind) in ["get_user", "search_by_email", "search_by_last_name"].into_iter().enumerate() {
        let path = |n: u64| paths(n).into_iter().nth(at).map(|(_, p)| p).unwrap_or_default();
        // Once before it counts: the server has just been started.
        read(&server, &token, 64, path)?;
        let took = read(&server, &token, 64, |n| path(READS + n))?;
        let empty = read(&server, &token, 64, |_| "/healthz".to_owned())?;
        for (name, share) in [("p50", 0.50), ("p99", 0.99)] {
            let (value, floor) = (quantile(&took.each, share), quantile(&empty.each, share));
            tell(&format!("{kind}_64_{name}"), value, "ms", floor, server.peak_megabytes()?);
        }
        tell(&format!("{kind}_64_rate"), took.rate(), "1/s", empty.rate(), server.peak_megabytes()?);
    }
    Ok(())
}

/// Creations over 1, 16 and 64 connections.
fn creates(binary: &Path, users: u64, dir: &Path, token: &str) -> Result<()> {
    let mut next = users;
    for connections in [1, 16, 64] {
        let (mut spent, mut commits, mut empty) = (Vec::new(), Vec::new(), Vec::new());
        let mut peak: f64 = 0.0;
        for _ in 0..ROUNDS {
            let mut server = Server::start_with(binary, dir, &ALONE, &[])?;
            // Turn and turn about, so that all have the same machine. What is put back has just been read; the server has
            // just been started, so it gets to know its pages before it counts.
            create(&server, token, next, WARM, connections)?;
            next += WARM;
            spent.push(create(&server, token, next, ROUND, connections)?);
            next += ROUND;
            empty.push(read(&server, token, 1, |_| "/healthz".to_owned())?.mean());
            peak = peak.max(server.peak_megabytes()?);
            server.stop()?;
            commits.push(floor::put_back(dir, ROUND)?.as_secs_f64() * 1e3 / ROUND as f64);
        }
        let value = middle(spent.iter().map(|d| d.as_secs_f64() * 1e3 / ROUND as f64).collect());
        let (commit, request) = (middle(commits), middle(empty));
        if connections == 1 {
            tell("create_1_latency", value, "ms", commit + request, peak);
            tell("commit_alone", commit, "ms", commit, peak);
            tell("empty_request", request, "ms", request, peak);
        } else {
            tell(&format!("create_{connections}_rate"), 1e3 / value, "1/s", 1e3 / commit, peak);
        }
    }
    Ok(())
}

/// Creates people over so many connections; gives how long that took.
fn create(server: &Server, token: &str, from: u64, count: u64, connections: u64) -> Result<Duration> {
    let next = AtomicU64::new(from);
    let started = Instant::now();
    each_connection(server, token, connections, |client| {
        loop {
            let n = next.fetch_add(1, Ordering::Relaxed);
            if n >= from + count {
                return Ok(());
            }
            let (login, mut profile) = workload::person(n);
            profile.insert("login".to_owned(), login.as_str().into());
            let body =
                serde_json::json!({ "profile": profile, "credentials": { "password": { "value": "x" } } });
            let (status, answer) = client.send("POST", "/api/v1/users", &body.to_string())?;
            if status != 200 {
                bail!("{login}: {status} {answer}");
            }
        }
    })?;
    Ok(started.elapsed())
}

/// What many requests took.
struct Took {
    /// Milliseconds each, sorted.
    each: Vec<f64>,
    whole: Duration,
}

impl Took {
    fn mean(&self) -> f64 {
        self.each.iter().sum::<f64>() / self.each.len().max(1) as f64
    }

    fn rate(&self) -> f64 {
        self.each.len() as f64 / self.whole.as_secs_f64()
    }
}

fn read(server: &Server, token: &str, connections: u64, path: impl Fn(u64) -> String + Sync) -> Result<Took> {
    let (next, all) = (AtomicU64::new(0), std::sync::Mutex::new(Vec::new()));
    let count = if connections == 1 { READS / 4 } else { READS };
    let started = Instant::now();
    each_connection(server, token, connections, |client| {
        let mut mine = Vec::new();
        loop {
            let n = next.fetch_add(1, Ordering::Relaxed);
            if n >= count {
                break;
            }
            let path = path(n);
            let begun = Instant::now();
            let (status, answer) = client.send("GET", &path, "")?;
            mine.push(begun.elapsed().as_secs_f64() * 1e3);
            if status != 200 {
                bail!("{path}: {status} {answer}");
            }
        }
        if let Ok(mut all) = all.lock() {
            all.append(&mut mine);
        }
        Ok(())
    })?;
    let whole = started.elapsed();
    let mut each = all.into_inner().unwrap_or_default();
    each.sort_by(f64::total_cmp);
    Ok(Took { each, whole })
}

fn each_connection(
    server: &Server,
    token: &str,
    connections: u64,
    work: impl Fn(&mut Client) -> Result<()> + Sync,
) -> Result<()> {
    std::thread::scope(|scope| {
        let running: Vec<_> = (0..connections)
            .map(|_| scope.spawn(|| work(&mut Client::connect(server.address, &format!("SSWS {token}"))?)))
            .collect();
        for thread in running {
            match thread.join() {
                Ok(outcome) => outcome?,
                Err(_) => bail!("a thread panicked"),
            }
        }
        Ok(())
    })
}

fn middle(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or_default()
}

fn quantile(sorted: &[f64], share: f64) -> f64 {
    let at = (sorted.len() as f64 * share) as usize;
    sorted.get(at.min(sorted.len().saturating_sub(1))).copied().unwrap_or_default()
}

fn tell(name: &str, value: f64, unit: &str, floor: f64, peak: f64) {
    let ratio = value / floor;
    println!(
        "{{\"name\":\"{name}\",\"value\":{value:.3},\"unit\":\"{unit}\",\"floor\":{floor:.3},\"ratio\":{ratio:.2},\"peak_rss_mb\":{peak:.1}}}"
    );
    eprintln!("{name:<26} {value:>10.3} {floor:>10.3} {ratio:>7.2} {peak:>9.1}");
}
