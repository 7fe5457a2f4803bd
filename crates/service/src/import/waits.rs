//! The rows of a source that wait, beside its feed: in the order of their keys, once.

use muster_engine::model::AppKey;
use muster_store::Store;
use muster_store::pending::{self, PendingRow};

use crate::error::Result;

const PAGE: usize = 5_000;

/// The rows of a source that wait.
pub(super) struct Waits {
    store: Store,
    app: AppKey,
    page: std::vec::IntoIter<PendingRow>,
    head: Option<PendingRow>,
    /// Where the last page ended.
    scanned: String,
    /// The last key that was asked for. Rows behind it may be this run's own.
    passed: String,
    more: bool,
}

impl Waits {
    pub(super) fn new(store: &Store, app: AppKey) -> Result<Self> {
        let (scanned, passed) = (String::new(), String::new());
        let page = Vec::new().into_iter();
        let mut waits = Self { store: store.clone(), app, page, head: None, scanned, passed, more: true };
        waits.advance()?;
        Ok(waits)
    }

    /// The next one with a key before this.
    pub(super) fn before(&mut self, key: &str) -> Result<Option<PendingRow>> {
        self.passed.clear();
        self.passed.push_str(key);
        self.take_if(|row| row.external_id.as_str() < key)
    }

    /// The one with this key.
    pub(super) fn of(&mut self, key: &str) -> Result<Option<PendingRow>> {
        self.take_if(|row| row.external_id == key)
    }

    /// The next one, whatever its key.
    pub(super) fn rest(&mut self) -> Result<Option<PendingRow>> {
        self.take_if(|_| true)
    }

    fn take_if(&mut self, wanted: impl FnOnce(&PendingRow) -> bool) -> Result<Option<PendingRow>> {
        let taken = self.head.take_if(|row| wanted(row));
        if taken.is_some() {
            self.advance()?;
        }
        Ok(taken)
    }

    fn advance(&mut self) -> Result<()> {
        loop {
            self.head = self.page.next();
            if let Some(head) = &self.head {
                self.scanned.clone_from(&head.external_id);
                return Ok(());
            }
            if !self.more {
                return Ok(());
            }
            let after = self.passed.as_str().max(&self.scanned).to_owned();
            let app = self.app.0;
            let page = self.store.read(|tx| pending::scan(tx, app, &after, PAGE))?;
            self.more = page.len() == PAGE;
            self.page = page.into_iter();
        }
    }
}
