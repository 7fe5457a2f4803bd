//! Schemas and user types on the wire.

use muster_engine::model::schema::AttributeDef;
use serde::Serialize;
use serde_json::{Map, Value as Json, json};
use utoipa::ToSchema;

use super::property;
use crate::base::call::Cx;
use crate::base::{Href, Result};
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

/// What belongs to a user type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct UserTypeLinks {
    schema: Href,
    #[serde(rename = "self")]
    this: Href,
}

/// A user type (Okta: `UserType`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UserType {
    /// The public id.
    id: String,
    display_name: &'static str,
    name: &'static str,
    description: &'static str,
    created: Option<String>,
    last_updated: Option<String>,
    default: bool,
    #[serde(rename = "_links")]
    links: UserTypeLinks,
}

/// The one user type, which everybody has.
pub(super) fn the_one(cx: &Cx<'_>) -> Result<UserType> {
    let born = cx.session.group_view("Everyone")?.created;
    Ok(UserType {
        id: default_type(),
        display_name: "User",
        name: "user",
        description: "The profile of every user",
        created: born.clone(),
        last_updated: born,
        default: true,
        links: UserTypeLinks {
            schema: Href::to(cx.url(&format!("/meta/schemas/user/{}", default_schema()))),
            this: Href::to(cx.url(&format!("/meta/types/user/{}", default_type()))),
        },
    })
}
