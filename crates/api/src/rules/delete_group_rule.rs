//! `DELETE /api/v1/groups/rules/{groupRuleId}` (Okta: deleteGroupRule).

use serde::Deserialize;
use utoipa::IntoParams;

use super::wire::read;
use crate::base::answer::Nothing;
use crate::base::{Answer, Call, Changed, Errors, Path, Query, Result};

/// What becomes of the members.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct DeleteGroupRuleParams {
    /// Whether those the rule made members leave the groups, unless something else gives them.
    #[serde(default)]
    #[param(default = false)]
    remove_users: bool,
}

/// Deletes a group rule.
#[utoipa::path(
    delete,
    path = "/api/v1/groups/rules/{groupRuleId}",
    operation_id = "deleteGroupRule",
    tag = "GroupRule",
    params(("groupRuleId" = String, Path, description = "Id or name"), DeleteGroupRuleParams),
    responses((status = 202, description = "Deleted"), Errors)
)]
pub(crate) async fn delete_group_rule(
    call: Call,
    Path(id): Path<String>,
    Query(params): Query<DeleteGroupRuleParams>,
) -> Result<Changed<Nothing>> {
    call.change(move |cx| {
        let rule = read(cx, &id, false)?.id;
        let report = cx.session.rule_delete(&cx.session.actor, &rule, params.remove_users, cx.options)?;
        cx.settle(report, || Ok(Answer::nothing_yet()))
    })
    .await
}
