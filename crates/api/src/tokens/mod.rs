//! API tokens (Okta: `ApiToken`). They are made by `muster token create` only.

mod get_api_token;
mod list_api_tokens;
mod revoke_api_token;
mod revoke_current_api_token;
mod wire;

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::base::Shared;

/// The operations on tokens.
pub(crate) fn routes() -> OpenApiRouter<Arc<Shared>> {
    OpenApiRouter::new()
        .routes(routes!(list_api_tokens::list_api_tokens))
        .routes(routes!(revoke_current_api_token::revoke_current_api_token))
        .routes(routes!(get_api_token::get_api_token, revoke_api_token::revoke_api_token))
}
