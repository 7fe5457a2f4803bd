//! What all nodes know of an app as a target: its circuit breaker, its rate limit, when it was listed last.

use crate::statements::statements;
use crate::tx::{first, rows};
use crate::{Result, Row, Tx};

/// The columns that [`state_row`] reads, in its order.
macro_rules! state_columns {
    () => {
        "app_key, paused_until, failures, error, listed_at, tokens, tokens_at, last_feed"
    };
}

statements! {
    GET = concat!("SELECT ", state_columns!(), " FROM app_state WHERE app_key = $1");
    ALL = concat!("SELECT ", state_columns!(), " FROM app_state ORDER BY app_key");
    PUT = concat!("INSERT INTO app_state (", state_columns!(), ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
        ON CONFLICT (app_key) DO UPDATE SET paused_until = excluded.paused_until, failures = excluded.failures, \
        error = excluded.error, listed_at = excluded.listed_at, tokens = excluded.tokens, \
        tokens_at = excluded.tokens_at, last_feed = excluded.last_feed");
    FAILURE = "INSERT INTO app_state (app_key, failures, error, paused_until) VALUES ($1, 1, $2, $3) \
        ON CONFLICT (app_key) DO UPDATE SET failures = app_state.failures + 1, error = excluded.error, \
        paused_until = excluded.paused_until";
    SUCCESS = "UPDATE app_state SET failures = 0, error = NULL, paused_until = NULL WHERE app_key = $1 \
        AND (failures > 0 OR paused_until IS NOT NULL)";
    MOVE_PAUSE = "UPDATE app_state SET paused_until = $1 WHERE app_key = $2 AND paused_until = $3";
    LISTED = "INSERT INTO app_state (app_key, failures, listed_at) VALUES ($1, 0, $2) \
        ON CONFLICT (app_key) DO UPDATE SET listed_at = excluded.listed_at";
    FEED = "INSERT INTO app_state (app_key, failures, last_feed) VALUES ($1, 0, $2) \
        ON CONFLICT (app_key) DO UPDATE SET last_feed = excluded.last_feed";
    TOKENS = "INSERT INTO app_state (app_key, failures, tokens, tokens_at) VALUES ($1, 0, $2, $3) \
        ON CONFLICT (app_key) DO UPDATE SET tokens = excluded.tokens, tokens_at = excluded.tokens_at";
}

/// The state of an app.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AppStateRow {
    /// The app.
    pub app_key: i64,
    /// No calls before this time.
    pub paused_until: Option<i64>,
    /// Failures of the app as a whole in a row.
    pub failures: i64,
    /// The last of them.
    pub error: Option<String>,
    /// When its accounts were listed last.
    pub listed_at: Option<i64>,
    /// Calls left in the rate limit, in thousandths.
    pub tokens: Option<i64>,
    /// When that was counted.
    pub tokens_at: Option<i64>,
    /// The last feed that came.
    pub last_feed: Option<i64>,
}

/// How many calls an app takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Calls in a minute.
    pub per_minute: i64,
    /// Calls that may come at once after a quiet time.
    pub burst: i64,
}

/// The answer to a request for calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Granted {
    /// How many may be made now.
    pub calls: i64,
    /// When the next one may be made, if fewer were granted than asked for.
    pub wait_until: Option<i64>,
}

/// The state of an app, if anything is known.
pub fn app_state(tx: &mut dyn Tx, app: i64) -> Result<Option<AppStateRow>> {
    first(tx, GET, &[app.into()], state_row)
}

/// The states of all apps.
pub fn app_states(tx: &mut dyn Tx) -> Result<Vec<AppStateRow>> {
    rows(tx, ALL, &[], state_row)
}

/// Writes a state as a whole.
pub fn put_app_state(tx: &mut dyn Tx, state: &AppStateRow) -> Result<()> {
    tx.execute(
        PUT,
        &[
            state.app_key.into(),
            state.paused_until.into(),
            state.failures.into(),
            (&state.error).into(),
            state.listed_at.into(),
            state.tokens.into(),
            state.tokens_at.into(),
            state.last_feed.into(),
        ],
    )?;
    Ok(())
}

/// Notes that the app as a whole failed, and until when to leave it alone.
pub fn note_failure(tx: &mut dyn Tx, app: i64, error: &str, paused_until: Option<i64>) -> Result<()> {
    tx.execute(FAILURE, &[app.into(), error.into(), paused_until.into()])?;
    Ok(())
}

/// Notes that the app answers; writes nothing if it did before.
pub fn note_success(tx: &mut dyn Tx, app: i64) -> Result<()> {
    tx.execute(SUCCESS, &[app.into()])?;
    Ok(())
}

/// Moves the end of an app's pause from `seen` to `until`. Gives whether nobody had moved it before.
pub fn move_pause(tx: &mut dyn Tx, app: i64, seen: i64, until: i64) -> Result<bool> {
    Ok(tx.execute(MOVE_PAUSE, &[until.into(), app.into(), seen.into()])? > 0)
}

/// Notes that the app's accounts were listed.
pub fn note_listed(tx: &mut dyn Tx, app: i64, at: i64) -> Result<()> {
    tx.execute(LISTED, &[app.into(), at.into()])?;
    Ok(())
}

/// Notes the last feed of the app.
pub fn note_feed(tx: &mut dyn Tx, app: i64, feed_key: i64) -> Result<()> {
    tx.execute(FEED, &[app.into(), feed_key.into()])?;
    Ok(())
}

/// Takes up to `wanted` calls from the app's rate limit, which all nodes share.
pub fn take_calls(tx: &mut dyn Tx, app: i64, wanted: i64, rate: Rate, now: i64) -> Result<Granted> {
    let full = rate.burst.max(1) * 1000;
    let state = app_state(tx, app)?;
    let (left, at) =
        state.map_or((full, now), |state| (state.tokens.unwrap_or(full), state.tokens_at.unwrap_or(now)));
    let per_minute = rate.per_minute.max(1);
    // A clock that was set back refills nothing, and the product stays far below the limits of 64 bits.
    let passed = (now - at).clamp(0, 1_000_000_000);
    let refill = passed * per_minute / 60;
    // Only the time that made whole thousandths is used up, so a slow rate that is asked often still refills; and no
    // time is used twice, so a fast one that is asked often doesn't give more than it has.
    let used = (refill as u64 * 60).div_ceil(per_minute as u64) as i64;
    let (filled, at) = if left + refill >= full || now < at {
        (full.min(left + refill), now)
    } else {
        (left + refill, (at + used).min(now))
    };
    let calls = wanted.clamp(0, filled.max(0) / 1000);
    let left = filled - calls * 1000;
    tx.execute(TOKENS, &[app.into(), left.into(), at.into()])?;
    let missing = (1000 - left).max(0) as u64;
    let wait_until = (calls < wanted).then(|| at + (missing * 60).div_ceil(per_minute as u64) as i64);
    Ok(Granted { calls, wait_until })
}

fn state_row(row: &Row<'_>) -> Result<AppStateRow> {
    Ok(AppStateRow {
        app_key: row.int(0)?,
        paused_until: row.opt_int(1)?,
        failures: row.int(2)?,
        error: row.opt_string(3)?,
        listed_at: row.opt_int(4)?,
        tokens: row.opt_int(5)?,
        tokens_at: row.opt_int(6)?,
        last_feed: row.opt_int(7)?,
    })
}
