//! Changing the profile of a user: what updating and replacing it share.

use axum::http::{HeaderMap, StatusCode, header};
use muster_engine::model::UserStatus;
use muster_service::ServiceError;
use muster_service::look::UserView;
use serde::Deserialize;
use serde_json::{Map, Value as Json};
use utoipa::{IntoParams, ToSchema};

use super::wire::{TypeRef, User, default_type, read};
use crate::base::{ApiError, Call, Changed, Result};
use crate::values::attributes;

/// How a user is changed.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct UpdateUserParams {
    /// Passwords are checked for age and history as well; there are none here.
    #[serde(default, rename = "strict")]
    #[param(default = false)]
    _strict: bool,
}

/// Changes to a user (Okta: `UpdateUserRequest`).
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[schema(example = json!({ "profile": { "title": "Head cook" } }))]
pub(crate) struct UpdateUserRequest {
    /// Values by attribute; null clears one.
    #[serde(default)]
    #[schema(value_type = Object)]
    profile: Option<Map<String, Json>>,
    /// Taken and not kept: Muster signs nobody in.
    #[serde(default)]
    #[schema(value_type = Object)]
    credentials: Option<Map<String, Json>>,
    /// The user type; only the one she has.
    #[serde(default, rename = "type")]
    kind: Option<TypeRef>,
}

/// Sets what the request names; if it is the whole profile, clears the rest.
pub(super) async fn update(
    call: Call,
    id: String,
    headers: HeaderMap,
    request: UpdateUserRequest,
    whole: bool,
) -> Result<Changed<User>> {
    let if_match = match headers.get(header::IF_MATCH) {
        None => None,
        Some(value) => Some(value.to_str().map(str::to_owned).map_err(|_| bad_tag())?),
    };
    call.change(move |cx| {
        let user = read(cx, &cx.user_id(&id)?)?;
        if let Some(wanted) = &if_match {
            check_tag(wanted, &user.etag())?;
        }
        if user.status == UserStatus::Deprovisioned.as_str() {
            return Err(ApiError::new(
                StatusCode::FORBIDDEN,
                "E0000038",
                "This operation is not allowed in the user's current status.",
            ));
        }
        if request.kind.is_some_and(|k| k.id != default_type()) {
            return Err(ApiError::invalid("type", "type: there is no user type of that id"));
        }
        let Some(profile) = request.profile else {
            // Credentials alone leave the profile as it is.
            if whole && request.credentials.is_none() {
                return Err(ApiError::invalid("profile", "profile: The field cannot be left blank"));
            }
            return Ok(Changed::Done(user.answer()));
        };
        let values = attributes(&profile)?;
        let only_if = |now: &UserView| {
            if_match.as_ref().is_none_or(|w| check_tag(w, &User::of(cx, now.clone()).etag()).is_ok())
        };
        let changed =
            cx.session.user_change(&cx.session.actor, &user.id, &values, whole, &only_if, cx.options);
        let report = match changed {
            Err(ServiceError::Premise(_)) if if_match.is_some() => return Err(another_tag()),
            changed => changed?,
        };
        cx.settle(report, || Ok(read(cx, &user.id)?.answer()))
    })
    .await
}

fn bad_tag() -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, "E0000242", "The If-Match header has an invalid ETag value.")
}

/// Compares weakly (RFC 9110, section 8.8.3.2).
fn check_tag(wanted: &str, has: &str) -> Result<()> {
    let plain = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let mut tags = wanted.split(',').map(plain);
    if wanted.trim() == "*" {
        return Ok(());
    }
    if !tags.clone().all(|t| t.len() >= 2 && t.starts_with('"') && t.ends_with('"')) {
        return Err(bad_tag());
    }
    if tags.any(|t| t == plain(has)) {
        return Ok(());
    }
    Err(another_tag())
}

fn another_tag() -> ApiError {
    ApiError::new(StatusCode::PRECONDITION_FAILED, "E0000231", "ETag value doesn't match.")
}
