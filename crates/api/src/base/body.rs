//! Bodies of requests.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use serde::de::DeserializeOwned;

use super::error::ApiError;

/// The media type of a body in small letters, without parameters; empty if it has none (RFC 9110, section 8.3).
pub(super) fn media_type(headers: &HeaderMap) -> String {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// The refusal of a body of a media type that isn't taken here.
pub(super) fn refuse_type(kind: &str) -> ApiError {
    ApiError::new(
        StatusCode::BAD_REQUEST,
        "E0000021",
        format!(
            "Bad request. Accept and/or Content-Type headers likely do not match supported values: {kind}"
        ),
    )
}

/// A JSON body. None at all counts as `{}`, as some of Okta's clients send it.
#[derive(Clone, Debug)]
pub(crate) struct Body<T>(pub(crate) T);

impl<T, S> FromRequest<S> for Body<T>
where
    T: DeserializeOwned,
    S: Send + Sync,
{
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let kind = media_type(request.headers());
        let bytes = Bytes::from_request(request, state).await.map_err(|rejected| {
            let status = rejected.status();
            ApiError::new(status, "E0000003", "The request body could not be read.")
        })?;
        if bytes.is_empty() {
            return serde_json::from_slice(b"{}").map(Self).map_err(|e| ApiError::unreadable(e.to_string()));
        }
        if !(kind.is_empty() || kind == "application/json" || kind.ends_with("+json")) {
            return Err(refuse_type(&kind));
        }
        serde_json::from_slice(&bytes).map(Self).map_err(|e| ApiError::unreadable(e.to_string()))
    }
}
