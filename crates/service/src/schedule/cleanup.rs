//! Taking away what nothing depends on any more, after the days that the org has set.

use muster_store::{Tx, cleanup as stored, guard_window, plans, secrets, source_sessions};

use crate::clock::machine_now;
use crate::error::Result;
use crate::import::SESSION_IDLE_MS;
use crate::mail::MOST_ATTEMPTS;
use crate::muster::Muster;
use crate::plan::{Trigger, guards};

const DAY: i64 = 86_400_000;
/// How long an expired token is still listed, so that somebody sees why a program is refused.
const TOKEN_DAYS: u32 = 30;
/// How many rows go in a transaction: small ones, and blocks of a few hundred kilobytes.
const ROWS: usize = 500;
const BLOCKS: usize = 32;
/// How many plans that still need their feeds are looked for.
const OPEN_PLANS: usize = 10_000;
/// Plans that may still be applied or go on.
const OPEN: [&str; 4] = ["PLANNED", "HELD", "APPLYING", "STOPPED"];

/// What was taken away, in rows of each kind that had any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Cleaned(Vec<(&'static str, u64)>);

impl Cleaned {
    pub(super) fn is_nothing(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn in_words(&self) -> String {
        if self.0.is_empty() {
            return "nothing to clear away".to_owned();
        }
        let parts: Vec<String> = self.0.iter().map(|(what, n)| format!("{n} {what}")).collect();
        format!("cleared away: {}", parts.join(", "))
    }

    fn add(&mut self, what: &'static str, rows: u64) {
        if rows > 0 {
            self.0.push((what, rows));
        }
    }
}

impl Muster {
    /// Takes away what is older than the org keeps it, a small piece a transaction.
    pub(super) fn clean_up(&self) -> Result<Cleaned> {
        let config = self.config()?;
        let kept = config.org.settings.retention;
        let now = self.now().0;
        let before = |days: u32| (days > 0).then(|| now - i64::from(days) * DAY);
        let needed = self.feeds_needed()?;
        let mut cleaned = Cleaned::default();
        if let Some(before) = before(kept.log) {
            let n = self.pieces(&mut |tx| stored::log_blocks(tx, before, ROWS))?;
            cleaned.add("blocks of the log", n);
        }
        if let Some(before) = before(kept.undo) {
            cleaned.add("blocks by which plans could be undone", self.drop_inverses(before)?);
        }
        if let Some(before) = before(kept.plans) {
            let n = self.pieces(&mut |tx| stored::unapplied_plans(tx, before, BLOCKS))?;
            cleaned.add("rows of plans never applied", n);
        }
        if let Some(before) = before(kept.feeds) {
            let n = self.pieces(&mut |tx| stored::feed_content(tx, before, &needed, BLOCKS / 4))?;
            cleaned.add("pieces of feeds", n);
            // Whether a feed was undone is asked as long as its import can be.
            if kept.undo > 0 {
                let before = before.min(now - i64::from(kept.undo) * DAY);
                cleaned.add("feeds", self.pieces(&mut |tx| stored::feeds(tx, before, &needed, ROWS))?);
            }
        }
        if let Some(before) = before(kept.tasks) {
            cleaned.add("done tasks", self.pieces(&mut |tx| stored::done_tasks(tx, before, ROWS))?);
        }
        if let Some(before) = before(kept.mail) {
            cleaned.add("mails", self.pieces(&mut |tx| stored::mails(tx, before, MOST_ATTEMPTS, ROWS))?);
        }
        if let Some(before) = before(TOKEN_DAYS) {
            let n = self.pieces(&mut |tx| stored::expired_tokens(tx, before, ROWS))?;
            cleaned.add("expired tokens", n);
        }
        let idle = self.store.write(|tx| source_sessions::expire(tx, now - SESSION_IDLE_MS))?;
        cleaned.add("sessions of sources that nobody went on with", idle);
        let loads = self.pieces(&mut |tx| source_sessions::drop_loads(tx, BLOCKS / 4))?;
        cleaned.add("loads of sessions that are over", loads);
        if let Some(before) = before(kept.feeds) {
            let n = self.pieces(&mut |tx| source_sessions::drop_sessions(tx, before, ROWS))?;
            cleaned.add("sessions of sources", n);
        }
        let outside = guards::last_outside(&config, self.now());
        let hours = self.store.write(|tx| guard_window::prune(tx, outside + 1))?;
        cleaned.add("hours of what plans took away", hours);
        let expired = self.store.write(|tx| secrets::drop_expired(tx, machine_now()))?;
        cleaned.add("secrets past their deadline", expired);
        Ok(cleaned)
    }

    /// Piece by piece, until one takes nothing.
    fn pieces(&self, piece: &mut dyn FnMut(&mut dyn Tx) -> muster_store::Result<u64>) -> Result<u64> {
        let mut sum = 0;
        loop {
            match self.store.write(&mut *piece)? {
                0 => return Ok(sum),
                rows => sum += rows,
            }
        }
    }

    fn drop_inverses(&self, before: i64) -> Result<u64> {
        let (mut sum, mut from) = (0, Some(0));
        while let Some(plan) = from {
            let piece = self.store.write(|tx| stored::inverses(tx, plan, before, BLOCKS))?;
            sum += piece.dropped;
            from = piece.next;
        }
        Ok(sum)
    }

    /// Feeds of plans that may still be applied.
    fn feeds_needed(&self) -> Result<Vec<i64>> {
        let open = self.store.read(|tx| plans::plans_before(tx, i64::MAX, &OPEN, OPEN_PLANS))?;
        let feed = |plan: plans::PlanRow| match serde_json::from_str(&plan.trigger).ok()? {
            Trigger::Import { feed, .. } => Some(feed),
            _ => None,
        };
        Ok(open.into_iter().filter_map(feed).collect())
    }
}
