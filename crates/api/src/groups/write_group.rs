//! `POST /api/v1/groups` and `PUT /api/v1/groups/{groupId}` (Okta: addGroup, replaceGroup).

use serde::Deserialize;
use serde_json::{Map, Value as Json};
use utoipa::ToSchema;

use super::wire::{Group, read};
use crate::base::{Answer, ApiError, Body, Call, Changed, Errors, Path, Result};

/// The longest name, and the longest description.
const LENGTHS: (usize, usize) = (255, 1_024);

/// A group to make, or what one is from now on.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[schema(example = json!({ "profile": { "name": "Cooks", "description": "All who cook" } }))]
pub(crate) struct GroupRequest {
    /// What it is called.
    #[serde(default)]
    profile: GroupProfileRequest,
}

/// What a group is to be called.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub(crate) struct GroupProfileRequest {
    /// The unique name.
    name: Option<String>,
    /// What it is for.
    description: Option<String>,
    /// Anything else is no attribute of groups.
    #[serde(flatten)]
    #[schema(ignore)]
    others: Map<String, Json>,
}

impl GroupProfileRequest {
    /// Name and description.
    fn read(self) -> Result<(String, String)> {
        if let Some(name) = self.others.iter().find(|(_, v)| !v.is_null()).map(|(k, _)| k) {
            let cause = format!("Property name '{name}' is not defined in profile");
            return Err(ApiError::invalid("group", cause));
        }
        let name = self.name.filter(|n| !n.trim().is_empty());
        let name = name.ok_or_else(|| ApiError::invalid("name", "name: The field cannot be left blank"))?;
        let description = self.description.unwrap_or_default();
        let long = [("name", &name, LENGTHS.0), ("description", &description, LENGTHS.1)];
        if let Some((field, _, most)) = long.into_iter().find(|(_, t, most)| t.chars().count() > *most) {
            let cause = format!("{field}: The field is too long; it has at most {most} characters");
            return Err(ApiError::invalid(field, cause));
        }
        Ok((name, description))
    }
}

/// Creates a group.
#[utoipa::path(
    post,
    path = "/api/v1/groups",
    operation_id = "addGroup",
    tag = "Group",
    request_body = GroupRequest,
    responses((status = 200, body = Group), Errors)
)]
pub(crate) async fn add_group(call: Call, Body(request): Body<GroupRequest>) -> Result<Changed<Group>> {
    let (name, description) = request.profile.read()?;
    call.change(move |cx| {
        let report = cx.session.group_create(&cx.session.actor, &name, &description, cx.options)?;
        cx.settle(report, || Ok(Answer::ok(read(cx, &name)?)))
    })
    .await
}

/// Replaces the profile of a group made here.
#[utoipa::path(
    put,
    path = "/api/v1/groups/{groupId}",
    operation_id = "replaceGroup",
    tag = "Group",
    params(("groupId" = String, Path, description = "Id or name")),
    request_body = GroupRequest,
    responses((status = 200, body = Group), Errors)
)]
pub(crate) async fn replace_group(
    call: Call,
    Path(id): Path<String>,
    Body(request): Body<GroupRequest>,
) -> Result<Changed<Group>> {
    let (name, description) = request.profile.read()?;
    call.change(move |cx| {
        let group = read(cx, &id)?;
        let (actor, options) = (&cx.session.actor, cx.options);
        let report = cx.session.group_update(actor, &group.id, &name, &description, options)?;
        cx.settle(report, || Ok(Answer::ok(read(cx, &group.id)?)))
    })
    .await
}
