//! `GET /api/v1/groups/rules/{groupRuleId}` (Okta: getGroupRule).

use serde::Deserialize;
use utoipa::IntoParams;

use super::wire::{GroupRule, NAMES, read};
use crate::base::{Answer, Call, Path, Query, ReadErrors, Result};

/// What comes with the rule.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct GetGroupRuleParams {
    /// `groupIdToGroupNameMap` adds the names of the groups.
    expand: Option<String>,
}

/// Retrieves a group rule.
#[utoipa::path(
    get,
    path = "/api/v1/groups/rules/{groupRuleId}",
    operation_id = "getGroupRule",
    tag = "GroupRule",
    params(("groupRuleId" = String, Path, description = "Id or name"), GetGroupRuleParams),
    responses((status = 200, body = GroupRule), ReadErrors)
)]
pub(crate) async fn get_group_rule(
    call: Call,
    Path(id): Path<String>,
    Query(params): Query<GetGroupRuleParams>,
) -> Result<Answer<GroupRule>> {
    let names = params.expand.as_deref() == Some(NAMES);
    call.read(move |cx| Ok(Answer::ok(read(cx, &id, names)?))).await
}
