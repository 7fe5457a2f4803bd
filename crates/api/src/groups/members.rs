//! `PUT` and `DELETE /api/v1/groups/{groupId}/users/{userId}` (Okta: assignUserToGroup, unassignUserFromGroup).

use super::wire::read;
use crate::base::answer::Nothing;
use crate::base::call::Cx;
use crate::base::{Answer, ApiError, Call, Changed, Errors, Path, Result};

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
        let report = cx.session.group_add(&cx.session.actor, &group, &user, cx.options)?;
        cx.settle(report, || Ok(Answer::no_content()))
    })
    .await
}

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

/// The ids of the two.
fn both(cx: &Cx<'_>, group: &str, user: &str) -> Result<(String, String)> {
    let group = read(cx, group)?.id;
    let view = cx.session.user_named(&cx.user_id(user)?).map_err(ApiError::missing(user, "User"))?;
    Ok((group, view.id))
}
