//! `POST /api/v1/mappings/{mappingId}` (Okta: updateProfileMapping).

use std::collections::BTreeMap;

use muster_engine::model::PushWhen;
use muster_service::edit::NewMapping;
use serde::Deserialize;
use utoipa::ToSchema;

use super::wire::{Between, MappingProperty, ProfileMapping};
use crate::base::{Answer, ApiError, Body, Call, Changed, Errors, Path, Result};

/// Changes to a mapping; attributes that aren't named stay as they are.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub(crate) struct ProfileMappingRequest {
    /// By attribute: an expression, or null, which removes it.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, MappingProperty>)]
    properties: BTreeMap<String, Option<MappingProperty>>,
}

fn change(name: &str, wanted: Option<MappingProperty>) -> Result<Option<NewMapping>> {
    let Some(MappingProperty { expression, push_status }) = wanted else { return Ok(None) };
    let Some(expression) = expression.filter(|e| !e.trim().is_empty()) else { return Ok(None) };
    let when = match push_status.as_deref() {
        None => None,
        Some("PUSH") => Some(PushWhen::Always),
        Some("DONT_PUSH") => Some(PushWhen::Create),
        Some(other) => {
            let cause = format!("{name}: pushStatus is `PUSH` or `DONT_PUSH`, not {other:?}");
            return Err(ApiError::invalid("updateMapping", cause));
        }
    };
    Ok(Some(NewMapping { expression, when }))
}

/// Sets and removes what attributes are given.
#[utoipa::path(
    post,
    path = "/api/v1/mappings/{mappingId}",
    operation_id = "updateProfileMapping",
    tag = "ProfileMapping",
    params(("mappingId" = String, Path, description = "Id")),
    request_body = ProfileMappingRequest,
    responses((status = 200, body = ProfileMapping), Errors)
)]
pub(crate) async fn update_profile_mapping(
    call: Call,
    Path(id): Path<String>,
    Body(request): Body<ProfileMappingRequest>,
) -> Result<Changed<ProfileMapping>> {
    let changes = request.properties.into_iter().map(|(name, wanted)| {
        let change = change(&name, wanted)?;
        Ok((name, change))
    });
    let changes: BTreeMap<String, Option<NewMapping>> = changes.collect::<Result<_>>()?;
    call.change(move |cx| {
        let between = Between::find(&*cx.session.config()?, &id)?;
        let Between::App(app, direction) = between else {
            let cause = "properties: a user's profile is mapped from and to apps, not to itself";
            return Err(ApiError::invalid("updateMapping", cause));
        };
        let report = cx.session.mapping_change(&cx.session.actor, app, direction, &changes, cx.options)?;
        cx.settle(report, || Ok(Answer::ok(ProfileMapping::of(cx, &*cx.session.config()?, between, true))))
    })
    .await
}
