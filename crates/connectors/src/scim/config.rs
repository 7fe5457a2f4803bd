//! How one application is spoken to.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use crate::settings::{ConfigError, Settings};

/// The names of the settings there are.
pub const SETTINGS: [&str; 10] = [
    "base_url",
    "update",
    "timeout_seconds",
    "page_size",
    "max_answer_bytes",
    "user_agent",
    "deletes",
    "external_id_filter",
    "unique_user_names",
    "allow_http",
];

/// By which method accounts are changed (RFC 7644, section 3.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpdateBy {
    /// PUT: the resource is read, changed and sent back as a whole.
    Put,
    /// PATCH: only what changes is sent.
    Patch,
}

/// How one application is spoken to.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a setting that stands for itself")]
pub struct ScimConfig {
    /// The URL in front of `/Users`, such as `https://example.org/scim/v2`.
    pub base_url: String,
    /// The bearer token (RFC 6750).
    pub token: SecretString,
    /// By which method accounts are changed.
    pub update: UpdateBy,
    /// How long a call may take as a whole.
    pub timeout: Duration,
    /// How many accounts are asked for on a page.
    pub page_size: u32,
    /// How long an answer may be.
    pub max_answer_bytes: usize,
    /// What we call ourselves.
    pub user_agent: String,
    /// Whether accounts can be deleted.
    pub deletes: bool,
    /// Whether the application keeps our reference and finds accounts by it.
    pub external_id_filter: bool,
    /// Whether the application refuses a second account with the same user name.
    pub unique_user_names: bool,
    /// Whether `http:` may be used outside of this machine, with the token in the clear.
    pub allow_http: bool,
}

impl ScimConfig {
    /// The usual for a URL and a token.
    pub fn new(base_url: impl Into<String>, token: SecretString) -> Self {
        Self {
            base_url: base_url.into(),
            token,
            update: UpdateBy::Patch,
            timeout: Duration::from_secs(30),
            page_size: 200,
            max_answer_bytes: 16 * 1024 * 1024,
            user_agent: concat!("muster/", env!("CARGO_PKG_VERSION")).to_owned(),
            deletes: true,
            external_id_filter: true,
            unique_user_names: true,
            allow_http: false,
        }
    }

    /// The configuration in settings, and the token.
    ///
    /// # Errors
    /// If a setting is unknown or wrong, `base_url` is missing, or there is no token.
    pub fn from_settings(settings: &Value, secret: Option<SecretString>) -> Result<Self, ConfigError> {
        let settings = Settings::new(settings, &SETTINGS)?;
        let base_url = settings.text("base_url")?.ok_or_else(|| {
            ConfigError::invalid(
                "base_url",
                "is required: the URL in front of `/Users`, such as https://example.org/scim/v2",
            )
        })?;
        // A token out of a file has a line end behind it.
        let token = secret.map(|secret| SecretString::from(secret.expose_secret().trim()));
        let token = token
            .filter(|token| !token.expose_secret().is_empty())
            .ok_or_else(|| ConfigError::MissingSecret("SCIM needs a bearer token".to_owned()))?;
        let mut config = Self::new(base_url, token);
        config.update = match settings.text("update")? {
            None | Some("patch") => UpdateBy::Patch,
            Some("put") => UpdateBy::Put,
            Some(_) => return Err(ConfigError::invalid("update", "must be `patch` or `put`")),
        };
        config.timeout = Duration::from_secs(settings.number("timeout_seconds", 30, 1, 600)?);
        config.page_size = settings.number("page_size", 200, 1, 10_000)? as u32;
        let max_bytes = config.max_answer_bytes as u64;
        config.max_answer_bytes = settings.number("max_answer_bytes", max_bytes, 1024, 1 << 30)? as usize;
        if let Some(user_agent) = settings.text("user_agent")? {
            user_agent.clone_into(&mut config.user_agent);
        }
        config.deletes = settings.flag("deletes", config.deletes)?;
        config.external_id_filter = settings.flag("external_id_filter", config.external_id_filter)?;
        config.unique_user_names = settings.flag("unique_user_names", config.unique_user_names)?;
        config.allow_http = settings.flag("allow_http", config.allow_http)?;
        Ok(config)
    }
}
