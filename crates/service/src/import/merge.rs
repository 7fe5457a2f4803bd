//! A feed against the records known of its source, in the order of their keys: a full feed side by side with all of
//! them, a delta with those of its rows.
//!
//! Living rows come first, what ends comes behind all of them: whoever goes by another key from now on is found by it
//! before her former one is missed.

use std::collections::VecDeque;
use std::iter::Peekable;
use std::path::Path;

use muster_connectors::csv::{self, SortedFeed, SortedItem, ValidRow};
use muster_engine::facts::RecordState;
use muster_engine::model::{AppKey, PlanKey, UserKey};
use muster_store::Store;
use muster_store::lookups::RecordHead;
use muster_store::pending::PendingRow;
use serde::{Deserialize, Serialize};

use super::later::{Later, Waited};
use super::records::{Known, Pair, Records};
use super::waits::Waits;
use crate::error::Result;
use crate::plan::WaitState;
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
    /// Rows that wait, or waited until this feed, until somebody says whose they are.
    #[serde(skip_serializing_if = "is_zero")]
    pub waiting: u64,
    /// Rows that wait and say what they said when somebody said to leave them alone.
    #[serde(skip_serializing_if = "is_zero")]
    pub ignored: u64,
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

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(n: &u64) -> bool {
    *n == 0
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
    /// Whether rows don't speak of all columns.
    partial: bool,
    /// Rows of the source that wait.
    waiting: Waits,
    /// What was found and not taken yet.
    ready: VecDeque<Found>,
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
    pub(crate) fn new(
        store: &Store,
        records: Records,
        feed: SortedFeed,
        dir: &Path,
        position: &str,
    ) -> Result<Self> {
        let waiting = Waits::new(store, records.app())?;
        let summary = feed.summary();
        let (rows, unreadable) = (summary.rows, summary.unreadable_keys);
        let delta = matches!(records, Records::OfRows(_));
        let told =
            |r: &csv::RejectedRow| RejectedRow { line: r.line, key: r.key.clone(), reason: r.reason.clone() };
        Ok(Self {
            records,
            unreadable: unreadable > 0,
            partial: summary.partial,
            waiting,
            ready: VecDeque::new(),
            stats: FeedStats { rows, delta, unreadable, rejected: unreadable, ..FeedStats::default() },
            rejected: summary.sample.iter().map(told).collect(),
            remarks: summary.remarks.clone(),
            feed: feed.peekable(),
            done: Place::read(position),
            ends: Ends::Collected(Later::new(dir)),
        })
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
        found(Who::Known(UserKey(head.user_key)), vec![op], Place::End(head.external_id.clone()))
    }

    /// A row that waits is in the feed no more.
    fn drops(&self, waits: &PendingRow) -> Found {
        let key = waits.external_id.clone();
        found(Who::Nobody, vec![waits_no_more(self.records.app(), waits)], Place::End(key))
    }

    fn row(&mut self, item: SortedItem, known: Option<&Known>, waits: Option<&PendingRow>) -> Option<Found> {
        // Who was created for it is no more, and it waits again.
        let known = known.filter(|k| waits.is_none() || k.head.state != RecordState::Withdrawn.as_str());
        let living = known.is_some_and(|known| is_living(&known.head));
        if living {
            self.stats.living += 1;
            self.stats.found += 1;
        }
        match item {
            SortedItem::Valid(row) => self.valid(row, known, waits),
            SortedItem::Gone(_) => match known.filter(|_| living) {
                Some(known) => Some(self.gone(&known.head)),
                None => {
                    self.stats.unchanged += 1;
                    waits.map(|w| self.drops(w))
                }
            },
            SortedItem::Rejected { key, line, reason } => {
                self.reject(line, key, reason);
                None
            }
        }
    }

    fn valid(
        &mut self,
        mut row: ValidRow,
        known: Option<&Known>,
        waits: Option<&PendingRow>,
    ) -> Option<Found> {
        let hash = match known {
            Some(known) if !row.kept.is_empty() => {
                keep_values(&mut row.values, &row.kept, &known.values, row.terminated)
            }
            _ => row.content_hash() as i64,
        };
        let state = if row.terminated { RecordState::Ended } else { RecordState::Living };
        let who = match known.map(|known| &known.head) {
            Some(h) if h.hash == hash && h.state == state.as_str() => {
                self.stats.unchanged += 1;
                return waits.map(|w| self.drops(w));
            }
            Some(h) => {
                self.stats.changed += 1;
                Who::Known(UserKey(h.user_key))
            }
            None if row.terminated => {
                self.stats.left_before += 1;
                return waits.map(|w| self.drops(w));
            }
            None if waits.is_some_and(|w| w.state == WaitState::Ignored.as_str() && w.hash == hash) => {
                self.stats.ignored += 1;
                return None;
            }
            None => {
                if let Some(column) = self.records.required(&row.kept) {
                    let reason = format!(
                        "the source has nobody of this key, and the feed lacks column {column}, which is required"
                    );
                    self.reject(row.line, row.key, reason);
                    return None;
                }
                *(if waits.is_some() { &mut self.stats.waiting } else { &mut self.stats.new }) += 1;
                // What waits has all columns; a delta that lacks some changes nothing about it.
                if waits.is_some() && !row.kept.is_empty() {
                    return None;
                }
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
            kept: row.kept,
        };
        let place = if row.terminated { Place::End(row.key) } else { Place::Row(row.key) };
        let waited = waits.map(|w| waits_no_more(self.records.app(), w));
        Some(found(who, std::iter::once(op).chain(waited).collect(), place))
    }

    fn reject(&mut self, line: u64, key: String, reason: String) {
        self.stats.rejected += 1;
        if self.rejected.len() < REJECTED_TOLD {
            self.rejected.push(RejectedRow { line, key: Some(key), reason });
        }
    }

    /// The next difference between feed and records, in the order of their keys.
    fn walk(&mut self) -> Result<Option<Found>> {
        loop {
            if let Some(found) = self.ready.pop_front() {
                return Ok(Some(found));
            }
            let Some(pair) = self.records.next(&mut self.feed, self.partial)? else {
                match self.waiting.rest()? {
                    Some(waits) => self.without_row(&waits),
                    None => return Ok(None),
                }
                continue;
            };
            let key = match &pair {
                Pair::Alone(head) => head.external_id.clone(),
                Pair::Row(item, _) => item.key().to_owned(),
            };
            while let Some(waits) = self.waiting.before(&key)? {
                self.without_row(&waits);
            }
            let waits = self.waiting.of(&key)?;
            let found = match pair {
                Pair::Alone(head) => self.alone(&head),
                Pair::Row(item, known) => self.row(item, known.as_ref(), waits.as_ref()),
            };
            self.ready.extend(found);
        }
    }

    /// Of a row that waits and isn't in the feed: in a whole one it is gone.
    fn without_row(&mut self, waits: &PendingRow) {
        if !self.unreadable && !self.stats.delta {
            let found = self.drops(waits);
            self.ready.push_back(found);
        }
    }
}

fn is_living(head: &RecordHead) -> bool {
    head.state == RecordState::Living.as_str()
}

fn found(who: Who, ops: Vec<Op>, place: Place) -> Found {
    let position = place.text();
    Found { work: Work { who, ops, advance: false, again: false, seen: None, position }, place }
}

/// What says of a row that it waits no more, if it still waits as it did.
fn waits_no_more(app: AppKey, waits: &PendingRow) -> Op {
    let external_id = waits.external_id.clone();
    Op::Wait { app, external_id, seen: Some(PlanKey(waits.plan)), row: None }
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
