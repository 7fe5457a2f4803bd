//! `POST /api/v1/users` (Okta: createUser).

use muster_engine::model::UserStatus;
use muster_service::edit::NewUser;
use serde::Deserialize;
use serde_json::{Map, Value as Json};
use utoipa::{IntoParams, ToSchema};

use super::wire::{TypeRef, User, default_type, read};
use crate::base::{ApiError, Body, Call, Changed, Errors, Query, Result};
use crate::values::attributes;

/// More groups than these can't be given at creation.
const GROUPS: usize = 20;

/// How a user is created.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct CreateUserParams {
    /// Whether she is let in at once; else she is STAGED.
    #[serde(default = "yes")]
    #[param(default = true)]
    activate: bool,
    /// Whether `credentials.provider` counts.
    #[serde(default)]
    #[param(default = false)]
    provider: bool,
    /// `changePassword`: she must change the password given at her first sign-in.
    next_login: Option<String>,
}

fn yes() -> bool {
    true
}

/// A user to create (Okta: `CreateUserRequest`).
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "profile": { "login": "ann@example.org", "email": "ann@example.org", "firstName": "Ann", "lastName": "Lee" }
}))]
pub(crate) struct CreateUserRequest {
    /// The values of her attributes, by name; `login` at least.
    #[schema(value_type = Object)]
    profile: Option<Map<String, Json>>,
    /// A password lets her in at once. It is not kept: Muster signs nobody in.
    #[serde(default)]
    #[schema(value_type = Object)]
    credentials: Option<Map<String, Json>>,
    /// Groups she is added to.
    #[serde(default)]
    group_ids: Option<Vec<String>>,
    /// The user type; only the default one.
    #[serde(default, rename = "type")]
    kind: Option<TypeRef>,
}

impl CreateUserRequest {
    /// Whether a password comes with her; `{}` is none.
    fn has_password(&self) -> bool {
        let password = self.credentials.as_ref().and_then(|c| c.get("password")).and_then(Json::as_object);
        password.is_some_and(|p| {
            ["value", "hash", "hook"].iter().any(|k| p.get(*k).is_some_and(|v| !v.is_null()))
        })
    }

    /// Whether somebody else signs her in.
    fn has_provider(&self) -> bool {
        let provider = self.credentials.as_ref().and_then(|c| c.get("provider"));
        provider
            .and_then(|p| p.get("type"))
            .and_then(Json::as_str)
            .is_some_and(|t| t == "FEDERATION" || t == "SOCIAL")
    }
}

/// Creates a user. With a password or a foreign provider she is ACTIVE, without one PROVISIONED, with `activate=false`
/// STAGED.
#[utoipa::path(
    post,
    path = "/api/v1/users",
    operation_id = "createUser",
    tag = "User",
    params(CreateUserParams),
    request_body = CreateUserRequest,
    responses((status = 200, body = User), Errors)
)]
pub(crate) async fn create_user(
    call: Call,
    Query(params): Query<CreateUserParams>,
    Body(request): Body<CreateUserRequest>,
) -> Result<Changed<User>> {
    let password = request.has_password();
    let status = match params.next_login.as_deref() {
        None if !params.activate => UserStatus::Staged,
        None if password || (params.provider && request.has_provider()) => UserStatus::Active,
        None => UserStatus::Provisioned,
        Some("changePassword") if !password => {
            return Err(ApiError::new(
                axum::http::StatusCode::BAD_REQUEST,
                "E0000124",
                "Could not create user. To create a user and expire their password immediately, a password must be specified",
            ));
        }
        Some("changePassword") if !params.activate => {
            return Err(ApiError::new(
                axum::http::StatusCode::BAD_REQUEST,
                "E0000125",
                "Could not create user. To create a user and expire their password immediately, \"activate\" must be true",
            ));
        }
        Some("changePassword") => UserStatus::PasswordExpired,
        Some(_) => return Err(ApiError::invalid("nextLogin", "nextLogin: it can only be `changePassword`")),
    };
    let groups = request.group_ids.unwrap_or_default();
    if groups.len() > GROUPS {
        return Err(ApiError {
            causes: vec!["The number of group targets is too large".to_owned()],
            ..ApiError::new(axum::http::StatusCode::BAD_REQUEST, "E0000093", "Target count limit exceeded")
        });
    }
    if request.kind.is_some_and(|k| k.id != default_type() && k.id != "default") {
        return Err(ApiError::invalid("type", "type: there is no user type of that id"));
    }
    let profile = request.profile.unwrap_or_default();
    call.change(move |cx| {
        let mut values = attributes(&profile)?;
        values.retain(|_, v| !v.is_null());
        let Some(login) = values.get("login").and_then(|v| v.as_str()).map(str::to_owned) else {
            return Err(ApiError::invalid("login", "login: The field cannot be left blank"));
        };
        let new = NewUser { attributes: values, status, groups };
        let report = cx.session.user_new(&cx.session.actor, &new, cx.options)?;
        cx.settle(report, || Ok(read(cx, &login)?.answer()))
    })
    .await
}
