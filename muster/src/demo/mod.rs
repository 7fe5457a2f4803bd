//! The demo: a story of one organisation in six steps, each of which checks what it shows.

mod apps;
mod check;
mod material;
mod steps;

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result};
use muster_engine::model::Millis;
use muster_service::plan::{PlanReport, PlanStatus};
use muster_service::{Actor, ImportOptions, Muster};
use serde::Serialize;

use crate::output::{Out, shell};
use crate::progress::Bars;
use apps::Apps;
use material::{FEEDS, Row, Truth};

/// How the demo ended.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Outcome {
    /// Where its data is.
    pub(crate) data_dir: PathBuf,
    /// Whether all was as it should be.
    pub(crate) ok: bool,
    /// The steps with their times.
    pub(crate) steps: Vec<StepOutcome>,
    /// All in all.
    pub(crate) seconds: f64,
    /// Whom the story follows.
    pub(crate) followed: Option<String>,
    /// What isn't as it should be.
    pub(crate) mismatches: Vec<String>,
}

/// How a step ended.
#[derive(Debug, Serialize)]
pub(crate) struct StepOutcome {
    /// Its heading.
    pub(crate) name: String,
    /// How long it took.
    pub(crate) seconds: f64,
}

/// The story as far as it is told.
struct Story<'a> {
    muster: Muster,
    apps: Apps,
    actor: &'a Actor,
    out: &'a mut Out,
    dir: PathBuf,
    truth: Vec<Truth>,
    followed: Row,
    login: Option<String>,
    mismatches: Vec<String>,
    steps: Vec<StepOutcome>,
    began: Instant,
}

/// Tells the story in a fresh directory.
pub(crate) fn run(dir: &Path, actor: &Actor, out: &mut Out) -> Result<Outcome> {
    let began = Instant::now();
    std::fs::create_dir_all(dir).with_context(|| format!("creating {}", dir.display()))?;
    let dir = dir.canonicalize()?;
    let token = random_token()?;
    let token_file = dir.join("scim-token");
    write_secret(&token_file, &token)?;
    let apps = Apps::start(&token)?;
    let truth = material::truth()?;
    let followed = material::protagonist(&truth)?;
    // The store is made under a given clock, which the feeds' dates set.
    let muster = Muster::open(&dir, true, Some(&format!("{}T00:00:00Z", FEEDS[0].day)))?;
    let mut story = Story {
        muster,
        apps,
        actor,
        out,
        dir,
        truth,
        followed,
        login: None,
        mismatches: Vec::new(),
        steps: Vec::new(),
        began,
    };
    story.introduce()?;
    story.set_up(&token_file)?;
    let first = story.first_snapshot()?;
    let second = story.second_snapshot()?;
    story.damaged_feed(&second)?;
    story.explain()?;
    story.third_snapshot(&first, &second)?;
    story.end()
}

impl Story<'_> {
    fn introduce(&mut self) -> Result<()> {
        self.out.line("Muster keeps every person's profile in one directory, decides from rules who has which groups and")?;
        self.out.line("applications, and carries that out in the applications. Any change is shown before it happens, can be")?;
        self.out.line("explained, and can be taken back.")?;
        self.out.line("")?;
        self.out.line("This is one organisation's HR data on three days of 1992 (CC BY-SA 3.0, see NOTICE in the data directory),")?;
        self.out.line(
            "two applications that speak SCIM 2.0, started by this run, and one that people work in by hand:",
        )?;
        for (name, url) in apps::NAMES.iter().zip(self.apps.urls()) {
            self.out.line(format!("  {name:<10} {url}"))?;
        }
        self.out.line(format!("data in {}", self.dir.display()))
    }

    /// Begins a step: the heading, and when it began.
    fn begin(&mut self, heading: &str) -> Result<(String, Instant)> {
        let no = self.steps.len() + 1;
        self.out.line(format!("\n== Step {no} of 6: {heading} =="))?;
        Ok((heading.to_owned(), Instant::now()))
    }

    /// Ends a step: whom the story follows, and the time it took.
    fn end_step(&mut self, (name, began): (String, Instant)) -> Result<()> {
        self.follow()?;
        let seconds = began.elapsed().as_secs_f64();
        self.out.line(format!("Time: {seconds:.1} s"))?;
        self.steps.push(StepOutcome { name, seconds });
        Ok(())
    }

    /// Notes that something isn't as it should be, and goes on, so that all of it is told.
    fn mismatch(&mut self, what: impl Into<String>) -> Result<()> {
        let what = what.into();
        self.out.line(format!("MISMATCH: {what}"))?;
        self.mismatches.push(what);
        Ok(())
    }

    fn expect(&mut self, holds: bool, what: impl FnOnce() -> String) -> Result<()> {
        if holds { Ok(()) } else { self.mismatch(what()) }
    }

    /// Sets the org's day.
    fn day(&mut self, day: &str) -> Result<()> {
        let at: jiff::Timestamp = format!("{day}T00:00:00Z").parse()?;
        self.muster.set_clock(Millis(at.as_millisecond()))?;
        let due = self.muster.due(self.actor, ImportOptions::default(), &Bars::only_on_terminal())?;
        self.expect(due.status == PlanStatus::Applied, || "what was due by date was held".to_owned())
    }

    /// Imports a file as HR.
    fn import(&self, file: &Path, options: ImportOptions) -> Result<PlanReport> {
        Ok(self.muster.import_file(self.actor, "hr", file, options, &Bars::only_on_terminal())?)
    }

    /// Where the person stands whom the story follows.
    fn follow(&mut self) -> Result<()> {
        let name = format!("{} {}", self.followed.first_name, self.followed.last_name);
        let Some(login) = self.login.clone() else {
            let Row { employee_number, department, title, .. } = &self.followed;
            return self.out.line(format!(
                "{name}, whom we follow, isn't known yet; the first feed has employee {employee_number}: {title}, {department}"
            ));
        };
        let detail = self.muster.user(&login)?;
        let text = |a: &str| {
            detail.user.profile.get(a).and_then(serde_json::Value::as_str).unwrap_or("-").to_owned()
        };
        self.out.line(format!(
            "{name} <{login}>: {}, {} in {}",
            detail.user.status,
            text("title"),
            text("department")
        ))?;
        let groups: Vec<&str> =
            detail.groups.iter().map(|g| g.profile.name.as_str()).filter(|g| *g != "Everyone").collect();
        let groups = if groups.is_empty() { "none but Everyone".to_owned() } else { groups.join(", ") };
        self.out.line(format!("  groups: {groups}"))?;
        for account in &detail.accounts {
            let id = account.external_id.as_deref().map_or_else(String::new, |id| format!(", id {id} there"));
            self.out.line(format!(
                "  account in {}: {}, {}{id}",
                account.app.name, account.status, account.sync_state
            ))?;
        }
        Ok(())
    }

    fn end(self) -> Result<Outcome> {
        let Story { apps, out, dir, login, mismatches, steps, began, muster, .. } = self;
        let requests = apps.requests();
        apps.stop(&dir.join("apps"))?;
        drop(muster);
        let seconds = began.elapsed().as_secs_f64();
        out.line("")?;
        if mismatches.is_empty() {
            out.line(format!("All as it should be, {seconds:.1} s and {requests} HTTP requests in all."))?;
        } else {
            out.line(format!("{} not as they should be:", mismatches.len()))?;
            for mismatch in &mismatches {
                out.line(format!("  - {mismatch}"))?;
            }
        }
        let data = shell(&dir);
        let who = login.as_deref().unwrap_or_default();
        out.line(format!(
            "\
The data directory stays. Look around in it:
  muster status --data-dir {data}
  muster plans --data-dir {data}
  muster why {who} --data-dir {data}
  muster why {who} --app lab-access --data-dir {data}
  muster users --login {who} --data-dir {data}
  muster log --login {who} --data-dir {data}
  muster accounts --app crm --data-dir {data}
  muster tasks --data-dir {data}
  muster org export --data-dir {data}
  muster import --app hr {} --preview --data-dir {data}
(The two applications ended with this run; what they held is in {}.)",
            shell(&dir.join("feeds").join(FEEDS[1].name)),
            shell(&dir.join("apps"))
        ))?;
        Ok(Outcome { data_dir: dir, ok: mismatches.is_empty(), steps, seconds, followed: login, mismatches })
    }
}

fn random_token() -> Result<String> {
    let mut bytes = [0u8; 24];
    let source = "/dev/urandom";
    std::fs::File::open(source)
        .and_then(|mut f| f.read_exact(&mut bytes))
        .with_context(|| format!("reading {source} for the applications' token"))?;
    let digit = |n: u8| char::from_digit(u32::from(n), 16).unwrap_or('0');
    Ok(bytes.iter().flat_map(|b| [digit(b >> 4), digit(b & 15)]).collect())
}

/// Writes a file that only its owner can read, from its first byte on.
fn write_secret(path: &Path, text: &str) -> Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let mut file = options.open(path).with_context(|| format!("writing {}", path.display()))?;
    Ok(file.write_all(text.as_bytes())?)
}
