//! Where a plan's works come from, in an order that doesn't change between passes.

use std::sync::Arc;

use muster_engine::facts::{Fact, RecordState};
use muster_engine::model::{FeedMode, Millis, PlanKey, UserKey};
use muster_store::{Store, lookups, plans};
use serde::{Deserialize, Serialize};

use super::narrow::{Narrow, TouchedWorks};
use super::process::{RejectedRow, UserBefore};
use super::work::{Op, Who, Work};
use crate::error::{Result, ServiceError};
use crate::import::{FeedStats, FeedWorks};

/// A stream of works.
pub(crate) trait Works {
    /// The next one.
    fn next(&mut self) -> Result<Option<Work>>;

    /// What the comparison of a feed has found so far.
    fn feed_stats(&self) -> Option<&FeedStats> {
        None
    }

    /// What was recognised in a feed, in sentences.
    fn remarks(&self) -> &[String] {
        &[]
    }

    /// Rows left out since the last call.
    fn take_rejected(&mut self) -> Vec<RejectedRow> {
        Vec::new()
    }
}

/// The next chunk of works; empty at the end.
pub(crate) fn chunk(works: &mut dyn Works, size: usize) -> Result<Vec<Work>> {
    let mut out: Vec<Work> = Vec::new();
    while out.len() < size || out.last().is_some_and(|w| w.takes().is_some()) {
        match works.next()? {
            Some(work) => out.push(work),
            None => break,
        }
    }
    Ok(out)
}

/// Where works come from; kept with the plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "from", rename_all = "snake_case")]
pub(crate) enum Source {
    /// Told one by one.
    List { works: Vec<Work> },
    /// A spooled feed.
    Feed {
        app: i64,
        feed: i64,
        #[serde(default)]
        mode: FeedMode,
    },
    /// Whom the plan's change of the configuration can touch.
    Touched,
    /// Everybody, to see whether what is stored is what follows.
    Everyone,
    /// The inverse of a plan, then whom its configuration can touch if that is taken back too.
    Inverse { plan: PlanKey },
    /// People for whom time alone changes something.
    Due { until: i64 },
}

/// Works told one by one.
pub(crate) struct ListWorks(std::vec::IntoIter<Work>);

impl ListWorks {
    /// Begins behind a position; "" is the start.
    pub(crate) fn new(works: &[Work], position: &str) -> Self {
        let done = position.strip_prefix("list:").and_then(|n| n.parse().ok()).unwrap_or(0);
        let placed =
            |(at, work): (usize, &Work)| Work { position: format!("list:{}", at + 1), ..work.clone() };
        let works: Vec<Work> = works.iter().enumerate().map(placed).skip(done).collect();
        Self(works.into_iter())
    }
}

impl Works for ListWorks {
    fn next(&mut self) -> Result<Option<Work>> {
        Ok(self.0.next())
    }
}

const PAGE: usize = 5_000;

/// A work that only derives a person again.
pub(super) fn again(user: i64, advance: bool) -> Work {
    let position = format!("user:{user}");
    Work { who: Who::Known(UserKey(user)), ops: Vec::new(), advance, again: false, seen: None, position }
}

/// The people for whom time alone changes something by an instant.
pub(crate) struct DueWorks {
    store: Store,
    until: i64,
    after: (i64, i64),
    page: std::vec::IntoIter<(i64, i64)>,
}

impl DueWorks {
    pub(crate) fn new(store: &Store, until: i64) -> Self {
        Self { store: store.clone(), until, after: (i64::MIN, 0), page: Vec::new().into_iter() }
    }
}

impl Works for DueWorks {
    fn next(&mut self) -> Result<Option<Work>> {
        if self.page.len() == 0 {
            let (until, after) = (self.until, self.after);
            self.page = self.store.read(|tx| lookups::due_users(tx, until, after, PAGE))?.into_iter();
        }
        let next = self.page.next();
        self.after = next.unwrap_or(self.after);
        Ok(next.map(|(_, user)| again(user, true)))
    }
}

/// The inverse of a plan, last block first.
pub(crate) struct InverseWorks {
    store: Store,
    plan: PlanKey,
    /// Until when dates are put off that had come.
    put_off: Millis,
    before: i64,
    page: std::vec::IntoIter<Work>,
    then: TouchedWorks,
}

/// What a feed brings, then whom the groups can touch that it brings along.
pub(crate) struct FeedThenTouched {
    feed: FeedWorks,
    /// The feed's works are done.
    through: bool,
    then: TouchedWorks,
}

impl FeedThenTouched {
    pub(crate) fn new(feed: FeedWorks, then: TouchedWorks, through: bool) -> Self {
        Self { feed, through, then }
    }
}

impl Works for FeedThenTouched {
    fn next(&mut self) -> Result<Option<Work>> {
        if !self.through {
            if let Some(work) = self.feed.next()? {
                return Ok(Some(work));
            }
            self.through = true;
        }
        self.then.next()
    }

    fn feed_stats(&self) -> Option<&FeedStats> {
        self.feed.feed_stats()
    }

    fn remarks(&self) -> &[String] {
        self.feed.remarks()
    }

    fn take_rejected(&mut self) -> Vec<RejectedRow> {
        self.feed.take_rejected()
    }
}

/// The kind of the blocks that hold a plan's inverse.
pub(crate) const BEFORE: &str = "BEFORE";

impl InverseWorks {
    /// `position` is that of the last work done: `block:N`, `user:N` or "".
    pub(crate) fn new(
        store: &Store,
        plan: PlanKey,
        put_off: Millis,
        narrow: Arc<Narrow>,
        position: &str,
    ) -> Self {
        let number = |prefix| position.strip_prefix(prefix).and_then(|n| n.parse::<i64>().ok());
        let (block, user) = (number("block:"), number("user:"));
        Self {
            store: store.clone(),
            plan,
            put_off,
            // A block is gone through again as a whole: what it restored is restored already.
            before: match (block, user) {
                (Some(n), _) => n + 1,
                (None, Some(_)) => 0,
                (None, None) => i64::MAX,
            },
            page: Vec::new().into_iter(),
            then: TouchedWorks::new(store, narrow, user.unwrap_or(i64::MIN)),
        }
    }
}

impl InverseWorks {
    /// Records that were taken from somebody and are to be hers again: whoever was created for one since, which was undone,
    /// forgoes it; one that is somebody's stays hers.
    fn make_room(&self, lines: &[UserBefore], position: &str) -> Result<Vec<Work>> {
        let mut works = Vec::new();
        for line in lines {
            let user = line.user;
            for before in line.before.iter().filter(|b| b.before.is_some() && b.after.is_none()) {
                let Fact::Record { app, external_id } = before.fact.clone() else { continue };
                let key = external_id.as_str();
                let records = self.store.read(|tx| lookups::records_by_ids(tx, app.0, &[key]))?;
                // The plan's own goes with it; one that is somebody's stays hers.
                let theirs = |r: &muster_store::people::RecordRow| {
                    r.user_key != user.0
                        && r.plan != self.plan.0
                        && r.state == RecordState::Withdrawn.as_str()
                };
                let Some(other) = records.into_iter().find(theirs) else { continue };
                let (who, ops) = (Who::Known(UserKey(other.user_key)), vec![Op::Forgo { app, external_id }]);
                let position = position.to_owned();
                works.push(Work { who, ops, advance: false, again: false, seen: None, position });
            }
        }
        Ok(works)
    }
}

/// What restores the facts of a line of a plan's inverse.
fn restoring(line: UserBefore, plan: PlanKey, put_off: Millis, position: String) -> Work {
    let mut ops: Vec<Op> = line.before.into_iter().rev().map(|line| Op::Restore { line }).collect();
    if let Some(back) = line.clock {
        ops.push(Op::Postpone { back: Some(back), until: put_off });
    }
    ops.extend(line.gave.map(Op::Take));
    for (attribute, value, after) in line.kept {
        ops.push(Op::Keep { attribute, value, after });
    }
    ops.extend(line.waits.into_iter().rev().map(|line| Op::Rewait { line: Box::new(line) }));
    if line.created {
        ops.push(Op::Unmake { made_by: plan });
    }
    let who = if line.user == UserKey::default() { Who::Nobody } else { Who::Known(line.user) };
    Work { who, ops, advance: false, again: line.again, seen: None, position }
}

impl Works for InverseWorks {
    fn next(&mut self) -> Result<Option<Work>> {
        loop {
            if let Some(work) = self.page.next() {
                return Ok(Some(work));
            }
            let (plan, before) = (self.plan, self.before);
            let blocks = self.store.read(|tx| plans::blocks_before(tx, plan.0, BEFORE, before, 1))?;
            let Some(block) = blocks.into_iter().next() else {
                return self.then.next();
            };
            self.before = block.no;
            let mut lines = Vec::new();
            for line in block.lines()?.into_iter().rev() {
                let line: UserBefore = serde_json::from_str(&line)
                    .map_err(|e| ServiceError::corrupt(format!("inverse of plan {plan}"), e))?;
                lines.push(line);
            }
            let position = format!("block:{}", block.no);
            let mut works = self.make_room(&lines, &position)?;
            let put_off = self.put_off;
            works.extend(lines.into_iter().map(|line| restoring(line, plan, put_off, position.clone())));
            self.page = works.into_iter();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_from_before_there_were_deltas_is_about_a_full_feed() {
        let stored: Source = serde_json::from_str(r#"{"from":"feed","app":1,"feed":2}"#).unwrap();
        assert_eq!(stored, Source::Feed { app: 1, feed: 2, mode: FeedMode::Full });
    }
}
