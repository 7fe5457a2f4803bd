//! `DELETE /api/v1/apps/{appId}/groups/{groupId}` (Okta: unassignApplicationFromGroup).

use super::wire::find;
use crate::base::answer::Nothing;
use crate::base::{Answer, Call, Changed, Errors, Path, Result};

/// Takes an application from a group.
#[utoipa::path(
    delete,
    path = "/api/v1/apps/{appId}/groups/{groupId}",
    operation_id = "unassignApplicationFromGroup",
    tag = "ApplicationGroups",
    params(
        ("appId" = String, Path, description = "The application's id"),
        ("groupId" = String, Path, description = "The group's id")
    ),
    responses((status = 204, description = "The group doesn't give it any more"), Errors)
)]
pub(crate) async fn unassign_application_from_group(
    call: Call,
    Path((app, group)): Path<(String, String)>,
) -> Result<Changed<Nothing>> {
    call.change(move |cx| {
        find(cx, &app, &group, None)?;
        let report = cx.session.app_group_remove(&cx.session.actor, &app, &group, cx.options)?;
        cx.settle(report, || Ok(Answer::no_content()))
    })
    .await
}
