//! `DELETE /api/v1/api-tokens/{apiTokenId}` (Okta: revokeApiToken).

use crate::base::answer::Nothing;
use crate::base::{Answer, Call, Changed, Errors, Path, Result};

/// Revokes a token: whoever has it is refused from now on.
#[utoipa::path(
    delete,
    path = "/api/v1/api-tokens/{apiTokenId}",
    operation_id = "revokeApiToken",
    tag = "ApiToken",
    params(("apiTokenId" = String, Path, description = "Id")),
    responses((status = 204, description = "Revoked"), Errors)
)]
pub(crate) async fn revoke_api_token(call: Call, Path(id): Path<String>) -> Result<Changed<Nothing>> {
    call.change_now(move |cx| {
        cx.session.token_revoke(&cx.session.actor, &id)?;
        Ok(Changed::Done(Answer::no_content()))
    })
    .await
}
