//! A token on the wire: never what it is.

use muster_service::access::TokenView;
use serde::Serialize;
use utoipa::ToSchema;

/// A token (Okta: `ApiToken`).
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ApiToken {
    id: String,
    name: String,
    /// Whose it is.
    user_id: Option<String>,
    client_name: &'static str,
    /// `READ`, `WRITE` or `ADMIN`.
    rights: &'static str,
    created: String,
    last_updated: String,
    expires_at: Option<String>,
    /// When it was used last, to the minute.
    last_used: Option<String>,
}

impl From<TokenView> for ApiToken {
    fn from(token: TokenView) -> Self {
        Self {
            id: token.id,
            name: token.name,
            user_id: token.user_id,
            client_name: "Muster",
            rights: token.rights.as_str(),
            last_updated: token.created.clone(),
            created: token.created,
            expires_at: token.expires_at,
            last_used: token.last_used,
        }
    }
}
