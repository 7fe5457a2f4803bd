//! Keys in growing blocks.

use crate::statements::statements;
use crate::tx::number;
use crate::{Result, Tx};

statements! {
    ALLOCATE = "INSERT INTO sequence (name, next) VALUES ($1, CAST($2 AS BIGINT) + 1) \
        ON CONFLICT (name) DO UPDATE SET next = sequence.next + CAST($2 AS BIGINT) \
        RETURNING next - CAST($2 AS BIGINT)";
}

/// Takes `count` keys of the sequence `name` and gives the first; the sequence starts at 1 and never gives a key twice.
pub fn allocate(tx: &mut dyn Tx, name: &str, count: usize) -> Result<i64> {
    number(tx, ALLOCATE, &[name.into(), (count as i64).into()])
}
