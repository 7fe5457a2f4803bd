//! What clients say of a link.

use muster_engine::model::LinkDef;
use muster_service::ServiceError;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::base::{ApiError, Result};

/// A definition to make.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[schema(example = json!({
    "primary": { "name": "mentor", "title": "Mentor", "description": "Who is asked first", "type": "USER" },
    "associated": { "name": "mentee", "title": "Mentee", "description": "Who asks", "type": "USER" }
}))]
pub(crate) struct LinkedObjectRequest {
    /// The end that links lead to.
    primary: Option<EndRequest>,
    /// The end that links lead from.
    associated: Option<EndRequest>,
}

/// An end of it.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub(crate) struct EndRequest {
    /// Letters, digits and `_`; unique among the names of both ends of all definitions.
    name: Option<String>,
    /// What people call it.
    title: Option<String>,
    /// What it is.
    description: Option<String>,
    /// `USER`.
    #[serde(rename = "type")]
    kind: Option<String>,
}

impl EndRequest {
    fn read(end: Option<Self>, field: &str) -> Result<(String, String, String)> {
        let end = end.unwrap_or_default();
        if let Some(kind) = end.kind.filter(|kind| kind != "USER") {
            let cause = format!("{field}.type: it must be USER, and is {kind}");
            return Err(ApiError::invalid(&format!("{field}.type"), cause));
        }
        let name = end.name.filter(|name| !name.is_empty()).ok_or_else(|| {
            let field = format!("{field}.name");
            ApiError::invalid(&field, format!("{field}: The field cannot be left blank"))
        })?;
        Ok((name, end.title.unwrap_or_default(), end.description.unwrap_or_default()))
    }
}

impl LinkedObjectRequest {
    /// The definition.
    pub(super) fn read(self) -> Result<LinkDef> {
        let (name, title, description) = EndRequest::read(self.primary, "primary")?;
        let (associated, associated_title, associated_description) =
            EndRequest::read(self.associated, "associated")?;
        Ok(LinkDef {
            name,
            title,
            description,
            associated,
            associated_title,
            associated_description,
            keys: None,
        })
    }
}

/// E0000127 where a definition can't be as it is, or one of its names is taken; any other error stays what it is.
pub(super) fn refused(error: ServiceError) -> ApiError {
    match error {
        ServiceError::Conflict(_) | ServiceError::Config(_) => ApiError::linked_object(error),
        other => other.into(),
    }
}
