//! Times changes of the configuration in an org that is peopled, beside reading every profile once.
//!
//! `cargo xtask bench change --users 100000`. Each phase runs in a process of its own, so that its peak memory is its
//! own. Figures go to standard output, one JSON object a line; a table for people goes to standard error.

#![expect(clippy::print_stderr, reason = "figures are what this program is for")]

mod bench_data;

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use bench_data::{done, figure, org, phase, write_feed};
use muster_service::plan::{PlanStatus, Quiet};
use muster_service::{Actor, ImportOptions, Muster};
use rusqlite::Connection;

// The program's own allocator, so that its figures are the program's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const OPTIONS: ImportOptions = ImportOptions { preview: false, force: true };

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["--users", n] => all(n.parse().context("--users takes a number")?),
        [] => all(100_000),
        ["phase", "import", dir, feed] => import(Path::new(dir), Path::new(feed)),
        ["phase", "apply", dir, file, people] => apply(Path::new(dir), Path::new(file), people),
        ["phase", "read", dir] => read(Path::new(dir)),
        _ => bail!("usage: bench_change [--users N]"),
    }
}

fn all(users: u64) -> Result<()> {
    let root = std::env::temp_dir().join(format!("muster-bench-{}", std::process::id()));
    std::fs::create_dir_all(&root)?;
    let result = phases(users, &root);
    let _ = std::fs::remove_dir_all(&root);
    result
}

/// The rule of a department as the org has it; with those of another, told in two ways.
const RULE: &str = "user.department == \"Department 07\"";
const WIDER: &str = "user.department == \"Department 07\" OR user.department == \"Department 08\"";
const SAME: &str = "user.department >= \"Department 07\" AND user.department <= \"Department 08\"";
/// A rule that asks for a unique value.
const ONE: &str =
    "[groups.One]\n[rules.One]\nwhen = 'user.employeeNumber == \"0000007\"'\ngroups = [\"One\"]\n";

fn phases(users: u64, root: &Path) -> Result<()> {
    let (feed, dir, file) = (root.join("feed.csv"), root.join("data"), root.join("org.toml"));
    let path = |p: &PathBuf| p.display().to_string();
    write_feed(&feed, users, None)?;
    std::fs::write(&file, org())?;
    phase(&["apply", &path(&dir), &path(&file), "0"])?;
    phase(&["import", &path(&dir), &path(&feed)])?;
    eprintln!("{users} people");
    eprintln!("{:<24} {:>9} {:>9} {:>7} {:>9}", "", "seconds", "floor", "ratio", "peak MB");
    let (floor, _) = phase(&["read", &path(&dir)])?;
    let change = |name: &str, text: String, people: &str| -> Result<()> {
        std::fs::write(&file, text)?;
        let (seconds, peak) = phase(&["apply", &path(&dir), &path(&file), people])?;
        figure(name, seconds, floor, peak);
        Ok(())
    };
    change("change_rule_5_percent", org().replace(RULE, WIDER), "some")?;
    let same = org().replace(RULE, SAME);
    change("change_rule_nobody", same.clone(), "0")?;
    change("change_rule_one", format!("{same}{ONE}"), "1")?;
    let moved = same.replacen("[org]\n", "[org]\ntimezone = \"Europe/Vienna\"\n", 1);
    change("change_everybody", format!("{moved}{ONE}"), &users.to_string())
}

fn import(dir: &Path, feed: &Path) -> Result<()> {
    let muster = Muster::open(dir, false, None)?;
    let started = Instant::now();
    let report = muster.import_file(&Actor::operator("bench"), "hr", feed, OPTIONS, &Quiet)?;
    if report.status != PlanStatus::Applied {
        bail!("{report:?}");
    }
    done(started)
}

/// Applies an org file that so many people must be derived for.
fn apply(dir: &Path, file: &Path, people: &str) -> Result<()> {
    let muster = Muster::open(dir, true, None)?;
    let text = std::fs::read_to_string(file)?;
    let started = Instant::now();
    let report = muster.org_apply(&Actor::operator("bench"), "org.toml", &text, OPTIONS, &Quiet)?.report;
    let derived = report.counts.tally.people;
    let wanted = people.parse::<u64>();
    if report.status != PlanStatus::Applied || wanted.map_or(derived == 0, |people| derived != people) {
        bail!("{people} people should be derived: {:?}", report.counts);
    }
    eprintln!("{derived} people derived");
    done(started)
}

/// The floor: every profile read once.
fn read(dir: &Path) -> Result<()> {
    let db = Connection::open(dir.join("muster.db"))?;
    let started = Instant::now();
    let mut select = db.prepare("SELECT user_key, profile FROM users ORDER BY user_key")?;
    let mut rows = select.query([])?;
    let mut bytes = 0;
    while let Some(row) = rows.next()? {
        bytes += row.get_ref(1)?.as_str()?.len();
    }
    std::hint::black_box(bytes);
    done(started)
}
