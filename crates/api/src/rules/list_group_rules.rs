//! `GET /api/v1/groups/rules` (Okta: listGroupRules).

use serde::Deserialize;
use utoipa::IntoParams;

use super::wire::{GroupRule, NAMES};
use crate::base::page::limit_of;
use crate::base::{Call, Paged, Query, ReadErrors, Result};

const LIMIT: (usize, usize) = (50, 200);

/// Which rules.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListGroupRulesParams {
    /// How many, at most 200.
    #[param(default = 50, minimum = 1, maximum = 200)]
    limit: Option<i64>,
    /// Where the page begins: from the `next` link of the page before.
    after: Option<String>,
    /// Only those whose name, condition or groups' names contain this.
    search: Option<String>,
    /// `groupIdToGroupNameMap` adds the names of the groups.
    expand: Option<String>,
}

/// Lists group rules.
#[utoipa::path(
    get,
    path = "/api/v1/groups/rules",
    operation_id = "listGroupRules",
    tag = "GroupRule",
    params(ListGroupRulesParams),
    responses((status = 200, body = Vec<GroupRule>), ReadErrors)
)]
pub(crate) async fn list_group_rules(
    call: Call,
    Query(params): Query<ListGroupRulesParams>,
) -> Result<Paged<GroupRule>> {
    let limit = limit_of(params.limit, LIMIT)?;
    call.read(move |cx| {
        let page = cx.session.rules_found(params.search.as_deref(), params.after.as_deref(), limit)?;
        let names = params.expand.as_deref() == Some(NAMES);
        let mut query = vec![("limit", limit.to_string())];
        let given = [("search", params.search), ("expand", params.expand), ("after", params.after)];
        query.extend(given.into_iter().filter_map(|(name, value)| Some((name, value?))));
        let rules = page.items.into_iter().map(|r| GroupRule::of(r, names)).collect();
        Ok(Paged::new(rules, &cx.url("/groups/rules"), &query, page.next.as_deref()))
    })
    .await
}
