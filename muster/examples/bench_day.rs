//! Replays working days of an org: people read and write over HTTP, HR sends a roster every hour, accounts are provisioned.
//! What counts is the server's memory after each day: it must not grow.
//!
//! `cargo xtask bench day --users 5000`. Figures go to standard output, one JSON object a line; a table for people goes to
//! standard error.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "figures are what this program is for")]

#[path = "serve/http.rs"]
mod http;
#[path = "serve/server.rs"]
#[expect(dead_code, reason = "the other benchmark stops it")]
mod server;
#[path = "../../crates/service/examples/create/workload.rs"]
#[expect(dead_code, reason = "the other benchmarks create people through the service")]
mod workload;

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use muster_demo_app::{Config, DemoApp};

use crate::http::Client;
use crate::server::Server;

const DAYS: u32 = 4;
const HOURS: u64 = 8;
/// Requests an hour, over all clients.
const REQUESTS: u64 = 4_000;
const CLIENTS: u64 = 16;
/// What the applications are told by.
const TOKEN: &str = "MUSTER_BENCH_TOKEN";

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["--binary", binary, "--users", n] => {
            all(Path::new(binary), n.parse().context("--users takes a number")?)
        }
        _ => bail!("usage: bench_day --binary MUSTER --users N"),
    }
}

fn all(binary: &Path, users: u64) -> Result<()> {
    let root = std::env::temp_dir().join(format!("muster-bench-{}", std::process::id()));
    std::fs::create_dir_all(&root)?;
    let result = days(binary, users, &root);
    let _ = std::fs::remove_dir_all(&root);
    result
}

/// A roster in which one of a hundred has moved since the hour before.
fn roster(root: &Path, users: u64, hour: u64) -> Result<std::path::PathBuf> {
    let mut text = String::from("number,first,last,department,title,city\n");
    for n in 0..users {
        let moved = (0..=hour).rev().find(|h| (n + h * 37).is_multiple_of(100)).unwrap_or(0);
        let department = (n + moved) % 20;
        writeln!(
            text,
            "{n:08},First{},Last{n},Department {department:02},Clerk {},City {:03}",
            n % 1_000,
            n % 7,
            n % 200
        )?;
    }
    let file = root.join("roster.csv");
    std::fs::write(&file, text)?;
    Ok(file)
}

fn run(binary: &Path, dir: &Path, args: &[&str]) -> Result<()> {
    let ran = Command::new(binary)
        .args(args)
        .arg("--data-dir")
        .arg(dir)
        .env(TOKEN, Config::default().token)
        .output()?;
    if !ran.status.success() {
        bail!("{args:?}: {}", String::from_utf8_lossy(&ran.stderr));
    }
    Ok(())
}

fn days(binary: &Path, users: u64, root: &Path) -> Result<()> {
    let dir = root.join("data");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let app = runtime.block_on(DemoApp::start(Config::default()))?;
    let secret =
        |name: &str| format!("[apps.{name}.secrets]\ntoken = \"env:{TOKEN}\"\n[apps.{name}.settings]");
    let org = workload::org()
        .replace("http://127.0.0.1:9/scim/v2", &app.base_url)
        .replace("[apps.directory.settings]", &secret("directory"))
        .replace("groups = [\"Staff\"]\n[apps.wiki.settings]", "[apps.wiki.settings]")
        .replace("[apps.wiki.settings]", &secret("wiki"));
    let file = root.join("org.toml");
    std::fs::write(&file, org)?;
    run(binary, &dir, &["org", "apply", &file.display().to_string()])?;
    let first = roster(root, users, 0)?;
    run(binary, &dir, &["import", "--app", "hr", &first.display().to_string()])?;
    let token = server::token(binary, &dir)?;
    let server = Server::start_with(binary, &dir, &[], &[(TOKEN, &Config::default().token)])?;
    let mut before = None;
    for day in 1..=DAYS {
        let begun = Instant::now();
        for hour in 0..HOURS {
            let clients: Result<Vec<()>> = std::thread::scope(|scope| {
                let work = |n| hour_of(&server, &token, users, u64::from(day) * HOURS + hour, n);
                let running: Vec<_> = (0..CLIENTS).map(|n| scope.spawn(move || work(n))).collect();
                let roster = roster(root, users, u64::from(day - 1) * HOURS + hour + 1)?;
                run(binary, &dir, &["import", "--app", "hr", &roster.display().to_string(), "--force"])?;
                running.into_iter().map(|r| r.join().unwrap_or_else(|_| bail!("a client panicked"))).collect()
            });
            clients?;
        }
        // What is under way in the applications ends.
        run(binary, &dir, &["sync", "--timeout", "60"])?;
        let memory = server.megabytes()?;
        let floor = *before.get_or_insert(memory);
        let ratio = memory / floor;
        let peak = server.peak_megabytes()?;
        println!(
            "{{\"name\":\"memory_after_day_{day}\",\"value\":{memory:.1},\"unit\":\"MB\",\"floor\":{floor:.1},\"ratio\":{ratio:.2},\"peak_rss_mb\":{peak:.1}}}"
        );
        eprintln!("day {day}: {memory:.1} MB ({:.0} s)", begun.elapsed().as_secs_f64());
        before = Some(floor);
    }
    Ok(())
}

/// What one client does in an hour: it looks at people, searches, lists, and changes one thing in twenty.
fn hour_of(server: &Server, token: &str, users: u64, hour: u64, client: u64) -> Result<()> {
    let mut http = Client::connect(server.address, &format!("SSWS {token}"))?;
    for n in 0..REQUESTS / CLIENTS {
        let who = (n * 7_919 + client * 104_729 + hour * 31) % users;
        let login = format!("p{who:08}@bench.example");
        let search = |filter: &str| format!("/api/v1/users?limit=20&search={}", http::encode(filter));
        let (method, path, body) = match n % 20 {
            0 => (
                "POST",
                format!("/api/v1/users/{login}"),
                format!("{{\"profile\":{{\"nickName\":\"n{n}\"}}}}"),
            ),
            1 => ("GET", search(&format!("profile.lastName sw \"Last{}\"", who / 10)), String::new()),
            2 => ("GET", "/api/v1/groups?limit=50".to_owned(), String::new()),
            3 => ("GET", "/api/v1/logs?limit=50".to_owned(), String::new()),
            4 => ("GET", "/api/v1/users?limit=100".to_owned(), String::new()),
            5 => ("GET", format!("/api/v1/users/{login}/groups"), String::new()),
            6 => ("GET", format!("/api/v1/users/{login}/why"), String::new()),
            _ => ("GET", format!("/api/v1/users/{login}"), String::new()),
        };
        let (status, answer) = http.send(method, &path, &body)?;
        if status != 200 {
            bail!("{method} {path}: {status} {answer}");
        }
    }
    Ok(())
}
