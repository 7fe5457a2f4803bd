//! Taking away what nothing depends on any more, a bounded piece a transaction.

use crate::statements::statements;
use crate::tx::rows;
use crate::{Result, Tx, block};

statements! {
    LOG_OLDEST = "SELECT position, published FROM log_block ORDER BY position LIMIT $1";
    LOG_DROP = "DELETE FROM log_block WHERE position <= $1";
    // A plan whose undo is under way or waits for a person is still needed.
    INVERSES = "SELECT b.plan_key, b.no FROM plan_block b JOIN plan p ON p.plan_key = b.plan_key \
        WHERE b.kind = 'BEFORE' AND b.plan_key >= $1 AND p.status IN ('APPLIED', 'UNDONE') AND p.applied < $2 \
        AND NOT EXISTS (SELECT 1 FROM plan u WHERE u.undo_of = p.plan_key \
        AND u.status IN ('PLANNED', 'HELD', 'APPLYING', 'STOPPED')) ORDER BY b.plan_key, b.no LIMIT $3";
    INVERSE_GONE = "INSERT INTO plan_block (plan_key, kind, no, first_key, last_key, count, body) \
        VALUES ($1, $2, 0, 0, 0, 0, $3) ON CONFLICT (plan_key, kind, no) DO NOTHING";
    HAS_NO_INVERSE = "SELECT 1 FROM plan_block WHERE plan_key = $1 AND kind = $2 LIMIT 1";
    BLOCK_DROP = "DELETE FROM plan_block WHERE plan_key = $1 AND kind = $2 AND no = $3";
    PLANS = "SELECT plan_key FROM plan WHERE status IN ('PLANNED', 'DISCARDED', 'SUPERSEDED', 'FAILED') \
        AND created < $1 AND NOT EXISTS (SELECT 1 FROM run WHERE run.plan_key = plan.plan_key) \
        ORDER BY plan_key LIMIT $2";
    BLOCKS = "SELECT plan_key, kind, no FROM plan_block WHERE plan_key = ANY($1) ORDER BY plan_key, kind, no LIMIT $2";
    PLANS_DROP = "DELETE FROM plan WHERE plan_key = ANY($1)";
    FEEDS_FULL = "SELECT feed_key FROM feed WHERE received < $1 AND state <> 'SPOOLING' \
        AND EXISTS (SELECT 1 FROM feed_chunk WHERE feed_chunk.feed_key = feed.feed_key) ORDER BY feed_key";
    CHUNKS = "SELECT feed_key, no FROM feed_chunk WHERE feed_key = ANY($1) ORDER BY feed_key, no LIMIT $2";
    CHUNK_DROP = "DELETE FROM feed_chunk WHERE feed_key = $1 AND no = $2";
    // Guards compare a feed with the last one applied, and with those undone.
    FEEDS_EMPTY = "SELECT feed_key FROM feed WHERE received < $1 AND state NOT IN ('SPOOLING', 'UNDONE') \
        AND NOT EXISTS (SELECT 1 FROM feed_chunk WHERE feed_chunk.feed_key = feed.feed_key) \
        AND feed_key <> COALESCE((SELECT MAX(l.feed_key) FROM feed l WHERE l.app_key = feed.app_key \
        AND l.state = 'APPLIED' AND l.delta = 0), 0) ORDER BY feed_key";
    FEEDS_DROP = "DELETE FROM feed WHERE feed_key = ANY($1)";
    TASKS = "DELETE FROM task WHERE task_key IN (SELECT task_key FROM task WHERE done IS NOT NULL AND done < $1 \
        ORDER BY task_key LIMIT $2)";
    MAILS = "DELETE FROM mail WHERE mail_key IN (SELECT mail_key FROM mail WHERE sent < $1 \
        OR (sent IS NULL AND attempts >= $2 AND created < $1) ORDER BY mail_key LIMIT $3)";
    TOKENS = "DELETE FROM token WHERE token_key IN (SELECT token_key FROM token WHERE expires IS NOT NULL \
        AND expires < $1 ORDER BY token_key LIMIT $2)";
}

/// The kind of the block that says that a plan's inverse was there.
const GONE: &str = "GONE";
const BEFORE: &str = "BEFORE";

/// Drops the oldest blocks of the log, if they were published before `before`; the newest block stays in any case, so
/// that whoever polls knows where the log stands.
pub fn log_blocks(tx: &mut dyn Tx, before: i64, limit: usize) -> Result<u64> {
    let mut oldest =
        rows(tx, LOG_OLDEST, &[(limit as i64 + 1).into()], |row| Ok((row.int(0)?, row.int(1)?)))?;
    oldest.pop();
    match oldest.iter().take_while(|(_, published)| *published < before).last() {
        Some((position, _)) => tx.execute(LOG_DROP, &[(*position).into()]),
        None => Ok(0),
    }
}

/// A piece of something that is gone through in order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Piece {
    /// How many rows went.
    pub dropped: u64,
    /// Where the next piece begins; none after the last.
    pub next: Option<i64>,
}

/// Drops what plans applied before `before` had changed, from the plan `from` on (start with 0); from then on
/// [`inverse_is_gone`].
pub fn inverses(tx: &mut dyn Tx, from: i64, before: i64, limit: usize) -> Result<Piece> {
    let params = [from.into(), before.into(), (limit as i64).into()];
    let blocks = rows(tx, INVERSES, &params, |row| Ok((row.int(0)?, row.int(1)?)))?;
    let empty = block::pack(Vec::<String>::new())?;
    let mut plans: Vec<i64> = blocks.iter().map(|(plan, _)| *plan).collect();
    plans.dedup();
    // Before the first block goes, so that nobody undoes half a plan.
    tx.execute_many(INVERSE_GONE, &mut |put| {
        for plan in &plans {
            put(&[(*plan).into(), GONE.into(), empty.as_slice().into()])?;
        }
        Ok(())
    })?;
    let dropped = tx.execute_many(BLOCK_DROP, &mut |put| {
        for (plan, no) in &blocks {
            put(&[(*plan).into(), BEFORE.into(), (*no).into()])?;
        }
        Ok(())
    })?;
    let next = if blocks.len() < limit { None } else { plans.last().copied() };
    Ok(Piece { dropped, next })
}

/// Whether what a plan changed was dropped, so that it can't be undone any more.
pub fn inverse_is_gone(tx: &mut dyn Tx, plan_key: i64) -> Result<bool> {
    Ok(!rows(tx, HAS_NO_INVERSE, &[plan_key.into(), GONE.into()], |row| row.int(0))?.is_empty())
}

/// Drops plans that were made before `before` and never applied: their blocks first, then they themselves. Gives how
/// many rows went.
pub fn unapplied_plans(tx: &mut dyn Tx, before: i64, limit: usize) -> Result<u64> {
    let plans = rows(tx, PLANS, &[before.into(), (limit as i64).into()], |row| row.int(0))?;
    let params = [plans.as_slice().into(), (limit as i64).into()];
    let blocks = rows(tx, BLOCKS, &params, |row| Ok((row.int(0)?, row.string(1)?, row.int(2)?)))?;
    let dropped = tx.execute_many(BLOCK_DROP, &mut |put| {
        for (plan, kind, no) in &blocks {
            put(&[(*plan).into(), kind.as_str().into(), (*no).into()])?;
        }
        Ok(())
    })?;
    if blocks.len() < limit {
        return Ok(dropped + tx.execute(PLANS_DROP, &[plans.as_slice().into()])?);
    }
    Ok(dropped)
}

/// Drops content of feeds that came before `before`, but of those in `needed`. Gives how many chunks went.
pub fn feed_content(tx: &mut dyn Tx, before: i64, needed: &[i64], limit: usize) -> Result<u64> {
    let mut feeds = rows(tx, FEEDS_FULL, &[before.into()], |row| row.int(0))?;
    feeds.retain(|feed| !needed.contains(feed));
    let chunks = rows(tx, CHUNKS, &[feeds.as_slice().into(), (limit as i64).into()], |row| {
        Ok((row.int(0)?, row.int(1)?))
    })?;
    tx.execute_many(CHUNK_DROP, &mut |put| {
        for (feed, no) in &chunks {
            put(&[(*feed).into(), (*no).into()])?;
        }
        Ok(())
    })
}

/// Drops feeds that came before `before` and have no content any more, but those that guards still compare with and
/// those in `needed`. Gives how many.
pub fn feeds(tx: &mut dyn Tx, before: i64, needed: &[i64], limit: usize) -> Result<u64> {
    let mut feeds = rows(tx, FEEDS_EMPTY, &[before.into()], |row| row.int(0))?;
    feeds.retain(|feed| !needed.contains(feed));
    feeds.truncate(limit);
    tx.execute(FEEDS_DROP, &[feeds.as_slice().into()])
}

/// Drops tasks that were done before `before`.
pub fn done_tasks(tx: &mut dyn Tx, before: i64, limit: usize) -> Result<u64> {
    tx.execute(TASKS, &[before.into(), (limit as i64).into()])
}

/// Drops mails sent before `before`, and those given up after `max_attempts` that were written before it.
pub fn mails(tx: &mut dyn Tx, before: i64, max_attempts: i64, limit: usize) -> Result<u64> {
    tx.execute(MAILS, &[before.into(), max_attempts.into(), (limit as i64).into()])
}

/// Drops tokens that expired before `before`.
pub fn expired_tokens(tx: &mut dyn Tx, before: i64, limit: usize) -> Result<u64> {
    tx.execute(TOKENS, &[before.into(), (limit as i64).into()])
}
