//! `POST /api/v1/apps/{appId}/users/{userId}/unlink`.

use serde::Deserialize;
use utoipa::IntoParams;

use crate::base::{Answer, ApiError, Call, Changed, Errors, Path, Query, Result};
use crate::plans::wire::Plan;

/// Which record.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct UnlinkUserParams {
    /// The record's key in the source, if the person has several there.
    external_id: Option<String>,
}

/// Takes a source's record from a person it isn't about. The row waits from then on, and is never hers by itself.
#[utoipa::path(
    post,
    path = "/api/v1/apps/{appId}/users/{userId}/unlink",
    operation_id = "unlinkUser",
    tag = "Application",
    params(
        ("appId" = String, Path, description = "The source's id"),
        ("userId" = String, Path, description = "The person's id or login"),
        UnlinkUserParams
    ),
    responses((status = 200, body = Plan), Errors)
)]
pub(crate) async fn unlink_user(
    call: Call,
    Path((app, user)): Path<(String, String)>,
    Query(params): Query<UnlinkUserParams>,
) -> Result<Changed<Plan>> {
    call.change(move |cx| {
        let session = cx.session;
        let user = cx.user_id(&user)?;
        let report =
            session.unlink(&session.actor, &user, &app, params.external_id.as_deref(), cx.options)?;
        let plan = report.plan;
        cx.settle(report, || {
            let plan = plan.ok_or_else(|| ApiError::invalid("user", "user: there is nothing to unlink"))?;
            Ok(Answer::ok(Plan::of(cx, &session.plan(plan)?)))
        })
    })
    .await
}
