//! Values of attributes, from JSON.

use muster_engine::Value;
use muster_service::edit::Attributes;
use serde_json::{Map, Value as Json};

use crate::base::{ApiError, Result};

/// The values of a profile, by attribute; null clears.
pub(crate) fn attributes(profile: &Map<String, Json>) -> Result<Attributes> {
    profile
        .iter()
        .map(|(name, value)| {
            let value = serde_json::from_value::<Value>(value.clone()).map_err(|_| {
                ApiError::invalid(
                    name,
                    format!("{name}: it must be a text, a number, true or false, or a list of these"),
                )
            })?;
            Ok((name.clone(), value))
        })
        .collect()
}
