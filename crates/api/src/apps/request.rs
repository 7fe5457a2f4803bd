//! What clients say of an application.

use muster_engine::model::AppKind;
use muster_service::edit::AppDraft;
use serde_json::{Map, Value as Json};

use crate::base::{ApiError, Result};

/// What only the server sets.
pub(super) const READ_ONLY: [&str; 8] =
    ["id", "orn", "status", "created", "lastUpdated", "features", "_links", "_embedded"];

/// An application as a client sends it; what Muster doesn't interpret is kept and given back.
pub(super) fn draft(mut body: Map<String, Json>, kind: AppKind) -> Result<AppDraft> {
    for name in READ_ONLY {
        body.remove(name);
    }
    let label = match body.remove("label") {
        Some(Json::String(label)) => label,
        None | Some(Json::Null) => String::new(),
        Some(_) => return Err(ApiError::invalid("label", "label: it must be a text")),
    };
    let mut settings = Map::new();
    if let Some(Json::Object(all)) = body.get_mut("settings") {
        match all.remove("app") {
            Some(Json::Object(app)) => settings = app,
            None | Some(Json::Null) => {}
            Some(_) => return Err(ApiError::invalid("settings", "settings.app: it must be an object")),
        }
        // Muster decides these.
        all.remove("manualProvisioning");
        all.remove("implicitAssignment");
    }
    // Muster signs nobody in, so no password is worth keeping.
    if let Some(Json::Object(credentials)) = body.get_mut("credentials") {
        credentials.remove("password");
        credentials.remove("signing");
        credentials.remove("oauthClient");
    }
    if kind == AppKind::Bookmark {
        body.remove("name");
        body.remove("signOnMode");
    }
    Ok(AppDraft { label, kind, settings, extra: body })
}

/// The kind of app that a client asks for.
pub(super) fn kind_of(body: &Map<String, Json>) -> Result<AppKind> {
    let text = |name: &str| body.get(name).and_then(Json::as_str);
    match (text("name"), text("signOnMode")) {
        (Some("bookmark"), None | Some("BOOKMARK")) | (None, Some("BOOKMARK")) => Ok(AppKind::Bookmark),
        (Some(name), _) if name.starts_with("scim2") => Ok(AppKind::Scim),
        (None, None) => Err(ApiError::invalid("signOnMode", "signOnMode: The field cannot be left blank")),
        (name, mode) => {
            let what = [name, mode].into_iter().flatten().collect::<Vec<_>>().join(" with ");
            Err(ApiError::invalid(
                if name.is_some() { "name" } else { "signOnMode" },
                format!(
                    "{what}: Muster signs nobody in, so it has only bookmarks (name `bookmark`, signOnMode BOOKMARK) and \
                     SCIM 2.0 applications (a name that begins with `scim2`, such as `scim2headerauth`)"
                ),
            ))
        }
    }
}
