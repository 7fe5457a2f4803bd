//! The org, the people who are there already, and the people who are created.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use muster_engine::Value;
use muster_service::plan::{PlanStatus, Quiet};
use muster_service::{Actor, ImportOptions, Muster};

const DEPARTMENTS: u64 = 20;
const CITIES: u64 = 200;

/// A feed, 25 rules of which two or three take each person, two apps by group.
pub(crate) fn org() -> String {
    let mut org = String::from(
        "[org]\nname = \"Bench\"\n[attributes.employeeNumber]\nunique = true\n[apps.hr]\nkind = \"csv\"\n\
         [apps.hr.feed]\nkey = \"number\"\n[apps.hr.feed.columns]\n",
    );
    for column in ["number", "first", "last", "department", "title", "city"] {
        let _ = writeln!(org, "{column} = \"string\"");
    }
    org.push_str("[apps.hr.source]\npriority = 1\n[apps.hr.to_user]\n");
    let login = "\"p\" + appuser.number + \"@bench.example\"";
    for (attribute, expression) in [
        ("login", login),
        ("email", login),
        ("firstName", "appuser.first"),
        ("lastName", "appuser.last"),
        ("employeeNumber", "appuser.number"),
        ("department", "appuser.department"),
        ("title", "appuser.title"),
        ("city", "appuser.city"),
    ] {
        let _ = writeln!(org, "{attribute} = '{expression}'");
    }
    let mut rule = |group: &str, when: &str| {
        let _ = writeln!(
            org,
            "[groups.\"{group}\"]\n[rules.\"{group}\"]\nwhen = '{when}'\ngroups = [\"{group}\"]"
        );
    };
    for n in 0..DEPARTMENTS {
        rule(&format!("Department {n:02}"), &format!("user.department == \"Department {n:02}\""));
    }
    for n in 0..4 {
        rule(&format!("Leads {n}"), &format!("String.startsWith(user.title, \"Lead {n}\")"));
    }
    rule("Staff", "user.department != null");
    for app in ["directory", "wiki"] {
        let _ = writeln!(
            org,
            "[apps.{app}]\nkind = \"scim\"\ngroups = [\"Staff\"]\n[apps.{app}.settings]\n\
             base_url = \"http://127.0.0.1:9/scim/v2\"\n[apps.{app}.provisioning]\n[apps.{app}.to_app]\n\
             userName = 'user.login'\n\"name.givenName\" = 'user.firstName'\n\"name.familyName\" = 'user.lastName'\n\
             title = 'user.title'"
        );
    }
    org
}

/// The values of the `n`th person, by attribute and by column of the feed.
fn values(n: u64) -> [(&'static str, &'static str, String); 6] {
    [
        ("employeeNumber", "number", format!("{n:08}")),
        ("firstName", "first", format!("First{}", n % 1_000)),
        ("lastName", "last", format!("Last{}", n * 7 % 4_913)),
        ("department", "department", format!("Department {:02}", n % DEPARTMENTS)),
        ("title", "title", format!("{} {}", if n.is_multiple_of(5) { "Lead" } else { "Clerk" }, n % 7)),
        ("city", "city", format!("City {:03}", n * 3 % CITIES)),
    ]
}

/// Makes a store with so many people.
pub(crate) fn stock(dir: &Path, users: u64) -> Result<()> {
    let feed = dir.with_extension("csv");
    let mut out = std::io::BufWriter::new(std::fs::File::create(&feed)?);
    writeln!(out, "{}", values(0).map(|(_, column, _)| column).join(","))?;
    for n in 0..users {
        writeln!(out, "{}", values(n).map(|(.., value)| value).join(","))?;
    }
    out.flush()?;
    drop(out);
    let muster = Muster::open(dir, true, None)?;
    let actor = Actor::operator("bench");
    muster.org_apply(&actor, "org.toml", &org(), ImportOptions::default(), &Quiet)?;
    if users > 0 {
        let report = muster.import_file(&actor, "hr", &feed, ImportOptions::default(), &Quiet)?;
        if report.status != PlanStatus::Applied {
            bail!("the import ended {}: {:?}", report.status.as_str(), report.notes);
        }
    }
    muster.store().checkpoint()?;
    std::fs::remove_file(&feed)?;
    Ok(())
}

/// The login and attributes of the `n`th person who is created.
pub(crate) fn person(n: u64) -> (String, BTreeMap<String, Value>) {
    let login = format!("p{n:08}@bench.example");
    let mut all: BTreeMap<String, Value> =
        values(n).into_iter().map(|(name, _, value)| (name.to_owned(), Value::from(value))).collect();
    all.insert("email".to_owned(), Value::from(login.as_str()));
    (login, all)
}

/// Creates people through the service, each thread the next one; gives how long it took.
pub(crate) fn create(muster: &Muster, from: u64, count: u64, threads: usize) -> Result<Duration> {
    let next = AtomicU64::new(from);
    let started = Instant::now();
    std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads)
            .map(|_| {
                scope.spawn(|| -> Result<()> {
                    let actor = Actor::operator("bench");
                    loop {
                        let n = next.fetch_add(1, Ordering::Relaxed);
                        if n >= from + count {
                            return Ok(());
                        }
                        let (login, all) = person(n);
                        let report =
                            muster.user_create(&actor, &login, &all, true, ImportOptions::default())?;
                        if report.status != PlanStatus::Applied {
                            bail!("{login}: {}", report.status.as_str());
                        }
                    }
                })
            })
            .collect();
        for thread in running {
            match thread.join() {
                Ok(outcome) => outcome?,
                Err(_) => bail!("a thread panicked"),
            }
        }
        Ok(())
    })?;
    Ok(started.elapsed())
}
