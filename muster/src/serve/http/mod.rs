//! What every request passes through, whatever answers it. From the outside inwards: request id, log and metrics; the
//! headers that are always sent; compression; errors in one shape; panics; time limit; limit of the body.

mod envelope;
mod limits;
mod observe;
mod request_id;
mod standard_headers;

use std::time::Duration;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use tower_http::CompressionLevel;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, Predicate as _, SizeAbove};

/// Smaller answers aren't worth compressing.
const WORTH_COMPRESSING: u16 = 860;

/// What the layers need to know.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// The largest body of a request.
    pub(super) body: usize,
    /// How long a request may take.
    pub(super) time: Duration,
    /// Whether TLS is spoken here.
    pub(super) tls: bool,
}

/// The router with everything that requests pass through before it.
pub(super) fn layered(router: Router, limits: Limits) -> Router {
    router
        .layer(from_fn_with_state(limits, limits::body))
        .layer(from_fn_with_state(limits, limits::time))
        .layer(CatchPanicLayer::custom(envelope::panicked))
        .layer(from_fn(envelope::enveloped))
        .layer(
            CompressionLayer::new()
                .quality(CompressionLevel::Fastest)
                .compress_when(DefaultPredicate::new().and(SizeAbove::new(WORTH_COMPRESSING))),
        )
        .layer(from_fn_with_state(limits, standard_headers::add))
        .layer(from_fn(observe::observe))
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use axum::http::Request;
    use axum::routing::get;
    use tower::ServiceExt as _;

    use super::*;

    #[tokio::test]
    async fn a_panic_is_an_error_like_any_other() {
        async fn fails() -> &'static str {
            panic!("a mistake with a name in it")
        }
        let limits = Limits { body: 1, time: Duration::from_secs(60), tls: false };
        let router = layered(Router::new().route("/fails", get(fails)), limits);
        let request = Request::get("/fails").header("x-okta-request-id", "mine").body(Body::empty()).unwrap();
        let answer = router.oneshot(request).await.unwrap();
        assert_eq!(answer.status(), 500);
        assert_eq!(answer.headers()["x-okta-request-id"], "mine");
        let body = to_bytes(answer.into_body(), 4096).await.unwrap();
        let error: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!((&error["errorCode"], &error["errorId"]), (&"E0000009".into(), &"mine".into()));
        assert!(!error.to_string().contains("mistake"), "{error}");
    }
}
