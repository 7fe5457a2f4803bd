//! A group on the wire.

use muster_engine::model::GroupKind;
use muster_service::look::GroupView;
use serde::Serialize;
use utoipa::ToSchema;

use crate::base::call::Cx;
use crate::base::{ApiError, Href, Result};

/// What a group is called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct GroupProfile {
    /// The unique name.
    pub(crate) name: String,
    /// What it is for.
    pub(crate) description: Option<String>,
}

/// How many belong to a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GroupStats {
    users_count: i64,
    apps_count: i64,
    group_push_mappings_count: i64,
    has_admin_privilege: bool,
    /// Okta's document spells it so.
    has_admin_privlege: bool,
}

/// What comes with a group when asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct GroupEmbedded {
    stats: GroupStats,
}

/// What can be looked at from a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct GroupLinks {
    logo: Vec<Href>,
    users: Href,
    apps: Href,
    /// The app it was imported from.
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<Href>,
}

/// A group (Okta: Group).
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Group {
    /// The public id.
    pub(crate) id: String,
    created: Option<String>,
    last_updated: Option<String>,
    last_membership_updated: Option<String>,
    object_class: Vec<String>,
    /// `OKTA_GROUP`, `APP_GROUP` or `BUILT_IN`.
    #[serde(rename = "type")]
    kind: &'static str,
    pub(crate) profile: GroupProfile,
    #[serde(rename = "_embedded", skip_serializing_if = "Option::is_none")]
    embedded: Option<GroupEmbedded>,
    #[serde(rename = "_links")]
    links: GroupLinks,
}

impl Group {
    /// A group as the caller sees it.
    pub(crate) fn of(cx: &Cx<'_>, view: GroupView) -> Self {
        let href = |tail: &str| Href::to(cx.url(&format!("/groups/{}/{tail}", view.id)));
        let embedded = view.embedded.map(|e| GroupEmbedded {
            stats: GroupStats {
                users_count: e.stats.users_count,
                apps_count: e.stats.apps_count,
                group_push_mappings_count: 0,
                has_admin_privilege: false,
                has_admin_privlege: false,
            },
        });
        Self {
            created: view.created,
            last_membership_updated: view.last_membership_updated,
            last_updated: view.last_updated,
            object_class: view.object_class.iter().map(|c| (*c).to_owned()).collect(),
            kind: match view.kind {
                GroupKind::OktaGroup => "OKTA_GROUP",
                GroupKind::AppGroup => "APP_GROUP",
                GroupKind::BuiltIn => "BUILT_IN",
            },
            profile: GroupProfile { name: view.profile.name, description: view.profile.description },
            embedded,
            links: GroupLinks {
                logo: Vec::new(),
                users: href("users"),
                apps: href("apps"),
                source: view.source.map(|app| Href::to(cx.url(&format!("/apps/{}", app.id)))),
            },
            id: view.id,
        }
    }
}

/// A group by id or name.
pub(crate) fn read(cx: &Cx<'_>, id: &str) -> Result<Group> {
    Ok(Group::of(cx, cx.session.group_view(id).map_err(ApiError::missing(id, "UserGroup"))?))
}
