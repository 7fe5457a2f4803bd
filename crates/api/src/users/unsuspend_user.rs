//! `POST /api/v1/users/{id}/lifecycle/unsuspend` (Okta: unsuspendUser).

use muster_engine::model::Transition;

use super::transition::{LifecycleParams, transition};
use crate::base::answer::Empty;
use crate::base::{Call, Changed, Errors, Path, Query, Result};

/// Makes a SUSPENDED user ACTIVE again.
#[utoipa::path(
    post,
    path = "/api/v1/users/{id}/lifecycle/unsuspend",
    operation_id = "unsuspendUser",
    tag = "UserLifecycle",
    params(("id" = String, Path, description = "Id, login, or `me`"), LifecycleParams),
    responses((status = 200, body = Empty), Errors)
)]
pub(crate) async fn unsuspend_user(
    call: Call,
    Path(id): Path<String>,
    Query(_): Query<LifecycleParams>,
) -> Result<Changed<Empty>> {
    transition(call, id, Transition::Unsuspend).await
}
