//! What a worker takes up next: a batch at a time, and what takes access away before the batch is gone through.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use muster_store::accounts::{Claim, claim_dirty, note_attempts};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::Worker;
use crate::clock::machine_now;
use crate::error::{Result, ServiceError};
use crate::provision::job::Job;
use crate::provision::leases::LEASE;
use crate::provision::points::point;

/// The least and the most accounts claimed at once, and how long a batch should take at least and at most.
pub(super) const CLAIM: (usize, usize) = (32, 256);
const BATCH_TIME: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(4));
/// The last lane of what takes access away, and the last one of all.
const REMOVALS: i64 = 0;
const LANES_IN_ALL: i64 = 2;

impl Worker {
    /// There may be more to claim. What takes access away doesn't wait for the rest of the batch, and the batch doesn't
    /// wait until it is claimed.
    pub(super) fn poked(&mut self) {
        self.drained = false;
        let busy = !self.has_nothing_claimed();
        if self.poke.take_removal() && busy && !self.paused && !self.is_over() && self.overtaking.is_empty() {
            let leasing = self.lease(REMOVALS, CLAIM.1);
            self.overtaking.spawn(leasing);
        }
    }

    /// Puts what takes access away before all else.
    pub(super) fn overtake(
        &mut self,
        claimed: std::result::Result<Result<Vec<Job>>, tokio::task::JoinError>,
    ) -> Result<()> {
        let jobs = claimed
            .map_err(|error| ServiceError::io("claiming accounts", std::io::Error::other(error)))??;
        for job in jobs.into_iter().rev() {
            self.leases.add(job.lease);
            self.queue.push_front(job);
        }
        Ok(())
    }

    /// Claims the next batch, most urgent first, and notes durably what is about to be tried.
    pub(super) async fn claim(&mut self) -> Result<()> {
        let took = self.claimed_at.elapsed();
        if took < BATCH_TIME.0 {
            self.batch = (self.batch * 2).min(CLAIM.1);
        } else if took > BATCH_TIME.1 {
            self.batch = (self.batch / 2).max(CLAIM.0);
        }
        self.claimed_at = Instant::now();
        let jobs = self.lease(LANES_IN_ALL, self.batch).await?;
        self.drained = jobs.is_empty();
        for job in jobs {
            self.leases.add(job.lease);
            if job.is_unlinked() && !job.look_first {
                self.unmatched.push(job);
            } else {
                self.queue.push_back(job);
            }
        }
        Ok(())
    }

    /// Leases accounts of the first lanes and notes durably what is about to be tried.
    fn lease(&self, lane_max: i64, limit: usize) -> impl Future<Output = Result<Vec<Job>>> + Send + 'static {
        let (app, node, allowed) = (self.target.app.0, self.context.node.clone(), self.target.allowed);
        let db = self.context.db.clone();
        async move {
            let jobs = db
                .write(move |tx| {
                    let claim = Claim {
                        app,
                        lane_max,
                        limit,
                        owner: &node,
                        now: machine_now(),
                        lease_ms: LEASE.as_millis() as i64,
                    };
                    let mut jobs: Vec<Job> = claim_dirty(tx, &claim)?.iter().map(Job::new).collect();
                    point("after_claim");
                    for job in &mut jobs {
                        // What may not be created may still be there to be linked.
                        job.look_first |= !allowed.create && job.is_unlinked();
                        job.note = job.note_to_write(allowed).or(job.note.take());
                    }
                    let notes: Vec<_> = jobs
                        .iter()
                        .filter_map(|job| Some((job.lease, job.note.as_ref()?.to_json())))
                        .collect();
                    let notes: Vec<_> = notes.iter().map(|(lease, note)| (*lease, note.as_str())).collect();
                    note_attempts(tx, &notes)?;
                    Ok(jobs)
                })
                .await?;
            point("after_attempt_noted");
            Ok(jobs)
        }
    }
}

/// Wakes a worker.
#[derive(Default)]
pub(in crate::provision) struct Poke {
    told: Notify,
    removal: AtomicBool,
}

impl Poke {
    /// There may be more to claim, or an end was set; `removal`: what takes access away is among it.
    pub(in crate::provision) fn tell(&self, removal: bool) {
        self.removal.fetch_or(removal, Ordering::Relaxed);
        self.told.notify_one();
    }

    pub(super) async fn told(&self) {
        self.told.notified().await;
    }

    fn take_removal(&self) -> bool {
        self.removal.swap(false, Ordering::Relaxed)
    }
}
