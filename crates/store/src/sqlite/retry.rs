//! Waiting for another process's lock, with jitter, so that those who wait don't wake in step.

use std::hash::{BuildHasher, RandomState};
use std::thread;
use std::time::{Duration, Instant};

use crate::Result;

/// The longest single pause.
const LONGEST: Duration = Duration::from_millis(20);

/// A series of attempts that ends after a given time.
pub(super) struct Retry {
    deadline: Instant,
    next: Duration,
}

impl Retry {
    pub(super) fn new(wait: Duration) -> Self {
        Self { deadline: Instant::now() + wait, next: Duration::from_millis(1) }
    }

    /// Pauses before the next attempt; `false`: the time is over.
    pub(super) fn pause(&mut self) -> bool {
        if Instant::now() >= self.deadline {
            return false;
        }
        // Hash seeds are random, which is randomness enough for a pause.
        let dice = RandomState::new().hash_one(0) % 1000;
        thread::sleep(self.next.mul_f64(0.5 + dice as f64 / 1000.0));
        self.next = (self.next * 2).min(LONGEST);
        true
    }

    /// Runs `work` until it gives something else than a lock of somebody else, or the time is over.
    pub(super) fn run<T>(&mut self, mut work: impl FnMut() -> Result<T>) -> Result<T> {
        loop {
            match work() {
                Err(error) if error.is_transient() && self.pause() => {}
                outcome => return outcome,
            }
        }
    }
}
