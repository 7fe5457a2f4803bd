//! `POST /api/v1/identity-sources/{identitySourceId}/sessions` (Okta: createIdentitySourceSession).

use super::wire::IdentitySourceSession;
use crate::base::{Answer, Call, Changed, Errors, Path, Result};

/// Opens a session, to be told rows. There may be any number of them at once; the one that is imported last has the last
/// word. A session that nobody goes on with for a day expires.
#[utoipa::path(
    post,
    path = "/api/v1/identity-sources/{identitySourceId}/sessions",
    operation_id = "createIdentitySourceSession",
    tag = "IdentitySource",
    params(("identitySourceId" = String, Path, description = "The id of an app that is a source with a feed")),
    responses((status = 201, body = IdentitySourceSession), Errors)
)]
pub(crate) async fn create_identity_source_session(
    call: Call,
    Path(source): Path<String>,
) -> Result<Changed<IdentitySourceSession>> {
    call.change_now(move |cx| {
        let session = cx.session.source_session_create(&cx.session.actor, &source)?;
        Ok(Changed::Done(Answer::created(IdentitySourceSession::of(cx, &session))))
    })
    .await
}
