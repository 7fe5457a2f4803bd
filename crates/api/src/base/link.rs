//! Links within answers (HAL, as Okta writes it).

use serde::Serialize;
use utoipa::ToSchema;

/// A link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Href {
    /// The address.
    pub(crate) href: String,
    /// The method, where it isn't GET alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) method: Option<Method>,
}

/// How a link is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Method {
    /// POST
    Post,
}

impl Href {
    /// A link to be read.
    pub(crate) fn to(href: impl Into<String>) -> Self {
        Self { href: href.into(), method: None }
    }

    /// A link to be posted to.
    pub(crate) fn post(href: impl Into<String>) -> Self {
        Self { href: href.into(), method: Some(Method::Post) }
    }
}
