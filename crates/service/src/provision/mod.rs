//! Provisioning: bringing accounts in applications into line with what is wanted.
//!
//! The account row is the queue. A worker an app leases dirty accounts, most urgent first, compares what is wanted with
//! what is known, makes the calls that take the one to the other, and records what it learned. Each app has a worker of
//! its own, so one that hangs holds up no other. What was about to be tried is noted durably before the first call;
//! whoever finds such a note looks the account up before doing anything else, so that nothing is created twice.

mod app_loop;
mod breaker;
mod by_hand;
mod carry_out;
mod db;
mod delay;
mod end;
mod find;
mod forever;
mod job;
mod leases;
mod limit;
mod listing;
mod orphans;
mod points;
mod record;
mod settler;
mod target;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use muster_engine::Config;
use muster_engine::model::{AppKey, OnUnassign};
use muster_store::accounts::{self, QueueCounts};
use muster_store::{Tx, app_state, lookups, tasks};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;

pub use points::{CRASH_AT, point};

use app_loop::{Context, Worker};
use db::Db;
use end::End;
use settler::Settler;
use target::{NotSetUp, Target};

use crate::clock::machine_now;
use crate::error::{Result, ServiceError};
use crate::muster::Muster;
use crate::tasks::words;

/// How long a worker without a time limit waits in all for accounts that can only be tried again later.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long calls under way may go on after the time limit.
const GRACE: Duration = Duration::from_secs(2);

/// What a run of [`Muster::sync`] covers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SyncOptions {
    /// Only this app; all of them if not given.
    pub app: Option<AppKey>,
    /// When to stop at the latest. Accounts that can only be tried again later are waited for if their time comes
    /// before; without a limit each app is waited for up to 60 seconds in all.
    pub timeout: Option<Duration>,
}

/// What was done in an app so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AppProgress {
    /// Accounts that were brought into line.
    pub brought_into_line: u64,
    /// Accounts created.
    pub created: u64,
    /// Accounts whose attributes were changed.
    pub updated: u64,
    /// Accounts made unusable.
    pub deactivated: u64,
    /// Accounts made usable again.
    pub reactivated: u64,
    /// Accounts deleted.
    pub deleted: u64,
    /// Accounts that were there already and were linked.
    pub linked: u64,
    /// Attempts that are to be repeated.
    pub retries: u64,
    /// Attempts that failed until something changes.
    pub failed: u64,
}

/// Watches a run. All its methods do nothing unless written.
pub trait SyncProgress {
    /// Work on an app begins; so many of its accounts aren't in line.
    fn started(&self, app: &str, dirty: u64) {
        let _ = (app, dirty);
    }

    /// Accounts of an app were settled; what was done in it since the run began.
    fn settled(&self, app: &str, so_far: &AppProgress) {
        let _ = (app, so_far);
    }
}

/// Nobody watches.
impl SyncProgress for () {}

/// Where an app stands after a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AppReport {
    /// The app.
    pub app: AppKey,
    /// Its name.
    pub name: String,
    /// What the run did.
    pub done: AppProgress,
    /// Accounts in line now.
    pub in_line: u64,
    /// Accounts to be tried again.
    pub waiting: u64,
    /// The earliest time, by the machine's clock, at which one of those can be.
    pub next_attempt: Option<i64>,
    /// Accounts that wait for a person who does it by hand.
    pub by_hand: u64,
    /// Accounts that failed until something changes.
    pub failed: u64,
    /// What keeps the app as a whole from being served.
    pub problem: Option<String>,
}

/// What a run did and left.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SyncReport {
    /// By app, in the order of their names.
    pub apps: Vec<AppReport>,
}

impl SyncReport {
    /// The sum over all apps, without a name.
    pub fn total(&self) -> AppReport {
        let mut sum = AppReport::default();
        for app in &self.apps {
            let (to, from) = (&mut sum.done, &app.done);
            to.brought_into_line += from.brought_into_line;
            to.created += from.created;
            to.updated += from.updated;
            to.deactivated += from.deactivated;
            to.reactivated += from.reactivated;
            to.deleted += from.deleted;
            to.linked += from.linked;
            to.retries += from.retries;
            to.failed += from.failed;
            sum.in_line += app.in_line;
            sum.waiting += app.waiting;
            sum.by_hand += app.by_hand;
            sum.failed += app.failed;
            sum.next_attempt = match (sum.next_attempt, app.next_attempt) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            };
        }
        sum
    }

    /// The app of that name.
    pub fn app(&self, name: &str) -> Option<&AppReport> {
        self.apps.iter().find(|app| app.name == name)
    }
}

/// The apps of a run.
#[derive(Default)]
struct Apps {
    automatic: Vec<Arc<Target>>,
    by_hand: Vec<Arc<Target>>,
    not_set_up: Vec<NotSetUp>,
}

impl Muster {
    /// Works until every account is in line, or all that is left waits (for a person, or for a later attempt beyond the
    /// time there is) or failed.
    ///
    /// It may be stopped at any moment and started anywhere any number of times: it begins where the accounts stand.
    /// It blocks, so asynchronous code runs it on a thread that may.
    ///
    /// # Errors
    /// If the store fails, or there is no such app. That apps fail is in the report.
    pub fn sync(&self, options: &SyncOptions, progress: &dyn SyncProgress) -> Result<SyncReport> {
        let (config, apps) = self.apps_to_sync(options.app)?;
        let mut done = BTreeMap::new();
        for target in &apps.by_hand {
            let counts = by_hand::work_off(self, target, &|| false)?;
            progress.settled(&target.name, &counts);
            done.insert(target.app, counts);
        }
        self.note_not_set_up(&apps.not_set_up)?;
        if !apps.automatic.is_empty() {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .thread_name("provisioning")
                .enable_all()
                .build()
                .map_err(|error| ServiceError::io("starting provisioning", error))?;
            let worked = runtime.block_on(self.drive(options, progress, &apps.automatic));
            // A call that was given up may still hang in a name look-up; nobody waits for it.
            runtime.shutdown_background();
            done.extend(worked?);
        }
        self.report(&config, options.app, &apps, &done)
    }

    fn apps_to_sync(&self, only: Option<AppKey>) -> Result<(Arc<Config>, Apps)> {
        self.store.try_read(|tx| {
            let config = self.config_in(tx)?;
            if let Some(app) = only.filter(|app| config.app(*app).is_none()) {
                return Err(ServiceError::NotFound(format!("there is no app {app}")));
            }
            let mut apps = Apps::default();
            for key in accounts::apps_with_dirty(tx)?.into_iter().map(AppKey) {
                let served = config.app(key).is_none_or(muster_engine::model::App::is_served);
                if served && only.is_none_or(|only| only == key) {
                    match Target::open(self, tx, &config, key)? {
                        Err(problem) => apps.not_set_up.push(problem),
                        Ok(target) if target.capabilities.automatic => apps.automatic.push(target),
                        Ok(target) => apps.by_hand.push(target),
                    }
                }
            }
            Ok((config, apps))
        })
    }

    /// An app that can't be spoken to for want of a setting is told to a person, like one that refuses us.
    fn note_not_set_up(&self, apps: &[NotSetUp]) -> Result<()> {
        let at = self.clock.now();
        if apps.is_empty() {
            return Ok(());
        }
        self.store.write(|tx| {
            let opened: Vec<_> = apps
                .iter()
                .map(|app| {
                    words::refused(app.app, &app.name, app.owner.clone(), app.task_days, &app.reason, at)
                })
                .collect();
            tasks::open_tasks(tx, &opened)
        })?;
        Ok(())
    }

    /// Runs the workers of all apps and writes down what they tell.
    async fn drive(
        &self,
        options: &SyncOptions,
        progress: &dyn SyncProgress,
        targets: &[Arc<Target>],
    ) -> Result<BTreeMap<AppKey, AppProgress>> {
        let db = Db(Arc::clone(&self.store));
        let counts = db.read(|tx| accounts::queue_counts(tx, machine_now())).await?;
        let (told, telling) = mpsc::channel(4_096);
        // Nobody sets another end, but the means to do so are kept until all is done.
        let (_end, end) = End::at(options.timeout.map(|timeout| Instant::now() + timeout), GRACE);
        let context = Context { db: db.clone(), node: self.node.clone(), end, patience: PATIENCE, told };
        let mut workers = JoinSet::new();
        for target in targets {
            let dirty =
                counts.iter().find(|count| count.app_key == target.app.0).map_or(0, |count| count.dirty);
            progress.started(&target.name, u64::try_from(dirty).unwrap_or(0));
            workers.spawn(Worker::new(context.clone(), Arc::clone(target)).run());
        }
        drop(context);
        let mut settler = Settler { muster: self, db, progress, done: BTreeMap::new() };
        let working = async {
            while let Some(ended) = workers.join_next().await {
                ended.map_err(|error| ServiceError::io("provisioning", std::io::Error::other(error)))??;
            }
            Ok(())
        };
        tokio::try_join!(settler.run(telling), working)?;
        Ok(settler.done)
    }

    fn report(
        &self,
        config: &Config,
        only: Option<AppKey>,
        apps: &Apps,
        done: &BTreeMap<AppKey, AppProgress>,
    ) -> Result<SyncReport> {
        let mut report = self.store.try_read(|tx| {
            let queues = accounts::queue_counts(tx, machine_now())?;
            let totals = lookups::account_counts(tx)?;
            let mut report = SyncReport::default();
            // Also those with nothing to do: all in line, or failed before.
            for total in totals {
                let key = AppKey(total.app_key);
                if only.is_some_and(|only| only != key) {
                    continue;
                }
                let queue = queues.iter().find(|queue| queue.app_key == key.0).copied().unwrap_or_default();
                let mut app = app_report(tx, key, config, queue)?;
                app.done = done.get(&key).copied().unwrap_or_default();
                app.in_line = u64::try_from(total.in_line - total.orphans).unwrap_or(0);
                report.apps.push(app);
            }
            Ok::<_, ServiceError>(report)
        })?;
        for problem in &apps.not_set_up {
            if let Some(app) = report.apps.iter_mut().find(|app| app.app == problem.app) {
                app.problem = Some(problem.reason.clone());
            }
        }
        report.apps.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(report)
    }
}

fn app_report(tx: &mut dyn Tx, key: AppKey, config: &Config, queue: QueueCounts) -> Result<AppReport> {
    let app = config.app(key);
    let is_manual = app.is_some_and(|app| app.kind == muster_engine::model::AppKind::Manual);
    let count = |n: i64| u64::try_from(n).unwrap_or(0);
    let waiting = count(queue.dirty - queue.failed);
    let state = app_state::app_state(tx, key.0)?;
    let off = app.is_some_and(|app| !app.is_served()) && waiting > 0;
    let paused = state.as_ref().and_then(|state| state.paused_until).filter(|until| *until > machine_now());
    let next = if waiting > 0 && !off { accounts::next_wakeup(tx, key.0)? } else { None };
    let by_hand = match app.and_then(|app| app.provisioning.as_ref()) {
        _ if is_manual => count(queue.failed),
        Some(p) if p.on_unassign == OnUnassign::Task && queue.failed > 0 => {
            let counts = tasks::open_counts(tx)?.into_iter();
            let hers = |t: &tasks::TaskCount| t.app_key == Some(key.0) && t.kind == words::DEPROVISION;
            count(counts.filter(hers).map(|t| t.open).sum::<i64>().min(queue.failed))
        }
        _ => 0,
    };
    Ok(AppReport {
        app: key,
        name: config.app_name(key),
        waiting,
        next_attempt: next.map(|next| next.max(paused.unwrap_or(0))),
        by_hand,
        failed: count(queue.failed) - by_hand,
        problem: match paused.and(state).and_then(|state| state.error) {
            None if off => {
                Some("its provisioning is not enabled: who should have an account is only kept".to_owned())
            }
            told => told,
        },
        ..AppReport::default()
    })
}
