//! What runs by itself: dates that have come, imports by schedule, digests, clearing away.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use muster_service::Muster;
use muster_service::schedule::{Lane, Stop};
use tokio::sync::{oneshot, watch};

use super::stop::stopped;
use super::supervised::{Standing, keep_on};

/// What is done when its time has come, on threads of its own.
pub(super) struct Scheduler {
    /// How its lanes stand, by the names `/readyz` has for them.
    pub(super) standings: [(&'static str, Arc<Standing>); 2],
    ended: oneshot::Receiver<()>,
    grace: Duration,
}

impl Scheduler {
    /// Starts it.
    ///
    /// # Errors
    /// If there is no thread to be had.
    pub(super) fn start(muster: Arc<Muster>, stop: watch::Receiver<bool>, grace: Duration) -> Result<Self> {
        let standings = [("scheduler", Arc::default()), ("scheduledImports", Arc::default())];
        let told = standings.clone();
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
                std::thread::scope(|scope| {
                    for ((name, standing), lane) in told.iter().zip([Lane::Others, Lane::Imports]) {
                        let (muster, over, stopping) = (&muster, &over, &stopping);
                        scope.spawn(move || {
                            keep_on(name, stopping, standing, || {
                                muster.scheduler(over, lane);
                                Ok(())
                            });
                        });
                    }
                });
                // Whoever doesn't wait any more needn't know.
                let _ = ending.send(());
            })
            .context("starting the scheduler")?;
        Ok(Self { standings, ended, grace })
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
