//! Limits of a request: the size of its body, the time it may take.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http_body_util::Limited;

use super::{Limits, envelope};

/// Refuses bodies that say they are too large, and ends others where they become so.
pub(super) async fn body(State(limits): State<Limits>, request: Request, next: Next) -> Response {
    let told =
        request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if told.is_some_and(|length: u64| length > limits.body as u64) {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    }
    next.run(request.map(|body| Body::new(Limited::new(body, limits.body)))).await
}

/// Answers a request that takes too long. What it has begun on another thread goes on there to its end, so that nothing is
/// left half done.
pub(super) async fn time(State(limits): State<Limits>, request: Request, next: Next) -> Response {
    let id = envelope::id_of(request.headers());
    match tokio::time::timeout(limits.time, next.run(request)).await {
        Ok(response) => response,
        Err(_) => envelope::error(
            StatusCode::GATEWAY_TIMEOUT,
            "E0000009",
            "The request took longer than this server allows; it may still be carried out: look before you repeat it.",
            &id,
        ),
    }
}
