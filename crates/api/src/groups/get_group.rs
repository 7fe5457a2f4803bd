//! `GET /api/v1/groups/{groupId}` (Okta: getGroup).

use super::wire::{Group, read};
use crate::base::{Answer, Call, Path, ReadErrors, Result};

/// Retrieves a group.
#[utoipa::path(
    get,
    path = "/api/v1/groups/{groupId}",
    operation_id = "getGroup",
    tag = "Group",
    params(("groupId" = String, Path, description = "Id or name")),
    responses((status = 200, body = Group), ReadErrors)
)]
pub(crate) async fn get_group(call: Call, Path(id): Path<String>) -> Result<Answer<Group>> {
    call.read(move |cx| Ok(Answer::ok(read(cx, &id)?))).await
}
