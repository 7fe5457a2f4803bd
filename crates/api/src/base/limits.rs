//! Rate limits: so many requests a minute and token, told in every answer as Okta tells it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::call::{Shared, Who, token_of};
use super::error::ApiError;

const MINUTE: i64 = 60;
/// So many tokens are counted at once; wrong ones share a place.
const TOKENS: usize = 10_000;

/// Counters of the present minute, of this process.
#[derive(Debug)]
pub(crate) struct Limits {
    per_minute: u32,
    counted: Mutex<Counted>,
}

#[derive(Debug, Default)]
struct Counted {
    minute: i64,
    by_token: HashMap<u64, u32>,
}

/// Where a token stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Standing {
    remaining: u32,
    over: bool,
    /// When the next minute begins, in seconds since 1970 UTC.
    reset: i64,
}

impl Limits {
    pub(crate) fn new(per_minute: u32) -> Self {
        Self { per_minute, counted: Mutex::default() }
    }

    fn count(&self, token: Option<&str>, now: i64) -> Standing {
        use std::hash::{BuildHasher as _, RandomState};
        static KEYS: OnceLock<RandomState> = OnceLock::new();
        let key = KEYS.get_or_init(RandomState::new).hash_one(token);
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        let minute = now.div_euclid(MINUTE);
        if counted.minute != minute {
            *counted = Counted { minute, by_token: HashMap::new() };
        }
        let key =
            if counted.by_token.len() < TOKENS || counted.by_token.contains_key(&key) { key } else { 0 };
        let used = counted.by_token.entry(key).or_default();
        *used = used.saturating_add(1);
        Standing {
            remaining: self.per_minute.saturating_sub(*used),
            over: *used > self.per_minute,
            reset: (minute + 1) * MINUTE,
        }
    }
}

/// Counts a request, refuses it if there were too many, and says where the token stands.
pub(crate) async fn limit(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let who = Who::default();
    parts.extensions.insert(who.clone());
    let token = token_of(&parts);
    let now = muster_service::clock::machine_now().div_euclid(1_000);
    let standing = shared.limits.count(token.as_deref(), now);
    let mut response = if standing.over {
        ApiError::new(
            StatusCode::TOO_MANY_REQUESTS,
            "E0000047",
            "API call exceeded rate limit due to too many requests.",
        )
        .into_response()
    } else {
        next.run(Request::from_parts(parts, body)).await
    };
    if let Some(actor) = who.0.get() {
        response.extensions_mut().insert(actor.clone());
    }
    let figures = [
        ("x-rate-limit-limit", i64::from(shared.limits.per_minute)),
        ("x-rate-limit-remaining", i64::from(standing.remaining)),
        ("x-rate-limit-reset", standing.reset),
    ];
    for (name, value) in figures {
        response.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_is_counted_by_token_and_begins_anew() {
        let limits = Limits::new(2);
        assert_eq!(limits.count(Some("a"), 61), Standing { remaining: 1, over: false, reset: 120 });
        assert!(!limits.count(Some("a"), 62).over);
        assert!(limits.count(Some("a"), 119).over);
        assert!(!limits.count(Some("b"), 119).over);
        assert!(!limits.count(Some("a"), 120).over);
    }
}
