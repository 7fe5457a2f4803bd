//! `DELETE /api/v1/identity-sources/{identitySourceId}/sessions/{sessionId}` (Okta: deleteIdentitySourceSession).

use super::SESSION;
use crate::base::answer::Nothing;
use crate::base::{Answer, ApiError, Call, Changed, Errors, Path, Result};

/// Gives a session up that hasn't been started; nothing comes of its rows.
#[utoipa::path(
    delete,
    path = "/api/v1/identity-sources/{identitySourceId}/sessions/{sessionId}",
    operation_id = "deleteIdentitySourceSession",
    tag = "IdentitySource",
    params(
        ("identitySourceId" = String, Path, description = "The id of an app that is a source with a feed"),
        ("sessionId" = String, Path, description = "Its id")
    ),
    responses((status = 204, description = "Given up"), Errors)
)]
pub(crate) async fn delete_identity_source_session(
    call: Call,
    Path((source, id)): Path<(String, String)>,
) -> Result<Changed<Nothing>> {
    call.change_now(move |cx| {
        let closed = cx.session.source_session_close(&cx.session.actor, &source, &id);
        closed.map_err(ApiError::missing(&id, SESSION))?;
        Ok(Changed::Done(Answer::no_content()))
    })
    .await
}
