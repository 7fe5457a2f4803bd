//! Errors that no operation has made itself, in the shape that all errors have (Okta: `Error`).

use std::any::Any;

use axum::Json;
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use serde_json::json;

use super::request_id;

/// An error in Okta's envelope.
pub(super) fn error(status: StatusCode, code: &str, summary: &str, id: &str) -> Response {
    let body = json!({
        "errorCode": code, "errorSummary": summary, "errorLink": code, "errorId": id, "errorCauses": [],
    });
    (status, Json(body)).into_response()
}

/// The name of the request, as the log has it too.
pub(super) fn id_of(headers: &HeaderMap) -> String {
    headers.get(request_id::HEADER).and_then(|id| id.to_str().ok()).unwrap_or_default().to_owned()
}

/// Answers a request whose work panicked; what happened is in the log.
pub(super) fn panicked(_: Box<dyn Any + Send>) -> Response {
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}

/// Puts errors that have no body of their own into the envelope.
pub(super) async fn enveloped(request: Request, next: Next) -> Response {
    let id = id_of(request.headers());
    let response = next.run(request).await;
    let status = response.status();
    let content = response.headers().get(header::CONTENT_TYPE);
    let is_json = content.is_some_and(|kind| kind.as_bytes().windows(4).any(|part| part == b"json"));
    if is_json || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let (code, summary) = match status {
        StatusCode::NOT_FOUND => ("E0000007", "Not found: there is nothing at this path"),
        StatusCode::METHOD_NOT_ALLOWED => {
            ("E0000022", "The endpoint does not support the provided HTTP method")
        }
        StatusCode::PAYLOAD_TOO_LARGE => ("E0000003", "The request body is larger than this server takes."),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => (
            "E0000021",
            "Bad request. Accept and/or Content-Type headers likely do not match supported values.",
        ),
        status if status.is_client_error() => ("E0000003", "The request could not be read."),
        _ => ("E0000009", "Internal Server Error"),
    };
    let mut answer = error(status, code, summary, &id);
    // What else the answer told (`Allow`) is kept.
    for (name, value) in response.headers() {
        if *name != header::CONTENT_TYPE && *name != header::CONTENT_LENGTH {
            answer.headers_mut().append(name, value.clone());
        }
    }
    answer
}
