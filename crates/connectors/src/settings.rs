//! Reading the settings of a connector, as an org file or the API gives them.

use serde_json::{Map, Value};

/// Why a connector can't be made from its settings.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// There is no such kind of connector.
    #[error("there is no connector `{kind}`; there are {known}")]
    UnknownKind {
        /// The kind asked for.
        kind: String,
        /// Those there are.
        known: String,
    },
    /// The connector has no such setting.
    #[error("there is no setting `{key}`; there are {known}")]
    UnknownKey {
        /// The setting.
        key: String,
        /// Those there are.
        known: String,
    },
    /// A setting is missing, or not what it must be.
    #[error("setting `{key}`: {reason}")]
    Invalid {
        /// The setting.
        key: String,
        /// What is wrong and what would be right.
        reason: String,
    },
    /// The connector needs a secret.
    #[error("the secret is missing: {0}")]
    MissingSecret(String),
}

impl ConfigError {
    /// A setting that isn't what it must be.
    pub fn invalid(key: &str, reason: impl Into<String>) -> Self {
        Self::Invalid { key: key.to_owned(), reason: reason.into() }
    }
}

/// The settings of one connector.
pub(crate) struct Settings<'a>(Option<&'a Map<String, Value>>);

impl<'a> Settings<'a> {
    /// Takes a JSON object (or null for none) and refuses keys which aren't `known`.
    pub(crate) fn new(settings: &'a Value, known: &[&str]) -> Result<Self, ConfigError> {
        let object = match settings {
            Value::Null => None,
            Value::Object(object) => Some(object),
            _ => return Err(ConfigError::invalid("settings", "must be an object")),
        };
        match object.and_then(|object| object.keys().find(|key| !known.contains(&key.as_str()))) {
            None => Ok(Self(object)),
            Some(key) => Err(ConfigError::UnknownKey { key: key.clone(), known: list(known) }),
        }
    }

    fn value(&self, key: &str) -> Option<&'a Value> {
        self.0?.get(key).filter(|value| !value.is_null())
    }

    /// A string.
    pub(crate) fn text(&self, key: &str) -> Result<Option<&'a str>, ConfigError> {
        let read =
            |value: &'a Value| value.as_str().ok_or_else(|| ConfigError::invalid(key, "must be a string"));
        self.value(key).map(read).transpose()
    }

    /// `true` or `false`.
    pub(crate) fn flag(&self, key: &str, default: bool) -> Result<bool, ConfigError> {
        let read =
            |value: &Value| value.as_bool().ok_or_else(|| ConfigError::invalid(key, "must be true or false"));
        self.value(key).map_or(Ok(default), read)
    }

    /// A whole number from `least` to `most`.
    pub(crate) fn number(&self, key: &str, default: u64, least: u64, most: u64) -> Result<u64, ConfigError> {
        let read = |value: &Value| {
            value.as_u64().filter(|number| (least..=most).contains(number)).ok_or_else(|| {
                ConfigError::invalid(key, format!("must be a whole number from {least} to {most}"))
            })
        };
        self.value(key).map_or(Ok(default), read)
    }
}

/// Names for people: `a`, `b`, `c`.
pub(crate) fn list(names: &[&str]) -> String {
    if names.is_empty() {
        return "none".to_owned();
    }
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
