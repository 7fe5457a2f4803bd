//! Links between users on the wire.

use muster_engine::model::LinkDef;
use muster_service::look::UserView;
use serde::Serialize;
use utoipa::ToSchema;

use crate::base::call::Cx;
use crate::base::{ApiError, Href, Result};

/// Where a thing is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct SelfLinks {
    #[serde(rename = "self")]
    this: Href,
}

/// An end of a link (Okta: `LinkedObjectDetails`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct LinkedObjectDetails {
    /// The name it goes by in paths and expressions.
    name: String,
    /// What people call it.
    title: String,
    /// What it is.
    description: String,
    /// Always `USER`.
    #[serde(rename = "type")]
    kind: &'static str,
}

/// The definition of a link (Okta: `LinkedObject`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct LinkedObject {
    /// The end that links lead to.
    primary: LinkedObjectDetails,
    /// The end that links lead from; the org file may leave it without a name.
    #[serde(skip_serializing_if = "Option::is_none")]
    associated: Option<LinkedObjectDetails>,
    #[serde(rename = "_links")]
    links: SelfLinks,
}

impl LinkedObject {
    /// A definition as the caller sees it.
    pub(super) fn of(cx: &Cx<'_>, link: LinkDef) -> Self {
        let end = |name, title, description| LinkedObjectDetails { name, title, description, kind: "USER" };
        let this = Href::to(cx.url(&format!("/meta/schemas/user/linkedObjects/{}", link.name)));
        let named = !link.associated.is_empty();
        Self {
            primary: end(link.name, link.title, link.description),
            associated: named
                .then(|| end(link.associated, link.associated_title, link.associated_description)),
            links: SelfLinks { this },
        }
    }

    /// Reads a definition by one of its names.
    pub(super) fn read(cx: &Cx<'_>, name: &str) -> Result<Self> {
        let link = cx.session.link(name).map_err(ApiError::missing(name, "LinkedObject"))?;
        Ok(Self::of(cx, link))
    }
}

/// Somebody at the end of a link (Okta: `ResponseLinks`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct LinkedUser {
    #[serde(rename = "_links")]
    links: SelfLinks,
}

impl LinkedUser {
    /// Where she is.
    pub(super) fn of(cx: &Cx<'_>, user: &UserView) -> Self {
        Self { links: SelfLinks { this: Href::to(cx.url(&format!("/users/{}", user.id))) } }
    }
}

/// The id of the user whose link it is about; there must be a link of that name.
pub(super) fn whose(cx: &Cx<'_>, user: &str, link: &str) -> Result<String> {
    let view = cx.session.user_named(&cx.user_id(user)?).map_err(ApiError::missing(user, "User"))?;
    cx.session.link(link).map_err(ApiError::missing(link, "LinkedObject"))?;
    Ok(view.id)
}
