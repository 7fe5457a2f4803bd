//! `GET /api/v1/api-tokens` (Okta: listApiTokens).

use super::wire::ApiToken;
use crate::base::{Call, Paged, ReadErrors, Result};

/// Lists the tokens there are.
#[utoipa::path(
    get,
    path = "/api/v1/api-tokens",
    operation_id = "listApiTokens",
    tag = "ApiToken",
    responses((status = 200, body = Vec<ApiToken>), ReadErrors)
)]
pub(crate) async fn list_api_tokens(call: Call) -> Result<Paged<ApiToken>> {
    call.read(|cx| {
        let tokens = cx.session.tokens()?.into_iter().map(ApiToken::from).collect();
        Ok(Paged::new(tokens, &cx.url("/api-tokens"), &[], None))
    })
    .await
}
