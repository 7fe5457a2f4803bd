//! `DELETE /api/v1/groups/{groupId}` (Okta: deleteGroup).

use super::wire::read;
use crate::base::answer::Nothing;
use crate::base::{Answer, Call, Changed, Errors, Path, Result};

/// Deletes a group made here. Its assignments to apps end, and rules that refer to it become INVALID.
#[utoipa::path(
    delete,
    path = "/api/v1/groups/{groupId}",
    operation_id = "deleteGroup",
    tag = "Group",
    params(("groupId" = String, Path, description = "Id or name")),
    responses((status = 204, description = "Deleted"), Errors)
)]
pub(crate) async fn delete_group(call: Call, Path(id): Path<String>) -> Result<Changed<Nothing>> {
    call.change(move |cx| {
        let group = read(cx, &id)?;
        let report = cx.session.group_delete(&cx.session.actor, &group.id, cx.options)?;
        cx.settle(report, || Ok(Answer::no_content()))
    })
    .await
}
