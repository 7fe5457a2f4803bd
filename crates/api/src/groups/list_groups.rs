//! `GET /api/v1/groups` (Okta: listGroups).

use axum::http::StatusCode;
use muster_service::look::{GroupSearch, Language, Sort, parse_filter};
use serde::Deserialize;
use utoipa::IntoParams;

use super::wire::Group;
use crate::base::page::limit_of;
use crate::base::{ApiError, Call, Paged, Query, ReadErrors, Result};

/// The most groups a page has, and how many it has unless said otherwise.
const LIMIT: usize = 10_000;
/// How many a page of those found by `q` has unless said otherwise.
const NAMED: usize = 300;

/// Which groups.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct ListGroupsParams {
    /// Only those whose name begins so.
    q: Option<String>,
    /// Only those that match, by `id`, `type`, `lastUpdated` or `lastMembershipUpdated`.
    filter: Option<String>,
    /// Only those that match, by any of these, `created` or the profile.
    search: Option<String>,
    /// Where the page begins: from the `next` link of the page before.
    after: Option<String>,
    /// How many, at most 10000.
    #[param(default = 10000, minimum = 1, maximum = 10000)]
    limit: Option<i64>,
    /// `stats` adds how many belong to each.
    expand: Option<String>,
    /// The field to order by, with `search`.
    sort_by: Option<String>,
    /// `asc` or `desc`.
    #[param(default = "asc")]
    sort_order: Option<String>,
}

impl ListGroupsParams {
    fn search(&self, limit: usize) -> Result<GroupSearch> {
        let given = |text: &Option<String>| text.clone().filter(|t| !t.trim().is_empty());
        let (q, filter, search) = (given(&self.q), given(&self.filter), given(&self.search));
        let language = if filter.is_some() { Language::Filter } else { Language::Search };
        // Some clients send an order without a field; then there is none.
        let sort = self.sort_by.as_ref().filter(|_| search.is_some()).map(|by| Sort {
            by: by.clone(),
            descending: self.sort_order.as_deref().is_some_and(|o| o.eq_ignore_ascii_case("desc")),
        });
        if filter.is_some() && search.is_some() {
            return Err(ApiError {
                causes: vec!["filter and search exclude each other: give one of them".to_owned()],
                ..ApiError::new(
                    StatusCode::BAD_REQUEST,
                    "E0000033",
                    "Can't specify a search query and filter in the same request.",
                )
            });
        }
        Ok(GroupSearch {
            filter: filter.or(search).as_deref().map(parse_filter).transpose()?,
            language,
            q,
            sort,
            after: self.after.clone(),
            limit,
            stats: self.expand.as_deref().is_some_and(|e| e.split(',').any(|p| p.trim() == "stats")),
        })
    }

    /// What the links repeat: a sort order without anything to sort by isn't in them.
    fn pairs(self, limit: usize) -> Vec<(&'static str, String)> {
        let sorts = self.sort_by.is_some();
        let given = [
            ("after", self.after),
            ("q", self.q),
            ("filter", self.filter),
            ("search", self.search),
            ("expand", self.expand),
            ("sortBy", self.sort_by),
            ("sortOrder", self.sort_order.filter(|_| sorts)),
        ];
        let mut pairs: Vec<_> = given.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        pairs.push(("limit", limit.to_string()));
        pairs
    }
}

/// Lists groups.
#[utoipa::path(
    get,
    path = "/api/v1/groups",
    operation_id = "listGroups",
    tag = "Group",
    params(ListGroupsParams),
    responses((status = 200, body = Vec<Group>), ReadErrors)
)]
pub(crate) async fn list_groups(call: Call, Query(params): Query<ListGroupsParams>) -> Result<Paged<Group>> {
    let usual = if params.q.is_some() { NAMED } else { LIMIT };
    let limit = limit_of(params.limit, (usual, LIMIT))?;
    call.read(move |cx| {
        let page = cx.session.search_groups(&params.search(limit)?)?;
        // What is found by `q` is one page.
        let next = page.next.filter(|_| params.q.is_none());
        let groups = page.items.into_iter().map(|g| Group::of(cx, g)).collect();
        Ok(Paged::new(groups, &cx.url("/groups"), &params.pairs(limit), next.as_deref()))
    })
    .await
}
