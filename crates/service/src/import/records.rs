//! The records of a source that a feed's rows are compared with, in the order of their keys.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use muster_connectors::csv::{SortedFeed, SortedItem};
use muster_engine::model::{AppKey, FeedMode};
use muster_engine::{Config, Value};
use muster_store::Store;
use muster_store::lookups::{RecordHead, records_by_ids, scan_records};

use crate::error::{Result, ServiceError};

/// A record that is known.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) head: RecordHead,
    /// What it says; only looked at where rows are partial.
    pub(super) values: Vec<Value>,
}

/// A row with the record of its key, or one of them alone.
#[derive(Debug)]
pub(super) enum Pair {
    /// A record that has no row.
    Alone(RecordHead),
    /// A row, and its record if there is one.
    Row(SortedItem, Option<Known>),
}

/// Where records come from.
pub(crate) enum Records {
    /// All of them, side by side with a full feed.
    All(Scan),
    /// Those of the rows of a delta, a page at a time.
    OfRows(LookUp),
}

impl Records {
    pub(crate) fn of(store: &Store, config: &Arc<Config>, app: AppKey, mode: FeedMode) -> Self {
        let store = store.clone();
        match mode {
            FeedMode::Full => Self::All(Scan {
                store,
                app,
                page: Vec::new().into_iter(),
                head: None,
                scanned: String::new(),
                passed: String::new(),
                more: true,
            }),
            FeedMode::Delta => {
                Self::OfRows(LookUp { store, config: config.clone(), app, pairs: VecDeque::new() })
            }
        }
    }

    pub(super) fn app(&self) -> AppKey {
        match self {
            Self::All(scan) => scan.app,
            Self::OfRows(look) => look.app,
        }
    }

    /// The next row or record in the order of keys.
    pub(super) fn next(
        &mut self,
        feed: &mut std::iter::Peekable<SortedFeed>,
        partial: bool,
    ) -> Result<Option<Pair>> {
        match self {
            Self::All(scan) => scan.next(feed),
            Self::OfRows(look) => look.next(feed, partial),
        }
    }

    /// The configuration's columns of the source that a new record can't be without.
    pub(super) fn required(&self, absent: &[usize]) -> Option<String> {
        let Self::OfRows(look) = self else { return None };
        let columns = &look.config.app(look.app)?.feed.as_ref()?.columns;
        absent.iter().filter_map(|at| columns.get(*at)).find(|c| c.required).map(|c| c.name.clone())
    }
}

/// Reads all records, a page at a time.
pub(crate) struct Scan {
    store: Store,
    app: AppKey,
    page: std::vec::IntoIter<RecordHead>,
    head: Option<RecordHead>,
    /// Where the last page ended.
    scanned: String,
    /// The last key of the feed that was dealt with. Records behind it may be this run's own.
    passed: String,
    more: bool,
}

const PAGE: usize = 5_000;

impl Scan {
    /// The next stored record, if none waits.
    fn fill(&mut self) -> Result<()> {
        while self.head.is_none() {
            if let Some(head) = self.page.next() {
                self.scanned.clone_from(&head.external_id);
                self.head = Some(head);
                return Ok(());
            }
            if !self.more {
                return Ok(());
            }
            let after = if self.passed > self.scanned { &self.passed } else { &self.scanned };
            let (app, after) = (self.app.0, after.clone());
            let page = self.store.read(|tx| scan_records(tx, app, &after, PAGE))?;
            self.more = page.len() == PAGE;
            self.page = page.into_iter();
        }
        Ok(())
    }

    fn next(&mut self, feed: &mut std::iter::Peekable<SortedFeed>) -> Result<Option<Pair>> {
        use std::cmp::Ordering;
        self.fill()?;
        let order = match (feed.peek(), &self.head) {
            (None, None) => return Ok(None),
            // The feed can't be read: taking it as the next row tells why.
            (Some(Err(_)), _) | (Some(Ok(_)), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(Ok(item)), Some(head)) => item.key().cmp(head.external_id.as_str()),
        };
        if order == Ordering::Greater {
            return Ok(self.head.take().map(Pair::Alone));
        }
        let Some(item) = row(feed)? else { return Ok(None) };
        self.passed.clear();
        self.passed.push_str(item.key());
        let head = if order == Ordering::Equal { self.head.take() } else { None };
        Ok(Some(Pair::Row(item, head.map(|head| Known { head, values: Vec::new() }))))
    }
}

/// Looks the records of a page of rows up.
pub(crate) struct LookUp {
    store: Store,
    config: Arc<Config>,
    app: AppKey,
    pairs: VecDeque<(SortedItem, Option<Known>)>,
}

/// How many rows' records are looked up at once.
const LOOKED_UP: usize = 1_000;

impl LookUp {
    fn next(&mut self, feed: &mut std::iter::Peekable<SortedFeed>, partial: bool) -> Result<Option<Pair>> {
        if self.pairs.is_empty() {
            self.fill(feed, partial)?;
        }
        Ok(self.pairs.pop_front().map(|(item, known)| Pair::Row(item, known)))
    }

    fn fill(&mut self, feed: &mut std::iter::Peekable<SortedFeed>, partial: bool) -> Result<()> {
        let mut items = Vec::new();
        while items.len() < LOOKED_UP {
            let Some(item) = row(feed)? else { break };
            items.push(item);
        }
        let keys: Vec<&str> = items.iter().map(SortedItem::key).collect();
        let app = self.app;
        let rows = self.store.read(|tx| records_by_ids(tx, app.0, &keys))?;
        let mut records = HashMap::with_capacity(rows.len());
        for row in rows {
            let values = if partial {
                let read = self.config.record_from_json(app, &row.values);
                read.map_err(|e| ServiceError::corrupt(format!("record {}", row.external_id), e))?
            } else {
                Vec::new()
            };
            let head = RecordHead {
                external_id: row.external_id.clone(),
                user_key: row.user_key,
                hash: row.hash,
                state: row.state,
            };
            records.insert(row.external_id, Known { head, values });
        }
        self.pairs = items
            .into_iter()
            .map(|item| {
                let known = records.remove(item.key());
                (item, known)
            })
            .collect();
        Ok(())
    }
}

/// The next row of the feed.
fn row(feed: &mut std::iter::Peekable<SortedFeed>) -> Result<Option<SortedItem>> {
    feed.next().transpose().map_err(|e| ServiceError::Invalid(e.to_string()))
}
