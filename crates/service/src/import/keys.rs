//! What a feed says of single keys: asked only where one person may go by several of them.

use std::cell::OnceCell;
use std::collections::HashSet;
use std::sync::Arc;

use muster_connectors::csv::{FeedRow, FeedRows, RejectedRow, SortedItem};
use muster_engine::Config;
use muster_engine::model::{App, AppKey, FeedMode};

use super::spool::{sort, spooled_rows};
use crate::error::{Result, ServiceError};
use crate::muster::Muster;
use crate::plan::claims::print;
use crate::plan::work::Work;

/// What a feed says of its keys.
#[derive(Debug)]
pub(crate) enum FeedKeys<'a> {
    /// All works of the feed are at hand: the keys of those that end a record.
    AtHand(HashSet<&'a str>),
    /// The feed is read once more when it is asked for the first time.
    Spooled {
        /// Whose store it is in.
        muster: &'a Muster,
        /// The configuration that says how the feed is read.
        config: Arc<Config>,
        /// The source.
        app: AppKey,
        /// The feed.
        feed: i64,
        /// What a missing row of it means.
        mode: FeedMode,
        /// What was read.
        index: OnceCell<Index>,
    },
}

impl<'a> FeedKeys<'a> {
    /// From a feed in the store.
    pub(crate) fn spooled(
        muster: &'a Muster,
        config: &Arc<Config>,
        app: AppKey,
        feed: i64,
        mode: FeedMode,
    ) -> Self {
        Self::Spooled { muster, config: config.clone(), app, feed, mode, index: OnceCell::new() }
    }

    /// From all works of a feed.
    pub(crate) fn of(works: &'a [Work]) -> Self {
        Self::AtHand(works.iter().filter_map(Work::ends).collect())
    }

    /// Whether a living record of this key ends with the feed.
    pub(crate) fn ends(&self, key: &str) -> Result<bool> {
        match self {
            Self::AtHand(ends) => Ok(ends.contains(key)),
            Self::Spooled { mode, .. } => {
                let index = self.index()?;
                Ok(match index.row(key) {
                    Some(Kind::Ended) => true,
                    Some(Kind::Living | Kind::Unclear) => false,
                    // Unless a row's key can't be read, who has no row is gone; of a delta it means nothing.
                    None => *mode == FeedMode::Full && !index.unreadable,
                })
            }
        }
    }

    /// Whether the feed has a row that lives for a record that doesn't. (Works at hand that are about one person are never
    /// judged together, so the question comes up only where they aren't.)
    pub(crate) fn revives(&self, key: &str) -> Result<bool> {
        match self {
            Self::AtHand(_) => Ok(false),
            Self::Spooled { .. } => Ok(matches!(self.index()?.row(key), Some(Kind::Living))),
        }
    }

    /// Whether the feed may have a work about a record that doesn't live, among those that aren't at hand.
    pub(crate) fn has_row(&self, key: &str) -> Result<bool> {
        match self {
            Self::AtHand(_) => Ok(false),
            Self::Spooled { .. } => Ok(matches!(self.index()?.row(key), Some(Kind::Living | Kind::Ended))),
        }
    }

    /// Reads the feed now, if it must be read at all.
    pub(crate) fn read(&self) -> Result<()> {
        if let Self::Spooled { .. } = self {
            self.index()?;
        }
        Ok(())
    }

    fn index(&self) -> Result<&Index> {
        let Self::Spooled { muster, config, app, feed, mode, index } = self else {
            return Err(ServiceError::Invalid("this feed isn't read again".to_owned()));
        };
        if let Some(index) = index.get() {
            return Ok(index);
        }
        let settings =
            config.app(*app).ok_or_else(|| ServiceError::NotFound("the feed's app is gone".to_owned()))?;
        let read = Index::read(muster, settings, *feed, *mode)?;
        Ok(index.get_or_init(|| read))
    }
}

/// The kinds of rows, in the two lowest bits of a key's print.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Living = 0,
    Ended = 1,
    /// It can't be read, or contradicts another: its person isn't absent.
    Unclear = 2,
}

impl Kind {
    fn of(terminated: bool) -> Self {
        if terminated { Self::Ended } else { Self::Living }
    }
}

const KIND: u128 = 3;

/// The rows of a feed by key, in 16 bytes each.
#[derive(Debug, Default)]
pub(crate) struct Index {
    rows: Vec<u128>,
    /// Whether a row's key can't be read.
    unreadable: bool,
}

impl Index {
    fn read(muster: &Muster, app: &App, feed: i64, mode: FeedMode) -> Result<Self> {
        let told = |e: &dyn std::fmt::Display| ServiceError::Invalid(format!("{}: {e}", app.name));
        let mut index = Self::default();
        match spooled_rows(muster, app, feed, mode)? {
            FeedRows::File(rows) => {
                for row in rows {
                    match row.map_err(|e| told(&e))? {
                        FeedRow::Valid(row) => index.note(&row.key, Kind::of(row.terminated)),
                        FeedRow::Gone(row) => index.note(&row.key, Kind::Ended),
                        FeedRow::Rejected(RejectedRow { key: Some(key), .. }) => {
                            index.note(&key, Kind::Unclear);
                        }
                        FeedRow::Rejected(_) => index.unreadable = true,
                    }
                }
            }
            // Of several rows of one key the last ones count.
            rows @ FeedRows::Entries(_) => {
                let items = sort(muster, app, rows)?;
                index.unreadable = items.summary().unreadable_keys > 0;
                for item in items {
                    match item.map_err(|e| told(&e))? {
                        SortedItem::Valid(row) => index.note(&row.key, Kind::of(row.terminated)),
                        SortedItem::Gone(row) => index.note(&row.key, Kind::Ended),
                        SortedItem::Rejected { key, .. } => index.note(&key, Kind::Unclear),
                    }
                }
            }
        }
        index.rows.sort_unstable();
        Ok(index)
    }

    fn note(&mut self, key: &str, kind: Kind) {
        self.rows.push((print(0, key) & !KIND) | kind as u128);
    }

    fn row(&self, key: &str) -> Option<Kind> {
        let wanted = print(0, key) & !KIND;
        let at = self.rows.partition_point(|r| *r < wanted);
        let mut same = self.rows.iter().skip(at).take_while(|r| **r & !KIND == wanted);
        let first = same.next()?;
        Some(match (first & KIND, same.next()) {
            (0, None) => Kind::Living,
            (1, None) => Kind::Ended,
            _ => Kind::Unclear,
        })
    }
}
