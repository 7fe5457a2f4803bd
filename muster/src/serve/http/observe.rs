//! Each request in the log and in the metrics. Neither path nor query is noted, since both may hold personal data, and
//! never a token: the route stands for the path, the token's name for who asked.

use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;
use muster_service::Actor;
use tracing::Instrument as _;

use super::request_id;
use crate::serve::metrics::{self, InFlight};

/// What stands for a path that nothing answers.
const NO_ROUTE: &str = "none";

/// Routes that machines ask for all the time.
const PROBES: [&str; 3] = ["/healthz", "/readyz", "/metrics"];

/// Names the request, and notes how it went.
pub(super) async fn observe(mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = request_id::of(request.headers());
    let method = method_of(request.method());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map_or(NO_ROUTE, MatchedPath::as_str);
    // Whoever answers finds it where the client would have put it.
    request.headers_mut().insert(request_id::HEADER, id.clone());
    let span = tracing::info_span!("request", request_id = id.to_str().unwrap_or_default(), method, route);
    let in_flight = InFlight::begin();
    let mut response = next.run(request).instrument(span.clone()).await;
    drop(in_flight);
    response.headers_mut().insert(request_id::HEADER, id);
    let (took, status) = (started.elapsed(), response.status().as_u16());
    metrics::request(method, route, status, took);
    let actor = response.extensions().get::<Actor>().map_or("", |actor| actor.name.as_str());
    let latency_ms = took.as_secs_f64() * 1e3;
    if PROBES.contains(&route) {
        tracing::debug!(parent: &span, status, latency_ms, "answered");
    } else {
        tracing::info!(parent: &span, status, latency_ms, actor, "answered");
    }
    response
}

/// The method, as far as there are few of them: what clients make up is no label.
fn method_of(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "OTHER",
    }
}
