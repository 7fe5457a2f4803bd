//! `GET /api/v1/users/{id}` (Okta: getUser).

use super::wire::{User, read};
use crate::base::{Answer, Call, Path, ReadErrors, Result};

/// Retrieves a user by id, login, unambiguous first part of a login, or `me`.
#[utoipa::path(
    get,
    path = "/api/v1/users/{id}",
    operation_id = "getUser",
    tag = "User",
    params(("id" = String, Path, description = "Id, login, or `me`")),
    responses((status = 200, body = User, headers(("ETag" = String))), ReadErrors)
)]
pub(crate) async fn get_user(call: Call, Path(id): Path<String>) -> Result<Answer<User>> {
    call.read(move |cx| {
        if id == "me" && cx.session.actor.user.is_none() {
            return Ok(User::of_token(cx).answer());
        }
        Ok(read(cx, &cx.user_id(&id)?)?.answer())
    })
    .await
}
