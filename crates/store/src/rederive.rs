//! Marks on people to be derived again because somebody else's change touches them.

use crate::statements::statements;
use crate::tx::{number, rows};
use crate::{Result, Tx};

statements! {
    MARK = "INSERT INTO rederive (user_key, plan) VALUES ($1, $2) ON CONFLICT (user_key) DO UPDATE SET \
        plan = excluded.plan";
    MARKED = "SELECT user_key, plan FROM rederive WHERE user_key > $1 ORDER BY user_key LIMIT $2";
    UNMARK = "DELETE FROM rederive WHERE user_key = ANY($1)";
    COUNT = "SELECT COUNT(*) FROM rederive";
}

/// Marks people; the latest plan to mark somebody counts.
pub fn mark(tx: &mut dyn Tx, plan: i64, users: &[i64]) -> Result<u64> {
    tx.execute_many(MARK, &mut |put| {
        users.iter().try_for_each(|user| put(&[(*user).into(), plan.into()]).map(drop))
    })
}

/// A page of marked people with the plan that marked them.
pub fn marked(tx: &mut dyn Tx, after: i64, limit: usize) -> Result<Vec<(i64, i64)>> {
    rows(tx, MARKED, &[after.into(), (limit as i64).into()], |row| Ok((row.int(0)?, row.int(1)?)))
}

/// Takes marks away, in the transaction that derived those people.
pub fn unmark(tx: &mut dyn Tx, users: &[i64]) -> Result<u64> {
    tx.execute(UNMARK, &[users.into()])
}

/// How many people are marked.
pub fn count(tx: &mut dyn Tx) -> Result<i64> {
    number(tx, COUNT, &[])
}
