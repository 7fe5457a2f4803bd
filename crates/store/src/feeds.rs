//! Feeds, and the spool that holds their content for any node to read.

use std::io::{self, Read};

use crate::statements::statements;
use crate::tx::{first, rows};
use crate::{Result, Row, Store, StoreError, Tx, block};

/// The columns that [`feed_row`] reads, in its order.
macro_rules! feed_columns {
    () => {
        "feed_key, app_key, hash, name, received, bytes, rows, valid, rejected, shape, state, delta"
    };
}

statements! {
    INSERT = concat!("INSERT INTO feed (", feed_columns!(), ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)");
    UPDATE = "UPDATE feed SET hash = $1, bytes = $2, rows = $3, valid = $4, rejected = $5, shape = $6, state = $7 \
        WHERE feed_key = $8";
    GET = concat!("SELECT ", feed_columns!(), " FROM feed WHERE feed_key = $1");
    BY_HASH = concat!("SELECT ", feed_columns!(), " FROM feed WHERE app_key = $1 AND hash = $2 \
        ORDER BY feed_key DESC");
    OF_APP = concat!("SELECT ", feed_columns!(), " FROM feed WHERE app_key = $1 AND feed_key < $2 \
        ORDER BY feed_key DESC LIMIT $3");
    LAST = concat!("SELECT ", feed_columns!(), " FROM feed WHERE app_key = $1 AND state = $2 \
        AND delta = 0 ORDER BY feed_key DESC LIMIT 1");
    ABANDONED = "SELECT feed_key FROM feed WHERE state = 'SPOOLING' AND received < $1 ORDER BY feed_key";
    DROP_FEEDS = "DELETE FROM feed WHERE feed_key = ANY($1)";
    DROP_CHUNKS = "DELETE FROM feed_chunk WHERE feed_key = ANY($1)";
    PUT_CHUNK = "INSERT INTO feed_chunk (feed_key, no, body) VALUES ($1, $2, $3)";
    CHUNK = "SELECT body FROM feed_chunk WHERE feed_key = $1 AND no = $2";
}

/// The state of a feed whose content is still being written.
pub const SPOOLING: &str = "SPOOLING";

/// The shape of a feed whose rows were told one by one.
pub const ENTRIES: &str = "ENTRIES";

/// Content a chunk holds: small enough for short transactions, large enough to compress well.
const CHUNK_BYTES: usize = 4 << 20;

/// A feed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FeedRow {
    /// The feed's key.
    pub feed_key: i64,
    /// The source.
    pub app_key: i64,
    /// Hash of the content, in hexadecimal.
    pub hash: String,
    /// The file's name.
    pub name: String,
    /// When it came.
    pub received: i64,
    /// Size of the content.
    pub bytes: i64,
    /// How many rows it has.
    pub rows: i64,
    /// How many of them are valid.
    pub valid: i64,
    /// How many were rejected.
    pub rejected: i64,
    /// How the content is written: none as a file, [`ENTRIES`] as rows told one by one.
    pub shape: Option<String>,
    /// [`SPOOLING`], SPOOLED, APPLIED, HELD, UNDONE.
    pub state: String,
    /// It tells changes: a missing row means nothing.
    pub delta: bool,
}

/// Adds a feed.
pub fn insert_feed(tx: &mut dyn Tx, feed: &FeedRow) -> Result<()> {
    tx.execute(
        INSERT,
        &[
            feed.feed_key.into(),
            feed.app_key.into(),
            feed.hash.as_str().into(),
            feed.name.as_str().into(),
            feed.received.into(),
            feed.bytes.into(),
            feed.rows.into(),
            feed.valid.into(),
            feed.rejected.into(),
            (&feed.shape).into(),
            feed.state.as_str().into(),
            feed.delta.into(),
        ],
    )?;
    Ok(())
}

/// Writes what is learned of a feed later: hash, sizes, shape, state. Tells whether the feed is there.
pub fn update_feed(tx: &mut dyn Tx, feed: &FeedRow) -> Result<bool> {
    let written = tx.execute(
        UPDATE,
        &[
            feed.hash.as_str().into(),
            feed.bytes.into(),
            feed.rows.into(),
            feed.valid.into(),
            feed.rejected.into(),
            (&feed.shape).into(),
            feed.state.as_str().into(),
            feed.feed_key.into(),
        ],
    )?;
    Ok(written > 0)
}

/// A feed.
pub fn feed(tx: &mut dyn Tx, feed_key: i64) -> Result<Option<FeedRow>> {
    first(tx, GET, &[feed_key.into()], feed_row)
}

/// The feeds of a source with this content, newest first.
pub fn feeds_by_hash(tx: &mut dyn Tx, app: i64, hash: &str) -> Result<Vec<FeedRow>> {
    rows(tx, BY_HASH, &[app.into(), hash.into()], feed_row)
}

/// A page of a source's feeds before `before` (start with `i64::MAX`), newest first.
pub fn feeds_of_app(tx: &mut dyn Tx, app: i64, before: i64, limit: usize) -> Result<Vec<FeedRow>> {
    rows(tx, OF_APP, &[app.into(), before.into(), (limit as i64).into()], feed_row)
}

/// The newest full feed of a source in a state, such as the last one applied.
pub fn last_feed(tx: &mut dyn Tx, app: i64, state: &str) -> Result<Option<FeedRow>> {
    first(tx, LAST, &[app.into(), state.into()], feed_row)
}

/// Drops feeds that came before `before` and whose content was never written to its end. Gives how many.
pub fn drop_abandoned(tx: &mut dyn Tx, before: i64) -> Result<usize> {
    let keys = rows(tx, ABANDONED, &[before.into()], |row| row.int(0))?;
    drop_content(tx, &keys)?;
    tx.execute(DROP_FEEDS, &[keys.as_slice().into()])?;
    Ok(keys.len())
}

/// Drops the content of feeds that nobody will read again; what is known of them stays.
pub fn drop_content(tx: &mut dyn Tx, feeds: &[i64]) -> Result<()> {
    tx.execute(DROP_CHUNKS, &[feeds.into()])?;
    Ok(())
}

/// Writes a feed's content into the store, compressed, each chunk in a transaction of its own, and gives its size.
/// Memory stays bounded by a chunk. The feed's row should be there before, as [`SPOOLING`].
pub fn spool(store: &Store, feed_key: i64, content: &mut dyn Read) -> Result<u64> {
    let mut total = 0;
    for no in 0_i64.. {
        let mut chunk = Vec::with_capacity(CHUNK_BYTES);
        content.take(CHUNK_BYTES as u64).read_to_end(&mut chunk).map_err(StoreError::Input)?;
        if chunk.is_empty() {
            break;
        }
        total += chunk.len() as u64;
        let body = block::compress(&chunk, "a feed")?;
        store.write(|tx| tx.execute(PUT_CHUNK, &[feed_key.into(), no.into(), body.as_slice().into()]))?;
    }
    Ok(total)
}

/// Reads a feed's content back; each chunk is read in a transaction of its own, and only one is in memory.
#[derive(Debug)]
pub struct FeedReader {
    store: Store,
    feed_key: i64,
    next: i64,
    chunk: io::Cursor<Vec<u8>>,
}

impl FeedReader {
    /// Begins at the start of the content.
    pub fn new(store: &Store, feed_key: i64) -> Self {
        Self { store: store.clone(), feed_key, next: 0, chunk: io::Cursor::default() }
    }

    fn load(&mut self) -> Result<Option<Vec<u8>>> {
        let params = [self.feed_key.into(), self.next.into()];
        let body = self.store.read(|tx| first(tx, CHUNK, &params, |row| Ok(row.blob(0)?.to_vec())))?;
        body.map(|body| block::decompress(&body, "a feed")).transpose()
    }
}

impl Read for FeedReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.chunk.read(buffer)?;
        if count > 0 || buffer.is_empty() {
            return Ok(count);
        }
        match self.load().map_err(io::Error::other)? {
            Some(chunk) => {
                self.chunk = io::Cursor::new(chunk);
                self.next += 1;
                self.chunk.read(buffer)
            }
            None => Ok(0),
        }
    }
}

fn feed_row(row: &Row<'_>) -> Result<FeedRow> {
    Ok(FeedRow {
        feed_key: row.int(0)?,
        app_key: row.int(1)?,
        hash: row.string(2)?,
        name: row.string(3)?,
        received: row.int(4)?,
        bytes: row.int(5)?,
        rows: row.int(6)?,
        valid: row.int(7)?,
        rejected: row.int(8)?,
        shape: row.opt_string(9)?,
        state: row.string(10)?,
        delta: row.flag(11)?,
    })
}
