//! Connections for reading: a few, used again and again. Opening one costs more than most reads, and its cache is large.

use std::path::Path;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::Lite;
use super::connection::{self, Role};
use crate::Result;

/// How many there are: enough for every processor of a common machine to be busy.
const KEPT: usize = 8;
/// How long one is waited for. Longer than any short read takes; who reads within a read, or beside a long one, gets one
/// of its own then.
const PATIENCE: Duration = Duration::from_millis(50);

#[derive(Default)]
struct Pool {
    free: Vec<Lite>,
    /// Those in use.
    out: usize,
}

/// The connections of an engine.
#[derive(Default)]
pub(super) struct Readers {
    pool: Mutex<Pool>,
    returned: Condvar,
}

/// The right to use a connection, until it is dropped.
struct Turn<'a>(&'a Readers);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.pool().out -= 1;
        self.0.returned.notify_one();
    }
}

impl Readers {
    fn pool(&self) -> MutexGuard<'_, Pool> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has `work` use a connection to a file that nobody else uses meanwhile.
    pub(super) fn with<T>(&self, file: &Path, work: impl FnOnce(&mut Lite) -> Result<T>) -> Result<T> {
        let (free, turn) = self.take();
        let mut lite = match free {
            Some(lite) => lite,
            None => Lite::new(connection::open(file, Role::Reader)?),
        };
        // One that failed may still be inside something; a new one is cheap beside that.
        let outcome = work(&mut lite)?;
        let mut pool = self.pool();
        if pool.free.len() < KEPT {
            pool.free.push(lite);
        }
        drop(pool);
        drop(turn);
        Ok(outcome)
    }

    fn take(&self) -> (Option<Lite>, Turn<'_>) {
        let until = Instant::now() + PATIENCE;
        let mut pool = self.pool();
        let free = loop {
            let free = pool.free.pop();
            let left = until.saturating_duration_since(Instant::now());
            if free.is_some() || pool.out < KEPT || left.is_zero() {
                break free;
            }
            pool = self.returned.wait_timeout(pool, left).unwrap_or_else(PoisonError::into_inner).0;
        };
        pool.out += 1;
        (free, Turn(self))
    }
}
