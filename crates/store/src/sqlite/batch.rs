//! Commits that several writers share: a durable commit costs a wait for the disk, and small writes that come at the same
//! time need only one.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::retry::Retry;
use super::tx::LiteTx;
use super::{Lite, error, lock};
use crate::store::Work;
use crate::{Result, StoreError};

/// When a batch is committed although others are waiting to join it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// It was begun so long ago.
    pub(super) age: Duration,
    /// So many have joined it.
    pub(super) works: usize,
    /// So many bytes were written.
    pub(super) bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { age: Duration::from_millis(10), works: 128, bytes: 1 << 20 }
    }
}

/// How a batch ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// Everything in it is durable.
    Committed,
    /// Nothing of it is there: the commit failed.
    Failed(StoreError),
    /// Nothing of it is there: one who joined it met a failure that took the others' work back too.
    Lost,
}

/// Where those who joined a batch wait for its end.
#[derive(Debug, Default)]
pub(super) struct End {
    ended: Mutex<Option<Ended>>,
    told: Condvar,
}

impl End {
    fn tell(&self, ended: Ended) {
        *lock(&self.ended) = Some(ended);
        self.told.notify_all();
    }

    /// Waits for the end; `false`: the work must be done again.
    pub(super) fn wait(&self) -> Result<bool> {
        let mut ended = lock(&self.ended);
        loop {
            match &*ended {
                Some(Ended::Committed) => return Ok(true),
                Some(Ended::Failed(error)) => return Err(error.twin()),
                Some(Ended::Lost) => return Ok(false),
                None => ended = self.told.wait(ended).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }
}

/// An open transaction with what several writers did, each in a savepoint of its own.
#[derive(Debug)]
struct Batch {
    begun: Instant,
    works: usize,
    bytes: u64,
    end: Arc<End>,
}

/// The writing connection and the batch that is open on it.
pub(super) struct Writer {
    pub(super) lite: Lite,
    batch: Option<Batch>,
    pub(super) limits: Limits,
    pub(super) counts: Arc<Counts>,
}

/// Commits, counted.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) done: AtomicU64,
    /// Batches of which nothing is there although somebody was done with his part.
    pub(super) lost: AtomicU64,
}

/// What became of a work in a batch.
pub(super) struct Joined {
    /// Where to wait for the commit; none: there is nothing to wait for.
    pub(super) end: Option<Arc<End>>,
    /// The closure's panic, to be gone on with once nothing is held.
    pub(super) panic: Option<Box<dyn std::any::Any + Send>>,
}

fn run(connection: &Connection, sql: &'static str) -> Result<()> {
    let mut statement = connection.prepare_cached(sql).map_err(|source| error::of(source, sql))?;
    statement.raw_execute().map(drop).map_err(|source| error::of(source, sql))
}

impl Writer {
    pub(super) fn new(lite: Lite, counts: Arc<Counts>) -> Self {
        Self { lite, batch: None, limits: Limits::default(), counts }
    }

    /// Does a work in the open batch, or in a new one.
    pub(super) fn join(&mut self, wait: Duration, work: Work<'_>) -> Result<Joined> {
        let connection = &self.lite.connection;
        let (first, begun) = (self.batch.is_none(), Instant::now());
        if first {
            if !connection.is_autocommit() {
                // Taking something back failed before, as on a failing disk: it is taken back first.
                run(connection, "ROLLBACK")?;
            }
            // The lock is taken when the transaction begins; from then on nobody else is in the way.
            Retry::new(wait).run(|| run(connection, "BEGIN IMMEDIATE"))?;
        } else if let Err(error) = run(connection, "SAVEPOINT joined") {
            self.give_up(Ended::Failed(error.twin()));
            return Err(error);
        }
        let mut tx = LiteTx::new(connection, &mut self.lite.texts);
        let done = catch_unwind(AssertUnwindSafe(|| work(&mut tx)));
        let bytes = tx.written();
        let kept = matches!(done, Ok(true));
        let panic = done.err();
        if !kept && connection.is_autocommit() {
            // A full disk and its like have rolled back everything; the closure's error tells of them.
            self.give_up(Ended::Lost);
            return Ok(Joined { end: None, panic });
        }
        if first && !kept {
            run(connection, "ROLLBACK")?;
            return Ok(Joined { end: None, panic });
        }
        if !first {
            let taken_back = if kept { Ok(()) } else { run(connection, "ROLLBACK TO joined") };
            if let Err(error) = taken_back.and_then(|()| run(connection, "RELEASE joined")) {
                self.give_up(Ended::Failed(error.twin()));
                return Err(error);
            }
        }
        let batch =
            self.batch.get_or_insert_with(|| Batch { begun, works: 0, bytes: 0, end: Arc::default() });
        batch.works += 1;
        batch.bytes += bytes;
        Ok(Joined { end: Some(batch.end.clone()), panic })
    }

    /// Whether nobody else may join the batch.
    pub(super) fn is_full(&self) -> bool {
        let limits = self.limits;
        self.batch.as_ref().is_some_and(|batch| {
            batch.works >= limits.works || batch.bytes >= limits.bytes || batch.begun.elapsed() >= limits.age
        })
    }

    /// Commits what is open and tells everybody who waits for it.
    pub(super) fn settle(&mut self, wait: Duration) {
        let Some(batch) = self.batch.take() else { return };
        let connection = &self.lite.connection;
        match Retry::new(wait).run(|| run(connection, "COMMIT")) {
            Ok(()) => {
                self.counts.done.fetch_add(1, Ordering::SeqCst);
                batch.end.tell(Ended::Committed);
            }
            Err(error) => {
                self.batch = Some(batch);
                self.give_up(Ended::Failed(error));
            }
        }
    }

    /// Takes everything that is open back.
    fn give_up(&mut self, ended: Ended) {
        let connection = &self.lite.connection;
        if !connection.is_autocommit() {
            // If even this fails the connection is broken, and whoever uses it next is told so.
            let _ = run(connection, "ROLLBACK");
        }
        self.counts.lost.fetch_add(1, Ordering::SeqCst);
        if let Some(batch) = self.batch.take() {
            batch.end.tell(ended);
        }
    }
}

/// How long a long work waits for short ones at most.
const POLITE: Duration = Duration::from_millis(5);

/// Lets those go first who are waiting already, for a moment.
pub(super) fn after_others(are_waiting: impl Fn() -> bool) {
    let begun = Instant::now();
    while are_waiting() && begun.elapsed() < POLITE {
        thread::sleep(Duration::from_micros(100));
    }
}
