//! `POST /api/v1/users/{id}/lifecycle/suspend` (Okta: suspendUser).

use muster_engine::model::Transition;

use super::transition::{LifecycleParams, transition};
use crate::base::answer::Empty;
use crate::base::{Call, Changed, Errors, Path, Query, Result};

/// Suspends an ACTIVE user.
#[utoipa::path(
    post,
    path = "/api/v1/users/{id}/lifecycle/suspend",
    operation_id = "suspendUser",
    tag = "UserLifecycle",
    params(("id" = String, Path, description = "Id, login, or `me`"), LifecycleParams),
    responses((status = 200, body = Empty), Errors)
)]
pub(crate) async fn suspend_user(
    call: Call,
    Path(id): Path<String>,
    Query(_): Query<LifecycleParams>,
) -> Result<Changed<Empty>> {
    transition(call, id, Transition::Suspend).await
}
