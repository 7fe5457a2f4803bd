//! An application on the wire.

use muster_engine::model::{App, AppKind, OnUnassign};
use muster_service::ServiceError;
use muster_service::edit::client_settings;
use muster_service::look::AppEntry;
use serde::Serialize;
use serde_json::{Map, Value as Json, json};
use utoipa::ToSchema;

use super::request::READ_ONLY;
use crate::base::call::Cx;
use crate::base::{ApiError, Href, Result};

/// Okta's name of the type in errors.
pub(crate) const KIND: &str = "AppInstance";

/// What can be looked at from an application, and done with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AppLinks {
    #[serde(rename = "self")]
    this: Href,
    users: Href,
    groups: Href,
    /// Nobody signs in here, so there are none.
    #[serde(rename = "appLinks")]
    sign_on: Vec<Href>,
    logo: Vec<Href>,
    #[serde(skip_serializing_if = "Option::is_none")]
    activate: Option<Href>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deactivate: Option<Href>,
}

/// An application (Okta: Application). What Muster doesn't interpret comes back as it was given.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Application {
    /// The public id.
    pub(crate) id: String,
    /// `bookmark`, the name of the SCIM application it was created as, or the name it has in the org file.
    name: String,
    /// A title for people.
    label: String,
    /// `ACTIVE` or `INACTIVE`.
    pub(crate) status: &'static str,
    created: Option<String>,
    last_updated: Option<String>,
    #[schema(value_type = Object)]
    accessibility: Json,
    #[schema(value_type = Object)]
    visibility: Json,
    /// What it can do.
    features: Vec<&'static str>,
    /// How Okta would sign people in; Muster signs nobody in.
    sign_on_mode: String,
    #[schema(value_type = Object)]
    credentials: Json,
    /// `app` has the settings of its own: the `url` of a bookmark, the `baseUrl` of a SCIM application.
    #[schema(value_type = Object)]
    settings: Json,
    /// Anything else it was given.
    #[serde(flatten)]
    #[schema(ignore)]
    rest: Map<String, Json>,
    #[serde(rename = "_embedded", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Object)]
    pub(crate) embedded: Option<Json>,
    #[serde(rename = "_links")]
    links: AppLinks,
}

/// The name clients know the kind of app by.
pub(super) fn catalogue_name(app: &App) -> &str {
    match (app.kind, app.extra.get("name").and_then(Json::as_str)) {
        (AppKind::Bookmark, _) => "bookmark",
        (_, Some(name)) => name,
        (_, None) => &app.name,
    }
}

pub(super) fn status(app: &App) -> &'static str {
    if app.inactive { "INACTIVE" } else { "ACTIVE" }
}

pub(super) fn label(app: &App) -> &str {
    if app.label.is_empty() { &app.name } else { &app.label }
}

impl Application {
    /// An application as the caller sees it.
    pub(crate) fn of(cx: &Cx<'_>, entry: AppEntry) -> Self {
        let AppEntry { id, app, created, last_updated } = entry;
        let mut rest = app.extra.clone();
        // Kept with the app, shown as features and by the name.
        for name in READ_ONLY.iter().chain(&["name", "label"]) {
            rest.remove(*name);
        }
        let mut over = |name: &str, default: Json| merged(default, rest.remove(name));
        let by_hand = app.kind == AppKind::Manual;
        let accessibility = over(
            "accessibility",
            json!({ "selfService": false, "errorRedirectUrl": null, "loginRedirectUrl": null }),
        );
        let visibility = over(
            "visibility",
            json!({
                "autoLaunch": false, "autoSubmitToolbar": false, "hide": { "iOS": false, "web": false },
                "appLinks": { "login": true }
            }),
        );
        let credentials = over(
            "credentials",
            json!({ "userNameTemplate": { "template": "${source.login}", "type": "BUILT_IN" }, "signing": {} }),
        );
        let mut settings = over(
            "settings",
            json!({
                "notifications": {
                    "vpn": { "network": { "connection": "DISABLED" }, "message": null, "helpUrl": null }
                },
                "manualProvisioning": by_hand, "implicitAssignment": false,
                "notes": { "admin": null, "enduser": null }
            }),
        );
        if let Json::Object(settings) = &mut settings {
            let mut own = client_settings(&app);
            if app.kind == AppKind::Bookmark {
                // One of an org file may have none, and clients can't read a bookmark without.
                own.entry("url").or_insert_with(|| "".into());
            }
            settings.insert("app".to_owned(), Json::Object(own));
        }
        // Okta answers null for some apps that only provision, which clients with a type for each mode can't read.
        let mode = rest.remove("signOnMode").and_then(|m| m.as_str().map(str::to_owned));
        let sign_on_mode = match app.kind {
            AppKind::Bookmark => "BOOKMARK".to_owned(),
            _ => mode.unwrap_or_else(|| "AUTO_LOGIN".to_owned()),
        };
        let this = cx.url(&format!("/apps/{id}"));
        let to = |tail: &str| Href::to(format!("{this}/{tail}"));
        let step = |name: &str| Href::post(format!("{this}/lifecycle/{name}"));
        Self {
            name: catalogue_name(&app).to_owned(),
            label: label(&app).to_owned(),
            status: status(&app),
            created,
            last_updated,
            accessibility,
            visibility,
            features: features(&app),
            sign_on_mode,
            credentials,
            settings,
            rest,
            embedded: None,
            links: AppLinks {
                users: to("users"),
                groups: to("groups"),
                sign_on: Vec::new(),
                logo: Vec::new(),
                activate: app.inactive.then(|| step("activate")),
                deactivate: (!app.inactive).then(|| step("deactivate")),
                this: Href::to(this),
            },
            id,
        }
    }
}

/// Okta's words for what an app can do.
fn features(app: &App) -> Vec<&'static str> {
    let mut features = Vec::new();
    if app.source.is_some() {
        features.extend(["IMPORT_NEW_USERS", "IMPORT_PROFILE_UPDATES", "PROFILE_MASTERING"]);
    }
    let pushes = app.provisioning.as_ref().filter(|p| p.enabled && app.kind == AppKind::Scim);
    if let Some(kept) = pushes {
        let may = [
            (true, "SCIM_PROVISIONING"),
            (kept.create, "PUSH_NEW_USERS"),
            (kept.update, "PUSH_PROFILE_UPDATES"),
            (kept.on_unassign != OnUnassign::Nothing, "PUSH_USER_DEACTIVATION"),
            (kept.create, "REACTIVATE_USERS"),
        ];
        features.extend(may.into_iter().filter(|(may, _)| *may).map(|(_, name)| name));
    }
    features
}

/// A default with what was given laid over it, member by member.
fn merged(default: Json, given: Option<Json>) -> Json {
    match (default, given) {
        (Json::Object(mut all), Some(Json::Object(given))) => {
            for (name, value) in given {
                let below = all.remove(&name).unwrap_or(Json::Null);
                all.insert(name, merged(below, Some(value)));
            }
            Json::Object(all)
        }
        (default, None) => default,
        (_, Some(given)) => given,
    }
}

/// Names what isn't there as Okta does, where the service says that something isn't.
pub(crate) fn missing(id: &str, kind: &'static str) -> impl Fn(ServiceError) -> ApiError {
    let id = id.to_owned();
    move |error| match error {
        ServiceError::NotFound(_) => ApiError::not_found(&id, kind),
        other => other.into(),
    }
}

/// The app of an id.
pub(crate) fn entry(cx: &Cx<'_>, id: &str) -> Result<AppEntry> {
    cx.session.app(id).map_err(missing(id, KIND))
}

/// The application of an id.
pub(crate) fn read(cx: &Cx<'_>, id: &str) -> Result<Application> {
    Ok(Application::of(cx, entry(cx, id)?))
}
