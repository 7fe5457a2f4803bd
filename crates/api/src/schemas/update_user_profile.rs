//! `POST /api/v1/meta/schemas/user/{schemaId}` (Okta: updateUserProfile).

use std::collections::BTreeMap;

use muster_engine::model::schema::AttributeDef;
use serde::Deserialize;
use serde_json::{Map, Value as Json};
use utoipa::ToSchema;

use super::property;
use super::user_schema::{check, parts, schema};
use super::wire::ProfileSchema;
use crate::base::{Answer, ApiError, Body, Call, Changed, Errors, Path, Result};

/// Changes to properties, by name.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub(crate) struct PropertyChanges {
    /// An object adds or replaces a property, null removes it.
    #[serde(default)]
    #[schema(value_type = Object)]
    properties: BTreeMap<String, Option<Map<String, Json>>>,
}

/// Changes to both parts.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub(crate) struct DefinitionChanges {
    /// Base properties, of which little can be changed.
    #[serde(default)]
    base: PropertyChanges,
    /// Custom properties.
    #[serde(default)]
    custom: PropertyChanges,
}

/// Changes to the schema; what isn't named stays.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub(crate) struct SchemaRequest {
    /// Both parts.
    #[serde(default)]
    definitions: DefinitionChanges,
}

/// Adds, replaces and removes custom attributes, and changes what can be changed of base ones.
#[utoipa::path(
    post,
    path = "/api/v1/meta/schemas/user/{schemaId}",
    operation_id = "updateUserProfile",
    tag = "Schema",
    params(("schemaId" = String, Path, description = "Id, or `default`")),
    request_body = SchemaRequest,
    responses((status = 200, body = ProfileSchema), Errors)
)]
pub(crate) async fn update_user_profile(
    call: Call,
    Path(id): Path<String>,
    Body(request): Body<SchemaRequest>,
) -> Result<Changed<ProfileSchema>> {
    check(&id)?;
    let DefinitionChanges { base, custom } = request.definitions;
    call.change(move |cx| {
        let (known, _) = parts(&*cx.session.config()?);
        let mut changes: BTreeMap<String, Option<AttributeDef>> = BTreeMap::new();
        for (name, wanted) in &base.properties {
            let def = known.iter().find(|d| d.name == *name);
            let def =
                def.ok_or_else(|| ApiError::invalid(name, format!("{name}: it is no base attribute")))?;
            changes.insert(name.clone(), wanted.as_ref().map(|w| property::change(def, w)).transpose()?);
        }
        for (name, wanted) in &custom.properties {
            if known.iter().any(|d| d.name == *name) {
                return Err(ApiError::invalid(name, format!("{name}: it is a base attribute already")));
            }
            changes.insert(name.clone(), wanted.as_ref().map(|w| property::read(name, w)).transpose()?);
        }
        let report = cx.session.schema_change(&cx.session.actor, &changes, cx.options)?;
        cx.settle(report, || Ok(Answer::ok(schema(cx, &id)?)))
    })
    .await
}
