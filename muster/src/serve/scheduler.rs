//! What runs by itself: dates that have come, imports by schedule, digests, clearing away.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use muster_service::Muster;
use muster_service::schedule::Stop;
use tokio::sync::watch;

/// Starts it, on a thread of its own. Told to stop it begins nothing more; a job that is cut off by the end of the process
/// is taken up by whoever comes next.
///
/// # Errors
/// If there is no thread to be had.
pub(super) fn start(muster: Arc<Muster>, mut stop: watch::Receiver<bool>) -> Result<()> {
    let told = Stop::new();
    let ends = told.clone();
    tokio::spawn(async move {
        // The sender is gone only when everything ends.
        let _ = stop.wait_for(|stop| *stop).await;
        ends.set();
    });
    std::thread::Builder::new()
        .name("scheduler".to_owned())
        .spawn(move || muster.scheduler(&told))
        .context("starting the scheduler")?;
    Ok(())
}
