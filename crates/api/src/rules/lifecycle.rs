//! `POST /api/v1/groups/rules/{groupRuleId}/lifecycle/…` (Okta: activateGroupRule, deactivateGroupRule).

use muster_engine::RuleStatus;

use super::wire::read;
use crate::base::answer::Nothing;
use crate::base::{Answer, Call, Changed, Errors, Path, Result};

async fn set(call: Call, id: String, status: RuleStatus) -> Result<Changed<Nothing>> {
    call.change(move |cx| {
        let rule = read(cx, &id, false)?;
        if rule.status == status {
            return Ok(Changed::Done(Answer::no_content()));
        }
        let report = cx.session.rule_status(&cx.session.actor, &rule.id, status, cx.options)?;
        cx.settle(report, || Ok(Answer::no_content()))
    })
    .await
}

/// Activates a group rule: whoever fits becomes a member.
#[utoipa::path(
    post,
    path = "/api/v1/groups/rules/{groupRuleId}/lifecycle/activate",
    operation_id = "activateGroupRule",
    tag = "GroupRule",
    params(("groupRuleId" = String, Path, description = "Id or name")),
    responses((status = 204, description = "ACTIVE"), Errors)
)]
pub(crate) async fn activate_group_rule(call: Call, Path(id): Path<String>) -> Result<Changed<Nothing>> {
    set(call, id, RuleStatus::Active).await
}

/// Deactivates a group rule. Members it made stay members.
#[utoipa::path(
    post,
    path = "/api/v1/groups/rules/{groupRuleId}/lifecycle/deactivate",
    operation_id = "deactivateGroupRule",
    tag = "GroupRule",
    params(("groupRuleId" = String, Path, description = "Id or name")),
    responses((status = 204, description = "INACTIVE"), Errors)
)]
pub(crate) async fn deactivate_group_rule(call: Call, Path(id): Path<String>) -> Result<Changed<Nothing>> {
    set(call, id, RuleStatus::Inactive).await
}
