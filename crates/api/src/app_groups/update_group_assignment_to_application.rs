//! `PATCH /api/v1/apps/{appId}/groups/{groupId}` (Okta: updateGroupAssignmentToApplication).

use muster_service::edit::AppGroupTerms;
use serde::Deserialize;
use serde_json::{Map, Value as Json};
use utoipa::ToSchema;

use super::wire::{ApplicationGroupAssignment, find, place, set, values};
use crate::base::{ApiError, Body, Call, Changed, Errors, Path, Result};

/// One change (RFC 6902), of which `add`, `replace` and `remove` are known.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub(crate) struct JsonPatchOperation {
    /// What is done.
    op: String,
    /// What it is done to: `/priority`, `/profile` or `/profile/NAME`.
    path: String,
    /// What it is to be.
    #[serde(default)]
    #[schema(value_type = Object)]
    value: Json,
}

/// Changes priority or values of a group's assignment to an application.
#[utoipa::path(
    patch,
    path = "/api/v1/apps/{appId}/groups/{groupId}",
    operation_id = "updateGroupAssignmentToApplication",
    tag = "ApplicationGroups",
    params(
        ("appId" = String, Path, description = "The application's id"),
        ("groupId" = String, Path, description = "The group's id")
    ),
    request_body = Vec<JsonPatchOperation>,
    responses((status = 200, body = ApplicationGroupAssignment), Errors)
)]
pub(crate) async fn update_group_assignment_to_application(
    call: Call,
    Path((app, group)): Path<(String, String)>,
    Body(patch): Body<Vec<JsonPatchOperation>>,
) -> Result<Changed<ApplicationGroupAssignment>> {
    call.change(move |cx| {
        let mut profile = find(cx, &app, &group, None)?.profile;
        let mut priority = None;
        for step in &patch {
            apply(step, &mut priority, &mut profile)?;
        }
        set(cx, &app, &group, &AppGroupTerms { priority, profile: Some(values(&profile)?) })
    })
    .await
}

fn apply(
    step: &JsonPatchOperation,
    priority: &mut Option<u32>,
    profile: &mut Map<String, Json>,
) -> Result<()> {
    let unknown =
        |what: &str| ApiError::invalid("path", format!("{what}: only /priority, /profile and /profile/NAME"));
    let puts = match step.op.as_str() {
        "add" | "replace" => true,
        "remove" => false,
        other => return Err(ApiError::invalid("op", format!("op: {other:?} isn't add, replace or remove"))),
    };
    // RFC 6901, section 4.
    let path = step.path.strip_prefix('/').ok_or_else(|| unknown(&step.path))?;
    match path.split_once('/') {
        None if path == "priority" && puts => *priority = Some(place(&step.value)?),
        // A place can't be none; without one it is the one it has.
        None if path == "priority" => {}
        None if path == "profile" && puts => match &step.value {
            Json::Object(values) => profile.clone_from(values),
            _ => return Err(ApiError::invalid("profile", "profile: it must be an object")),
        },
        None if path == "profile" => profile.clear(),
        Some(("profile", name)) => {
            let name = name.replace("~1", "/").replace("~0", "~");
            if puts {
                profile.insert(name, step.value.clone());
            } else {
                profile.remove(&name);
            }
        }
        _ => return Err(unknown(&step.path)),
    }
    Ok(())
}
