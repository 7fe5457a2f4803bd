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
use super::supervised::{Standing, keep_on, wait};

/// How often runs that stand still are looked for.
const LOOK_FOR_RUNS: Duration = Duration::from_secs(10);
/// How long to wait after one couldn't go on.
const AFTER_FAILURE: Duration = Duration::from_secs(60);
/// How much longer than calls under way the workers may take to end.
const TO_RECORD: Duration = Duration::from_secs(5);

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
                keep_on("provisioning", &stop, &told, || {
                    muster
                        .provision_forever(stop.clone(), grace, &Counting::default())
                        .map_err(|error| error.to_string())
                });
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

/// Finishes runs that a process left behind when it died, now and from time to time. A run that is cut off when the server
/// stops goes on where it stands, here or elsewhere. Gives how that stands.
///
/// # Errors
/// If there is no thread to be had.
pub(super) fn resume_runs(muster: Arc<Muster>, stop: watch::Receiver<bool>) -> Result<Arc<Standing>> {
    let standing = Arc::new(Standing::default());
    let told = Arc::clone(&standing);
    std::thread::Builder::new()
        .name("runs".to_owned())
        .spawn(move || {
            keep_on("the look for runs", &stop, &told, || {
                while !*stop.borrow() {
                    wait(&stop, finish_runs(&muster));
                }
                Ok(())
            });
        })
        .context("starting to look for runs")?;
    Ok(standing)
}

/// Finishes those that can go on; gives how long to wait before the next look.
fn finish_runs(muster: &Muster) -> Duration {
    match muster.resume_runs(&Quiet) {
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
    }
}
