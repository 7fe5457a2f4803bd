//! `POST /api/v1/users/{id}/merge`.

use serde::Deserialize;
use utoipa::ToSchema;

use super::wire::{User, read};
use crate::base::{Body, Call, Changed, Errors, Path, Result};

/// Who is the same person.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MergeUserRequest {
    /// Id or login of the user who goes up in the other.
    from: String,
}

/// Makes one user of two who are the same person. The other is deleted; her records, unique values, memberships and
/// assignments go over, and the accounts that this one hasn't got. Undoing the plan parts them again.
#[utoipa::path(
    post,
    path = "/api/v1/users/{id}/merge",
    operation_id = "mergeUser",
    tag = "User",
    params(("id" = String, Path, description = "Id, login, or `me`: who stays")),
    request_body = MergeUserRequest,
    responses((status = 200, body = User), Errors)
)]
pub(crate) async fn merge_user(
    call: Call,
    Path(id): Path<String>,
    Body(request): Body<MergeUserRequest>,
) -> Result<Changed<User>> {
    call.change(move |cx| {
        let (into, from) = (cx.user_id(&id)?, cx.user_id(&request.from)?);
        let report = cx.session.user_merge(&cx.session.actor, &into, &from, cx.options)?;
        cx.settle(report, || Ok(read(cx, &into)?.answer()))
    })
    .await
}
