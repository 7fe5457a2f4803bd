//! Gathers what workers finish, so that many accounts cost one transaction.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use muster_engine::model::AppKey;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout_at};

use super::carry_out::{Did, Verdict};
use super::db::Db;
use super::points::point;
use super::record::{Batch, Finished, Signal, did, write};
use super::target::Target;
use super::{AppProgress, SyncProgress};
use crate::clock::machine_now;
use crate::error::Result;
use crate::muster::Muster;

/// How long a finished account waits for others to be written with.
const GATHER: Duration = Duration::from_millis(50);
/// The most accounts of one transaction.
const MOST: usize = 500;

/// What workers tell.
pub(super) enum Message {
    Finished(Box<Finished>),
    Signal(Arc<Target>, Signal),
    /// To be answered when everything told before is written.
    Flush(oneshot::Sender<()>),
}

pub(super) struct Settler<'a> {
    pub(super) muster: &'a Muster,
    pub(super) db: Db,
    pub(super) progress: &'a dyn SyncProgress,
    pub(super) done: BTreeMap<AppKey, AppProgress>,
}

impl Settler<'_> {
    /// Writes until nobody tells anything any more.
    ///
    /// # Errors
    /// If the store fails.
    pub(super) async fn run(&mut self, mut told: mpsc::Receiver<Message>) -> Result<()> {
        while let Some(first) = told.recv().await {
            let until = Instant::now() + GATHER;
            let mut batch = Batch::default();
            let mut flushes = Vec::new();
            let mut next = Some(first);
            while let Some(message) = next {
                match message {
                    Message::Finished(one) => batch.finished.push(*one),
                    Message::Signal(target, signal) => batch.signals.push((target, signal)),
                    Message::Flush(done) => flushes.push(done),
                }
                // Who waits for the writing isn't kept waiting for others.
                if batch.finished.len() >= MOST || !flushes.is_empty() {
                    break;
                }
                next = timeout_at(until, told.recv()).await.ok().flatten();
            }
            self.settle(batch).await?;
            for flush in flushes {
                // Who asked may have ended.
                let _ = flush.send(());
            }
        }
        Ok(())
    }

    async fn settle(&mut self, batch: Batch) -> Result<()> {
        if batch.finished.is_empty() && batch.signals.is_empty() {
            return Ok(());
        }
        let batch = Arc::new(batch);
        let (writing, at) = (Arc::clone(&batch), self.muster.clock.now());
        let verdicts = self.db.write(move |tx| write(tx, &writing, at, machine_now())).await?;
        point("after_settle");
        let mut touched = BTreeMap::new();
        for (one, verdict) in batch.finished.iter().zip(verdicts) {
            let Some(verdict) = verdict else { continue };
            let counts = self.done.entry(one.target.app).or_default();
            count(counts, did(one, &verdict), &verdict);
            touched.insert(one.target.app, &one.target.name);
        }
        for (app, name) in touched {
            if let Some(counts) = self.done.get(&app) {
                self.progress.settled(name, counts);
            }
        }
        Ok(())
    }
}

fn count(counts: &mut AppProgress, did: &[Did], verdict: &Verdict) {
    for did in did {
        *match did {
            Did::Created => &mut counts.created,
            Did::Updated => &mut counts.updated,
            Did::Deactivated => &mut counts.deactivated,
            Did::Reactivated => &mut counts.reactivated,
            Did::Deleted => &mut counts.deleted,
            Did::Linked => &mut counts.linked,
        } += 1;
    }
    match verdict {
        Verdict::Done => counts.brought_into_line += 1,
        Verdict::Later { .. } | Verdict::Unknown { .. } => counts.retries += 1,
        Verdict::Failed { .. } | Verdict::InDoubt { .. } | Verdict::Protected { .. } => counts.failed += 1,
        Verdict::Refused { .. } | Verdict::GivenBack | Verdict::ByHand { .. } => {}
    }
}
