//! `GET /api/v1/identity-sources/{identitySourceId}/sessions/{sessionId}` (Okta: getIdentitySourceSession).

use super::SESSION;
use super::wire::IdentitySourceSession;
use crate::base::{Answer, ApiError, Call, Path, ReadErrors, Result};

/// Retrieves a session.
#[utoipa::path(
    get,
    path = "/api/v1/identity-sources/{identitySourceId}/sessions/{sessionId}",
    operation_id = "getIdentitySourceSession",
    tag = "IdentitySource",
    params(
        ("identitySourceId" = String, Path, description = "The id of an app that is a source with a feed"),
        ("sessionId" = String, Path, description = "Its id")
    ),
    responses((status = 200, body = IdentitySourceSession), ReadErrors)
)]
pub(crate) async fn get_identity_source_session(
    call: Call,
    Path((source, id)): Path<(String, String)>,
) -> Result<Answer<IdentitySourceSession>> {
    call.read(move |cx| {
        let session = cx.session.source_session(&source, &id).map_err(ApiError::missing(&id, SESSION))?;
        Ok(Answer::ok(IdentitySourceSession::of(cx, &session)))
    })
    .await
}
