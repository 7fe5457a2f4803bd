//! Plans and their blocks.

use crate::statements::statements;
use crate::tx::{first, rows};
use crate::{Param, Result, Row, Tx, block};

/// The columns that [`plan_row`] reads, in its order.
macro_rules! plan_columns {
    () => {
        "plan_key, status, trigger, trigger_key, actor, created, as_of, applied, premises, changes, counts, notes, \
         config_version, successor, undo_of, force"
    };
}

statements! {
    INSERT = concat!("INSERT INTO plan (", plan_columns!(), ") \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)");
    PUT = concat!("INSERT INTO plan (", plan_columns!(), ") \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) \
        ON CONFLICT (plan_key) DO UPDATE SET status = excluded.status, applied = excluded.applied, \
        premises = excluded.premises, changes = excluded.changes, counts = excluded.counts, notes = excluded.notes, \
        config_version = excluded.config_version, successor = excluded.successor, force = excluded.force, \
        as_of = excluded.as_of");
    UPDATE = "UPDATE plan SET status = $1, applied = $2, premises = $3, changes = $4, counts = $5, notes = $6, \
        config_version = $7, successor = $8, force = $9, as_of = $10 WHERE plan_key = $11";
    GET = concat!("SELECT ", plan_columns!(), " FROM plan WHERE plan_key = $1");
    LIST = concat!("SELECT ", plan_columns!(), " FROM plan WHERE plan_key < $1 ORDER BY plan_key DESC LIMIT $2");
    LIST_STATUS = concat!("SELECT ", plan_columns!(), " FROM plan WHERE status = $1 AND plan_key < $2 \
        ORDER BY plan_key DESC LIMIT $3");
    OPEN_BY_TRIGGER = concat!("SELECT ", plan_columns!(), " FROM plan WHERE trigger_key = $1 AND status = ANY($2) \
        ORDER BY plan_key DESC");
    OPEN_BY_PREFIX = concat!("SELECT ", plan_columns!(), " FROM plan WHERE trigger_key >= $1 AND trigger_key < $2 \
        AND status = ANY($3) ORDER BY plan_key DESC");
    UNDOS = concat!("SELECT ", plan_columns!(), " FROM plan WHERE undo_of = $1 ORDER BY plan_key");
    SET_STATUS = "UPDATE plan SET status = $1 WHERE plan_key = $2 AND status = ANY($3)";
    PUT_BLOCK = "INSERT INTO plan_block (plan_key, kind, no, first_key, last_key, count, body) \
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    BLOCKS = "SELECT plan_key, kind, no, first_key, last_key, count, body FROM plan_block WHERE plan_key = $1 \
        AND kind = $2 AND no > $3 ORDER BY no LIMIT $4";
    BLOCKS_BACK = "SELECT plan_key, kind, no, first_key, last_key, count, body FROM plan_block WHERE plan_key = $1 \
        AND kind = $2 AND no < $3 ORDER BY no DESC LIMIT $4";
    BLOCKS_OF_KEY = "SELECT plan_key, kind, no, first_key, last_key, count, body FROM plan_block WHERE plan_key = $1 \
        AND kind = $2 AND first_key <= $3 AND last_key >= $3 ORDER BY no";
    LAST_BLOCK = "SELECT MAX(no) FROM plan_block WHERE plan_key = $1 AND kind = $2";
    DROP_BLOCKS = "DELETE FROM plan_block WHERE plan_key = $1 AND kind = $2";
}

/// A plan. Its JSON columns are the service's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PlanRow {
    /// The plan's key.
    pub plan_key: i64,
    /// PLANNED, HELD, APPLYING, APPLIED …
    pub status: String,
    /// What made it, as JSON.
    pub trigger: String,
    /// What made it, as text: at most one held plan for each.
    pub trigger_key: String,
    /// Who asked for it.
    pub actor: String,
    /// When it was made.
    pub created: i64,
    /// The instant it was derived with.
    pub as_of: i64,
    /// When it was applied.
    pub applied: Option<i64>,
    /// What it was judged on, as JSON.
    pub premises: String,
    /// Its changes, as JSON, if they are few.
    pub changes: Option<String>,
    /// Its counts, as JSON.
    pub counts: String,
    /// Its notes, as JSON.
    pub notes: String,
    /// The configuration version it publishes or was derived under.
    pub config_version: Option<i64>,
    /// The plan that took its place.
    pub successor: Option<i64>,
    /// The plan it undoes.
    pub undo_of: Option<i64>,
    /// Whether counted thresholds were waived.
    pub force: bool,
}

/// A block of a plan's effects or before-images.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PlanBlock {
    /// The plan.
    pub plan_key: i64,
    /// EFFECTS or BEFORE.
    pub kind: String,
    /// Blocks of a kind are numbered in the order they were written.
    pub no: i64,
    /// The least key it tells of.
    pub first_key: i64,
    /// The greatest key it tells of.
    pub last_key: i64,
    /// How many lines it has.
    pub count: i64,
    /// The lines, packed.
    pub body: Vec<u8>,
}

impl PlanBlock {
    /// The lines of the block.
    pub fn lines(&self) -> Result<Vec<String>> {
        block::unpack(&self.body)
    }
}

/// Adds a plan.
pub fn insert_plan(tx: &mut dyn Tx, plan: &PlanRow) -> Result<()> {
    tx.execute(INSERT, &columns(plan)).map(drop)
}

/// Adds a plan, or writes the columns that may change of one that is there.
pub fn put_plan(tx: &mut dyn Tx, plan: &PlanRow) -> Result<()> {
    tx.execute(PUT, &columns(plan)).map(drop)
}

/// A plan's columns, in their order.
fn columns(plan: &PlanRow) -> [Param<'_>; 16] {
    [
        plan.plan_key.into(),
        plan.status.as_str().into(),
        plan.trigger.as_str().into(),
        plan.trigger_key.as_str().into(),
        plan.actor.as_str().into(),
        plan.created.into(),
        plan.as_of.into(),
        plan.applied.into(),
        plan.premises.as_str().into(),
        (&plan.changes).into(),
        plan.counts.as_str().into(),
        plan.notes.as_str().into(),
        plan.config_version.into(),
        plan.successor.into(),
        plan.undo_of.into(),
        plan.force.into(),
    ]
}

/// Writes the columns of a plan that may change; what made it, by whom and when stays. Tells whether it is there.
pub fn update_plan(tx: &mut dyn Tx, plan: &PlanRow) -> Result<bool> {
    let written = tx.execute(
        UPDATE,
        &[
            plan.status.as_str().into(),
            plan.applied.into(),
            plan.premises.as_str().into(),
            (&plan.changes).into(),
            plan.counts.as_str().into(),
            plan.notes.as_str().into(),
            plan.config_version.into(),
            plan.successor.into(),
            plan.force.into(),
            plan.as_of.into(),
            plan.plan_key.into(),
        ],
    )?;
    Ok(written > 0)
}

/// A plan.
pub fn plan(tx: &mut dyn Tx, plan_key: i64) -> Result<Option<PlanRow>> {
    first(tx, GET, &[plan_key.into()], plan_row)
}

/// A page of plans before `before` (start with `i64::MAX`), newest first; of the given statuses, if any are given.
pub fn plans_before(tx: &mut dyn Tx, before: i64, statuses: &[&str], limit: usize) -> Result<Vec<PlanRow>> {
    if statuses.is_empty() {
        return rows(tx, LIST, &[before.into(), (limit as i64).into()], plan_row);
    }
    let mut found = Vec::new();
    // A status at a time, each in the order of its index; together they would be read whole and sorted.
    for status in statuses {
        found.extend(rows(
            tx,
            LIST_STATUS,
            &[(*status).into(), before.into(), (limit as i64).into()],
            plan_row,
        )?);
    }
    found.sort_by_key(|plan| std::cmp::Reverse(plan.plan_key));
    found.truncate(limit);
    Ok(found)
}

/// The plans of a trigger that have one of the given statuses, newest first.
pub fn plans_by_trigger(tx: &mut dyn Tx, trigger_key: &str, statuses: &[&str]) -> Result<Vec<PlanRow>> {
    rows(tx, OPEN_BY_TRIGGER, &[trigger_key.into(), statuses.into()], plan_row)
}

/// The plans of all triggers that begin with `prefix` that have one of the given statuses, newest first.
pub fn plans_by_trigger_prefix(tx: &mut dyn Tx, prefix: &str, statuses: &[&str]) -> Result<Vec<PlanRow>> {
    let end = format!("{prefix}{}", char::MAX);
    rows(tx, OPEN_BY_PREFIX, &[prefix.into(), end.as_str().into(), statuses.into()], plan_row)
}

/// The plans made to undo a plan, oldest first.
pub fn undos_of(tx: &mut dyn Tx, plan_key: i64) -> Result<Vec<PlanRow>> {
    rows(tx, UNDOS, &[plan_key.into()], plan_row)
}

/// Sets a plan's status if it is one of `expected` now. Tells whether it was.
pub fn set_status(tx: &mut dyn Tx, plan_key: i64, expected: &[&str], status: &str) -> Result<bool> {
    Ok(tx.execute(SET_STATUS, &[status.into(), plan_key.into(), expected.into()])? > 0)
}

/// Adds blocks.
pub fn put_blocks(tx: &mut dyn Tx, blocks: &[PlanBlock]) -> Result<()> {
    tx.execute_many(PUT_BLOCK, &mut |put| {
        for block in blocks {
            put(&[
                block.plan_key.into(),
                block.kind.as_str().into(),
                block.no.into(),
                block.first_key.into(),
                block.last_key.into(),
                block.count.into(),
                block.body.as_slice().into(),
            ])?;
        }
        Ok(())
    })?;
    Ok(())
}

/// A page of blocks after number `after` (start with -1), in the order they were written.
pub fn blocks_after(
    tx: &mut dyn Tx,
    plan_key: i64,
    kind: &str,
    after: i64,
    limit: usize,
) -> Result<Vec<PlanBlock>> {
    rows(tx, BLOCKS, &[plan_key.into(), kind.into(), after.into(), (limit as i64).into()], block_row)
}

/// A page of blocks before number `before` (start with `i64::MAX`), the last one written first, as undo walks them.
pub fn blocks_before(
    tx: &mut dyn Tx,
    plan_key: i64,
    kind: &str,
    before: i64,
    limit: usize,
) -> Result<Vec<PlanBlock>> {
    rows(tx, BLOCKS_BACK, &[plan_key.into(), kind.into(), before.into(), (limit as i64).into()], block_row)
}

/// The blocks that may tell of a key.
pub fn blocks_of_key(tx: &mut dyn Tx, plan_key: i64, kind: &str, key: i64) -> Result<Vec<PlanBlock>> {
    rows(tx, BLOCKS_OF_KEY, &[plan_key.into(), kind.into(), key.into()], block_row)
}

/// The number of the last block, -1 if there is none.
pub fn last_block(tx: &mut dyn Tx, plan_key: i64, kind: &str) -> Result<i64> {
    Ok(first(tx, LAST_BLOCK, &[plan_key.into(), kind.into()], |row| row.opt_int(0))?.flatten().unwrap_or(-1))
}

/// Drops the blocks of a kind, such as the effects of a plan that was discarded.
pub fn drop_blocks(tx: &mut dyn Tx, plan_key: i64, kind: &str) -> Result<u64> {
    tx.execute(DROP_BLOCKS, &[plan_key.into(), kind.into()])
}

fn plan_row(row: &Row<'_>) -> Result<PlanRow> {
    Ok(PlanRow {
        plan_key: row.int(0)?,
        status: row.string(1)?,
        trigger: row.string(2)?,
        trigger_key: row.string(3)?,
        actor: row.string(4)?,
        created: row.int(5)?,
        as_of: row.int(6)?,
        applied: row.opt_int(7)?,
        premises: row.string(8)?,
        changes: row.opt_string(9)?,
        counts: row.string(10)?,
        notes: row.string(11)?,
        config_version: row.opt_int(12)?,
        successor: row.opt_int(13)?,
        undo_of: row.opt_int(14)?,
        force: row.flag(15)?,
    })
}

fn block_row(row: &Row<'_>) -> Result<PlanBlock> {
    Ok(PlanBlock {
        plan_key: row.int(0)?,
        kind: row.string(1)?,
        no: row.int(2)?,
        first_key: row.int(3)?,
        last_key: row.int(4)?,
        count: row.int(5)?,
        body: row.blob(6)?.to_vec(),
    })
}
