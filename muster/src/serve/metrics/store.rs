//! Figures of the store: where accounts, plans, runs and tasks stand.

use std::collections::{BTreeMap, BTreeSet};

use ::metrics::{counter, describe_counter, describe_gauge, gauge};
use muster_engine::model::AppKind;
use muster_service::{Muster, Result, ServiceError};
use muster_store::accounts::{self, QueueCounts};
use muster_store::figures::{self, PlanCount};
use muster_store::{runs, tasks};

const PLANS: &str = "muster_plans_total";
const OPEN_PLANS: &str = "muster_plans_open";
const RUNS: &str = "muster_runs_unfinished";
const RUN_DONE: &str = "muster_run_progress_ratio";
const NOT_IN_LINE: &str = "muster_accounts_not_in_line";
const OLDEST: &str = "muster_accounts_not_in_line_oldest_seconds";
const PAUSED: &str = "muster_app_paused";
const TASKS: &str = "muster_tasks_open";
const SIZE: &str = "muster_store_size_bytes";
const WAL: &str = "muster_store_wal_bytes";
const VERSION: &str = "muster_store_data_version";

pub(super) fn describe() {
    describe_counter!(
        PLANS,
        "Plans made since this server began, by any process, by trigger and by status when first seen"
    );
    describe_gauge!(OPEN_PLANS, "Plans that wait or are being carried out, by trigger and status");
    describe_gauge!(RUNS, "Big plans that are being carried out or stand still half way");
    describe_gauge!(RUN_DONE, "How much of an unfinished run is done, from 0 to 1");
    describe_gauge!(NOT_IN_LINE, "Accounts not in line with what is wanted, by app and state");
    describe_gauge!(
        OLDEST,
        "For how long the account that is next to be worked on has been waiting, at the most, by app"
    );
    describe_gauge!(
        PAUSED,
        "1 while an app as a whole isn't served, because it refuses, fails or asked for time"
    );
    describe_gauge!(TASKS, "Open tasks for people, by kind");
    describe_gauge!(SIZE, "Size of the store on disk, in bytes");
    describe_gauge!(WAL, "Size of the store's log of writes, in bytes");
    describe_gauge!(VERSION, "A number that changes with each commit of any other process");
}

/// So far behind the newest plan another one may still be made: processes take keys in small blocks.
const BEHIND: i64 = 1_024;

/// The plans that were counted: the newest, and those not far behind it.
#[derive(Default)]
pub(super) struct Seen {
    newest: i64,
    counted: BTreeSet<i64>,
}

impl Seen {
    /// Those there are.
    ///
    /// # Errors
    /// If the store fails.
    pub(super) fn begin(muster: &Muster) -> Result<Self> {
        let mut seen = Self::default();
        muster.store().read(|tx| {
            seen.newest = figures::newest_plan(tx)?;
            let rows = figures::plans_after(tx, seen.newest - BEHIND)?;
            seen.counted = rows.into_iter().map(|(plan, ..)| plan).collect();
            Ok(())
        })?;
        Ok(seen)
    }

    /// Counts those that have come.
    fn count(&mut self, plans: &[(i64, String, String)]) {
        for (plan, start, status) in plans {
            if self.counted.insert(*plan) {
                counter!(PLANS, "trigger" => trigger(start), "status" => status.to_lowercase()).increment(1);
                self.newest = self.newest.max(*plan);
            }
        }
        self.counted = self.counted.split_off(&(self.newest - BEHIND));
    }
}

/// An app's accounts.
#[derive(Default)]
struct App {
    name: String,
    by_hand: bool,
    queue: QueueCounts,
    /// When the oldest of those that are next was wanted.
    oldest: Option<i64>,
    paused: bool,
}

/// Figures of the store at one moment.
pub(super) struct Figures {
    now: i64,
    apps: Vec<App>,
    open_plans: Vec<PlanCount>,
    runs: Vec<(i64, f64)>,
    tasks: BTreeMap<String, i64>,
}

/// Finds them out.
///
/// # Errors
/// If the store fails.
pub(super) fn find(muster: &Muster, seen: &mut Seen) -> Result<Figures> {
    let config = muster.config()?;
    let machine_now = muster_service::clock::machine_now();
    let after = seen.newest - BEHIND;
    let (figures, plans) = muster.store().try_read(|tx| {
        let queues = accounts::queue_counts(tx, machine_now)?;
        let states = muster_store::app_state::app_states(tx)?;
        let mut apps = Vec::new();
        for (key, app) in &config.org.apps {
            if app.provisioning.is_none() && !queues.iter().any(|queue| queue.app_key == key.0) {
                continue;
            }
            let queue = queues.iter().find(|queue| queue.app_key == key.0).copied().unwrap_or_default();
            apps.push(App {
                name: app.name.clone(),
                by_hand: app.kind == AppKind::Manual,
                queue,
                oldest: if queue.dirty > queue.failed { figures::oldest_waiting(tx, key.0)? } else { None },
                paused: states.iter().any(|state| {
                    state.app_key == key.0 && state.paused_until.is_some_and(|at| at > machine_now)
                }),
            });
        }
        let progress = |run: &runs::RunRow| run.done as f64 / run.total.max(1) as f64;
        let unfinished = runs::unfinished_runs(tx)?;
        let mut open = BTreeMap::new();
        for count in tasks::open_counts(tx)? {
            *open.entry(count.kind).or_default() += count.open;
        }
        let found = Figures {
            now: muster.now().0,
            apps,
            open_plans: figures::open_plans(tx)?,
            runs: unfinished.iter().map(|run| (run.plan_key, progress(run).min(1.0))).collect(),
            tasks: open,
        };
        Ok::<_, ServiceError>((found, figures::plans_after(tx, after)?))
    })?;
    seen.count(&plans);
    Ok(figures)
}

/// The kind of trigger that its key begins with.
fn trigger(start: &str) -> &'static str {
    match start {
        "impo" => "import",
        "org" => "org_file",
        "edit" => "edit",
        "undo" => "undo",
        "due" => "due",
        _ => "other",
    }
}

/// A gauge's name and labels.
pub(super) type Series = (&'static str, Vec<(&'static str, String)>);

impl Figures {
    /// The gauges that show them.
    pub(super) fn gauges(&self) -> BTreeMap<Series, f64> {
        let mut gauges = BTreeMap::new();
        for app in &self.apps {
            let named = || ("app", app.name.clone());
            let waits = app.queue.dirty - app.queue.failed - app.queue.leased - app.queue.waiting;
            let (by_hand, failed) = if app.by_hand { (app.queue.failed, 0) } else { (0, app.queue.failed) };
            let states = [
                ("ready", waits.max(0)),
                ("in_progress", app.queue.leased),
                ("retry_later", app.queue.waiting),
                ("by_hand", by_hand),
                ("failed", failed),
            ];
            for (state, count) in states {
                gauges.insert((NOT_IN_LINE, vec![named(), ("state", state.to_owned())]), count as f64);
            }
            let age = app.oldest.map_or(0, |since| (self.now - since).max(0));
            gauges.insert((OLDEST, vec![named()]), age as f64 / 1e3);
            gauges.insert((PAUSED, vec![named()]), f64::from(u8::from(app.paused)));
        }
        for plans in &self.open_plans {
            let labels = vec![
                ("trigger", trigger(&plans.trigger).to_owned()),
                ("status", plans.status.to_lowercase()),
            ];
            gauges.insert((OPEN_PLANS, labels), plans.count as f64);
        }
        gauges.insert((RUNS, Vec::new()), self.runs.len() as f64);
        for (plan, done) in &self.runs {
            gauges.insert((RUN_DONE, vec![("plan", plan.to_string())]), *done);
        }
        for (kind, open) in &self.tasks {
            gauges.insert((TASKS, vec![("kind", kind.to_lowercase())]), *open as f64);
        }
        gauges
    }
}

/// What costs next to nothing to find out.
pub(super) fn set_sizes(muster: &Muster) {
    let store = muster.store();
    if let Ok(size) = store.size_bytes() {
        gauge!(SIZE).set(size as f64);
    }
    if let Ok(version) = store.data_version() {
        gauge!(VERSION).set(version as f64);
    }
    let log = std::fs::metadata(muster.dir().join("muster.db-wal")).map_or(0, |found| found.len());
    gauge!(WAL).set(log as f64);
}
