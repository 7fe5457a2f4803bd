//! `PUT /api/v1/groups/rules/{groupRuleId}` (Okta: replaceGroupRule).

use super::request::GroupRuleRequest;
use super::wire::{GroupRule, read};
use crate::base::{Answer, Body, Call, Changed, Errors, Path, Result};

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
