//! `DELETE /api/v1/users/{id}` (Okta: deleteUser).

use muster_engine::model::{Transition, UserStatus};
use serde::Deserialize;
use utoipa::IntoParams;

use super::wire::read;
use crate::base::answer::Nothing;
use crate::base::{Answer, Call, Changed, Errors, Path, Query, Result};

/// How a user is deleted.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct DeleteUserParams {
    /// Whether admins are mailed; tasks tell them of what is to be done.
    #[serde(default, rename = "sendEmail")]
    #[param(default = false)]
    _send_email: bool,
}

/// Deletes a user in two steps: the first deactivates her, the second, of somebody DEPROVISIONED, removes her.
#[utoipa::path(
    delete,
    path = "/api/v1/users/{id}",
    operation_id = "deleteUser",
    tag = "User",
    params(("id" = String, Path, description = "Id, login, or `me`"), DeleteUserParams),
    responses((status = 204, description = "Deactivated, or removed"), Errors)
)]
pub(crate) async fn delete_user(
    call: Call,
    Path(id): Path<String>,
    Query(_): Query<DeleteUserParams>,
) -> Result<Changed<Nothing>> {
    call.change(move |cx| {
        let user = read(cx, &cx.user_id(&id)?)?;
        let step = if user.status == UserStatus::Deprovisioned.as_str() {
            Transition::Delete
        } else {
            Transition::Deactivate
        };
        let report = cx.session.user_transition(&cx.session.actor, &user.id, step, cx.options)?;
        cx.settle(report, || Ok(Answer::no_content()))
    })
    .await
}
