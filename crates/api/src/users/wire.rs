//! A user on the wire.

use axum::http::header;
use muster_engine::model::{IdKind, UserStatus, public_id};
use muster_service::look::UserView;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use utoipa::ToSchema;

use crate::base::call::Cx;
use crate::base::{Answer, Href, Result};

/// The user type everybody has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct TypeRef {
    /// Its id.
    pub(crate) id: String,
}

/// Who keeps the password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Provider {
    /// `OKTA`: nobody else.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The same.
    name: &'static str,
}

/// How a user proves who she is. Muster signs nobody in, so there is no password to tell of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Credentials {
    /// Her e-mail addresses.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    emails: Vec<CredentialEmail>,
    /// Who keeps the password.
    provider: Provider,
}

/// An e-mail address that a user can be reached by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct CredentialEmail {
    /// The address.
    value: String,
    /// `VERIFIED`
    status: &'static str,
    /// `PRIMARY` or `SECONDARY`
    #[serde(rename = "type")]
    kind: &'static str,
}

/// What can be done with a user next.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UserLinks {
    #[serde(skip_serializing_if = "Option::is_none")]
    activate: Option<Href>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reactivate: Option<Href>,
    #[serde(skip_serializing_if = "Option::is_none")]
    suspend: Option<Href>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unsuspend: Option<Href>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unlock: Option<Href>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deactivate: Option<Href>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delete: Option<Href>,
    #[serde(skip_serializing_if = "Option::is_none")]
    schema: Option<Href>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<Href>,
    #[serde(rename = "self")]
    this: Option<Href>,
}

/// What activation answers. There is no page to sign in at, so there is no address and no token.
#[derive(Clone, Copy, Debug, Default, Serialize, ToSchema)]
pub(crate) struct UserActivationToken {}

/// A user (Okta: User).
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct User {
    /// The public id.
    pub(crate) id: String,
    /// `STAGED`, `PROVISIONED`, `ACTIVE`, `RECOVERY`, `PASSWORD_EXPIRED`, `LOCKED_OUT`, `SUSPENDED` or `DEPROVISIONED`.
    #[schema(example = "ACTIVE")]
    pub(crate) status: String,
    created: Option<String>,
    activated: Option<String>,
    status_changed: Option<String>,
    last_login: Option<String>,
    last_updated: Option<String>,
    password_changed: Option<String>,
    #[serde(rename = "type")]
    kind: TypeRef,
    /// The values of her attributes, by name.
    #[schema(value_type = Object)]
    profile: Map<String, Json>,
    credentials: Credentials,
    #[serde(rename = "_links")]
    links: UserLinks,
}

/// Base attributes that are written as null where there is no value.
const NULLS: [&str; 2] = ["mobilePhone", "secondEmail"];

impl User {
    /// A user in a list: with the link to herself only.
    pub(crate) fn of(cx: &Cx<'_>, view: UserView) -> Self {
        let this = cx.url(&format!("/users/{}", view.id));
        let mut profile = view.profile;
        for name in NULLS {
            profile.entry(name).or_insert(Json::Null);
        }
        let emails = [("email", "PRIMARY"), ("secondEmail", "SECONDARY")]
            .into_iter()
            .filter_map(|(name, kind)| {
                let value = profile.get(name)?.as_str()?.to_owned();
                Some(CredentialEmail { value, status: "VERIFIED", kind })
            })
            .collect();
        Self {
            id: view.id,
            status: view.status,
            created: Some(view.created),
            activated: view.activated,
            status_changed: view.status_changed,
            last_login: view.last_login,
            last_updated: Some(view.last_updated),
            password_changed: view.password_changed,
            kind: TypeRef { id: default_type() },
            profile,
            credentials: Credentials { emails, provider: Provider { kind: "OKTA", name: "OKTA" } },
            links: UserLinks { this: Some(Href::to(this)), ..UserLinks::default() },
        }
    }

    /// A user by herself: with what can be done next.
    pub(crate) fn with_links(cx: &Cx<'_>, view: UserView) -> Self {
        use UserStatus as S;
        let mut user = Self::of(cx, view);
        let status = UserStatus::parse(&user.status);
        let this = cx.url(&format!("/users/{}", user.id));
        let can = |statuses: &[S], name: &str| {
            status
                .is_some_and(|s| statuses.contains(&s))
                .then(|| Href::post(format!("{this}/lifecycle/{name}")))
        };
        user.links = UserLinks {
            activate: can(&[S::Staged, S::Deprovisioned], "activate"),
            reactivate: can(&[S::Provisioned, S::Recovery], "reactivate"),
            suspend: can(&[S::Active, S::Provisioned], "suspend"),
            unsuspend: can(&[S::Suspended], "unsuspend"),
            unlock: can(&[S::LockedOut], "unlock"),
            deactivate: can(
                &[S::Provisioned, S::Active, S::Suspended, S::LockedOut, S::Recovery, S::PasswordExpired],
                "deactivate",
            ),
            delete: (status == Some(S::Deprovisioned)).then(|| Href::to(this.clone())),
            schema: Some(Href::to(cx.url(&format!("/meta/schemas/user/{}", default_schema())))),
            kind: Some(Href::to(cx.url(&format!("/meta/types/user/{}", default_type())))),
            this: Some(Href::to(this)),
        };
        user
    }

    /// What `me` is for a token that is a program's own: a user of its name, so that clients that begin by asking who
    /// they are get an answer.
    pub(crate) fn of_token(cx: &Cx<'_>) -> Self {
        let actor = &cx.session.actor;
        let mut profile = Map::new();
        profile.insert("login".to_owned(), Json::from(actor.name.as_str()));
        profile.insert("firstName".to_owned(), Json::from("API token"));
        profile.insert("lastName".to_owned(), Json::from(actor.name.as_str()));
        profile.insert("email".to_owned(), Json::Null);
        let now = cx.session.now().to_string();
        let mut user = Self::of(
            cx,
            UserView {
                id: public_id(IdKind::Token, actor.token.unwrap_or_default()),
                status: UserStatus::Active.as_str().to_owned(),
                created: now.clone(),
                activated: None,
                status_changed: None,
                last_login: None,
                last_updated: now,
                password_changed: None,
                profile,
            },
        );
        user.links = UserLinks { this: Some(Href::to(cx.url("/users/me"))), ..UserLinks::default() };
        user
    }

    /// The tag of this state of her (RFC 9110, section 8.8.3), weak as Okta's.
    pub(crate) fn etag(&self) -> String {
        let state = serde_json::to_vec(&(&self.id, &self.status, &self.last_updated, &self.profile));
        let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &state.unwrap_or_default());
        let hex = hash.as_ref().iter().fold(String::with_capacity(64), |mut out, b| {
            use std::fmt::Write as _;
            // Writing to a string can't fail.
            let _ = write!(out, "{b:02x}");
            out
        });
        format!("W/\"{hex}\"")
    }

    /// She, answered with her tag.
    pub(crate) fn answer(self) -> Answer<Self> {
        let etag = self.etag();
        Answer::ok(self).with(header::ETAG, &etag)
    }
}

/// The id of the user type everybody has.
pub(crate) fn default_type() -> String {
    public_id(IdKind::UserType, 1)
}

/// The id of the schema of that type.
pub(crate) fn default_schema() -> String {
    public_id(IdKind::Schema, 1)
}

/// A user by id or login, with what can be done next.
pub(crate) fn read(cx: &Cx<'_>, id: &str) -> Result<User> {
    Ok(User::with_links(cx, cx.session.user_named(id)?))
}
