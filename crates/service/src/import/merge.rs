//! A feed against the records known of its source: both in the order of their keys, side by side, once.
//!
//! Living rows come first, what ends comes behind all of them: whoever goes by another key from now on is found by it
//! before her former one is missed.

use std::iter::Peekable;
use std::path::Path;

use muster_connectors::csv::{SortedFeed, SortedItem};
use muster_engine::facts::RecordState;
use muster_engine::model::{AppKey, UserKey};
use muster_store::Store;
use muster_store::lookups::{RecordHead, scan_records};
use serde::{Deserialize, Serialize};

use super::later::{Later, Waited};
use crate::error::{Result, ServiceError};
use crate::plan::process::RejectedRow;
use crate::plan::stream::Works;
use crate::plan::work::{Op, Who, Work};

/// What a comparison of a full feed found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FeedStats {
    /// Rows of the feed.
    pub rows: u64,
    /// Rows that say what is known already.
    pub unchanged: u64,
    /// Rows of people the source didn't have.
    pub new: u64,
    /// Rows that say something else than before.
    pub changed: u64,
    /// Records without a row.
    pub gone: u64,
    /// Rows of people who had left before they were ever known: nobody is created.
    pub left_before: u64,
    /// Rows left out.
    pub rejected: u64,
    /// Rows whose key can't be read.
    pub unreadable: u64,
    /// Records without a row who aren't called gone, because a row's key can't be read.
    pub withheld: u64,
    /// Records the source had and that were living.
    pub living: u64,
    /// Of those, the ones that have a row.
    pub found: u64,
}

const PAGE: usize = 5_000;
/// How many left out rows are kept to be told.
const REJECTED_TOLD: usize = 1_000;

/// How far the works of a feed are done: living rows in the order of their keys, then ends in the same order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    /// Through the living rows up to this key.
    Row(String),
    /// Through the ends up to this key.
    End(String),
}

impl Place {
    /// Reads a work's position; `None` is the start.
    pub(crate) fn read(position: &str) -> Option<Self> {
        let row = position.strip_prefix("row ").map(|k| Self::Row(k.to_owned()));
        row.or_else(|| position.strip_prefix("end ").map(|k| Self::End(k.to_owned())))
    }

    fn text(&self) -> String {
        match self {
            Self::Row(key) => format!("row {key}"),
            Self::End(key) => format!("end {key}"),
        }
    }
}

/// The works that follow from a full feed.
pub(crate) struct FeedWorks {
    store: Store,
    app: AppKey,
    feed: Peekable<SortedFeed>,
    unreadable: bool,
    page: std::vec::IntoIter<RecordHead>,
    head: Option<RecordHead>,
    /// Where the last page ended.
    scanned: String,
    /// The last key of the feed that was dealt with. Records behind it may be this run's own.
    passed: String,
    more: bool,
    pub(crate) stats: FeedStats,
    rejected: Vec<RejectedRow>,
    /// Works up to here are done.
    done: Option<Place>,
    ends: Ends,
}

/// What ends.
enum Ends {
    /// Is collected while living rows come.
    Collected(Later),
    /// Comes now.
    Coming(Waited),
}

/// A work and its place among all.
struct Found {
    work: Work,
    place: Place,
}

impl FeedWorks {
    /// Begins behind the position of a work; "" is the start. What ends waits in `dir` if it is much.
    pub(crate) fn new(
        store: &Store,
        app: AppKey,
        feed: SortedFeed,
        dir: &Path,
        position: &str,
    ) -> Result<Self> {
        let (rows, unreadable) = (feed.summary().rows, feed.summary().unreadable_keys);
        let rejected: Vec<RejectedRow> = feed
            .summary()
            .sample
            .iter()
            .map(|r| RejectedRow { line: r.line, key: r.key.clone(), reason: r.reason.clone() })
            .collect();
        let mut works = Self {
            store: store.clone(),
            app,
            feed: feed.peekable(),
            unreadable: unreadable > 0,
            page: Vec::new().into_iter(),
            head: None,
            scanned: String::new(),
            passed: String::new(),
            more: true,
            stats: FeedStats { rows, unreadable, rejected: unreadable, ..FeedStats::default() },
            rejected,
            done: Place::read(position),
            ends: Ends::Collected(Later::new(dir)),
        };
        works.advance()?;
        Ok(works)
    }

    /// The next stored record.
    fn advance(&mut self) -> Result<()> {
        loop {
            if let Some(head) = self.page.next() {
                self.scanned.clone_from(&head.external_id);
                self.head = Some(head);
                return Ok(());
            }
            if !self.more {
                self.head = None;
                return Ok(());
            }
            let after = if self.passed > self.scanned { &self.passed } else { &self.scanned };
            let (app, after) = (self.app.0, after.clone());
            let page = self.store.read(|tx| scan_records(tx, app, &after, PAGE))?;
            self.more = page.len() == PAGE;
            self.page = page.into_iter();
        }
    }

    fn gone(&mut self, head: &RecordHead) -> Option<Found> {
        if head.state != RecordState::Living.as_str() {
            return None;
        }
        self.stats.living += 1;
        if self.unreadable {
            self.stats.withheld += 1;
            return None;
        }
        self.stats.gone += 1;
        let op = Op::Gone { app: self.app, external_id: head.external_id.clone() };
        Some(found(Who::Known(UserKey(head.user_key)), op, Place::End(head.external_id.clone())))
    }

    fn row(&mut self, item: SortedItem, head: Option<&RecordHead>) -> Option<Found> {
        let living = head.is_some_and(|h| h.state == RecordState::Living.as_str());
        if living {
            self.stats.living += 1;
            self.stats.found += 1;
        }
        let row = match item {
            SortedItem::Valid(row) => row,
            SortedItem::Rejected { key, line, reason } => {
                self.stats.rejected += 1;
                if self.rejected.len() < REJECTED_TOLD {
                    self.rejected.push(RejectedRow { line, key: Some(key), reason });
                }
                return None;
            }
        };
        let hash = row.content_hash() as i64;
        let state = if row.terminated { RecordState::Ended } else { RecordState::Living };
        let who = match head {
            Some(h) if h.hash == hash && h.state == state.as_str() => {
                self.stats.unchanged += 1;
                return None;
            }
            Some(h) => {
                self.stats.changed += 1;
                Who::Known(UserKey(h.user_key))
            }
            None if row.terminated => {
                self.stats.left_before += 1;
                return None;
            }
            None => {
                self.stats.new += 1;
                Who::Match
            }
        };
        let op = Op::Row {
            app: self.app,
            external_id: row.key.clone(),
            line: row.line,
            ended: row.terminated,
            values: row.values,
            hash,
        };
        let place = if row.terminated { Place::End(row.key) } else { Place::Row(row.key) };
        Some(found(who, op, place))
    }

    /// The next difference between feed and records, in the order of their keys.
    fn walk(&mut self) -> Result<Option<Found>> {
        loop {
            let order = match (self.feed.peek(), &self.head) {
                (None, None) => return Ok(None),
                // The feed can't be read: taking it as the next row tells why.
                (Some(Err(_)), _) | (Some(Ok(_)), None) => std::cmp::Ordering::Less,
                (None, Some(_)) => std::cmp::Ordering::Greater,
                (Some(Ok(item)), Some(head)) => item.key().cmp(head.external_id.as_str()),
            };
            let found = if order == std::cmp::Ordering::Greater {
                let head = self.head.take();
                self.advance()?;
                head.and_then(|h| self.gone(&h))
            } else {
                let item = match self.feed.next() {
                    Some(Ok(item)) => item,
                    Some(Err(e)) => return Err(ServiceError::Invalid(e.to_string())),
                    None => continue,
                };
                self.passed.clear();
                self.passed.push_str(item.key());
                let head = if order == std::cmp::Ordering::Equal { self.head.take() } else { None };
                if head.is_some() {
                    self.advance()?;
                }
                self.row(item, head.as_ref())
            };
            if found.is_some() {
                return Ok(found);
            }
        }
    }
}

fn found(who: Who, op: Op, place: Place) -> Found {
    let position = place.text();
    Found { work: Work { who, ops: vec![op], advance: false, again: false, seen: None, position }, place }
}

impl Works for FeedWorks {
    fn next(&mut self) -> Result<Option<Work>> {
        loop {
            if let Ends::Coming(ends) = &mut self.ends {
                return ends.next();
            }
            match self.walk()? {
                Some(Found { place, .. }) if self.done.as_ref().is_some_and(|done| place <= *done) => {}
                Some(Found { work, place: Place::Row(_) }) => return Ok(Some(work)),
                Some(Found { work, place: Place::End(_) }) => {
                    if let Ends::Collected(later) = &mut self.ends {
                        later.push(work)?;
                    }
                }
                None => {
                    if let Ends::Collected(later) = &mut self.ends {
                        self.ends = Ends::Coming(later.take()?);
                    }
                }
            }
        }
    }

    fn feed_stats(&self) -> Option<&FeedStats> {
        Some(&self.stats)
    }

    fn take_rejected(&mut self) -> Vec<RejectedRow> {
        std::mem::take(&mut self.rejected)
    }
}
