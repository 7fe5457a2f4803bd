//! Sessions in which programs tell a source what has changed, and the rows they have told.

use std::io::{self, Read};

use crate::statements::statements;
use crate::tx::{first, rows};
use crate::{Result, Row, Store, Tx, block, keys};

/// The columns that [`session_row`] reads, in its order.
macro_rules! session_columns {
    () => {
        "s.session_key, s.app_key, s.state, s.created, s.updated, s.loads, s.rows, s.plan_key, p.status \
            FROM source_session s LEFT JOIN plan p ON p.plan_key = s.plan_key"
    };
}

statements! {
    INSERT = "INSERT INTO source_session (session_key, app_key, state, created, updated, loads, rows) \
        VALUES ($1, $2, 'OPEN', $3, $3, 0, 0)";
    GET = concat!("SELECT ", session_columns!(), " WHERE s.session_key = $1");
    OF_APP = concat!("SELECT ", session_columns!(), " WHERE s.app_key = $1 AND s.session_key < $2 \
        ORDER BY s.session_key DESC LIMIT $3");
    GROW = "UPDATE source_session SET loads = loads + 1, rows = rows + $1, updated = $2 \
        WHERE session_key = $3 AND state = 'OPEN' RETURNING loads";
    PUT_LOAD = "INSERT INTO source_load (session_key, no, body) VALUES ($1, $2, $3)";
    LOAD = "SELECT body FROM source_load WHERE session_key = $1 AND no = $2";
    START = "UPDATE source_session SET state = 'STARTED', updated = $1 \
        WHERE session_key = $2 AND state IN ('OPEN', 'STARTED') RETURNING loads";
    FINISH = "UPDATE source_session SET state = 'DONE', plan_key = $1, updated = $2 \
        WHERE session_key = $3 AND state = 'STARTED' AND loads = $4";
    REOPEN = "UPDATE source_session SET state = 'OPEN' WHERE session_key = $1 AND state = 'STARTED'";
    CLOSE = "UPDATE source_session SET state = 'CLOSED', updated = $1 WHERE session_key = $2 AND state = 'OPEN'";
    EXPIRE = "UPDATE source_session SET state = 'EXPIRED' WHERE state IN ('OPEN', 'STARTED') AND updated < $1";
    OVER = "SELECT l.session_key, l.no FROM source_load l JOIN source_session s ON s.session_key = l.session_key \
        WHERE s.state IN ('DONE', 'CLOSED', 'EXPIRED') ORDER BY l.session_key, l.no LIMIT $1";
    DROP_LOAD = "DELETE FROM source_load WHERE session_key = $1 AND no = $2";
    DROP = "DELETE FROM source_session WHERE session_key IN (SELECT s.session_key FROM source_session s \
        WHERE s.state IN ('DONE', 'CLOSED', 'EXPIRED') AND s.updated < $1 \
        AND NOT EXISTS (SELECT 1 FROM source_load l WHERE l.session_key = s.session_key) \
        ORDER BY s.session_key LIMIT $2)";
}

/// A session that takes rows.
pub const OPEN: &str = "OPEN";
/// One whose import was begun.
pub const STARTED: &str = "STARTED";
/// One whose rows became a plan.
pub const DONE: &str = "DONE";
/// One that was given up.
pub const CLOSED: &str = "CLOSED";
/// One that nobody went on with.
pub const EXPIRED: &str = "EXPIRED";

/// A session.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SessionRow {
    /// Its key.
    pub session_key: i64,
    /// The source.
    pub app_key: i64,
    /// [`OPEN`], [`STARTED`], [`DONE`], [`CLOSED`], [`EXPIRED`].
    pub state: String,
    /// When it was made.
    pub created: i64,
    /// When something last came of it.
    pub updated: i64,
    /// How many loads of rows have come.
    pub loads: i64,
    /// How many rows.
    pub rows: i64,
    /// The plan its rows became.
    pub plan_key: Option<i64>,
    /// The status of that plan.
    pub plan_status: Option<String>,
}

/// Adds a session and gives its key.
pub fn insert(tx: &mut dyn Tx, app: i64, now: i64) -> Result<i64> {
    let key = keys::allocate(tx, "source_session", 1)?;
    tx.execute(INSERT, &[key.into(), app.into(), now.into()])?;
    Ok(key)
}

/// A session.
pub fn session(tx: &mut dyn Tx, key: i64) -> Result<Option<SessionRow>> {
    first(tx, GET, &[key.into()], session_row)
}

/// A page of a source's sessions before `before` (start with `i64::MAX`), newest first.
pub fn sessions_of_app(tx: &mut dyn Tx, app: i64, before: i64, limit: usize) -> Result<Vec<SessionRow>> {
    rows(tx, OF_APP, &[app.into(), before.into(), (limit as i64).into()], session_row)
}

/// Adds rows, as text, to an open session; tells whether it was one.
pub fn add_load(tx: &mut dyn Tx, key: i64, count: usize, text: &[u8], now: i64) -> Result<bool> {
    let params = [(count as i64).into(), now.into(), key.into()];
    let Some(no) = first(tx, GROW, &params, |row| row.int(0))? else { return Ok(false) };
    let body = block::compress(text, "rows of a session")?;
    tx.execute(PUT_LOAD, &[key.into(), no.into(), body.as_slice().into()])?;
    Ok(true)
}

/// Takes no more rows from here on; gives how many loads there are, unless the session is over.
pub fn start(tx: &mut dyn Tx, key: i64, now: i64) -> Result<Option<i64>> {
    first(tx, START, &[now.into(), key.into()], |row| row.int(0))
}

/// Ends a session whose rows, so many loads of them, became a plan or changed nothing.
pub fn finish(tx: &mut dyn Tx, key: i64, loads: i64, plan: Option<i64>, now: i64) -> Result<()> {
    tx.execute(FINISH, &[plan.into(), now.into(), key.into(), loads.into()])?;
    Ok(())
}

/// Opens a session again whose import failed.
pub fn reopen(tx: &mut dyn Tx, key: i64) -> Result<()> {
    tx.execute(REOPEN, &[key.into()])?;
    Ok(())
}

/// Gives an open session up; tells whether it was one.
pub fn close(tx: &mut dyn Tx, key: i64, now: i64) -> Result<bool> {
    Ok(tx.execute(CLOSE, &[now.into(), key.into()])? > 0)
}

/// Ends the sessions that nobody went on with since `before`. Gives how many.
pub fn expire(tx: &mut dyn Tx, before: i64) -> Result<u64> {
    tx.execute(EXPIRE, &[before.into()])
}

/// Drops rows of sessions that are over. Gives how many loads went.
pub fn drop_loads(tx: &mut dyn Tx, limit: usize) -> Result<u64> {
    let loads = rows(tx, OVER, &[(limit as i64).into()], |row| Ok((row.int(0)?, row.int(1)?)))?;
    tx.execute_many(DROP_LOAD, &mut |put| {
        for (session, no) in &loads {
            put(&[(*session).into(), (*no).into()])?;
        }
        Ok(())
    })
}

/// Drops sessions that are over since before `before` and have no rows any more. Gives how many.
pub fn drop_sessions(tx: &mut dyn Tx, before: i64, limit: usize) -> Result<u64> {
    tx.execute(DROP, &[before.into(), (limit as i64).into()])
}

/// Reads what a session was told, in order; each load is read in a transaction of its own, and only one is in memory.
#[derive(Debug)]
pub struct LoadReader {
    store: Store,
    session_key: i64,
    next: i64,
    last: i64,
    load: io::Cursor<Vec<u8>>,
}

impl LoadReader {
    /// The first `loads` of a session.
    pub fn new(store: &Store, session_key: i64, loads: i64) -> Self {
        Self { store: store.clone(), session_key, next: 1, last: loads, load: io::Cursor::default() }
    }

    fn load(&self) -> Result<Option<Vec<u8>>> {
        let params = [self.session_key.into(), self.next.into()];
        let body = self.store.read(|tx| first(tx, LOAD, &params, |row| Ok(row.blob(0)?.to_vec())))?;
        body.map(|body| block::decompress(&body, "rows of a session")).transpose()
    }
}

impl Read for LoadReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let count = self.load.read(buffer)?;
            if count > 0 || buffer.is_empty() || self.next > self.last {
                return Ok(count);
            }
            // What was cleared away meanwhile isn't the end.
            let gone = || io::Error::new(io::ErrorKind::UnexpectedEof, "rows of the session are gone");
            self.load = io::Cursor::new(self.load().map_err(io::Error::other)?.ok_or_else(gone)?);
            self.next += 1;
        }
    }
}

fn session_row(row: &Row<'_>) -> Result<SessionRow> {
    Ok(SessionRow {
        session_key: row.int(0)?,
        app_key: row.int(1)?,
        state: row.string(2)?,
        created: row.int(3)?,
        updated: row.int(4)?,
        loads: row.int(5)?,
        rows: row.int(6)?,
        plan_key: row.opt_int(7)?,
        plan_status: row.opt_string(8)?,
    })
}
