//! `PUT /api/v1/groups/{groupId}` (Okta: replaceGroup).

use super::request::GroupRequest;
use super::wire::{Group, read};
use crate::base::{Answer, Body, Call, Changed, Errors, Path, Result};

/// Replaces the profile of a group made here.
#[utoipa::path(
    put,
    path = "/api/v1/groups/{groupId}",
    operation_id = "replaceGroup",
    tag = "Group",
    params(("groupId" = String, Path, description = "Id or name")),
    request_body = GroupRequest,
    responses((status = 200, body = Group), Errors)
)]
pub(crate) async fn replace_group(
    call: Call,
    Path(id): Path<String>,
    Body(request): Body<GroupRequest>,
) -> Result<Changed<Group>> {
    let (name, description) = request.profile.read()?;
    call.change(move |cx| {
        let group = read(cx, &id)?;
        let (actor, options) = (&cx.session.actor, cx.options);
        let report = cx.session.group_update(actor, &group.id, &name, &description, options)?;
        cx.settle(report, || Ok(Answer::ok(read(cx, &group.id)?)))
    })
    .await
}
