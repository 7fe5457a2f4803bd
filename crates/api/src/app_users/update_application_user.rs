//! `POST /api/v1/apps/{appId}/users/{userId}` (Okta: updateApplicationUser).

use super::wire::{AppUser, AppUserRequest, find, set};
use crate::base::{Body, Call, Changed, Errors, Path, Result};

/// Changes user name or values of a person's account. If she has the application through a group, it is hers from then
/// on.
#[utoipa::path(
    post,
    path = "/api/v1/apps/{appId}/users/{userId}",
    operation_id = "updateApplicationUser",
    tag = "ApplicationUsers",
    params(
        ("appId" = String, Path, description = "The application's id"),
        ("userId" = String, Path, description = "The person's id or login")
    ),
    request_body = AppUserRequest,
    responses((status = 200, body = AppUser), Errors)
)]
pub(crate) async fn update_application_user(
    call: Call,
    Path((app, user)): Path<(String, String)>,
    Body(request): Body<AppUserRequest>,
) -> Result<Changed<AppUser>> {
    call.change(move |cx| {
        let user = cx.user_id(&user)?;
        find(cx, &app, &user)?;
        set(cx, &app, &user, &request.values()?)
    })
    .await
}
