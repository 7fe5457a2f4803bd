//! `POST /api/v1/groups/rules` and `PUT /api/v1/groups/rules/{groupRuleId}` (Okta: createGroupRule, replaceGroupRule).

use muster_service::edit::NewRule;
use serde::Deserialize;
use utoipa::ToSchema;

use super::wire::{GroupRule, RuleActions, RuleConditions, read};
use crate::base::{Answer, ApiError, Body, Call, Changed, Errors, Path, Result};

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
    fn read(self) -> Result<NewRule> {
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

/// Creates a group rule. It is INACTIVE until it is activated.
#[utoipa::path(
    post,
    path = "/api/v1/groups/rules",
    operation_id = "createGroupRule",
    tag = "GroupRule",
    request_body = GroupRuleRequest,
    responses((status = 200, body = GroupRule), Errors)
)]
pub(crate) async fn create_group_rule(
    call: Call,
    Body(request): Body<GroupRuleRequest>,
) -> Result<Changed<GroupRule>> {
    let rule = request.read()?;
    call.change(move |cx| {
        let report = cx.session.rule_create(&cx.session.actor, &rule, cx.options)?;
        cx.settle(report, || Ok(Answer::ok(read(cx, &rule.name, false)?)))
    })
    .await
}

/// Replaces an INACTIVE group rule; the groups it fills stay.
#[utoipa::path(
    put,
    path = "/api/v1/groups/rules/{groupRuleId}",
    operation_id = "replaceGroupRule",
    tag = "GroupRule",
    params(("groupRuleId" = String, Path, description = "Id or name")),
    request_body = GroupRuleRequest,
    responses((status = 200, body = GroupRule), Errors)
)]
pub(crate) async fn replace_group_rule(
    call: Call,
    Path(id): Path<String>,
    Body(request): Body<GroupRuleRequest>,
) -> Result<Changed<GroupRule>> {
    let rule = request.read()?;
    call.change(move |cx| {
        let known = read(cx, &id, false)?.id;
        let report = cx.session.rule_replace(&cx.session.actor, &known, &rule, cx.options)?;
        cx.settle(report, || Ok(Answer::ok(read(cx, &known, false)?)))
    })
    .await
}
