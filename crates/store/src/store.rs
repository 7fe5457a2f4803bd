//! The store as the rest of the program sees it: transactions as closures, over some engine.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::sqlite::Sqlite;
use crate::{Result, StoreError, Tx};

/// How to open a store.
#[derive(Debug, Clone)]
pub struct OpenOptions {
    /// Create the folder and the database if they aren't there.
    pub create: bool,
    /// How long a write waits for another process's write before it gives up.
    pub wait: Duration,
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self { create: false, wait: Duration::from_secs(30) }
    }
}

impl OpenOptions {
    /// Options that create what is missing.
    pub fn create() -> Self {
        Self { create: true, ..Self::default() }
    }
}

/// What a checkpoint did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checkpoint {
    /// Whether everything is in the database file and the log of writes is empty; otherwise a reader was in the way.
    pub complete: bool,
}

/// How often this process has committed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Commits {
    /// Durable commits; several small writes may share one.
    pub done: u64,
    /// Shared commits that failed: what those who shared it had read of each other never came to be.
    pub lost: u64,
}

/// What an engine does with a closure: run it inside a transaction, and keep its changes if it gives `true`.
pub(crate) type Work<'a> = &'a mut dyn FnMut(&mut dyn Tx) -> bool;

/// An engine beneath the store.
pub(crate) trait Engine: Send + Sync {
    /// Runs `work` on one snapshot.
    fn read(&self, work: Work<'_>) -> Result<()>;
    /// Runs `work` in a write transaction, again from the start if the engine asks for it.
    fn write(&self, work: Work<'_>) -> Result<()>;
    /// The same, with a commit of its own.
    fn write_alone(&self, work: Work<'_>) -> Result<()>;
    /// See [`Store::commits`].
    fn commits(&self) -> Commits;
    /// See [`Store::data_version`].
    fn data_version(&self) -> Result<i64>;
    /// See [`Store::checkpoint`].
    fn checkpoint(&self) -> Result<Checkpoint>;
    /// See [`Store::backup`].
    fn backup(&self, to: &Path) -> Result<u64>;
    /// See [`Store::size_bytes`].
    fn size_bytes(&self) -> Result<u64>;
}

/// A handle to one org's database. Cheap to clone; calls block, so async code runs them on a blocking thread.
#[derive(Clone)]
pub struct Store {
    engine: Arc<dyn Engine>,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the embedded database in the folder `path` (or the file itself, if the name ends in `.db`) and migrates it
    /// to the newest schema. Any number of processes may have it open.
    pub fn open(path: impl AsRef<Path>, options: &OpenOptions) -> Result<Self> {
        Ok(Self { engine: Arc::new(Sqlite::open(path.as_ref(), options)?) })
    }

    /// A new empty store in memory, gone with its last handle. Reads and writes exclude each other.
    pub fn in_memory() -> Result<Self> {
        Ok(Self { engine: Arc::new(Sqlite::in_memory()?) })
    }

    /// Runs `work` in a read transaction: everything it sees is of one moment.
    pub fn read<T>(&self, work: impl FnMut(&mut dyn Tx) -> Result<T>) -> Result<T> {
        self.try_read(work)
    }

    /// As [`read`](Self::read), for closures with an error of their own.
    pub fn try_read<T, E: From<StoreError>>(
        &self,
        mut work: impl FnMut(&mut dyn Tx) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut outcome = None;
        self.engine.read(&mut |tx| outcome.insert(work(tx)).is_ok())?;
        // An engine that gives no error has run the closure.
        outcome.unwrap_or_else(|| Err(StoreError::Nested.into()))
    }

    /// Runs `work` in a write transaction and commits it durably; an error takes everything back. Writes of several
    /// threads at the same time may share one commit: then a commit that fails fails for all of them.
    ///
    /// The engine may run `work` again from the start, so it must have no effects but those on the transaction.
    pub fn write<T>(&self, work: impl FnMut(&mut dyn Tx) -> Result<T>) -> Result<T> {
        self.try_write(work)
    }

    /// As [`write`](Self::write), for closures with an error of their own.
    pub fn try_write<T, E: From<StoreError>>(
        &self,
        mut work: impl FnMut(&mut dyn Tx) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut outcome = None;
        self.engine.write(&mut |tx| outcome.insert(work(tx)).is_ok())?;
        // An engine that gives no error has run the closure.
        outcome.unwrap_or_else(|| Err(StoreError::Nested.into()))
    }

    /// As [`try_write`](Self::try_write) with a commit of its own, for works that take long: nobody else's commit waits
    /// for them.
    pub fn try_write_alone<T, E: From<StoreError>>(
        &self,
        mut work: impl FnMut(&mut dyn Tx) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut outcome = None;
        self.engine.write_alone(&mut |tx| outcome.insert(work(tx)).is_ok())?;
        outcome.unwrap_or_else(|| Err(StoreError::Nested.into()))
    }

    /// How often this process has committed to the store.
    pub fn commits(&self) -> Commits {
        self.engine.commits()
    }

    /// A number that is another one after any commit of any process; cheap enough to poll.
    pub fn data_version(&self) -> Result<i64> {
        self.engine.data_version()
    }

    /// Moves what was committed from the log of writes into the database file and empties the log.
    pub fn checkpoint(&self) -> Result<Checkpoint> {
        self.engine.checkpoint()
    }

    /// Writes a consistent copy of the whole store to a file that isn't there yet and gives its size; writers go on
    /// meanwhile.
    pub fn backup(&self, to: &Path) -> Result<u64> {
        self.engine.backup(to)
    }

    /// Puts a copy that [`Store::backup`] made in place of the store at `path`, after checking that it is whole. Fails
    /// if anybody has that store open, and then changes nothing.
    pub fn restore(copy: &Path, path: impl AsRef<Path>) -> Result<()> {
        crate::sqlite::restore(copy, path.as_ref())
    }

    /// The size of the store on disk.
    pub fn size_bytes(&self) -> Result<u64> {
        self.engine.size_bytes()
    }
}
