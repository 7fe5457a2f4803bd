//! A group's assignment on the wire.

use muster_service::edit::{AppGroupTerms, Attributes};
use muster_service::look::AppGroupEntry;
use serde::Serialize;
use serde_json::{Map, Value as Json, json};
use utoipa::ToSchema;

use crate::apps::wire::{entry, missing};
use crate::base::call::Cx;
use crate::base::{Answer, ApiError, Changed, Href, Result};
use crate::values::attributes;

/// Okta's name of groups in errors.
pub(super) const GROUP: &str = "UserGroup";

/// What can be looked at from an assignment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct GroupAssignmentLinks {
    #[serde(rename = "self")]
    this: Href,
    app: Href,
    group: Href,
}

/// A group's assignment to an application (Okta: `ApplicationGroupAssignment`).
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ApplicationGroupAssignment {
    /// The group's id.
    pub(super) id: String,
    last_updated: Option<String>,
    /// Its place among the application's groups: 0 comes first.
    priority: u32,
    /// The values it gives to its members' accounts, by the application's names.
    #[schema(value_type = Object)]
    pub(super) profile: Map<String, Json>,
    #[serde(rename = "_embedded", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Object)]
    embedded: Option<Json>,
    #[serde(rename = "_links")]
    links: GroupAssignmentLinks,
}

impl ApplicationGroupAssignment {
    /// An assignment as the caller sees it; `expand=group` brings the group along.
    pub(super) fn of(cx: &Cx<'_>, entry: AppGroupEntry, expand: Option<&str>) -> Self {
        let app = cx.url(&format!("/apps/{}", entry.app_id));
        let group = cx.url(&format!("/groups/{}", entry.group_id));
        let profile = entry.given.profile.iter();
        let embedded = (expand == Some("group")).then(|| {
            json!({ "group": {
                "id": entry.group_id, "profile": { "name": entry.group_name },
                "_links": { "self": { "href": group } }
            } })
        });
        Self {
            last_updated: entry.last_updated,
            priority: entry.given.priority,
            profile: profile.map(|(k, v)| (k.clone(), serde_json::to_value(v).unwrap_or_default())).collect(),
            embedded,
            links: GroupAssignmentLinks {
                this: Href::to(format!("{app}/groups/{}", entry.group_id)),
                app: Href::to(app),
                group: Href::to(group),
            },
            id: entry.group_id,
        }
    }
}

/// A place, from JSON.
pub(super) fn place(value: &Json) -> Result<u32> {
    let place = value.as_u64().and_then(|n| u32::try_from(n).ok());
    place.ok_or_else(|| ApiError::invalid("priority", "priority: it must be a whole number from 0 on"))
}

/// The values a group gives; null is none.
pub(super) fn values(profile: &Map<String, Json>) -> Result<Attributes> {
    let mut values = attributes(profile)?;
    values.retain(|_, value| !value.is_null());
    Ok(values)
}

/// A group's assignment, or that there is none.
pub(super) fn find(
    cx: &Cx<'_>,
    app: &str,
    group: &str,
    expand: Option<&str>,
) -> Result<ApplicationGroupAssignment> {
    entry(cx, app)?;
    let found = cx.session.app_group(app, group).map_err(missing(group, GROUP))?;
    let found = found.ok_or_else(|| ApiError::not_found(group, "ApplicationGroupAssignment"))?;
    Ok(ApplicationGroupAssignment::of(cx, found, expand))
}

/// Sets what is said of an assignment and answers how it stands then.
pub(super) fn set(
    cx: &Cx<'_>,
    app: &str,
    group: &str,
    terms: &AppGroupTerms,
) -> Result<Changed<ApplicationGroupAssignment>> {
    entry(cx, app)?;
    let report = cx.session.app_group_set(&cx.session.actor, app, group, terms, cx.options);
    let report = report.map_err(missing(group, GROUP))?;
    cx.settle(report, || Ok(Answer::ok(find(cx, app, group, None)?)))
}
