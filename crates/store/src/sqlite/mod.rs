//! The embedded engine: `SQLite` through rusqlite.
//!
//! One connection writes, behind a mutex; small writes that come together share a commit. A few connections read, each
//! transaction on one snapshot of the write-ahead log, so that nobody sees what isn't committed. Other
//! processes may do the same with the same file; `SQLite`'s lock decides who writes, and waiting is jittered so that
//! nobody starves.

mod backup;
mod batch;
mod connection;
mod dialect;
mod error;
mod readers;
mod retry;
#[cfg(test)]
mod tests;
mod tx;

use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::Duration;

use rusqlite::{Connection, Transaction, TransactionBehavior};

use self::batch::{Counts, Writer};
use self::connection::Role;
use self::readers::Readers;
use self::retry::Retry;
use self::tx::{LiteTx, Texts};
use crate::store::{Engine, Work};
use crate::{Checkpoint, Commits, OpenOptions, Result, StoreError};

/// A connection and the statement texts it has rewritten.
struct Lite {
    connection: Connection,
    texts: Texts,
}

impl Lite {
    fn new(connection: Connection) -> Self {
        Self { connection, texts: Texts::default() }
    }

    /// Runs `work` in a transaction and keeps what it did if it says so; tells whether.
    fn transact(&mut self, behavior: TransactionBehavior, work: Work<'_>) -> Result<bool> {
        let transaction = Transaction::new_unchecked(&self.connection, behavior)
            .map_err(|source| error::of(source, "begin"))?;
        if work(&mut LiteTx::new(&transaction, &mut self.texts)) {
            return transaction.commit().map(|()| true).map_err(|source| error::of(source, "commit"));
        }
        if transaction.is_autocommit() {
            // A full disk and its like have rolled back already; the closure's error tells of them.
            return Ok(false);
        }
        transaction.rollback().map(|()| false).map_err(|source| error::of(source, "rollback"))
    }
}

/// Where the connections of an engine lead.
enum Place {
    File(PathBuf),
    Memory,
}

/// The engine.
pub(crate) struct Sqlite {
    place: Place,
    wait: Duration,
    /// The thread that is in a write transaction: asking for another one there would wait for itself.
    writing: Mutex<Option<ThreadId>>,
    /// How many threads wait for the writing connection to do something small: each of them will come.
    waiting: AtomicUsize,
    counts: Arc<Counts>,
    readers: Readers,
    poll: Mutex<Connection>,
    /// Last, so that it is closed last: it moves what is left in the log of writes into the file.
    writer: Mutex<Writer>,
}

impl Sqlite {
    pub(crate) fn open(path: &Path, options: &OpenOptions) -> Result<Self> {
        let file = connection::file_of(path);
        connection::prepare_file(&file, options.create)?;
        let open = || Retry::new(options.wait).run(|| connection::open(&file, Role::Writer));
        let mut writer = Lite::new(open()?);
        Retry::new(options.wait)
            .run(|| connection::migrate(&mut writer.connection, &mut writer.texts, &file))?;
        let poll = connection::open(&file, Role::Reader)?;
        Ok(Self::with(Place::File(file), options.wait, writer, poll))
    }

    pub(crate) fn in_memory() -> Result<Self> {
        let connection = |role| {
            let connection = Connection::open_in_memory().map_err(|source| error::of(source, "open"))?;
            connection::configure(&connection, role)?;
            Ok(connection)
        };
        let mut writer = Lite::new(connection(Role::Memory)?);
        connection::migrate(&mut writer.connection, &mut writer.texts, Path::new(":memory:"))?;
        Ok(Self::with(Place::Memory, Duration::ZERO, writer, connection(Role::Memory)?))
    }

    fn with(place: Place, wait: Duration, writer: Lite, poll: Connection) -> Self {
        let counts = Arc::<Counts>::default();
        Self {
            place,
            wait,
            writing: Mutex::new(None),
            waiting: AtomicUsize::new(0),
            counts: counts.clone(),
            readers: Readers::default(),
            poll: Mutex::new(poll),
            writer: Mutex::new(Writer::new(writer, counts)),
        }
    }

    /// The writing connection, for this thread alone until the guard is dropped. Whoever is `small` may find a batch
    /// open on it and leaves the commit to the next one; for all others what was open is committed.
    fn writer(&self, small: bool) -> Result<Writing<'_>> {
        let me = thread::current().id();
        if *lock(&self.writing) == Some(me) {
            return Err(StoreError::Nested);
        }
        if !small {
            let mut writer = lock(&self.writer);
            *lock(&self.writing) = Some(me);
            writer.settle(self.wait);
            return Ok(Writing { writer, writing: &self.writing });
        }
        self.waiting.fetch_add(1, Ordering::SeqCst);
        let writer = lock(&self.writer);
        self.waiting.fetch_sub(1, Ordering::SeqCst);
        *lock(&self.writing) = Some(me);
        Ok(Writing { writer, writing: &self.writing })
    }

    fn is_waited_for(&self) -> bool {
        self.waiting.load(Ordering::SeqCst) > 0
    }

    /// Does a work in a batch; `false`: somebody else's failure took it back, it must be done again.
    fn share(&self, work: Work<'_>) -> Result<bool> {
        let joined = {
            let mut writing = self.writer(true)?;
            let joined = writing.writer.join(self.wait, work);
            // Whoever waits comes in any case, finds the batch open, and decides anew. The last one commits.
            if writing.writer.is_full() || !self.is_waited_for() {
                writing.writer.settle(self.wait);
            }
            joined?
        };
        let ended = joined.end.map_or(Ok(true), |end| end.wait());
        if let Some(panic) = joined.panic {
            resume_unwind(panic);
        }
        ended
    }

    fn with_reader(&self, file: &Path, work: Work<'_>) -> Result<()> {
        self.readers.with(file, |lite| lite.transact(TransactionBehavior::Deferred, work)).map(drop)
    }
}

/// The writing connection while a thread has it.
struct Writing<'a> {
    writer: MutexGuard<'a, Writer>,
    writing: &'a Mutex<Option<ThreadId>>,
}

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        *lock(self.writing) = None;
    }
}

impl Engine for Sqlite {
    fn read(&self, work: Work<'_>) -> Result<()> {
        match &self.place {
            Place::File(file) => self.with_reader(file, work),
            Place::Memory => {
                let mut writing = self.writer(false)?;
                let lite = &mut writing.writer.lite;
                connection::set_read_only(&lite.connection, true)?;
                let outcome = lite.transact(TransactionBehavior::Deferred, work);
                connection::set_read_only(&lite.connection, false)?;
                outcome.map(drop)
            }
        }
    }

    fn write(&self, work: Work<'_>) -> Result<()> {
        // In memory a commit costs nothing, and a reader would see what isn't committed.
        if matches!(self.place, Place::File(_)) && self.share(work)? {
            return Ok(());
        }
        self.write_alone(work)
    }

    fn write_alone(&self, work: Work<'_>) -> Result<()> {
        if *lock(&self.writing) != Some(thread::current().id()) {
            batch::after_others(|| self.is_waited_for());
        }
        let mut writing = self.writer(false)?;
        let writer = &mut *writing.writer;
        // The lock is taken when the transaction begins, so the closure seldom runs twice.
        let kept =
            Retry::new(self.wait).run(|| writer.lite.transact(TransactionBehavior::Immediate, work))?;
        writer.counts.done.fetch_add(kept.into(), Ordering::SeqCst);
        Ok(())
    }

    fn commits(&self) -> Commits {
        let count = |count: &AtomicU64| count.load(Ordering::SeqCst);
        Commits { done: count(&self.counts.done), lost: count(&self.counts.lost) }
    }

    fn data_version(&self) -> Result<i64> {
        match &self.place {
            Place::File(_) => connection::pragma(&lock(&self.poll), "data_version"),
            Place::Memory => Ok(self.writer(false)?.writer.lite.connection.total_changes() as i64),
        }
    }

    fn checkpoint(&self) -> Result<Checkpoint> {
        match &self.place {
            Place::File(_) => connection::checkpoint(&self.writer(false)?.writer.lite.connection),
            Place::Memory => Ok(Checkpoint { complete: true }),
        }
    }

    fn backup(&self, to: &Path) -> Result<u64> {
        match &self.place {
            Place::File(file) => backup::copy(file, to),
            Place::Memory => Err(StoreError::Missing { path: PathBuf::from(":memory:") }),
        }
    }

    fn size_bytes(&self) -> Result<u64> {
        match &self.place {
            Place::File(file) => Ok(connection::size_of(file)),
            Place::Memory => {
                let writing = self.writer(false)?;
                let connection = &writing.writer.lite.connection;
                let pages = connection::pragma(connection, "page_count")?;
                let size = connection::pragma(connection, "page_size")?;
                Ok((pages * size) as u64)
            }
        }
    }
}

/// See [`Store::restore`](crate::Store::restore).
pub(crate) fn restore(copy: &Path, to: &Path) -> Result<()> {
    backup::check(copy)?;
    backup::replace(copy, &connection::file_of(to))
}

/// Locks a mutex. A panic elsewhere doesn't make its content wrong: a transaction that was open rolls itself back.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
