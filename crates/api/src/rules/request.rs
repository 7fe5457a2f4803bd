//! What clients say of a group rule.

use muster_service::edit::NewRule;
use serde::Deserialize;
use utoipa::ToSchema;

use super::wire::{RuleActions, RuleConditions};
use crate::base::{ApiError, Result};

/// The longest name.
const LENGTH: usize = 50;

/// A group rule to make, or what one is from now on (Okta: `CreateGroupRuleRequest`).
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub(crate) struct GroupRuleRequest {
    /// `group_rule`
    #[serde(default, rename = "type")]
    kind: Option<String>,
    /// The unique name, at most 50 characters.
    name: Option<String>,
    /// Whom it takes.
    #[serde(default)]
    conditions: RuleConditions,
    /// What it does.
    #[serde(default)]
    actions: RuleActions,
}

impl GroupRuleRequest {
    /// The rule that is asked for.
    pub(super) fn read(self) -> Result<NewRule> {
        if let Some(kind) = self.kind.filter(|k| k != "group_rule") {
            return Err(ApiError::invalid(
                "type",
                format!("type: it can only be `group_rule`, not {kind:?}"),
            ));
        }
        let blank =
            |field: &str| ApiError::invalid(field, format!("{field}: The field cannot be left blank"));
        let name = self.name.filter(|n| !n.trim().is_empty()).ok_or_else(|| blank("name"))?;
        if name.chars().count() > LENGTH {
            let cause = format!("name: The field is too long; it has at most {LENGTH} characters");
            return Err(ApiError::invalid("name", cause));
        }
        let expression = self.conditions.expression.value;
        if expression.trim().is_empty() {
            return Err(blank("expression"));
        }
        let groups = self.actions.assign_user_to_groups.group_ids;
        if groups.is_empty() {
            return Err(blank("groupIds"));
        }
        let people = self.conditions.people.unwrap_or_default();
        Ok(NewRule {
            name,
            expression,
            groups,
            except_users: people.users.exclude,
            except_groups: people.groups.exclude,
        })
    }
}
