//! How long those who leave keep their access: from the request that deactivates a person to the moment the last of
//! five applications has her account inactive, while feeds are imported and the same applications are being filled.
//!
//! `cargo xtask bench leaver --users 50000 --leavers 200 --import 50000`. Figures go to standard output, one JSON object a
//! line; a table for people goes to standard error. What counts is told by the applications themselves, which note when
//! an account became inactive.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "figures are what this program is for")]

#[path = "serve/http.rs"]
#[expect(dead_code, reason = "the other benchmarks search")]
mod http;
#[path = "serve/server.rs"]
#[expect(dead_code, reason = "the other benchmarks stop it and ask for the memory it has")]
mod server;
#[path = "../../crates/service/examples/create/workload.rs"]
#[expect(dead_code, reason = "the other benchmarks create people through the service")]
mod workload;

use std::fmt::Write as _;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use muster_demo_app::{Act, Config, DemoApp, On, Which};

use crate::http::Client;
use crate::server::Server;

/// The applications, and how many milliseconds each takes to answer.
const APPS: [(&str, u64); 5] = [("mail", 20), ("directory", 27), ("wiki", 35), ("crm", 42), ("erp", 50)];
/// What the applications are told by.
const TOKEN: &str = "MUSTER_BENCH_TOKEN";
/// Leavers a second.
const RATE: u64 = 5;
/// How long the last of them may take before it counts as lost.
const PATIENCE: Duration = Duration::from_secs(120);
/// How often the applications' own time is taken.
const FLOORS: usize = 100;

struct Size {
    users: u64,
    leavers: u64,
    import: u64,
}

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["--binary", binary, "--users", users, "--leavers", leavers, "--import", import] => {
            let number = |text: &str| text.parse::<u64>().context("it takes numbers");
            let size = Size { users: number(users)?, leavers: number(leavers)?, import: number(import)? };
            if size.leavers > size.users || size.leavers == 0 {
                bail!("the leavers are among the users: one at least, and not more than those");
            }
            all(Path::new(binary), &size)
        }
        _ => bail!("usage: bench_leaver --binary MUSTER --users N --leavers N --import N"),
    }
}

fn all(binary: &Path, size: &Size) -> Result<()> {
    let root = std::env::temp_dir().join(format!("muster-bench-{}", std::process::id()));
    std::fs::create_dir_all(&root)?;
    let result = measure(binary, size, &root);
    let _ = std::fs::remove_dir_all(&root);
    result
}

/// The `n`th person's login.
fn login(n: u64) -> String {
    format!("p{n:08}@bench.example")
}

/// A roster of so many people; the last `changed` of them have another title in each round.
fn roster(root: &Path, people: u64, changed: u64, round: u64) -> Result<PathBuf> {
    let file = root.join(format!("roster-{round}.csv"));
    let mut out = BufWriter::new(std::fs::File::create(&file)?);
    writeln!(out, "number,first,last,department,title,city")?;
    for n in 0..people {
        let title = if n >= people.saturating_sub(changed) { (n + round) % 7 } else { n % 7 };
        writeln!(
            out,
            "{n:08},First{},Last{n},Department {:02},Clerk {title},City {:03}",
            n % 1_000,
            n % 20,
            n % 200
        )?;
    }
    out.flush()?;
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

fn org(apps: &[DemoApp]) -> String {
    let mut org = workload::org();
    org.truncate(org.find("[apps.directory]").unwrap_or(org.len()));
    for ((name, _), app) in APPS.iter().zip(apps) {
        // Writing to a string can't fail.
        let _ = writeln!(
            org,
            "[apps.{name}]\nkind = \"scim\"\ngroups = [\"Staff\"]\n[apps.{name}.settings]\nbase_url = \"{}\"\n\
             [apps.{name}.secrets]\ntoken = \"env:{TOKEN}\"\n[apps.{name}.provisioning]\n[apps.{name}.to_app]\n\
             userName = 'user.login'\n\"name.givenName\" = 'user.firstName'\n\"name.familyName\" = 'user.lastName'\n\
             title = 'user.title'",
            app.base_url
        );
    }
    org
}

fn measure(binary: &Path, size: &Size, root: &Path) -> Result<()> {
    let dir = root.join("data");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let apps: Vec<DemoApp> =
        APPS.iter().map(|_| runtime.block_on(DemoApp::start(Config::default()))).collect::<Result<_, _>>()?;
    let file = root.join("org.toml");
    std::fs::write(&file, org(&apps))?;
    run(binary, &dir, &["org", "apply", &file.display().to_string()])?;
    let import = |roster: &Path| {
        run(binary, &dir, &["import", "--app", "hr", &roster.display().to_string(), "--force"])
    };
    // Who will leave has her accounts; everybody else's are still to come.
    import(&roster(root, size.leavers, 0, 0)?)?;
    run(binary, &dir, &["sync", "--timeout", "300"])?;
    if let Some(app) = apps.iter().find(|app| app.count() as u64 != size.leavers) {
        bail!("{} accounts in {}, not {}", app.count(), app.base_url, size.leavers);
    }
    import(&roster(root, size.users, 0, 1)?)?;
    eprintln!("{} people are there, {} of them with their accounts", size.users, size.leavers);
    for (app, (_, delay)) in apps.iter().zip(APPS) {
        app.faults().add(On::Any, Which::Always, Act::Slow(Duration::from_millis(delay)));
    }
    let token = server::token(binary, &dir)?;
    let floor = floor(&apps)?;
    let server = Server::start_with(binary, &dir, &[], &[(TOKEN, &Config::default().token)])?;
    let over = AtomicBool::new(false);
    let begun = Instant::now();
    let filled = apps.iter().map(DemoApp::count).sum::<usize>();
    let (sent, imports) = std::thread::scope(|scope| {
        let importing = scope.spawn(|| -> Result<u64> {
            let mut rounds = 0;
            while !over.load(Ordering::Relaxed) {
                rounds += 1;
                let roster = roster(root, size.users + size.import, size.import, rounds + 1)?;
                import(&roster)?;
                std::fs::remove_file(roster)?;
            }
            Ok(rounds)
        });
        let sent = leave(&server, &token, size.leavers);
        let waited = sent.and_then(|sent| gone(&apps, size.leavers).map(|()| sent));
        over.store(true, Ordering::Relaxed);
        let imports = importing.join().unwrap_or_else(|_| bail!("the import panicked"));
        Ok::<_, anyhow::Error>((waited?, imports?))
    })?;
    let took = begun.elapsed().as_secs_f64();
    let created = apps.iter().map(DemoApp::count).sum::<usize>() - filled;
    let peak = server.peak_megabytes()?;
    tell_all(&apps, &sent, &floor, peak);
    eprintln!("beside: {imports} imports of {} rows, {created} accounts created, {took:.0} s", size.import);
    println!(
        "{{\"name\":\"leaver_backfill_beside\",\"value\":{:.1},\"unit\":\"accounts/s\",\"peak_rss_mb\":{peak:.1}}}",
        created as f64 / took
    );
    println!(
        "{{\"name\":\"leaver_import_beside\",\"value\":{:.1},\"unit\":\"rows/s\",\"peak_rss_mb\":{peak:.1}}}",
        (imports * size.import) as f64 / took
    );
    Ok(())
}

/// A deactivation: when it was asked for and when it was answered.
struct Sent {
    login: String,
    asked: Instant,
    answered: Instant,
}

/// Deactivates the leavers, some a second, spread over the directory's first people.
fn leave(server: &Server, token: &str, leavers: u64) -> Result<Vec<Sent>> {
    let mut client = Client::connect(server.address, &format!("SSWS {token}"))?;
    // The import and the filling are under way.
    std::thread::sleep(Duration::from_secs(2));
    let begun = Instant::now();
    let mut all = Vec::new();
    for n in 0..leavers {
        let at = begun + Duration::from_millis(n * 1_000 / RATE);
        std::thread::sleep(at.saturating_duration_since(Instant::now()));
        let login = login(n);
        let asked = Instant::now();
        let (status, answer) =
            client.send("POST", &format!("/api/v1/users/{login}/lifecycle/deactivate"), "")?;
        if status != 200 {
            bail!("{login}: {status} {answer}");
        }
        all.push(Sent { login, asked, answered: Instant::now() });
    }
    Ok(all)
}

/// Waits until all of them have lost their access everywhere.
fn gone(apps: &[DemoApp], leavers: u64) -> Result<()> {
    let begun = Instant::now();
    let left = || {
        let has = |app: &DemoApp, n: u64| app.inactive_since(&login(n)).is_none();
        apps.iter().map(|app| (0..leavers).filter(|n| has(app, *n)).count()).sum::<usize>()
    };
    loop {
        match left() {
            0 => return Ok(()),
            left if begun.elapsed() > PATIENCE => bail!("{left} accounts are still active"),
            _ => std::thread::sleep(Duration::from_millis(100)),
        }
    }
}

/// The applications' own time: of one request to each, all at once, the slowest. Milliseconds, sorted.
fn floor(apps: &[DemoApp]) -> Result<Vec<f64>> {
    let bearer = format!("Bearer {}", Config::default().token);
    let mut rounds = Vec::new();
    let mut clients: Vec<Client> =
        apps.iter().map(|app| Client::connect(app.addr, &bearer)).collect::<Result<_>>()?;
    for _ in 0..FLOORS {
        let slowest = std::thread::scope(|scope| {
            let ask = |client: &mut Client| -> Result<f64> {
                let begun = Instant::now();
                let (status, answer) = client.send("GET", "/scim/v2/Users?count=1", "")?;
                if status != 200 {
                    bail!("an application answers {status} {answer}");
                }
                Ok(begun.elapsed().as_secs_f64() * 1e3)
            };
            let running: Vec<_> = clients.iter_mut().map(|client| scope.spawn(move || ask(client))).collect();
            let each = running.into_iter().map(|r| r.join().unwrap_or_else(|_| bail!("a client panicked")));
            each.collect::<Result<Vec<f64>>>()
        })?;
        rounds.push(slowest.into_iter().fold(0.0, f64::max));
    }
    rounds.sort_by(f64::total_cmp);
    Ok(rounds)
}

fn tell_all(apps: &[DemoApp], sent: &[Sent], floor: &[f64], peak: f64) {
    let mut whole = Vec::new();
    let mut answers = Vec::new();
    for one in sent {
        let last = apps.iter().filter_map(|app| app.inactive_since(&one.login)).max();
        whole.extend(last.map(|at| at.saturating_duration_since(one.asked).as_secs_f64() * 1e3));
        answers.push(one.answered.saturating_duration_since(one.asked).as_secs_f64() * 1e3);
    }
    whole.sort_by(f64::total_cmp);
    answers.sort_by(f64::total_cmp);
    eprintln!("{:<26} {:>10} {:>10} {:>7} {:>9}", "", "", "floor", "ratio", "peak MB");
    for (kind, figures) in [("leaver", &whole), ("leaver_answer", &answers)] {
        for (name, share) in [("p50", 0.50), ("p99", 0.99), ("max", 1.0)] {
            tell(&format!("{kind}_{name}"), quantile(figures, share), quantile(floor, share), peak);
        }
    }
}

fn quantile(sorted: &[f64], share: f64) -> f64 {
    let at = (sorted.len() as f64 * share) as usize;
    sorted.get(at.min(sorted.len().saturating_sub(1))).copied().unwrap_or_default()
}

fn tell(name: &str, value: f64, floor: f64, peak: f64) {
    let ratio = value / floor;
    println!(
        "{{\"name\":\"{name}\",\"value\":{value:.1},\"unit\":\"ms\",\"floor\":{floor:.1},\"ratio\":{ratio:.2},\"peak_rss_mb\":{peak:.1}}}"
    );
    eprintln!("{name:<26} {value:>10.1} {floor:>10.1} {ratio:>7.2} {peak:>9.1}");
}
