//! What is done when its time has come: people's dates, imports, apps' last days, digests, cleaning up.
//!
//! Each job is a row. Whoever comes first takes it under a lease, keeps the lease while it works, and writes down what
//! came of it and when the next time is; a node that dies leaves it to the others. What was missed is caught up once.
//! Times of jobs are the org's, leases the machine's.

mod cleanup;
mod expiry;
mod jobs;
mod run;
mod source;
mod stop;

use std::time::Duration;

use muster_store::{lookups, schedule as stored};
use serde::Serialize;

pub use run::JobRun;
pub use stop::Stop;

use crate::access::Actor;
use crate::error::Result;
use crate::look::iso;
use crate::muster::Muster;
use jobs::{Job, JobKind};

/// Who the log names for what is done by time alone.
pub const ACTOR: &str = "scheduler";

/// How long the scheduler sleeps at most before it looks whether others have changed what is to be done.
const LOOK: Duration = Duration::from_secs(2);
/// How long it waits after the store failed.
const TROUBLE: Duration = Duration::from_secs(10);

/// A job and where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct JobView {
    /// Its name: `due`, `digest`, `cleanup`, `import:APP`, `expiry:APP`.
    pub name: String,
    /// What its times follow from.
    pub spec: String,
    /// When it runs next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// When it ran last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<String>,
    /// What came of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// Failures in a row.
    pub failures: i64,
    /// A node is at it.
    pub running: bool,
}

/// What of the schedule is worked off together. Imports may take long; nothing else waits for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// Imports.
    Imports,
    /// All else.
    Others,
}

impl Lane {
    fn has(self, job: &Job) -> bool {
        matches!(job.kind, JobKind::Import(_)) == (self == Self::Imports)
    }
}

impl Muster {
    /// Does once what is due by now, and tells what came of each job that this process did.
    ///
    /// # Errors
    /// If the store fails. That a job fails is told by the job's outcome and by a task.
    pub fn run_due_jobs(&self, actor: &Actor) -> Result<Vec<JobRun>> {
        let jobs = self.planned_jobs()?;
        self.run_ready(actor, &jobs)
    }

    /// Does what is due in a lane when it is due, until it is told to stop; a job under way is finished first. It blocks:
    /// each lane wants a thread of its own.
    ///
    /// It wakes when the next job is due or somebody has changed something. If the store fails it waits and goes on.
    pub fn scheduler(&self, stop: &Stop, lane: Lane) {
        let actor = Actor::operator(ACTOR);
        while !stop.is_set() {
            let wait = match self.lane_pass(&actor, lane) {
                Ok(wait) => wait,
                Err(error) => {
                    tracing::error!("the scheduler can't go on and tries again: {error}");
                    TROUBLE
                }
            };
            if !self.sleep(stop, wait) {
                return;
            }
        }
    }

    /// Does what is ready, and gives how long nothing else is.
    fn lane_pass(&self, actor: &Actor, lane: Lane) -> Result<Duration> {
        let mut jobs = self.planned_jobs()?;
        jobs.retain(|job| lane.has(job));
        for run in self.run_ready(actor, &jobs)? {
            // What came of it may name people: that stands in the store, not in the log of a machine.
            if run.failed {
                tracing::warn!(job = run.name, "a job failed; `muster status` and a task say why");
            } else {
                tracing::info!(job = run.name, "a job is done");
            }
        }
        let now = self.now().0;
        let next = self.store.read(|tx| {
            let due = lookups::next_due(tx)?;
            let rows = stored::schedules(tx)?;
            let times =
                jobs.iter().filter_map(|job| job.next(rows.iter().find(|r| r.name == job.name)?, due));
            Ok(times.min())
        })?;
        let wait = next.map_or(60_000, |next| (next - now).clamp(50, 60_000));
        Ok(Duration::from_millis(wait.unsigned_abs()))
    }

    /// Sleeps until the time is over or somebody has written something; `false` once it is to stop.
    fn sleep(&self, stop: &Stop, wait: Duration) -> bool {
        let before = self.store.data_version().ok();
        let mut left = wait;
        while !left.is_zero() {
            let step = left.min(LOOK);
            if stop.wait(step) {
                return false;
            }
            if self.store.data_version().ok() != before {
                return true;
            }
            left -= step;
        }
        !stop.is_set()
    }

    /// The jobs there are, with a row for each.
    fn planned_jobs(&self) -> Result<Vec<Job>> {
        let config = self.config()?;
        let jobs = jobs::all(&config);
        let now = self.now();
        let rows = self.store.read(stored::schedules)?;
        let changed = |job: &&Job| {
            rows.iter()
                .find(|row| row.name == job.name)
                .is_none_or(|row| row.spec.as_ref() != Some(&job.spec))
        };
        let changed: Vec<&Job> = jobs.iter().filter(changed).collect();
        // Only those of apps go: another job without a home here may be known to a newer program.
        let of_app = |name: &str| [jobs::IMPORT, jobs::EXPIRY].iter().any(|p| name.starts_with(p));
        let gone = |name: &str| of_app(name) && jobs.iter().all(|job| job.name != name);
        let gone: Vec<&str> = rows.iter().map(|row| row.name.as_str()).filter(|name| gone(name)).collect();
        if !changed.is_empty() || !gone.is_empty() {
            self.store.write(|tx| {
                for job in &changed {
                    stored::plan(tx, &job.name, &job.spec, job.first(now))?;
                }
                let stale: Vec<&str> =
                    gone.iter().copied().filter(|name| name.starts_with(jobs::EXPIRY)).collect();
                muster_store::tasks::finish_by_dedupe(tx, &stale, now.0, ACTOR)?;
                stored::drop_schedules(tx, &gone)
            })?;
        }
        Ok(jobs)
    }

    /// All jobs and where they stand; those no scheduler has seen yet are there without times.
    ///
    /// # Errors
    /// If the store fails.
    pub fn jobs(&self) -> Result<Vec<JobView>> {
        let machine = crate::clock::machine_now();
        self.store.try_read(|tx| {
            let config = self.config_in(tx)?;
            let rows = stored::schedules(tx)?;
            let due = lookups::next_due(tx)?;
            let view = |job: Job| {
                let row = rows.iter().find(|row| row.name == job.name);
                JobView {
                    next: row.and_then(|row| job.next(row, due)).map(iso),
                    last: row.and_then(|row| row.last_run).map(iso),
                    outcome: row.and_then(|row| row.last_outcome.clone()),
                    failures: row.map_or(0, |row| row.failures),
                    running: row.is_some_and(|row| row.lease_until.is_some_and(|until| until >= machine)),
                    name: job.name,
                    spec: job.spec,
                }
            };
            Ok(jobs::all(&config).into_iter().map(view).collect())
        })
    }
}
