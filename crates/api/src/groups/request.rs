//! What clients say of a group.

use serde::Deserialize;
use serde_json::{Map, Value as Json};
use utoipa::ToSchema;

use crate::base::{ApiError, Result};

/// The longest name, and the longest description.
const LENGTHS: (usize, usize) = (255, 1_024);

/// A group to make, or what one is from now on.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[schema(example = json!({ "profile": { "name": "Cooks", "description": "All who cook" } }))]
pub(crate) struct GroupRequest {
    /// What it is called.
    #[serde(default)]
    pub(super) profile: GroupProfileRequest,
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
    pub(super) fn read(self) -> Result<(String, String)> {
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
