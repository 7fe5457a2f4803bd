//! A group rule on the wire.

use std::collections::BTreeMap;

use muster_engine::RuleStatus;
use muster_service::look::RuleView;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::base::call::Cx;
use crate::base::{ApiError, Result};

/// Ids that a rule passes over.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Excluded {
    #[serde(default)]
    pub(crate) exclude: Vec<String>,
}

/// Whom a rule passes over.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct RulePeople {
    /// Users.
    #[serde(default)]
    pub(crate) users: Excluded,
    /// Groups whose members.
    #[serde(default)]
    pub(crate) groups: Excluded,
}

/// The condition of a rule.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct RuleExpression {
    /// An expression that is true or false of a user.
    #[serde(default)]
    pub(crate) value: String,
    /// `urn:okta:expression:1.0`
    #[serde(default, rename = "type")]
    kind: Option<String>,
}

/// Whom a rule takes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct RuleConditions {
    /// Whom it passes over.
    #[serde(default)]
    pub(crate) people: Option<RulePeople>,
    /// Who fits.
    #[serde(default)]
    pub(crate) expression: RuleExpression,
}

/// The groups a rule fills.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RuleGroups {
    #[serde(default)]
    pub(crate) group_ids: Vec<String>,
}

/// What a rule does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RuleActions {
    #[serde(default)]
    pub(crate) assign_user_to_groups: RuleGroups,
}

/// What comes with a rule when asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RuleEmbedded {
    group_id_to_group_name_map: BTreeMap<String, String>,
}

/// A group rule (Okta: `GroupRule`).
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GroupRule {
    /// `group_rule`
    #[serde(rename = "type")]
    kind: &'static str,
    /// The public id.
    pub(crate) id: String,
    /// `ACTIVE`, `INACTIVE`, or `INVALID` where something it refers to is gone.
    #[schema(value_type = String)]
    pub(crate) status: RuleStatus,
    /// The unique name.
    name: String,
    created: Option<String>,
    last_updated: Option<String>,
    conditions: RuleConditions,
    actions: RuleActions,
    /// Whether all groups it fills are there.
    all_groups_valid: bool,
    #[serde(rename = "_embedded", skip_serializing_if = "Option::is_none")]
    embedded: Option<RuleEmbedded>,
}

/// The `expand` that adds the names of groups.
pub(crate) const NAMES: &str = "groupIdToGroupNameMap";

impl GroupRule {
    /// A rule as the caller sees it, with its groups' names if they are asked for.
    pub(crate) fn of(view: RuleView, names: bool) -> Self {
        let actions: RuleActions = serde_json::from_value(view.actions).unwrap_or_default();
        let ids = &actions.assign_user_to_groups.group_ids;
        let group_id_to_group_name_map = ids.iter().cloned().zip(view.groups).collect();
        Self {
            kind: view.kind,
            id: view.id,
            status: view.status,
            name: view.name,
            created: view.created,
            last_updated: view.last_updated,
            conditions: serde_json::from_value(view.conditions).unwrap_or_default(),
            actions,
            all_groups_valid: view.all_groups_valid,
            embedded: names.then_some(RuleEmbedded { group_id_to_group_name_map }),
        }
    }
}

/// A rule by id or name.
pub(crate) fn read(cx: &Cx<'_>, id: &str, names: bool) -> Result<GroupRule> {
    Ok(GroupRule::of(cx.session.rule_view(id).map_err(ApiError::missing(id, "GroupRule"))?, names))
}
