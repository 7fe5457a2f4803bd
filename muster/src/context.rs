//! What every command needs: where the data is, who asks, how to answer.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use muster_service::plan::PlanStatus;
use muster_service::{Actor, ImportOptions, Muster};
use serde::Serialize;

use crate::cli::{Change, Global};
use crate::output::{self, Out};
use crate::plan_text;
use crate::progress::Bars;

/// Where data is if nobody says otherwise.
pub(crate) const DATA_DIR: &str = "./muster-data";

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done, or shown.
    Done,
    /// Failed.
    Failed,
    /// Wrong usage.
    Usage,
    /// A guard holds it.
    Held,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::Held => 3,
        })
    }
}

/// Wrong usage that only shows after the command line was read.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Usage(pub(crate) String);

/// What every command needs.
#[derive(Debug)]
pub(crate) struct Context {
    data_dir: Option<PathBuf>,
    /// One JSON document instead of text.
    pub(crate) json: bool,
    /// Who asks.
    pub(crate) actor: Actor,
    /// Where answers go.
    pub(crate) out: Out,
}

impl Context {
    /// Reads what the global flags say.
    pub(crate) fn new(global: Global) -> Result<Self> {
        if global.database_url.is_some() {
            return Err(Usage(
                "--database-url: only the embedded store is there yet; leave it out (and MUSTER_DATABASE_URL), and \
                 name a directory with --data-dir"
                    .to_owned(),
            )
            .into());
        }
        Ok(Self { data_dir: global.data_dir, json: global.json, actor: operator(), out: Out::new() })
    }

    /// The data directory, or another one by default.
    pub(crate) fn data_dir_or<'a>(&'a self, default: &'a str) -> &'a Path {
        self.data_dir.as_deref().unwrap_or(Path::new(default))
    }

    /// The data directory.
    pub(crate) fn data_dir(&self) -> &Path {
        self.data_dir_or(DATA_DIR)
    }

    /// The data directory, if somebody said which.
    pub(crate) fn given_data_dir(&self) -> Option<&Path> {
        self.data_dir.as_deref()
    }

    /// Has the data be there from now on.
    pub(crate) fn set_data_dir(&mut self, data_dir: PathBuf) {
        self.data_dir = Some(data_dir);
    }

    /// `--data-dir …` as commands that are suggested need it; nothing if it is the default.
    pub(crate) fn data_dir_flag(&self) -> String {
        self.data_dir.as_deref().map_or_else(String::new, |d| format!(" --data-dir {}", output::shell(d)))
    }

    /// Opens the store there is.
    pub(crate) fn open(&self) -> Result<Muster> {
        self.open_or(false)
    }

    /// Opens the store, made if it isn't there.
    pub(crate) fn open_or_create(&self) -> Result<Muster> {
        self.open_or(true)
    }

    fn open_or(&self, create: bool) -> Result<Muster> {
        let clock = match std::env::var("MUSTER_CLOCK") {
            Ok(clock) => Some(clock),
            Err(std::env::VarError::NotPresent) => None,
            Err(e) => return Err(Usage(format!("MUSTER_CLOCK: {e}")).into()),
        };
        Ok(Muster::open(self.data_dir(), create, clock.as_deref())?)
    }

    /// Prints one JSON document.
    pub(crate) fn print_json<T: Serialize>(&mut self, value: &T) -> Result<()> {
        self.out.json(value)
    }

    /// Takes apps whose last day is over from everybody, and derives again whom dates that have come concern, so that what follows stands on today.
    pub(crate) fn due(&self, muster: &Muster) -> Result<()> {
        for run in muster.expire_apps(&self.actor)? {
            output::note(&format!("{}: {}", run.name, run.outcome));
        }
        let report = muster.due(&self.actor, ImportOptions::default(), &Bars::new())?;
        let Some(plan) = report.plan else { return Ok(()) };
        let told = if report.status == PlanStatus::Held {
            let why: Vec<&str> = report.notes.findings.iter().map(|f| f.message.as_str()).collect();
            format!(
                "what is due by date is held as plan {plan}: {}; look with `muster plan {plan}`, then `muster apply \
                 {plan}` or `muster discard {plan}`",
                why.join("; ")
            )
        } else {
            format!("dates that have come: {} (plan {plan})", plan_text::in_brief(&report.counts))
        };
        output::note(&told);
        Ok(())
    }

    /// Mails the owners of new tasks. A mail that can't be sent is told, and fails nothing else: it is tried again.
    pub(crate) fn notify(muster: &Muster) -> Result<()> {
        let report = muster.notify()?;
        if report.mails > 0 {
            output::note(&format!(
                "{} about {} sent to {}",
                output::count(report.mails as u64, "mail", "mails"),
                output::count(report.tasks as u64, "new task", "new tasks"),
                report.to
            ));
        }
        for failed in &report.failed {
            output::note(&format!("a mail is still to be sent: {failed}"));
        }
        Ok(())
    }
}

impl From<Change> for ImportOptions {
    fn from(change: Change) -> Self {
        Self { preview: change.preview, force: change.force }
    }
}

impl From<crate::cli::Preview> for ImportOptions {
    fn from(change: crate::cli::Preview) -> Self {
        Self { preview: change.preview, force: false }
    }
}

/// The system's user who runs the command, as user@host.
fn operator() -> Actor {
    Actor::operator(format!("{}@{}", user_name(), host_name()))
}

fn user_name() -> String {
    // The owner of our own process entry is who runs it, whatever the environment says.
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let own = std::fs::metadata("/proc/self").map(|m| m.uid().to_string());
        let passwd = std::fs::read_to_string("/etc/passwd");
        if let (Ok(uid), Ok(passwd)) = (own, passwd) {
            let line = passwd.lines().find(|l| l.split(':').nth(2) == Some(uid.as_str()));
            return line.and_then(|l| l.split(':').next()).map_or(uid, str::to_owned);
        }
    }
    ["USER", "LOGNAME", "USERNAME"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|v| !v.is_empty()))
        .unwrap_or_else(|| "operator".to_owned())
}

/// What this host is called.
pub(crate) fn host_name() -> String {
    let read = |file| std::fs::read_to_string(file).ok().map(|t: String| t.trim().to_owned());
    read("/proc/sys/kernel/hostname")
        .or_else(|| read("/etc/hostname"))
        .or_else(|| std::env::var("HOSTNAME").ok())
        .filter(|h| !h.is_empty())
        .unwrap_or_else(|| "localhost".to_owned())
}
