//! `POST /api/v1/users/{id}/lifecycle/deactivate` (Okta: deactivateUser).

use muster_engine::model::Transition;

use super::transition::{LifecycleParams, transition};
use crate::base::answer::Empty;
use crate::base::{Call, Changed, Errors, Path, Query, Result};

/// Deactivates a user: she becomes DEPROVISIONED and loses her apps.
#[utoipa::path(
    post,
    path = "/api/v1/users/{id}/lifecycle/deactivate",
    operation_id = "deactivateUser",
    tag = "UserLifecycle",
    params(("id" = String, Path, description = "Id, login, or `me`"), LifecycleParams),
    responses((status = 200, body = Empty), Errors)
)]
pub(crate) async fn deactivate_user(
    call: Call,
    Path(id): Path<String>,
    Query(_): Query<LifecycleParams>,
) -> Result<Changed<Empty>> {
    transition(call, id, Transition::Deactivate).await
}
