//! `GET /api/v1/api-tokens/{apiTokenId}` (Okta: getApiToken).

use super::wire::ApiToken;
use crate::base::{Answer, Call, Path, ReadErrors, Result};

/// Retrieves what is known of a token.
#[utoipa::path(
    get,
    path = "/api/v1/api-tokens/{apiTokenId}",
    operation_id = "getApiToken",
    tag = "ApiToken",
    params(("apiTokenId" = String, Path, description = "Id")),
    responses((status = 200, body = ApiToken), ReadErrors)
)]
pub(crate) async fn get_api_token(call: Call, Path(id): Path<String>) -> Result<Answer<ApiToken>> {
    call.read(move |cx| Ok(Answer::ok(cx.session.token(&id)?.into()))).await
}
