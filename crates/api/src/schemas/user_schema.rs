//! `GET` and `POST /api/v1/meta/schemas/user/{schemaId}` (Okta: getUserSchema, updateUserProfile).

use std::collections::BTreeMap;

use muster_engine::Config;
use muster_engine::model::schema::{AttributeDef, base_attributes};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};
use utoipa::ToSchema;

use super::property;
use crate::base::call::Cx;
use crate::base::{Answer, ApiError, Body, Call, Changed, Errors, Href, Path, ReadErrors, Result};
use crate::users::wire::{default_schema, default_type};

/// Part of a schema.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct SubSchema {
    id: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
    /// The attributes, by name.
    #[schema(value_type = Object)]
    properties: Map<String, Json>,
    /// Those nobody can be without.
    required: Vec<String>,
}

/// Both parts of a schema.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct SchemaDefinitions {
    base: SubSchema,
    custom: SubSchema,
}

/// Where the schema belongs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct SchemaLinks {
    #[serde(rename = "self")]
    this: Href,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<Href>,
}

/// A schema of profiles (Okta: `UserSchema`, `GroupSchema`).
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProfileSchema {
    id: String,
    #[serde(rename = "$schema")]
    schema: &'static str,
    name: &'static str,
    title: &'static str,
    created: Option<String>,
    last_updated: Option<String>,
    definitions: SchemaDefinitions,
    #[serde(rename = "type")]
    kind: &'static str,
    #[schema(value_type = Object)]
    properties: Json,
    #[serde(rename = "_links")]
    links: SchemaLinks,
}

impl ProfileSchema {
    /// A schema of these attributes.
    pub(super) fn of(
        cx: &Cx<'_>,
        (name, title): (&'static str, &'static str),
        path: &str,
        (base, custom): (&[AttributeDef], &[AttributeDef]),
    ) -> Result<Self> {
        let part = |id, defs: &[AttributeDef]| SubSchema {
            id,
            kind: "object",
            properties: defs.iter().map(|d| (d.name.clone(), property::write(d, cx.client))).collect(),
            required: defs.iter().filter(|d| d.required).map(|d| d.name.clone()).collect(),
        };
        let born = cx.session.group_view("Everyone")?.created;
        Ok(Self {
            id: cx.url(path),
            schema: "http://json-schema.org/draft-04/schema#",
            name,
            title,
            created: born.clone(),
            last_updated: born,
            definitions: SchemaDefinitions { base: part("#base", base), custom: part("#custom", custom) },
            kind: "object",
            properties: json!({
                "profile": { "allOf": [{ "$ref": "#/definitions/custom" }, { "$ref": "#/definitions/base" }] }
            }),
            links: SchemaLinks {
                this: Href::to(cx.url(path)),
                kind: (name == "user")
                    .then(|| Href::to(cx.url(&format!("/meta/types/user/{}", default_type())))),
            },
        })
    }
}

/// The attributes of the profile: base ones, custom ones.
fn parts(config: &Config) -> (Vec<AttributeDef>, Vec<AttributeDef>) {
    let base = base_attributes();
    let all = config.attributes.iter().map(|a| a.def.clone());
    all.partition(|d| base.iter().any(|b| b.name == d.name))
}

fn schema(cx: &Cx<'_>, id: &str) -> Result<ProfileSchema> {
    let (base, custom) = parts(&*cx.session.config()?);
    let path = if id == "default" {
        "/meta/schemas/user/default".to_owned()
    } else {
        format!("/meta/schemas/user/{id}")
    };
    ProfileSchema::of(cx, ("user", "User"), &path, (&base, &custom))
}

fn check(id: &str) -> Result<()> {
    if id == "default" || id == default_schema() {
        Ok(())
    } else {
        Err(ApiError::not_found(id, "UserSchema"))
    }
}

/// Retrieves the schema of users' profiles.
#[utoipa::path(
    get,
    path = "/api/v1/meta/schemas/user/{schemaId}",
    operation_id = "getUserSchema",
    tag = "Schema",
    params(("schemaId" = String, Path, description = "Id, or `default`")),
    responses((status = 200, body = ProfileSchema), ReadErrors)
)]
pub(crate) async fn get_user_schema(call: Call, Path(id): Path<String>) -> Result<Answer<ProfileSchema>> {
    check(&id)?;
    call.read(move |cx| Ok(Answer::ok(schema(cx, &id)?))).await
}

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
