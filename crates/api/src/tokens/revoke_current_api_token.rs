//! `DELETE /api/v1/api-tokens/current` (Okta: revokeCurrentApiToken).

use muster_engine::model::{IdKind, public_id};

use crate::base::answer::Nothing;
use crate::base::{Answer, Call, Changed, Errors, Result};

/// Revokes the token the request came with.
#[utoipa::path(
    delete,
    path = "/api/v1/api-tokens/current",
    operation_id = "revokeCurrentApiToken",
    tag = "ApiToken",
    responses((status = 204, description = "Revoked"), Errors)
)]
pub(crate) async fn revoke_current_api_token(call: Call) -> Result<Changed<Nothing>> {
    call.change_now(|cx| {
        let id = public_id(IdKind::Token, cx.session.actor.token.unwrap_or_default());
        cx.session.token_revoke(&cx.session.actor, &id)?;
        Ok(Changed::Done(Answer::no_content()))
    })
    .await
}
