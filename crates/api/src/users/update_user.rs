//! `POST /api/v1/users/{id}` (Okta: updateUser).

use axum::http::HeaderMap;

use super::updating::{UpdateUserParams, UpdateUserRequest, update};
use super::wire::User;
use crate::base::{Body, Call, Changed, Errors, Path, Query, Result};

/// Updates a user partially: what the profile names is set, null clears.
#[utoipa::path(
    post,
    path = "/api/v1/users/{id}",
    operation_id = "updateUser",
    tag = "User",
    params(
        ("id" = String, Path, description = "Id, login, or `me`"),
        ("If-Match" = Option<String>, Header, description = "Only if she still has this ETag"),
        UpdateUserParams
    ),
    request_body = UpdateUserRequest,
    responses((status = 200, body = User), Errors)
)]
pub(crate) async fn update_user(
    call: Call,
    Path(id): Path<String>,
    Query(_): Query<UpdateUserParams>,
    headers: HeaderMap,
    Body(request): Body<UpdateUserRequest>,
) -> Result<Changed<User>> {
    update(call, id, headers, request, false).await
}
