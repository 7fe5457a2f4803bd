//! Lists in pages: `limit`, `after`, and `Link` headers, one line a relation, `self` first. Okta's clients need it just so.

use axum::Json;
use axum::http::{HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::error::{ApiError, Result};

/// A page of a list.
#[derive(Debug)]
pub(crate) struct Paged<T> {
    items: Vec<T>,
    links: Vec<String>,
}

impl<T> Paged<T> {
    /// A page. `here` is the absolute address of the list without a query, `query` what was asked for (with the limit
    /// that counts), `next` the place the next page begins after.
    pub(crate) fn new(items: Vec<T>, here: &str, query: &[(&str, String)], next: Option<&str>) -> Self {
        let address = |after: Option<&str>| {
            let pairs = query.iter().filter(|(name, _)| after.is_none() || *name != "after");
            let mut all: Vec<String> = after.map(|a| format!("after={}", encode(a))).into_iter().collect();
            all.extend(pairs.map(|(name, value)| format!("{name}={}", encode(value))));
            if all.is_empty() { here.to_owned() } else { format!("{here}?{}", all.join("&")) }
        };
        let mut links = vec![format!("<{}>; rel=\"self\"", address(None))];
        links.extend(next.map(|n| format!("<{}>; rel=\"next\"", address(Some(n)))));
        Self { items, links }
    }
}

impl<T: Serialize> IntoResponse for Paged<T> {
    fn into_response(self) -> Response {
        let mut response = Json(self.items).into_response();
        let links = self.links.iter().filter_map(|l| HeaderValue::from_str(l).ok());
        for link in links {
            response.headers_mut().append(HeaderName::from_static("link"), link);
        }
        response
    }
}

/// How many items a page has: what is asked for, at most the second number, the first if nothing is said.
pub(crate) fn limit_of(asked: Option<i64>, (default, most): (usize, usize)) -> Result<usize> {
    match asked {
        None => Ok(default),
        Some(n) => usize::try_from(n)
            .ok()
            .filter(|n| *n >= 1)
            .map(|n| n.min(most))
            .ok_or_else(|| ApiError::invalid("limit", format!("limit: it must be from 1 to {most}"))),
    }
}

/// Percent-encodes a value for a query string (RFC 3986, section 2.3: unreserved characters stay).
pub(crate) fn encode(text: &str) -> String {
    use std::fmt::Write as _;
    text.bytes().fold(String::with_capacity(text.len()), |mut out, b| {
        if b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(b));
        } else {
            // Writing to a string can't fail.
            let _ = write!(out, "%{b:02X}");
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn self_comes_first_and_next_keeps_the_query() {
        let query = [("limit", "2".to_owned()), ("after", "a".to_owned()), ("q", "x y".to_owned())];
        let response = Paged::new(vec![1], "http://h/api/v1/users", &query, Some("00u1")).into_response();
        let links: Vec<&str> =
            response.headers().get_all("link").iter().map(|v| v.to_str().unwrap()).collect();
        assert_eq!(
            links,
            [
                "<http://h/api/v1/users?limit=2&after=a&q=x%20y>; rel=\"self\"",
                "<http://h/api/v1/users?after=00u1&limit=2&q=x%20y>; rel=\"next\""
            ]
        );
    }
}
