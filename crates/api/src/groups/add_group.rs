//! `POST /api/v1/groups` (Okta: addGroup).

use super::request::GroupRequest;
use super::wire::{Group, read};
use crate::base::{Answer, Body, Call, Changed, Errors, Result};

/// Creates a group.
#[utoipa::path(
    post,
    path = "/api/v1/groups",
    operation_id = "addGroup",
    tag = "Group",
    request_body = GroupRequest,
    responses((status = 200, body = Group), Errors)
)]
pub(crate) async fn add_group(call: Call, Body(request): Body<GroupRequest>) -> Result<Changed<Group>> {
    let (name, description) = request.profile.read()?;
    call.change(move |cx| {
        let report = cx.session.group_create(&cx.session.actor, &name, &description, cx.options)?;
        cx.settle(report, || Ok(Answer::ok(read(cx, &name)?)))
    })
    .await
}
