//! `POST /api/v1/users/{id}/lifecycle/activate` (Okta: activateUser).

use muster_engine::model::Transition;

use super::transition::{LifecycleParams, transition};
use super::wire::UserActivationToken;
use crate::base::answer::Empty;
use crate::base::{Call, Changed, Errors, Path, Query, Result};

/// Activates somebody STAGED or DEPROVISIONED.
#[utoipa::path(
    post,
    path = "/api/v1/users/{id}/lifecycle/activate",
    operation_id = "activateUser",
    tag = "UserLifecycle",
    params(("id" = String, Path, description = "Id, login, or `me`"), LifecycleParams),
    responses((status = 200, body = UserActivationToken), Errors)
)]
pub(crate) async fn activate_user(
    call: Call,
    Path(id): Path<String>,
    Query(_): Query<LifecycleParams>,
) -> Result<Changed<Empty>> {
    transition(call, id, Transition::Activate).await
}
