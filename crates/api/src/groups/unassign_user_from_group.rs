//! `DELETE /api/v1/groups/{groupId}/users/{userId}` (Okta: unassignUserFromGroup).

use super::membership::both;
use crate::base::answer::Nothing;
use crate::base::{Answer, Call, Changed, Errors, Path, Result};

/// Takes a user out of a group made here. If a rule gives it to her, the rule passes her over from then on.
#[utoipa::path(
    delete,
    path = "/api/v1/groups/{groupId}/users/{userId}",
    operation_id = "unassignUserFromGroup",
    tag = "Group",
    params(
        ("groupId" = String, Path, description = "Id or name"),
        ("userId" = String, Path, description = "Id, login, or `me`")
    ),
    responses((status = 204, description = "No member"), Errors)
)]
pub(crate) async fn unassign_user_from_group(
    call: Call,
    Path((group, user)): Path<(String, String)>,
) -> Result<Changed<Nothing>> {
    call.change(move |cx| {
        let (group, user) = both(cx, &group, &user)?;
        let report = cx.session.group_remove(&cx.session.actor, &group, &user, cx.options)?;
        cx.settle(report, || Ok(Answer::no_content()))
    })
    .await
}
