//! A feed against the records known of its source, in the order of their keys: a full feed side by side with all of
//! them, a delta with those of its rows.
//!
//! Living rows come first, what ends comes behind all of them: whoever goes by another key from now on is found by it
//! before her former one is missed.

use std::iter::Peekable;
use std::path::Path;

use muster_connectors::csv::{self, SortedFeed, SortedItem, ValidRow};
use muster_engine::facts::RecordState;
use muster_engine::model::UserKey;
use muster_store::lookups::RecordHead;
use serde::{Deserialize, Serialize};

use super::later::{Later, Waited};
use super::records::{Known, Pair, Records};
use crate::error::Result;
use crate::plan::process::RejectedRow;
use crate::plan::stream::Works;
use crate::plan::work::{Op, Who, Work, keep_values};

/// What a comparison of a feed found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FeedStats {
    /// The feed tells changes: a missing row means nothing.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub delta: bool,
    /// Rows of the feed.
    pub rows: u64,
    /// Rows that say what is known already.
    pub unchanged: u64,
    /// Rows of people the source didn't have.
    pub new: u64,
    /// Rows that say something else than before.
    pub changed: u64,
    /// Records without a row, or with one that says that they are gone.
    pub gone: u64,
    /// Rows of people who had left before they were ever known: nobody is created.
    pub left_before: u64,
    /// Rows left out.
    pub rejected: u64,
    /// Rows whose key can't be read.
    pub unreadable: u64,
    /// Records without a row who aren't called gone, because a row's key can't be read.
    pub withheld: u64,
    /// Records the source had and that were living; of a delta, those with a row.
    pub living: u64,
    /// Of those, the ones that have a row.
    pub found: u64,
}

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

/// The works that follow from a feed.
pub(crate) struct FeedWorks {
    records: Records,
    feed: Peekable<SortedFeed>,
    unreadable: bool,
    /// The columns that the feed doesn't have.
    absent: Vec<usize>,
    pub(crate) stats: FeedStats,
    rejected: Vec<RejectedRow>,
    remarks: Vec<String>,
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
    pub(crate) fn new(records: Records, feed: SortedFeed, dir: &Path, position: &str) -> Self {
        let summary = feed.summary();
        let (rows, unreadable) = (summary.rows, summary.unreadable_keys);
        let delta = matches!(records, Records::OfRows(_));
        let told =
            |r: &csv::RejectedRow| RejectedRow { line: r.line, key: r.key.clone(), reason: r.reason.clone() };
        Self {
            records,
            unreadable: unreadable > 0,
            absent: summary.absent.clone(),
            stats: FeedStats { rows, delta, unreadable, rejected: unreadable, ..FeedStats::default() },
            rejected: summary.sample.iter().map(told).collect(),
            remarks: summary.remarks.clone(),
            feed: feed.peekable(),
            done: Place::read(position),
            ends: Ends::Collected(Later::new(dir)),
        }
    }

    /// A record without a row.
    fn alone(&mut self, head: &RecordHead) -> Option<Found> {
        if !is_living(head) {
            return None;
        }
        self.stats.living += 1;
        if self.unreadable {
            self.stats.withheld += 1;
            return None;
        }
        Some(self.gone(head))
    }

    fn gone(&mut self, head: &RecordHead) -> Found {
        self.stats.gone += 1;
        let op = Op::Gone { app: self.records.app(), external_id: head.external_id.clone() };
        found(Who::Known(UserKey(head.user_key)), op, Place::End(head.external_id.clone()))
    }

    fn row(&mut self, item: SortedItem, known: Option<&Known>) -> Option<Found> {
        let living = known.is_some_and(|known| is_living(&known.head));
        if living {
            self.stats.living += 1;
            self.stats.found += 1;
        }
        match item {
            SortedItem::Valid(row) => self.valid(row, known),
            SortedItem::Gone(_) => match known.filter(|_| living) {
                Some(known) => Some(self.gone(&known.head)),
                None => {
                    self.stats.unchanged += 1;
                    None
                }
            },
            SortedItem::Rejected { key, line, reason } => {
                self.reject(line, key, reason);
                None
            }
        }
    }

    fn valid(&mut self, mut row: ValidRow, known: Option<&Known>) -> Option<Found> {
        let hash = match known {
            Some(known) if !self.absent.is_empty() => {
                keep_values(&mut row.values, &self.absent, &known.values, row.terminated)
            }
            _ => row.content_hash() as i64,
        };
        let state = if row.terminated { RecordState::Ended } else { RecordState::Living };
        let who = match known.map(|known| &known.head) {
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
                if let Some(column) = self.records.required(&self.absent) {
                    let reason = format!(
                        "the source has nobody of this key, and the feed lacks column {column}, which is required"
                    );
                    self.reject(row.line, row.key, reason);
                    return None;
                }
                self.stats.new += 1;
                Who::Match
            }
        };
        let op = Op::Row {
            app: self.records.app(),
            external_id: row.key.clone(),
            line: row.line,
            ended: row.terminated,
            values: row.values,
            hash,
            kept: self.absent.clone(),
        };
        let place = if row.terminated { Place::End(row.key) } else { Place::Row(row.key) };
        Some(found(who, op, place))
    }

    fn reject(&mut self, line: u64, key: String, reason: String) {
        self.stats.rejected += 1;
        if self.rejected.len() < REJECTED_TOLD {
            self.rejected.push(RejectedRow { line, key: Some(key), reason });
        }
    }

    /// The next difference between feed and records, in the order of their keys.
    fn walk(&mut self) -> Result<Option<Found>> {
        while let Some(pair) = self.records.next(&mut self.feed, !self.absent.is_empty())? {
            let found = match pair {
                Pair::Alone(head) => self.alone(&head),
                Pair::Row(item, known) => self.row(item, known.as_ref()),
            };
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }
}

fn is_living(head: &RecordHead) -> bool {
    head.state == RecordState::Living.as_str()
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

    fn remarks(&self) -> &[String] {
        &self.remarks
    }

    fn take_rejected(&mut self) -> Vec<RejectedRow> {
        std::mem::take(&mut self.rejected)
    }
}
