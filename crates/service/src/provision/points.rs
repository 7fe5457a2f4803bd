//! Named points at which a process can be made to die, so that tests see what a crash there leaves behind.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// The environment variable: `NAME` or `NAME:N` for the N-th passing.
pub const CRASH_AT: &str = "MUSTER_CRASH_AT";

struct Crash {
    name: String,
    left: AtomicU64,
}

static CRASH: OnceLock<Option<Crash>> = OnceLock::new();

/// Aborts the process here, at once and without clean-up, if `MUSTER_CRASH_AT` names this point. Without the variable
/// it does nothing.
///
/// The points, in the order in which an account passes them: `after_claim` (leased, nothing is durable yet),
/// `after_attempt_noted` (leased, the attempt is durable), `before_call`, `after_call`, `before_settle`,
/// `after_settle`.
pub fn point(name: &str) {
    let crash = CRASH.get_or_init(|| {
        let text = std::env::var(CRASH_AT).ok()?;
        let (name, nth) = text.split_once(':').unwrap_or((&text, "1"));
        Some(Crash { name: name.to_owned(), left: AtomicU64::new(nth.parse().unwrap_or(1).max(1)) })
    });
    if let Some(crash) = crash
        && crash.name == name
        && crash.left.fetch_sub(1, Ordering::SeqCst) == 1
    {
        std::process::abort();
    }
}
