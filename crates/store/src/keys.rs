//! Keys in growing blocks.

use crate::statements::statements;
use crate::tx::number;
use crate::{Result, Tx};

statements! {
    ALLOCATE = "INSERT INTO sequence (name, next) VALUES ($1, CAST($2 AS BIGINT) + 1) \
        ON CONFLICT (name) DO UPDATE SET next = sequence.next + CAST($2 AS BIGINT) \
        RETURNING next - CAST($2 AS BIGINT)";
    NEXT = "SELECT COALESCE(MAX(next), 1) FROM sequence WHERE name = $1";
}

/// The key of the sequence `name` that is taken next, as long as nobody else takes it.
pub fn next(tx: &mut dyn Tx, name: &str) -> Result<i64> {
    number(tx, NEXT, &[name.into()])
}

/// Takes `count` keys of the sequence `name` and gives the first; the sequence starts at 1 and never gives a key twice.
pub fn allocate(tx: &mut dyn Tx, name: &str, count: usize) -> Result<i64> {
    number(tx, ALLOCATE, &[name.into(), (count as i64).into()])
}
