//! `GET /api/v1/meta/types/user/{typeId}` (Okta: getUserType).

use super::wire::{UserType, the_one};
use crate::base::{Answer, ApiError, Call, Path, ReadErrors, Result};
use crate::users::wire::default_type;

/// Retrieves a user type.
#[utoipa::path(
    get,
    path = "/api/v1/meta/types/user/{typeId}",
    operation_id = "getUserType",
    tag = "UserType",
    params(("typeId" = String, Path, description = "Id, or `default`")),
    responses((status = 200, body = UserType), ReadErrors)
)]
pub(crate) async fn get_user_type(call: Call, Path(id): Path<String>) -> Result<Answer<UserType>> {
    if id != "default" && id != default_type() {
        return Err(ApiError::not_found(&id, "CVDType"));
    }
    call.read(move |cx| Ok(Answer::ok(the_one(cx)?))).await
}
