//! A profile mapping on the wire.

use std::collections::BTreeMap;

use muster_engine::Config;
use muster_engine::model::{AppKey, Direction, IdKind, PushWhen, key_of, public_id};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::base::call::Cx;
use crate::base::{ApiError, Href, Result};
use crate::users::wire::{default_schema, default_type};

/// One end of a mapping.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct MappingEnd {
    /// The id of the user type or the app.
    pub(crate) id: String,
    /// `user`, or the app's name.
    name: String,
    /// `user` or `appuser`.
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(rename = "_links")]
    links: EndLinks,
}

/// What belongs to an end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct EndLinks {
    #[serde(rename = "self")]
    this: Href,
    schema: Href,
}

/// What one attribute is given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MappingProperty {
    /// The expression; null removes the mapping.
    pub(crate) expression: Option<String>,
    /// `PUSH`: on create and update; `DONT_PUSH`: on create only.
    pub(crate) push_status: Option<String>,
}

/// Where the mapping is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct MappingLinks {
    #[serde(rename = "self")]
    this: Href,
}

/// A profile mapping (Okta: `ProfileMapping`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct ProfileMapping {
    /// The public id.
    pub(crate) id: String,
    pub(crate) source: MappingEnd,
    pub(crate) target: MappingEnd,
    /// What each attribute is given; lists leave it out.
    #[serde(skip_serializing_if = "Option::is_none")]
    properties: Option<BTreeMap<String, MappingProperty>>,
    #[serde(rename = "_links")]
    links: MappingLinks,
}

/// What a mapping is between. Each app has one from it to the user and one to it; the user type has one to itself, which
/// maps nothing, so that there is one in an org without apps too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Between {
    User,
    App(AppKey, Direction),
}

impl Between {
    /// The public id: the app's key doubled, so that both directions have one.
    pub(super) fn id(self) -> String {
        let key = match self {
            Self::User => 0,
            Self::App(AppKey(app), Direction::ToUser) => app * 2,
            Self::App(AppKey(app), Direction::ToApp) => app * 2 + 1,
        };
        public_id(IdKind::Mapping, key)
    }

    /// What an id names.
    pub(super) fn find(config: &Config, id: &str) -> Result<Self> {
        let found = match key_of(IdKind::Mapping, id) {
            Some(0) => Some(Self::User),
            Some(key) => {
                let direction = if key % 2 == 0 { Direction::ToUser } else { Direction::ToApp };
                let app = AppKey(key / 2);
                config.app(app).map(|_| Self::App(app, direction))
            }
            None => None,
        };
        found.ok_or_else(|| ApiError::not_found(id, "ProfileMapping"))
    }

    /// All there are.
    pub(super) fn all(config: &Config) -> Vec<Self> {
        let of_app = |app: &AppKey| [Direction::ToUser, Direction::ToApp].map(|d| Self::App(*app, d));
        std::iter::once(Self::User).chain(config.org.apps.keys().flat_map(of_app)).collect()
    }
}

fn user(cx: &Cx<'_>) -> MappingEnd {
    MappingEnd {
        id: default_type(),
        name: "user".to_owned(),
        kind: "user",
        links: EndLinks {
            this: Href::to(cx.url(&format!("/meta/types/user/{}", default_type()))),
            schema: Href::to(cx.url(&format!("/meta/schemas/user/{}", default_schema()))),
        },
    }
}

fn app(cx: &Cx<'_>, config: &Config, key: AppKey) -> MappingEnd {
    let id = public_id(IdKind::App, key.0);
    MappingEnd {
        name: config.app_name(key),
        kind: "appuser",
        links: EndLinks {
            this: Href::to(cx.url(&format!("/apps/{id}"))),
            schema: Href::to(cx.url(&format!("/meta/schemas/apps/{id}/default"))),
        },
        id,
    }
}

impl ProfileMapping {
    /// A mapping, with what it maps if that is wanted.
    pub(super) fn of(cx: &Cx<'_>, config: &Config, between: Between, whole: bool) -> Self {
        let (source, target) = match between {
            Between::User => (user(cx), user(cx)),
            Between::App(key, Direction::ToUser) => (app(cx, config, key), user(cx)),
            Between::App(key, Direction::ToApp) => (user(cx), app(cx, config, key)),
        };
        let property = |m: &muster_engine::model::Mapping| MappingProperty {
            expression: Some(m.expression.clone()),
            push_status: Some(if m.when == PushWhen::Always { "PUSH" } else { "DONT_PUSH" }.to_owned()),
        };
        let properties = match between {
            Between::User => BTreeMap::new(),
            Between::App(key, direction) => {
                config.mappings_of(key, direction).map(|(_, m)| (m.target.clone(), property(m))).collect()
            }
        };
        let id = between.id();
        Self {
            source,
            target,
            properties: whole.then_some(properties),
            links: MappingLinks { this: Href::to(cx.url(&format!("/mappings/{id}"))) },
            id,
        }
    }
}
