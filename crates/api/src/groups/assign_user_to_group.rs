//! `PUT /api/v1/groups/{groupId}/users/{userId}` (Okta: assignUserToGroup).

use super::membership::both;
use crate::base::answer::Nothing;
use crate::base::{Answer, Call, Changed, Errors, Path, Result};

/// Adds a user to a group made here. Whoever is in it already stays.
#[utoipa::path(
    put,
    path = "/api/v1/groups/{groupId}/users/{userId}",
    operation_id = "assignUserToGroup",
    tag = "Group",
    params(
        ("groupId" = String, Path, description = "Id or name"),
        ("userId" = String, Path, description = "Id, login, or `me`")
    ),
    responses((status = 204, description = "A member"), Errors)
)]
pub(crate) async fn assign_user_to_group(
    call: Call,
    Path((group, user)): Path<(String, String)>,
) -> Result<Changed<Nothing>> {
    call.change(move |cx| {
        let (group, user) = both(cx, &group, &user)?;
        let report = cx.session.group_add(&cx.session.actor, &group, &user, None, cx.options)?;
        cx.settle(report, || Ok(Answer::no_content()))
    })
    .await
}
