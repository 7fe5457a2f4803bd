//! `POST /api/v1/users/{id}/lifecycle/unlock` (Okta: unlockUser).

use muster_engine::model::Transition;

use super::transition::{LifecycleParams, transition};
use crate::base::answer::Empty;
use crate::base::{Call, Changed, Errors, Path, Query, Result};

/// Unlocks a `LOCKED_OUT` user.
#[utoipa::path(
    post,
    path = "/api/v1/users/{id}/lifecycle/unlock",
    operation_id = "unlockUser",
    tag = "UserLifecycle",
    params(("id" = String, Path, description = "Id, login, or `me`"), LifecycleParams),
    responses((status = 200, body = Empty), Errors)
)]
pub(crate) async fn unlock_user(
    call: Call,
    Path(id): Path<String>,
    Query(_): Query<LifecycleParams>,
) -> Result<Changed<Empty>> {
    transition(call, id, Transition::Unlock).await
}
