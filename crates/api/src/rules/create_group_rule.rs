//! `POST /api/v1/groups/rules` (Okta: createGroupRule).

use super::request::GroupRuleRequest;
use super::wire::{GroupRule, read};
use crate::base::{Answer, Body, Call, Changed, Errors, Result};

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
