//! What clients say under `settings.app`: some of it is the connector's, the rest is only given back.

use std::collections::BTreeMap;

use muster_connectors::scim::SETTINGS;
use muster_engine::Value;
use muster_engine::model::{App, AppKind};
use secrecy::SecretString;
use serde_json::{Map, Value as Json};

use crate::error::{Result, ServiceError};

/// What a bookmark leads to.
const URL: &str = "url";

/// A connector's name of a setting as clients write it: `base_url` is `baseUrl`.
fn client_name(name: &str) -> String {
    let mut parts = name.split('_');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let mut letters = part.chars();
        out.extend(letters.next().map(|c| c.to_ascii_uppercase()));
        out.push_str(letters.as_str());
    }
    out
}

fn own_names(kind: AppKind) -> &'static [&'static str] {
    match kind {
        AppKind::Scim => &SETTINGS,
        AppKind::Bookmark => &[URL],
        AppKind::Csv | AppKind::Manual => &[],
    }
}

/// The connector's settings, and what is left.
pub(super) fn split(
    kind: AppKind,
    given: &Map<String, Json>,
) -> Result<(BTreeMap<String, Value>, Map<String, Json>)> {
    let (mut settings, mut rest) = (BTreeMap::new(), Map::new());
    refuse_secrets("settings.app", given)?;
    for (name, value) in given {
        match own_names(kind).iter().find(|own| client_name(own) == *name) {
            None => drop(rest.insert(name.clone(), value.clone())),
            Some(_) if value.is_null() => {}
            Some(name_there) => {
                let value = serde_json::from_value::<Value>(value.clone())
                    .map_err(|e| ServiceError::Invalid(format!("settings.app.{name}: {e}")))?;
                settings.insert((*name_there).to_owned(), value);
            }
        }
    }
    if kind == AppKind::Bookmark
        && settings.get(URL).and_then(Value::as_str).is_none_or(|u| u.trim().is_empty())
    {
        return Err(ServiceError::Invalid("url: The field cannot be left blank".to_owned()));
    }
    if kind == AppKind::Bookmark
        && let Some(url) = settings.get(URL).and_then(Value::as_str)
    {
        check_url(url)?;
    }
    if kind == AppKind::Scim && settings.contains_key("base_url") {
        check_scim(&settings)?;
    }
    Ok((settings, rest))
}

/// Whether a SCIM connector can be made of these settings.
pub(super) fn check_scim(settings: &BTreeMap<String, Value>) -> Result<()> {
    let json = serde_json::to_value(settings).unwrap_or_default();
    muster_connectors::connect("scim", &json, Some(SecretString::from("token")))
        .map(drop)
        .map_err(|e| ServiceError::Invalid(format!("settings.app: {e}")))
}

/// How names end under which applications are given secrets.
const SECRET_WORDS: [&str; 12] = [
    "token",
    "secret",
    "password",
    "passwd",
    "pwd",
    "passphrase",
    "apikey",
    "api_key",
    "accesskey",
    "privatekey",
    "authorization",
    "credential",
];

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRET_WORDS.iter().any(|word| name.ends_with(word))
}

/// Refuses texts under such names, however deep they stand: what is kept here is shown to whoever may read.
pub(super) fn refuse_secrets(path: &str, given: &Map<String, Json>) -> Result<()> {
    for (name, value) in given {
        let here = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        match value {
            Json::String(text) if !text.is_empty() && is_secret(name) => {
                return Err(ServiceError::Invalid(format!(
                    "{here}: secrets are given to the provisioning connection, which keeps them sealed: POST \
                     /api/v1/apps/ID/connections/default"
                )));
            }
            Json::Object(inner) => refuse_secrets(&here, inner)?,
            Json::Array(items) => {
                items
                    .iter()
                    .filter_map(Json::as_object)
                    .try_for_each(|inner| refuse_secrets(&here, inner))?;
            }
            _ => {}
        }
    }
    Ok(())
}

/// Refuses a bookmark that isn't an address to look at, or that has a password in it.
fn check_url(url: &str) -> Result<()> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    match rest.map(|rest| rest.split(['/', '?', '#']).next().unwrap_or_default()) {
        Some(host) if !host.is_empty() && !host.contains('@') => Ok(()),
        _ => Err(ServiceError::Invalid(
            "url: it must begin with https:// or http:// and name a host, without a user or password"
                .to_owned(),
        )),
    }
}

/// What clients see under `settings.app`.
pub fn client_settings(app: &App) -> Map<String, Json> {
    let rest = app.extra.get("settings").and_then(|s| s.get("app")).and_then(Json::as_object);
    let mut all = rest.cloned().unwrap_or_default();
    for (name, value) in &app.settings {
        all.insert(client_name(name), serde_json::to_value(value).unwrap_or_default());
    }
    all
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn settings_are_the_connectors_or_given_back_and_never_secrets() {
        let given = json!({ "baseUrl": "https://a.example.org/scim", "pageSize": 50, "region": "eu" });
        let (own, rest) = split(AppKind::Scim, given.as_object().unwrap()).unwrap();
        assert_eq!(own.get("base_url").and_then(Value::as_str), Some("https://a.example.org/scim"));
        assert_eq!(own.get("page_size"), Some(&Value::Int(50)));
        assert_eq!(rest, *json!({ "region": "eu" }).as_object().unwrap());
        let app = App {
            settings: own,
            extra: json!({ "settings": { "app": rest } }).as_object().cloned().unwrap(),
            ..App::default()
        };
        assert_eq!(client_settings(&app), *given.as_object().unwrap());
        for secret in ["apiToken", "clientSecret", "password"] {
            let given = json!({ secret: "x" });
            let refused = split(AppKind::Scim, given.as_object().unwrap()).unwrap_err().to_string();
            assert!(refused.contains("connections/default"), "{refused}");
        }
        let remote = json!({ "baseUrl": "http://far.example.org/scim" });
        assert!(split(AppKind::Scim, remote.as_object().unwrap()).is_err());
    }
}
