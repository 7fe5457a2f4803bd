//! When configuration items came to be and changed.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};

use muster_engine::model::ItemKind;
use muster_store::{Tx, config as stored};

use crate::error::Result;
use crate::muster::Muster;

/// When the items of the configuration up to a version came to be and changed last.
#[derive(Clone, Debug, Default)]
pub(crate) struct Times {
    version: i64,
    items: HashMap<(ItemKind, i64), (i64, i64)>,
}

impl Times {
    /// When an item came to be and when it changed last, if it is known.
    pub(super) fn of(&self, kind: ItemKind, key: i64) -> Option<(i64, i64)> {
        self.items.get(&(kind, key)).copied()
    }

    /// Takes in the versions up to another one.
    fn advance(&mut self, tx: &mut dyn Tx, version: i64) -> Result<()> {
        for change in stored::changes(tx, self.version, version)? {
            let Some(kind) = ItemKind::parse(&change.kind) else { continue };
            let at = change.published;
            let time = self.items.entry((kind, change.item)).or_insert((at, at));
            *time = (time.0.min(at), time.1.max(at));
        }
        self.version = version;
        Ok(())
    }
}

impl Muster {
    /// The times of a version's items. What was read once is kept, so that only newer versions are read.
    pub(crate) fn times_in(&self, tx: &mut dyn Tx, version: i64) -> Result<Arc<Times>> {
        let known = self.times.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if known.version == version {
            return Ok(known);
        }
        // A reader of an older moment than the last one begins from nothing.
        let mut times = if known.version < version { Times::clone(&known) } else { Times::default() };
        times.advance(tx, version)?;
        let times = Arc::new(times);
        let mut kept = self.times.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.version < version {
            *kept = times.clone();
        }
        Ok(times)
    }
}
