//! What runs by itself: dates that have come, imports by schedule, digests, clearing away.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use muster_service::Muster;
use muster_service::schedule::Stop;
use tokio::sync::{oneshot, watch};

use super::stop::stopped;
use super::supervised::{Standing, keep_on};

/// What is done when its time has come, on a thread of its own.
pub(super) struct Scheduler {
    /// How it stands.
    pub(super) standing: Arc<Standing>,
    ended: oneshot::Receiver<()>,
    grace: Duration,
}

impl Scheduler {
    /// Starts it.
    ///
    /// # Errors
    /// If there is no thread to be had.
    pub(super) fn start(muster: Arc<Muster>, stop: watch::Receiver<bool>, grace: Duration) -> Result<Self> {
        let standing = Arc::new(Standing::default());
        let told = Arc::clone(&standing);
        let over = Stop::new();
        let stopping = stop.clone();
        let (telling, (ending, ended)) = (over.clone(), oneshot::channel());
        tokio::spawn(async move {
            stopped(stop).await;
            telling.set();
        });
        std::thread::Builder::new()
            .name("schedule".to_owned())
            .spawn(move || {
                keep_on("the scheduler", &stopping, &told, || {
                    muster.scheduler(&over);
                    Ok(())
                });
                // Whoever doesn't wait any more needn't know.
                let _ = ending.send(());
            })
            .context("starting the scheduler")?;
        Ok(Self { standing, ended, grace })
    }

    /// Waits until the job under way has ended, for as long as it may take.
    pub(super) async fn stopped(self) {
        if tokio::time::timeout(self.grace, self.ended).await.is_err() {
            tracing::warn!(
                "a job was still under way when the time to stop was over; it is done again, by whoever comes next"
            );
        }
    }
}
