//! `DELETE /api/v1/users/{userIdOrLogin}/linkedObjects/{relationshipName}` (Okta: deleteLinkedObjectForUser).

use super::wire::whose;
use crate::base::answer::Nothing;
use crate::base::{Answer, Call, Changed, Errors, Path, Result};

/// Takes a user's link away. Who has none stays as she is.
#[utoipa::path(
    delete,
    path = "/api/v1/users/{userIdOrLogin}/linkedObjects/{relationshipName}",
    operation_id = "deleteLinkedObjectForUser",
    tag = "UserLinkedObject",
    params(
        ("userIdOrLogin" = String, Path, description = "Id, login, or `me`"),
        ("relationshipName" = String, Path, description = "Primary name of the link")
    ),
    responses((status = 204, description = "Not linked"), Errors)
)]
pub(crate) async fn delete_linked_object_for_user(
    call: Call,
    Path((user, name)): Path<(String, String)>,
) -> Result<Changed<Nothing>> {
    call.change(move |cx| {
        let user = whose(cx, &user, &name)?;
        let report = cx.session.user_unlink(&cx.session.actor, &user, &name, cx.options)?;
        cx.settle(report, || Ok(Answer::no_content()))
    })
    .await
}
