//! Keys taken from the store in blocks, so that using one costs no commit.

use std::sync::{Mutex, PoisonError};

use muster_store::{Store, keys};

use crate::error::Result;

/// The greatest block that is taken.
const BLOCK: usize = 64;

/// Keys of one sequence that this process has taken and not used.
///
/// The first block has one key and each one after it twice as many as before: a command that needs one leaves no gap,
/// and a server seldom asks.
#[derive(Debug)]
pub(crate) struct KeyPool {
    name: &'static str,
    left: Mutex<(std::ops::Range<i64>, usize)>,
}

impl KeyPool {
    pub(crate) fn new(name: &'static str) -> Self {
        Self { name, left: Mutex::new((0..0, 1)) }
    }

    /// A key that nobody else gets. Whoever uses it needs no commit before his own: the block is durable.
    pub(crate) fn take(&self, store: &Store) -> Result<i64> {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let (range, size) = &mut *left;
        if let Some(key) = range.next() {
            return Ok(key);
        }
        let first = store.write(|tx| keys::allocate(tx, self.name, *size))?;
        *range = first + 1..first + *size as i64;
        *size = (*size * 2).min(BLOCK);
        Ok(first)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn pools_share_a_sequence_and_seldom_commit() {
        let store = Store::in_memory().unwrap();
        let pools = [KeyPool::new("plan"), KeyPool::new("plan")];
        assert_eq!(pools[0].take(&store).unwrap(), 1);
        assert_eq!(pools[1].take(&store).unwrap(), 2);
        let taken: BTreeSet<i64> = (0..1_000).map(|n| pools[n % 2].take(&store).unwrap()).collect();
        assert_eq!(taken.len(), 1_000);
        assert!(!taken.contains(&1) && !taken.contains(&2));
        assert!(store.commits().done < 40, "{:?}", store.commits());
    }
}
