//! The circuit breaker of an app, as one worker sees it: what it is lives in the app's row, for all processes.
//!
//! Closed: calls go through. Open, after failures that are the app's: nobody calls before `paused_until`, which lies
//! further ahead with each failure. Half open, once that time has come: one worker of all tries one account; if the app
//! answers, it is closed, else open again.

use std::time::Duration;

use muster_engine::model::AppKey;
use muster_store::app_state;
use tokio::time::Instant;

use super::db::Db;
use crate::clock::machine_now;
use crate::error::Result;

/// How long the others leave the app to the one who tries: longer than a call takes.
const TRIAL_MS: i64 = 60_000;
/// How often a worker looks whether another has found the app in trouble.
const LOOK: Duration = Duration::from_millis(500);

pub(super) struct Breaker {
    db: Db,
    app: AppKey,
    /// This worker is the one who tries; until then it is left to it.
    trial: Option<i64>,
    looked: Instant,
}

impl Breaker {
    pub(super) fn new(db: Db, app: AppKey) -> Self {
        Self { db, app, trial: None, looked: Instant::now() }
    }

    /// Whether this worker tries with a single account.
    pub(super) fn is_half_open(&self) -> bool {
        self.trial.is_some()
    }

    /// Asks to be the one who tries, now that the pause until `seen` is over. Gives whether it is.
    pub(super) async fn half_open(&mut self, seen: i64) -> Result<bool> {
        let (app, until) = (self.app.0, machine_now() + TRIAL_MS);
        let is_ours = self.db.write(move |tx| app_state::move_pause(tx, app, seen, until)).await?;
        self.trial = is_ours.then_some(until);
        Ok(is_ours)
    }

    /// The app has answered or failed, which is written elsewhere.
    pub(super) fn tried(&mut self) {
        self.trial = None;
    }

    /// Leaves it to others to try, if nothing was tried.
    pub(super) async fn leave(&mut self) -> Result<()> {
        if let Some(until) = self.trial.take() {
            let (app, now) = (self.app.0, machine_now());
            self.db.write(move |tx| app_state::move_pause(tx, app, until, now)).await?;
        }
        Ok(())
    }

    /// Whether another worker has found the app in trouble meanwhile; looked up now and then only.
    pub(super) async fn is_open(&mut self) -> Result<bool> {
        if self.trial.is_some() || self.looked.elapsed() < LOOK {
            return Ok(false);
        }
        self.looked = Instant::now();
        let app = self.app.0;
        let state = self.db.read(move |tx| app_state::app_state(tx, app)).await?;
        Ok(state.and_then(|state| state.paused_until).is_some_and(|until| until > machine_now()))
    }
}
