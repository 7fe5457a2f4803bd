//! `PUT /api/v1/users/{id}` (Okta: replaceUser).

use axum::http::HeaderMap;

use super::updating::{UpdateUserParams, UpdateUserRequest, update};
use super::wire::User;
use crate::base::{Body, Call, Changed, Errors, Path, Query, Result};

/// Replaces a user's profile: attributes it doesn't name are cleared, unless a source gives them.
#[utoipa::path(
    put,
    path = "/api/v1/users/{id}",
    operation_id = "replaceUser",
    tag = "User",
    params(
        ("id" = String, Path, description = "Id, login, or `me`"),
        ("If-Match" = Option<String>, Header, description = "Only if she still has this ETag"),
        UpdateUserParams
    ),
    request_body = UpdateUserRequest,
    responses((status = 200, body = User), Errors)
)]
pub(crate) async fn replace_user(
    call: Call,
    Path(id): Path<String>,
    Query(_): Query<UpdateUserParams>,
    headers: HeaderMap,
    Body(request): Body<UpdateUserRequest>,
) -> Result<Changed<User>> {
    update(call, id, headers, request, true).await
}
