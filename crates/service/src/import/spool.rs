//! Feeds are kept in the store before anything is made of them, so that any node can apply or resume them later.

use std::io::{Cursor, Read};
use std::path::Path;
use std::sync::PoisonError;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use aws_lc_rs::digest;
use muster_connectors::csv::{EntryReader, FeedFormat, FeedReader, FeedRows, SortedFeed, sorted};
use muster_engine::model::{App, AppKey, AttributeType, Column, Feed, FeedMode};
use muster_store::{feeds, keys};

use crate::access::Actor;
use crate::error::{Result, ServiceError};
use crate::muster::Muster;
use crate::plan::stream::Source;
use crate::plan::{PlanReport, Progress, Proposal, Trigger};

/// How to import.
#[derive(Clone, Copy, Debug, Default)]
pub struct ImportOptions {
    /// Only say what would happen.
    pub preview: bool,
    /// Waive counted thresholds.
    pub force: bool,
}

/// How long a feed may take to come in.
const ABANDONED_MS: i64 = 86_400_000;
/// Memory a feed may take while it is sorted; the rest waits on disk.
const SORT_BYTES: usize = 48 << 20;

/// How the feed is read, in the reader's words.
pub(crate) fn format(feed: &Feed, mode: FeedMode) -> FeedFormat {
    use muster_connectors::csv::{Column as C, Kind};
    let separator = feed.list_separator.unwrap_or(';').to_string();
    let kind = |c: &Column| match c.kind {
        AttributeType::String | AttributeType::Email => Kind::Text,
        AttributeType::Boolean => Kind::Boolean,
        AttributeType::Number => Kind::Number,
        AttributeType::Integer => Kind::Integer,
        AttributeType::Date | AttributeType::DateTime => Kind::Date,
        AttributeType::StringArray | AttributeType::NumberArray | AttributeType::IntegerArray => {
            Kind::List { separator: separator.clone() }
        }
    };
    let columns = feed
        .columns
        .iter()
        .map(|c| C {
            name: c.name.clone(),
            required: c.required,
            kind: kind(c),
            names: c.names.clone(),
            date_format: c.date_format.clone(),
        })
        .collect();
    FeedFormat {
        encoding: feed.encoding,
        delimiter: feed.delimiter.and_then(|c| u8::try_from(c).ok()),
        date_format: feed.date_format.clone(),
        terminated: feed.terminated.clone(),
        deleted: feed.deleted.clone(),
        partial: mode == FeedMode::Delta,
        ignore_unknown_columns: feed.ignore_unknown_columns,
        ..FeedFormat::new(feed.key.clone(), columns)
    }
}

/// Opens a spooled feed in the order of its keys.
pub(crate) fn open_feed(muster: &Muster, app: &App, feed: i64, mode: FeedMode) -> Result<SortedFeed> {
    let ready = muster.sorted_feed.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some((_, sorted)) = ready.filter(|(key, _)| *key == feed) {
        return Ok(sorted);
    }
    sort(muster, app, spooled_rows(muster, app, feed, mode)?)
}

/// The rows of a spooled feed.
pub(crate) fn spooled_rows(
    muster: &Muster,
    app: &App,
    feed: i64,
    mode: FeedMode,
) -> Result<FeedRows<'static>> {
    let row = muster.store.read(|tx| feeds::feed(tx, feed))?;
    let written = if row.is_some_and(|row| row.shape.as_deref() == Some(feeds::ENTRIES)) {
        Written::Entries
    } else {
        Written::File
    };
    rows(app, mode, written, feeds::FeedReader::new(&muster.store, feed))
}

fn rows<'r>(
    app: &App,
    mode: FeedMode,
    written: Written,
    content: impl Read + Send + 'r,
) -> Result<FeedRows<'r>> {
    let layout = app.feed.as_ref().ok_or_else(|| {
        ServiceError::Invalid(format!("the app {:?} has no feed; give it one in the org file", app.name))
    })?;
    let told = |e: &dyn std::fmt::Display| ServiceError::Invalid(format!("{}: {e}", app.name));
    let format = format(layout, mode);
    let rows = match written {
        Written::File => FeedReader::open(content, &format).map(FeedRows::from),
        Written::Entries => EntryReader::open(content, &format).map(FeedRows::from),
    };
    rows.map_err(|e| told(&e))
}

pub(super) fn sort(muster: &Muster, app: &App, rows: FeedRows<'_>) -> Result<SortedFeed> {
    sorted(rows, SORT_BYTES, &muster.dir).map_err(|e| ServiceError::Invalid(format!("{}: {e}", app.name)))
}

/// How the content of a feed is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Written {
    /// As a file, as the app's feed is described.
    File,
    /// As rows that were told one by one.
    Entries,
}

/// Passes bytes on and sends a copy of them.
struct Copying<R> {
    inner: R,
    sender: SyncSender<Vec<u8>>,
}

impl<R: Read> Read for Copying<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let n = self.inner.read(buffer)?;
        let piece = buffer.get(..n).unwrap_or_default().to_vec();
        if n > 0 {
            // Whoever keeps the copy has failed: so does the import.
            self.sender.send(piece).map_err(std::io::Error::other)?;
        }
        Ok(n)
    }
}

/// Reads what [`Copying`] sends.
struct Pieces {
    receiver: Receiver<Vec<u8>>,
    piece: Cursor<Vec<u8>>,
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        loop {
            let n = self.piece.read(buffer)?;
            if n > 0 || buffer.is_empty() {
                return Ok(n);
            }
            match self.receiver.recv() {
                Ok(piece) => self.piece = Cursor::new(piece),
                Err(_) => return Ok(0),
            }
        }
    }
}

/// Passes bytes on and hashes them.
struct Hashing<R> {
    inner: R,
    context: digest::Context,
    bytes: u64,
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.context.update(buffer.get(..n).unwrap_or_default());
        self.bytes += n as u64;
        Ok(n)
    }
}

/// Which source is imported, and what a missing row means if its settings don't say that.
#[derive(Clone, Copy, Debug)]
pub struct Import<'a> {
    app: &'a str,
    mode: Option<FeedMode>,
}

impl<'a, S: AsRef<str> + ?Sized> From<&'a S> for Import<'a> {
    /// The source of that name, as its settings say.
    fn from(app: &'a S) -> Self {
        Self { app: app.as_ref(), mode: None }
    }
}

impl<'a> Import<'a> {
    /// The source of that name; `None`: as its settings say.
    pub fn new(app: &'a str, mode: Option<FeedMode>) -> Self {
        Self { app, mode }
    }
}

impl Muster {
    /// Imports a feed of an app from a file: spools it, compares it with what is known, and applies the plan that
    /// follows, or says what it would do.
    ///
    /// # Errors
    /// If there is no such app, the file can't be read, or the feed can't be trusted as a whole; nothing has changed.
    /// A plan that a guard holds is no error: the report says so.
    pub fn import_file<'a>(
        &self,
        actor: &Actor,
        what: impl Into<Import<'a>>,
        file: &Path,
        options: ImportOptions,
        progress: &dyn Progress,
    ) -> Result<PlanReport> {
        let content = std::fs::File::open(file)
            .map_err(|e| ServiceError::io(format!("opening the feed {}", file.display()), e))?;
        let name = file.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        self.import(actor, what, &name, content, options, progress)
    }

    /// The same from any reader.
    ///
    /// # Errors
    /// As [`Muster::import_file`].
    pub fn import<'a>(
        &self,
        actor: &Actor,
        what: impl Into<Import<'a>>,
        name: &str,
        content: impl Read + Send,
        options: ImportOptions,
        progress: &dyn Progress,
    ) -> Result<PlanReport> {
        self.import_written(actor, what.into(), name, (Written::File, content), options, progress)
    }

    /// The same of content that may be written otherwise.
    pub(crate) fn import_written(
        &self,
        actor: &Actor,
        what: Import<'_>,
        name: &str,
        (written, content): (Written, impl Read + Send),
        options: ImportOptions,
        progress: &dyn Progress,
    ) -> Result<PlanReport> {
        self.resume_runs(progress)?;
        let Import { app, mode } = what;
        let config = self.config()?;
        let (key, settings) = config.org.app_named(app).ok_or_else(|| no_app(&config, app))?;
        let mode = mode.unwrap_or(feed_of(settings)?.mode);
        let feed = self.spool(key, settings, mode, name, (written, content))?;
        self.import_spooled(actor, key, &feed, options, progress)
    }

    /// Compares a feed that is in the store, however it came there, with what is known, and applies the plan.
    fn import_spooled(
        &self,
        actor: &Actor,
        app: AppKey,
        feed: &feeds::FeedRow,
        options: ImportOptions,
        progress: &dyn Progress,
    ) -> Result<PlanReport> {
        let mode = if feed.delta { FeedMode::Delta } else { FeedMode::Full };
        let proposal = Proposal {
            trigger: Trigger::Import { app, name: feed.name.clone(), feed: feed.feed_key },
            source: Source::Feed { app: app.0, feed: feed.feed_key, mode },
            items: Vec::new(),
            secrets: Vec::new(),
            undo_of: None,
            preview: options.preview,
            force: options.force,
        };
        self.propose(actor, &proposal, progress)
    }

    /// Keeps the feed's bytes in the store while they are read and sorted, which happens once for both.
    fn spool(
        &self,
        key: AppKey,
        app: &App,
        mode: FeedMode,
        name: &str,
        (written, content): (Written, impl Read + Send),
    ) -> Result<feeds::FeedRow> {
        let mut feed = feeds::FeedRow {
            shape: (written == Written::Entries).then(|| feeds::ENTRIES.to_owned()),
            delta: mode == FeedMode::Delta,
            app_key: key.0,
            name: name.to_owned(),
            received: self.now().0,
            state: feeds::SPOOLING.to_owned(),
            ..feeds::FeedRow::default()
        };
        self.store.write(|tx| {
            // What an import left behind that died, or whose feed couldn't be read.
            feeds::drop_abandoned(tx, feed.received - ABANDONED_MS)?;
            feed.feed_key = keys::allocate(tx, "feed", 1)?;
            feeds::insert_feed(tx, &feed)
        })?;
        let feed_key = feed.feed_key;
        let (sender, receiver) = sync_channel::<Vec<u8>>(16);
        let (read, kept) = std::thread::scope(|scope| {
            let spooler = scope.spawn(move || {
                let inner = Pieces { receiver, piece: Cursor::default() };
                let mut hashing = Hashing { inner, context: digest::Context::new(&digest::SHA256), bytes: 0 };
                feeds::spool(&self.store, feed_key, &mut hashing)?;
                Ok::<_, ServiceError>((hex(hashing.context.finish().as_ref()), hashing.bytes))
            });
            // The copy ends with the reader, and with it the spooler.
            let read = rows(app, mode, written, Copying { inner: content, sender });
            let read = read.and_then(|rows| sort(self, app, rows));
            (read, spooler.join())
        });
        let kept = kept.unwrap_or_else(|_| {
            let failed = std::io::Error::other("the thread that keeps it failed");
            Err(ServiceError::io("keeping the feed", failed))
        });
        // If the copy could not be kept, reading failed for that reason.
        let (hash, bytes) = kept?;
        let sorted = read?;
        feed.bytes = bytes as i64;
        feed.hash = hash;
        "SPOOLED".clone_into(&mut feed.state);
        self.store.write(|tx| feeds::update_feed(tx, &feed))?;
        *self.sorted_feed.lock().unwrap_or_else(PoisonError::into_inner) = Some((feed_key, sorted));
        Ok(feed)
    }
}

/// The feed of an app that is a source.
pub(crate) fn feed_of(app: &App) -> Result<&Feed> {
    app.feed.as_ref().filter(|_| app.source.is_some()).ok_or_else(|| {
        let name = &app.name;
        ServiceError::Invalid(format!(
            "the app {name:?} is no source with a feed; give it [apps.{name}.source] and [apps.{name}.feed] in the org file"
        ))
    })
}

/// The error for an app that isn't there.
pub(crate) fn no_app(config: &muster_engine::Config, name: &str) -> ServiceError {
    let names = config.org.apps.values().map(|a| a.name.as_str());
    let hint = muster_engine::suggest::did_you_mean(name, names);
    ServiceError::NotFound(format!("there is no app {name:?}{hint}; `muster apps` lists them"))
}

/// Bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, b| {
        // Writing to a string can't fail.
        let _ = write!(out, "{b:02x}");
        out
    })
}
