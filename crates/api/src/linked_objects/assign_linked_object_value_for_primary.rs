//! `PUT /api/v1/users/{userIdOrLogin}/linkedObjects/{primaryRelationshipName}/{primaryUserId}` (Okta:
//! assignLinkedObjectValueForPrimary).

use super::wire::whose;
use crate::base::answer::Nothing;
use crate::base::{Answer, ApiError, Call, Changed, Errors, Path, Result};

/// Links a user to another, instead of whomever the link led to.
#[utoipa::path(
    put,
    path = "/api/v1/users/{userIdOrLogin}/linkedObjects/{primaryRelationshipName}/{primaryUserId}",
    operation_id = "assignLinkedObjectValueForPrimary",
    tag = "UserLinkedObject",
    params(
        ("userIdOrLogin" = String, Path, description = "Who is linked: id, login, or `me`"),
        ("primaryRelationshipName" = String, Path, description = "Primary name of the link"),
        ("primaryUserId" = String, Path, description = "Whom to: id, login, or `me`")
    ),
    responses((status = 204, description = "Linked"), Errors)
)]
pub(crate) async fn assign_linked_object_value_for_primary(
    call: Call,
    Path((user, name, other)): Path<(String, String, String)>,
) -> Result<Changed<Nothing>> {
    call.change(move |cx| {
        let user = whose(cx, &user, &name)?;
        let to = cx.session.user_named(&cx.user_id(&other)?).map_err(ApiError::missing(&other, "User"))?;
        let report = cx.session.user_link(&cx.session.actor, &user, &name, &to.id, cx.options)?;
        cx.settle(report, || Ok(Answer::no_content()))
    })
    .await
}
