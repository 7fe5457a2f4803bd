//! Guards over a feed as a whole: empty, cut short, unreadable, other keys, undone before, out of turn.

use muster_engine::model::GuardSettings;
use muster_engine::plan::{Finding, FindingKind};
use muster_store::feeds::FeedRow;

use crate::import::FeedStats;

/// Judges a full feed by what the comparison found and the one applied before it.
pub(super) fn full(guard: GuardSettings, stats: &FeedStats, last: Option<&FeedRow>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut find = |kind, message: String, waivable| findings.push(Finding::new(kind, message, waivable));
    if stats.rows == 0 && stats.living > 0 {
        let message = format!("the feed has no rows, the source had {} people", stats.living);
        find(FindingKind::FeedEmpty, message, false);
    } else if let Some(last) = last.filter(|l| l.rows as u64 >= guard.minimum) {
        let before = last.rows as u64;
        if stats.rows * 100 < before * u64::from(guard.feed_percent) {
            let message = format!(
                "the feed has {} rows, the one before had {before}: it looks cut short (at least {} % are expected)",
                stats.rows, guard.feed_percent
            );
            find(FindingKind::FeedCut, message, true);
        }
    }
    // What can be read of it may be right, and says nothing about the rest.
    let readable = stats.rows - stats.unreadable.min(stats.rows);
    if stats.rows >= guard.minimum && readable * 100 < stats.rows * u64::from(guard.feed_percent) {
        let message = format!(
            "of the feed's {} rows, {} have no key that can be read: it looks damaged (at least {} % are expected to be \
             readable)",
            stats.rows, stats.unreadable, guard.feed_percent
        );
        find(FindingKind::FeedUnreadable, message, false);
    }
    // A feed whose keys are other ones would end everybody and create them anew.
    if stats.living >= guard.minimum
        && stats.new > 0
        && stats.found * 2 < stats.living
        && stats.new * 2 > stats.rows
    {
        let message = format!(
            "of {} people the source had, only {} keys are in the feed, and {} of its {} rows are new: its keys don't \
             look like the last one's",
            stats.living, stats.found, stats.new, stats.rows
        );
        find(FindingKind::FeedKeys, message, true);
    }
    findings
}

/// Judges a delta by the plans of the same source that wait to be applied: an older word must not come after a newer.
pub(super) fn delta(waiting: &[i64]) -> Option<Finding> {
    let first = waiting.first()?;
    let message = format!(
        "plan {first} of the same source came before and is held: apply or discard it first, so that this delta has the last \
         word"
    );
    Some(Finding::new(FindingKind::FeedOrder, message, true))
}

/// A feed that was applied and undone before.
pub(super) fn undone() -> Finding {
    let message = "the same feed was applied and undone before".to_owned();
    Finding::new(FindingKind::FeedUndone, message, true)
}
