//! Where Okta's own clients contradict each other, what each is answered is decided here.
//!
//! - `unique` of a schema property: the wire has `"UNIQUE_VALIDATED"`, and the Terraform provider fails on anything but a
//!   text. Okta's Python client fails on anything but true or false, so it alone gets `true`.

use axum::http::{HeaderMap, header};
use serde_json::Value as Json;

/// A kind of client, as far as answers differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Client {
    /// Okta's Python client.
    Python,
    /// Any other.
    Other,
}

impl Client {
    /// By the User-Agent of a request.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let name = headers.get(header::USER_AGENT).and_then(|v| v.to_str().ok()).unwrap_or_default();
        let generated = name.starts_with("OpenAPI-Generator/") && name.ends_with("/python");
        if generated || name.contains("okta-sdk-python") { Self::Python } else { Self::Other }
    }

    /// What says of a schema property that its values are unique.
    pub(crate) fn unique(self) -> Json {
        match self {
            Self::Python => Json::Bool(true),
            Self::Other => Json::from("UNIQUE_VALIDATED"),
        }
    }
}
