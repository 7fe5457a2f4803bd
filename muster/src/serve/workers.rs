//! What works behind the server: provisioning, and runs that somebody left half way.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result};
use muster_service::Muster;
use muster_service::plan::Quiet;
use muster_service::provision::{AppProgress, SyncProgress};
use tokio::sync::{oneshot, watch};

use super::metrics;

/// The first and the longest pause after provisioning failed as a whole, which is when the store fails.
const PAUSE: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(30));
/// How often runs that stand still are looked for.
const LOOK_FOR_RUNS: Duration = Duration::from_secs(10);
/// How long to wait after one couldn't go on.
const AFTER_FAILURE: Duration = Duration::from_secs(60);
/// How much longer than calls under way the workers may take to end.
const TO_RECORD: Duration = Duration::from_secs(5);

/// How provisioning stands: what is wrong, if anything.
#[derive(Debug, Default)]
pub(super) struct Standing(Mutex<Option<String>>);

impl Standing {
    /// What keeps provisioning as a whole from running.
    pub(super) fn check(&self) -> Result<(), String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone().map_or(Ok(()), Err)
    }

    fn set(&self, problem: Option<String>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = problem;
    }
}

/// Provisioning, on threads of its own: however busy the server is, leases are kept and calls go on.
pub(super) struct Workers {
    /// How they stand.
    pub(super) standing: Arc<Standing>,
    ended: oneshot::Receiver<()>,
    grace: Duration,
}

/// Counts what is done. What it is told is summed up since provisioning began; figures go on when it begins again.
#[derive(Default)]
struct Counting(Mutex<BTreeMap<String, AppProgress>>);

impl SyncProgress for Counting {
    fn settled(&self, app: &str, so_far: &AppProgress) {
        let before = self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(app.to_owned(), *so_far);
        metrics::provisioned(app, &before.unwrap_or_default(), so_far);
    }
}

impl Workers {
    /// Starts them.
    ///
    /// # Errors
    /// If there is no thread to be had.
    pub(super) fn start(muster: Arc<Muster>, stop: watch::Receiver<bool>, grace: Duration) -> Result<Self> {
        let standing = Arc::new(Standing::default());
        let (ending, ended) = oneshot::channel();
        let told = Arc::clone(&standing);
        std::thread::Builder::new()
            .name("provisioning".to_owned())
            .spawn(move || {
                provision(&muster, &stop, grace, &told);
                // Whoever doesn't wait any more needn't know.
                let _ = ending.send(());
            })
            .context("starting provisioning")?;
        Ok(Self { standing, ended, grace })
    }

    /// Waits until they have ended, for as long as they may take.
    pub(super) async fn stopped(self) {
        if tokio::time::timeout(self.grace + TO_RECORD, self.ended).await.is_err() {
            tracing::warn!(
                "provisioning was still busy when the time to stop was over; its leases run out by themselves"
            );
        }
    }
}

/// Provisions until told to stop, whatever fails.
fn provision(muster: &Arc<Muster>, stop: &watch::Receiver<bool>, grace: Duration, standing: &Standing) {
    let mut pause = PAUSE.0;
    while !*stop.borrow() {
        let began = std::time::Instant::now();
        standing.set(None);
        match muster.provision_forever(stop.clone(), grace, &Counting::default()) {
            Ok(()) => return,
            Err(error) => {
                tracing::error!(%error, "provisioning failed as a whole; it begins again shortly");
                standing.set(Some(error.to_string()));
            }
        }
        pause = if began.elapsed() > PAUSE.1 { PAUSE.0 } else { (pause * 2).min(PAUSE.1) };
        wait(stop, pause);
    }
}

/// Waits so long, or until it is time to stop.
fn wait(stop: &watch::Receiver<bool>, time: Duration) {
    const STEP: Duration = Duration::from_millis(100);
    let until = std::time::Instant::now() + time;
    while !*stop.borrow() && std::time::Instant::now() < until {
        std::thread::sleep(STEP);
    }
}

/// Finishes runs that a process left behind when it died, now and from time to time. A run that is cut off when the server
/// stops goes on where it stands, here or elsewhere.
///
/// # Errors
/// If there is no thread to be had.
pub(super) fn resume_runs(muster: Arc<Muster>, stop: watch::Receiver<bool>) -> Result<()> {
    std::thread::Builder::new()
        .name("runs".to_owned())
        .spawn(move || {
            while !*stop.borrow() {
                let pause = match muster.resume_runs(&Quiet) {
                    Ok(plans) => {
                        for plan in plans {
                            tracing::info!(plan = %plan, "a run that stood still is finished");
                        }
                        LOOK_FOR_RUNS
                    }
                    Err(error) => {
                        tracing::warn!(%error, "a run that stands still can't go on");
                        AFTER_FAILURE
                    }
                };
                wait(&stop, pause);
            }
        })
        .context("starting to look for runs")?;
    Ok(())
}
