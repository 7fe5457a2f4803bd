//! `POST /api/v1/users/{id}/lifecycle/reactivate` (Okta: reactivateUser).

use muster_engine::model::Transition;

use super::transition::{LifecycleParams, transition};
use super::wire::UserActivationToken;
use crate::base::answer::Empty;
use crate::base::{Call, Changed, Errors, Path, Query, Result};

/// Starts the activation of somebody PROVISIONED again.
#[utoipa::path(
    post,
    path = "/api/v1/users/{id}/lifecycle/reactivate",
    operation_id = "reactivateUser",
    tag = "UserLifecycle",
    params(("id" = String, Path, description = "Id, login, or `me`"), LifecycleParams),
    responses((status = 200, body = UserActivationToken), Errors)
)]
pub(crate) async fn reactivate_user(
    call: Call,
    Path(id): Path<String>,
    Query(_): Query<LifecycleParams>,
) -> Result<Changed<Empty>> {
    transition(call, id, Transition::Reactivate).await
}
