//! One run of a job: taken, done, written down.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use muster_engine::model::{IdKind, public_id};
use muster_store::schedule::{self as stored, Ended, ScheduleRow};
use muster_store::{Tx, log, lookups, tasks};

use super::jobs::{Job, JobKind};
use crate::access::Actor;
use crate::clock::machine_now;
use crate::error::Result;
use crate::events::{Event, EventOutcome, EventTarget};
use crate::import::ImportOptions;
use crate::muster::Muster;
use crate::plan::{PlanReport, PlanStatus, Quiet};
use crate::tasks::words;

/// How long a process may be silent before another takes its job over.
const LEASE: Duration = Duration::from_secs(60);
/// How long a held plan over people's dates isn't worked out anew.
const HELD_AGAIN: i64 = 15 * 60_000;
/// The most characters of an outcome that are kept.
const OUTCOME: usize = 1_000;

/// What came of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobRun {
    /// The job.
    pub name: String,
    /// What came of it, in words.
    pub outcome: String,
    /// Whether it failed and will be tried again.
    pub failed: bool,
}

/// What doing it led to.
struct Done {
    outcome: String,
    /// Not again before so many milliseconds.
    rest: i64,
    /// Worth a line in the log.
    telling: bool,
}

fn done(outcome: String) -> Done {
    Done { outcome, rest: 0, telling: false }
}

impl Muster {
    /// Does those of the jobs whose time has come and that nobody else is at.
    pub(super) fn run_ready(&self, actor: &Actor, jobs: &[Job]) -> Result<Vec<JobRun>> {
        let mut runs = Vec::new();
        for job in jobs {
            if let Some(row) = self.take(job)? {
                runs.extend(self.run_job(actor, job, &row)?);
            }
        }
        Ok(runs)
    }

    /// Takes a job if its time has come. Nothing is written otherwise.
    fn take(&self, job: &Job) -> Result<Option<ScheduleRow>> {
        let (now, machine) = (self.now().0, machine_now());
        let ready = |tx: &mut dyn Tx| {
            let Some(row) = stored::schedule(tx, &job.name)? else { return Ok(false) };
            let free = row.lease_until.is_none_or(|until| until < machine);
            Ok(free && job.next(&row, lookups::next_due(tx)?).is_some_and(|next| next <= now))
        };
        if !self.store.read(ready)? {
            return Ok(None);
        }
        let until = machine + LEASE.as_millis() as i64;
        Ok(self.store.write(|tx| {
            if ready(tx)? { stored::claim(tx, &job.name, &self.node, now, machine, until) } else { Ok(None) }
        })?)
    }

    /// Does a job that was taken. `None`: somebody else has it meanwhile, and says what came of it.
    fn run_job(&self, actor: &Actor, job: &Job, row: &ScheduleRow) -> Result<Option<JobRun>> {
        let (over, ended) = channel::<()>();
        let result = std::thread::scope(|scope| {
            scope.spawn(move || {
                // Ends when the job does, which drops the other end.
                while ended.recv_timeout(LEASE / 3) == Err(RecvTimeoutError::Timeout) {
                    let until = machine_now() + LEASE.as_millis() as i64;
                    let renewed = self.store.write(|tx| stored::renew(tx, &job.name, row.lease_token, until));
                    if let Ok(false) = renewed {
                        return;
                    }
                }
            });
            let result = self.execute(actor, job);
            drop(over);
            result
        });
        let now = self.now().0;
        let (mut outcome, failed) = match &result {
            Ok(done) => (done.outcome.clone(), false),
            Err(error) => (error.to_string(), true),
        };
        if let Some((end, _)) = outcome.char_indices().nth(OUTCOME) {
            outcome.truncate(end);
        }
        let failures = if failed { row.failures + 1 } else { 0 };
        let held = self.store.write(|tx| {
            let next_run = match &result {
                Ok(done) => job.after_success(now, lookups::next_due(tx)?).max(now + done.rest),
                Err(_) => job.after_failure(now, failures),
            };
            let ended = Ended { ran: now, outcome: outcome.clone(), next_run, failures };
            if !stored::end(tx, &job.name, row.lease_token, &ended)? {
                return Ok(false);
            }
            let dedupe = words::job_dedupe(&job.name);
            if failed {
                tasks::open_tasks(tx, &[words::job_failed(&job.name, &outcome, failures, now)])?;
            } else if row.failures > 0 {
                tasks::finish_by_dedupe(tx, &[&dedupe], now, &actor.name)?;
            }
            if failed || result.as_ref().is_ok_and(|done| done.telling) {
                tell(tx, actor, job, &outcome, failed, now)?;
            }
            Ok(true)
        })?;
        Ok(held.then(|| JobRun { name: job.name.clone(), outcome, failed }))
    }

    fn execute(&self, actor: &Actor, job: &Job) -> Result<Done> {
        match job.kind {
            JobKind::Due => {
                let report = self.due(actor, ImportOptions::default(), &Quiet)?;
                let rest = if report.status == PlanStatus::Held { HELD_AGAIN } else { 0 };
                Ok(Done { rest, ..done(in_words(&report, "nobody changes")) })
            }
            JobKind::Digest => {
                let report = self.notify()?;
                Ok(done(report.in_words()))
            }
            JobKind::Expiry(app) => {
                let (outcome, report) = self.expiry(actor, app)?;
                let Some(report) = report else { return Ok(done(outcome)) };
                let outcome = format!("{outcome}: {}", in_words(&report, "nobody has it any more"));
                Ok(Done { telling: true, ..done(outcome) })
            }
            JobKind::Cleanup => {
                let cleaned = self.clean_up()?;
                Ok(Done { telling: !cleaned.is_nothing(), ..done(cleaned.in_words()) })
            }
            JobKind::Import(app) => {
                let config = self.config()?;
                let name = config.app_name(app);
                let file = self.feed_of_source(&name)?;
                let report = self.import_file(actor, &name, &file, ImportOptions::default(), &Quiet)?;
                let outcome = format!("{}: {}", file.display(), in_words(&report, "nothing new"));
                Ok(Done { telling: true, ..done(outcome) })
            }
        }
    }
}

/// The log's word on a job.
fn tell(
    tx: &mut dyn Tx,
    actor: &Actor,
    job: &Job,
    outcome: &str,
    failed: bool,
    now: i64,
) -> muster_store::Result<()> {
    let (event_type, app) = match job.kind {
        JobKind::Import(app) => ("system.import.schedule", Some(app)),
        JobKind::Expiry(app) => ("muster.job.expiry", Some(app)),
        JobKind::Cleanup => ("muster.job.cleanup", None),
        JobKind::Digest => ("muster.job.digest", None),
        JobKind::Due => ("muster.job.due", None),
    };
    let target = EventTarget {
        kind: if app.is_some() { "AppInstance" } else { "Job" },
        id: app.map_or_else(|| job.name.clone(), |app| public_id(IdKind::App, app.0)),
        display_name: Some(job.name.clone()),
    };
    let event = Event {
        event_type,
        actor: actor.name.clone(),
        outcome: EventOutcome {
            result: if failed { "FAILURE" } else { "SUCCESS" },
            reason: Some(outcome.to_owned()),
        },
        published: muster_engine::Millis(now),
        targets: vec![target],
        plan: None,
    };
    let lines = vec![event.to_line()];
    let events = log::Events { published: now, actor: actor.name.clone(), lines, ..log::Events::default() };
    log::append(tx, &events).map(drop)
}

/// A plan's fate in a line.
fn in_words(report: &PlanReport, nothing: &str) -> String {
    let Some(plan) = report.plan else { return nothing.to_owned() };
    if report.status == PlanStatus::Held {
        let why: Vec<&str> = report.notes.findings.iter().map(|f| f.message.as_str()).collect();
        return format!("plan {plan} is held: {}", why.join("; "));
    }
    let tally = &report.counts.tally;
    let mut parts = Vec::new();
    for (n, what) in [
        (tally.created, "created"),
        (tally.deactivated, "deactivated"),
        (tally.suspended, "suspended"),
        (tally.reactivated, "reactivated"),
    ] {
        if n > 0 {
            parts.push(format!("{n} {what}"));
        }
    }
    if let Some(feed) = report.counts.feed.as_ref().filter(|feed| feed.rejected > 0) {
        parts.push(format!("{} rows left out", feed.rejected));
    }
    let more = if parts.is_empty() { String::new() } else { format!(" ({})", parts.join(", ")) };
    format!("plan {plan}: {} people changed{more}", tally.changed)
}
