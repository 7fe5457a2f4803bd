//! An app user on the wire.

use axum::http::StatusCode;
use muster_engine::model::{IdKind, UserStatus, key_of};
use muster_service::edit::{Attributes, with_user_name};
use muster_service::look::AccountView;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};
use utoipa::ToSchema;

use crate::apps::wire::{KIND, missing};
use crate::base::call::Cx;
use crate::base::{ApiError, Href, Result};
use crate::values::attributes;

/// What somebody signs in with (Okta: `AppUserCredentials`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AppUserCredentials {
    user_name: Option<String>,
}

/// What can be looked at from an app user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct AppUserLinks {
    app: Href,
    user: Href,
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<Href>,
}

/// A person's place in an application (Okta: `AppUser`).
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AppUser {
    /// The person's id.
    pub(crate) id: String,
    /// The application's id of her.
    external_id: Option<String>,
    created: Option<String>,
    last_updated: String,
    /// `USER`: assigned herself; `GROUP`: through a group.
    pub(crate) scope: &'static str,
    /// Where her account stands.
    status: &'static str,
    status_changed: String,
    /// Muster keeps no passwords.
    password_changed: Option<String>,
    /// How her account stands towards the application.
    sync_state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_sync: Option<String>,
    credentials: AppUserCredentials,
    /// The values of her account's attributes, by the application's names.
    #[schema(value_type = Object)]
    pub(crate) profile: Map<String, Json>,
    #[serde(rename = "_embedded", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Object)]
    embedded: Option<Json>,
    #[serde(rename = "_links")]
    links: AppUserLinks,
}

impl AppUser {
    /// An app user as the caller sees her.
    pub(crate) fn of(cx: &Cx<'_>, view: AccountView) -> Self {
        let id = view.id.unwrap_or_default();
        Self {
            external_id: view.external_id,
            created: view.created,
            last_updated: view.last_updated,
            scope: view.scope.unwrap_or("USER"),
            status: view.status,
            status_changed: view.status_changed,
            password_changed: None,
            sync_state: view.sync_state,
            last_sync: view.last_sync,
            credentials: AppUserCredentials { user_name: view.credentials.user_name },
            profile: view.profile,
            embedded: None,
            links: AppUserLinks {
                app: Href::to(cx.url(&format!("/apps/{}", view.app.id))),
                user: Href::to(cx.url(&format!("/users/{id}"))),
                group: view.group_id.map(|g| Href::to(cx.url(&format!("/groups/{g}")))),
            },
            id,
        }
    }
}

/// People of a page as they are embedded in what is about them, where `expand=user` asks for them.
pub(super) fn embed(cx: &Cx<'_>, expand: Option<&str>, users: &mut [AppUser]) -> Result<()> {
    if expand != Some("user") {
        return Ok(());
    }
    let ids: Vec<&str> = users.iter().map(|u| u.id.as_str()).collect();
    let people = cx.session.users_by_id(&ids)?;
    for user in users {
        let found = people.iter().find(|p| p.id == user.id);
        user.embedded = found.map(|p| json!({ "user": crate::users::wire::User::of(cx, p.clone()) }));
    }
    Ok(())
}

/// What clients say of an app user.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AppUserRequest {
    /// The person, where the path doesn't say it.
    #[serde(default)]
    pub(super) id: Option<String>,
    /// Whatever is said here, she is assigned herself.
    #[serde(default, rename = "scope")]
    _scope: Option<String>,
    /// `userName` names her account; passwords are not kept.
    #[serde(default)]
    #[schema(value_type = Object)]
    credentials: Option<Map<String, Json>>,
    /// Values by the application's names; null leaves one to groups and mappings again.
    #[serde(default)]
    #[schema(value_type = Object)]
    profile: Option<Map<String, Json>>,
}

impl AppUserRequest {
    pub(super) fn values(&self) -> Result<Attributes> {
        let values = attributes(self.profile.as_ref().unwrap_or(&Map::new()))?;
        let name = self.credentials.as_ref().and_then(|c| c.get("userName")).and_then(Json::as_str);
        Ok(with_user_name(values, name.map(str::to_owned)))
    }
}

/// Somebody's place in an app, or that she has none.
pub(super) fn find(cx: &Cx<'_>, app: &str, user: &str) -> Result<AccountView> {
    // The app is looked for first: an id of a user that is none would be found wanting in its place.
    crate::apps::wire::entry(cx, app)?;
    let found = cx.session.app_user(app, user).map_err(missing(user, "User"))?;
    found.ok_or_else(|| ApiError::not_found(user, "AppUser"))
}

/// Sets what is said of her and answers how she stands then.
pub(super) fn set(
    cx: &Cx<'_>,
    app: &str,
    user: &str,
    values: &Attributes,
) -> Result<crate::base::Changed<AppUser>> {
    crate::apps::wire::entry(cx, app)?;
    let person = cx.session.user_named(user).map_err(missing(user, "User"))?;
    if person.status == UserStatus::Deprovisioned.as_str() {
        return Err(ApiError::new(
            StatusCode::FORBIDDEN,
            "E0000117",
            "Can not assign apps or update app profiles for an inactive user",
        ));
    }
    let report = cx.session.app_user_set(&cx.session.actor, app, &person.id, values, cx.options);
    let report = report.map_err(missing(app, KIND))?;
    cx.settle(report, || Ok(crate::base::Answer::ok(AppUser::of(cx, find(cx, app, &person.id)?))))
}

/// Whether this can be where a page of accounts begins.
pub(super) fn check_cursor(after: Option<&str>) -> Result<()> {
    if after.is_some_and(|a| key_of(IdKind::Account, a).is_none()) {
        return Err(ApiError::cursor());
    }
    Ok(())
}
