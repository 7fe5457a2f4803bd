//! The kinds of applications there are.

use secrecy::SecretString;
use serde_json::Value;

use crate::{
    connector::Connector,
    manual::ManualConnector,
    scim::ScimConnector,
    settings::{ConfigError, list},
};

type Connect = fn(&Value, Option<SecretString>) -> Result<Box<dyn Connector>, ConfigError>;

/// One line a kind of application.
const KINDS: &[(&str, Connect)] = &[
    ("manual", |settings, _| Ok(Box::new(ManualConnector::from_settings(settings)?))),
    ("scim", |settings, secret| Ok(Box::new(ScimConnector::from_settings(settings, secret)?))),
];

/// The names of the kinds there are.
pub fn kinds() -> impl Iterator<Item = &'static str> {
    KINDS.iter().map(|(name, _)| *name)
}

/// Makes the connector of a kind from its settings and its secret, without speaking to the application.
///
/// # Errors
/// [`ConfigError`] if there is no such kind, or a setting is unknown or wrong.
pub fn connect(
    kind: &str,
    settings: &Value,
    secret: Option<SecretString>,
) -> Result<Box<dyn Connector>, ConfigError> {
    if let Some((_, connect)) = KINDS.iter().find(|(name, _)| *name == kind) {
        return connect(settings, secret);
    }
    let known = list(&kinds().collect::<Vec<_>>());
    Err(ConfigError::UnknownKind { kind: kind.to_owned(), known })
}
