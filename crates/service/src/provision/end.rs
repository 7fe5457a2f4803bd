//! When work is to be over: known from the start, set while it goes on, or never.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

/// The time at which work is to be over, as those who work see it.
#[derive(Clone)]
pub(super) struct End {
    time: watch::Receiver<Option<Instant>>,
    /// How long calls under way may go on after it.
    grace: Duration,
}

impl End {
    /// A time that is known, or none; and the means to set another one.
    pub(super) fn at(time: Option<Instant>, grace: Duration) -> (watch::Sender<Option<Instant>>, Self) {
        let (set, time) = watch::channel(time);
        (set, Self { time, grace })
    }

    /// The time, if there is one by now.
    pub(super) fn time(&self) -> Option<Instant> {
        *self.time.borrow()
    }

    pub(super) fn is_over(&self) -> bool {
        self.time().is_some_and(|end| Instant::now() >= end)
    }

    /// Works on something until it is done or the time is over.
    pub(super) async fn within<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        self.clone().work(work, Duration::ZERO).await
    }

    /// The same for a call, which may take a while longer.
    pub(super) async fn within_grace<T>(self, work: impl Future<Output = T>) -> Option<T> {
        let grace = self.grace;
        self.work(work, grace).await
    }

    async fn work<T>(self, work: impl Future<Output = T>, longer: Duration) -> Option<T> {
        tokio::select! {
            biased;
            done = work => Some(done),
            () = self.passed(longer) => None,
        }
    }

    /// Waits until so long after the end.
    async fn passed(mut self, longer: Duration) {
        loop {
            let time = *self.time.borrow_and_update();
            if let Some(end) = time {
                tokio::select! {
                    () = tokio::time::sleep_until(end + longer) => return,
                    changed = self.time.changed() => if changed.is_ok() { continue },
                }
                return tokio::time::sleep_until(end + longer).await;
            }
            if self.time.changed().await.is_err() {
                // Nobody is left who could set one.
                return std::future::pending().await;
            }
        }
    }
}
