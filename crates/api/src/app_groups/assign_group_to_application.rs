//! `PUT /api/v1/apps/{appId}/groups/{groupId}` (Okta: assignGroupToApplication).

use muster_service::edit::AppGroupTerms;
use serde::Deserialize;
use serde_json::{Map, Value as Json};
use utoipa::ToSchema;

use super::wire::{ApplicationGroupAssignment, place, set, values};
use crate::base::{Body, Call, Changed, Errors, Path, Result};

/// An assignment, as clients give it.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub(crate) struct GroupAssignmentRequest {
    /// Its place: 0 comes first, and whoever has it moves down. A new one without comes last.
    #[serde(default)]
    #[schema(value_type = Option<u32>)]
    priority: Option<Json>,
    /// The values it gives to its members' accounts.
    #[serde(default)]
    #[schema(value_type = Object)]
    profile: Option<Map<String, Json>>,
}

/// Assigns an application to the members of a group, or replaces what is said of that.
#[utoipa::path(
    put,
    path = "/api/v1/apps/{appId}/groups/{groupId}",
    operation_id = "assignGroupToApplication",
    tag = "ApplicationGroups",
    params(
        ("appId" = String, Path, description = "The application's id"),
        ("groupId" = String, Path, description = "The group's id")
    ),
    request_body = GroupAssignmentRequest,
    responses((status = 200, body = ApplicationGroupAssignment), Errors)
)]
pub(crate) async fn assign_group_to_application(
    call: Call,
    Path((app, group)): Path<(String, String)>,
    Body(request): Body<GroupAssignmentRequest>,
) -> Result<Changed<ApplicationGroupAssignment>> {
    let priority = request.priority.filter(|p| !p.is_null()).as_ref().map(place).transpose()?;
    let profile = values(&request.profile.unwrap_or_default())?;
    call.change(move |cx| set(cx, &app, &group, &AppGroupTerms { priority, profile: Some(profile) })).await
}
