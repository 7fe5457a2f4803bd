//! A name for each request, by which client, log and answer speak of the same one.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::http::{HeaderMap, HeaderName, HeaderValue};

/// The header, in requests and answers.
pub(super) const HEADER: HeaderName = HeaderName::from_static("x-okta-request-id");

/// The longest one that is taken over.
const LONGEST: usize = 64;

/// The name the client gave, if it is fit to be logged and sent back; a new one otherwise.
pub(super) fn of(headers: &HeaderMap) -> HeaderValue {
    headers.get(HEADER).filter(|given| is_well_formed(given)).cloned().unwrap_or_else(fresh)
}

fn is_well_formed(given: &HeaderValue) -> bool {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    (1..=LONGEST).contains(&given.len()) && given.as_bytes().iter().all(plain)
}

fn fresh() -> HeaderValue {
    static SEEDS: LazyLock<[RandomState; 2]> = LazyLock::new(|| [RandomState::new(), RandomState::new()]);
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let [high, low] = SEEDS.each_ref().map(|seed| seed.hash_one(number));
    HeaderValue::from_str(&format!("req{high:016x}{low:016x}")).unwrap_or(HeaderValue::from_static("req"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_client_gives_is_kept_only_if_it_is_plain() {
        let of = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(HEADER, HeaderValue::from_bytes(text.as_bytes()).unwrap());
            super::of(&headers)
        };
        assert_eq!(of("aB3-_.x"), "aB3-_.x");
        for wrong in ["", "a b", "a\"b", "ä", &"x".repeat(LONGEST + 1)] {
            assert_ne!(of(wrong), wrong);
        }
        assert_ne!(super::of(&HeaderMap::new()), super::of(&HeaderMap::new()));
    }
}
