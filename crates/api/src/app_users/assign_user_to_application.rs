//! `POST /api/v1/apps/{appId}/users` (Okta: assignUserToApplication).

use super::wire::{AppUser, AppUserRequest, set};
use crate::base::{ApiError, Body, Call, Changed, Errors, Path, Result};

/// Assigns an application to a person herself. If she has it through a group, it is hers from then on.
#[utoipa::path(
    post,
    path = "/api/v1/apps/{appId}/users",
    operation_id = "assignUserToApplication",
    tag = "ApplicationUsers",
    params(("appId" = String, Path, description = "The application's id")),
    request_body = AppUserRequest,
    responses((status = 200, body = AppUser), Errors)
)]
pub(crate) async fn assign_user_to_application(
    call: Call,
    Path(app): Path<String>,
    Body(request): Body<AppUserRequest>,
) -> Result<Changed<AppUser>> {
    let Some(user) = request.id.clone().filter(|id| !id.is_empty()) else {
        return Err(ApiError::invalid("id", "id: The field cannot be left blank"));
    };
    call.change(move |cx| set(cx, &app, &cx.user_id(&user)?, &request.values()?)).await
}
