//! `GET /api/v1/apps/{appId}/groups/{groupId}` (Okta: getApplicationGroupAssignment).

use serde::Deserialize;
use utoipa::IntoParams;

use super::wire::{ApplicationGroupAssignment, find};
use crate::base::{Answer, Call, Path, Query, ReadErrors, Result};

/// What comes with it.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct GetApplicationGroupAssignmentParams {
    /// `group`: the group comes along.
    expand: Option<String>,
}

/// Retrieves a group's assignment to an application.
#[utoipa::path(
    get,
    path = "/api/v1/apps/{appId}/groups/{groupId}",
    operation_id = "getApplicationGroupAssignment",
    tag = "ApplicationGroups",
    params(
        ("appId" = String, Path, description = "The application's id"),
        ("groupId" = String, Path, description = "The group's id"),
        GetApplicationGroupAssignmentParams
    ),
    responses((status = 200, body = ApplicationGroupAssignment), ReadErrors)
)]
pub(crate) async fn get_application_group_assignment(
    call: Call,
    Path((app, group)): Path<(String, String)>,
    Query(params): Query<GetApplicationGroupAssignmentParams>,
) -> Result<Answer<ApplicationGroupAssignment>> {
    call.read(move |cx| Ok(Answer::ok(find(cx, &app, &group, params.expand.as_deref())?))).await
}
