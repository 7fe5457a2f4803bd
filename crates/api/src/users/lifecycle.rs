//! `POST /api/v1/users/{id}/lifecycle/…` (Okta: `UserLifecycle`).

use muster_engine::model::Transition;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::base::answer::Empty;
use crate::base::{Answer, Call, Changed, Errors, Path, Query, Result};

/// How a transition is made.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct LifecycleParams {
    /// Whether she, or an admin, is mailed.
    #[serde(default, rename = "sendEmail")]
    _send_email: Option<bool>,
}

/// What activation answers. There is no page to sign in at, so there is no address and no token.
#[derive(Clone, Copy, Debug, Default, Serialize, ToSchema)]
pub(crate) struct UserActivationToken {}

async fn transition(call: Call, id: String, transition: Transition) -> Result<Changed<Empty>> {
    call.change(move |cx| {
        let id = cx.user_id(&id)?;
        let report = cx.session.user_transition(&cx.session.actor, &id, transition, cx.options)?;
        cx.settle(report, || Ok(Answer::ok(Empty {})))
    })
    .await
}

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
