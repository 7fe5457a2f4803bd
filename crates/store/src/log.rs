//! The log: blocks of events, found by the position of their first.

use crate::statements::statements;
use crate::tx::{number, rows};
use crate::{Result, Row, Tx, block, keys};

/// The columns that [`log_row`] reads, in its order.
macro_rules! log_columns {
    () => {
        "position, count, first_key, last_key, published, plan_key, actor, body"
    };
}

statements! {
    APPEND = concat!("INSERT INTO log_block (", log_columns!(), ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8)");
    // Begins with the block that holds the event after $1, which may be the middle of a block.
    AFTER = concat!("SELECT ", log_columns!(), " FROM log_block WHERE position >= \
        COALESCE((SELECT MAX(position) FROM log_block WHERE position <= $1), 0) AND position + count - 1 > $1 \
        ORDER BY position LIMIT $2");
    BEFORE = concat!("SELECT ", log_columns!(), " FROM log_block WHERE position < $1 ORDER BY position DESC LIMIT $2");
    OF_PLAN = concat!("SELECT ", log_columns!(), " FROM log_block WHERE plan_key = $1 AND position > $2 \
        ORDER BY position LIMIT $3");
    OF_USER = concat!("SELECT ", log_columns!(), " FROM log_block WHERE position < $1 AND first_key <= $2 \
        AND last_key >= $2 ORDER BY position DESC LIMIT $3");
    // The index holds both columns. A clock may have been set back, so the first by time needn't be the first by position.
    SINCE = "SELECT MIN(position) FROM log_block WHERE published >= $1";
    LAST = "SELECT MAX(position + count - 1) FROM log_block WHERE position = (SELECT MAX(position) FROM log_block)";
}

/// Events to append, all of one plan or operation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Events {
    /// When, by the org's clock.
    pub published: i64,
    /// The plan; none for operational events.
    pub plan_key: Option<i64>,
    /// Who.
    pub actor: String,
    /// The least person told of; 0 if none.
    pub first_key: i64,
    /// The greatest person told of; 0 if none.
    pub last_key: i64,
    /// One event a line, as JSON.
    pub lines: Vec<String>,
}

/// A block of events.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogBlock {
    /// The position of the first event; the others follow without gaps.
    pub position: i64,
    /// How many events.
    pub count: i64,
    /// The least person told of.
    pub first_key: i64,
    /// The greatest person told of.
    pub last_key: i64,
    /// When.
    pub published: i64,
    /// The plan; none for operational events.
    pub plan_key: Option<i64>,
    /// Who.
    pub actor: String,
    /// The events, packed.
    pub body: Vec<u8>,
}

impl LogBlock {
    /// The events with their positions, in order.
    pub fn events(&self) -> Result<Vec<(i64, String)>> {
        Ok((self.position..).zip(block::unpack(&self.body)?).collect())
    }
}

/// Appends events and gives the position of the first; positions start at 1. Nothing is written if there are none.
pub fn append(tx: &mut dyn Tx, events: &Events) -> Result<i64> {
    let count = events.lines.len();
    let position = keys::allocate(tx, "log", count)?;
    if count > 0 {
        let body = block::pack(&events.lines)?;
        tx.execute(
            APPEND,
            &[
                position.into(),
                (count as i64).into(),
                events.first_key.into(),
                events.last_key.into(),
                events.published.into(),
                events.plan_key.into(),
                events.actor.as_str().into(),
                body.as_slice().into(),
            ],
        )?;
    }
    Ok(position)
}

/// Blocks with events after `position` (start with 0), oldest first. The first may begin at or before it.
pub fn blocks_after(tx: &mut dyn Tx, position: i64, limit: usize) -> Result<Vec<LogBlock>> {
    rows(tx, AFTER, &[position.into(), (limit as i64).into()], log_row)
}

/// Blocks that begin before `position` (start with `i64::MAX`), newest first.
pub fn blocks_before(tx: &mut dyn Tx, position: i64, limit: usize) -> Result<Vec<LogBlock>> {
    rows(tx, BEFORE, &[position.into(), (limit as i64).into()], log_row)
}

/// Blocks of a plan that begin after `position`, oldest first.
pub fn blocks_of_plan(tx: &mut dyn Tx, plan_key: i64, position: i64, limit: usize) -> Result<Vec<LogBlock>> {
    rows(tx, OF_PLAN, &[plan_key.into(), position.into(), (limit as i64).into()], log_row)
}

/// Blocks that begin before `position` and may tell of a person, newest first.
pub fn blocks_of_user(tx: &mut dyn Tx, user_key: i64, position: i64, limit: usize) -> Result<Vec<LogBlock>> {
    rows(tx, OF_USER, &[position.into(), user_key.into(), (limit as i64).into()], log_row)
}

/// The position of the first event that was published at an instant or later; none if there is none. Positions go by
/// the order of commits, which a clock that was set back doesn't follow: what was committed later may be published
/// earlier.
pub fn first_since(tx: &mut dyn Tx, at: i64) -> Result<Option<i64>> {
    Ok(crate::tx::first(tx, SINCE, &[at.into()], |row| row.opt_int(0))?.flatten())
}

/// The position of the last event, 0 if there is none.
pub fn last_position(tx: &mut dyn Tx) -> Result<i64> {
    number(tx, LAST, &[])
}

fn log_row(row: &Row<'_>) -> Result<LogBlock> {
    Ok(LogBlock {
        position: row.int(0)?,
        count: row.int(1)?,
        first_key: row.int(2)?,
        last_key: row.int(3)?,
        published: row.int(4)?,
        plan_key: row.opt_int(5)?,
        actor: row.string(6)?,
        body: row.blob(7)?.to_vec(),
    })
}
