//! `POST /api/v1/meta/types/user` (Okta: createUserType).

use super::wire::UserType;
use crate::base::{ApiError, Call, Changed, Errors, Result};

/// Refuses: everybody is of the default type.
#[utoipa::path(
    post,
    path = "/api/v1/meta/types/user",
    operation_id = "createUserType",
    tag = "UserType",
    responses((status = 200, body = UserType), Errors)
)]
pub(crate) async fn create_user_type(call: Call) -> Result<Changed<UserType>> {
    call.change(move |_| {
        let cause =
            "name: everybody is of the default user type here; add custom attributes to its schema instead";
        Err(ApiError::invalid("name", cause))
    })
    .await
}
