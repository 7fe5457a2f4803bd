//! `DELETE /api/v1/apps/{appId}/users/{userId}` (Okta: unassignUserFromApplication).

use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::IntoParams;

use super::wire::find;
use crate::base::answer::Nothing;
use crate::base::{Answer, ApiError, Call, Changed, Errors, Path, Query, Result};

/// How it is taken from her.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct UnassignUserFromApplicationParams {
    /// Whether admins are mailed; tasks tell them of what is to be done.
    #[serde(default, rename = "sendEmail")]
    #[param(default = false)]
    _send_email: bool,
}

/// Takes an application from a person who is assigned it herself.
#[utoipa::path(
    delete,
    path = "/api/v1/apps/{appId}/users/{userId}",
    operation_id = "unassignUserFromApplication",
    tag = "ApplicationUsers",
    params(
        ("appId" = String, Path, description = "The application's id"),
        ("userId" = String, Path, description = "The person's id or login"),
        UnassignUserFromApplicationParams
    ),
    responses((status = 204, description = "She hasn't it any more"), Errors)
)]
pub(crate) async fn unassign_user_from_application(
    call: Call,
    Path((app, user)): Path<(String, String)>,
    Query(_): Query<UnassignUserFromApplicationParams>,
) -> Result<Changed<Nothing>> {
    call.change(move |cx| {
        let user = cx.user_id(&user)?;
        if find(cx, &app, &user)?.scope == Some("GROUP") {
            return Err(ApiError {
                causes: vec![
                    "The application cannot be unassigned from the user while their group memberships grant them access"
                        .to_owned(),
                ],
                ..ApiError::new(
                    StatusCode::FORBIDDEN,
                    "E0000046",
                    "User application membership operation failed due to group-based assignment",
                )
            });
        }
        let report = cx.session.app_user_remove(&cx.session.actor, &app, &user, cx.options)?;
        cx.settle(report, || Ok(Answer::no_content()))
    })
    .await
}
