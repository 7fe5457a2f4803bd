//! `GET /api/v1/users` (Okta: listUsers).

use axum::http::StatusCode;
use muster_service::look::{Language, Sort, UserSearch, parse_filter};
use serde::Deserialize;
use utoipa::IntoParams;

use super::wire::User;
use crate::base::page::limit_of;
use crate::base::{ApiError, Call, Paged, Query, ReadErrors, Result};

/// The most users a page has, and how many it has unless said otherwise.
const LIMIT: usize = 200;
/// How many a page of those found by `q` has unless said otherwise.
const NAMED: usize = 10;

/// Which users.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct ListUsersParams {
    /// First name, last name or e-mail address begins so. One page of those who haven't left.
    q: Option<String>,
    /// A filter over status, lastUpdated, id, profile.login, profile.email, profile.firstName and profile.lastName.
    filter: Option<String>,
    /// A filter over any attribute: `profile.department eq "Sales" and status eq "ACTIVE"`.
    search: Option<String>,
    /// With `search`: the attribute to sort by.
    sort_by: Option<String>,
    /// With `sortBy`: `asc` or `desc`; anything else counts as `asc`.
    sort_order: Option<String>,
    /// Where the page begins: from the `next` link of the page before.
    after: Option<String>,
    /// How many, at most 200.
    #[param(default = 200, minimum = 1, maximum = 200)]
    limit: Option<i64>,
}

impl ListUsersParams {
    fn search(&self, limit: usize) -> Result<UserSearch> {
        let given = |text: &Option<String>| text.clone().filter(|t| !t.trim().is_empty());
        let (q, filter, search) = (given(&self.q), given(&self.filter), given(&self.search));
        if [&q, &filter, &search].iter().filter(|t| t.is_some()).count() > 1 {
            return Err(ApiError {
                causes: vec!["q, filter and search exclude each other: give one of them".to_owned()],
                ..ApiError::new(
                    StatusCode::BAD_REQUEST,
                    "E0000033",
                    "Can't specify a search query and filter in the same request.",
                )
            });
        }
        let language = if filter.is_some() { Language::Filter } else { Language::Search };
        let include_deprovisioned = filter.is_some() || search.is_some();
        // A list is sorted only where it is searched, as Okta has it.
        let sort = self.sort_by.as_ref().filter(|_| search.is_some()).map(|by| Sort {
            by: by.clone(),
            descending: self.sort_order.as_deref().is_some_and(|o| o.eq_ignore_ascii_case("desc")),
        });
        Ok(UserSearch {
            filter: filter.or(search).as_deref().map(parse_filter).transpose()?,
            language,
            q,
            sort,
            after: self.after.clone(),
            limit,
            include_deprovisioned,
        })
    }

    /// What the links repeat: a sort order without anything to sort by isn't in them.
    fn pairs(&self, limit: usize) -> Vec<(&'static str, String)> {
        let sorts = self.sort_by.is_some();
        let given = [
            ("after", self.after.clone()),
            ("q", self.q.clone()),
            ("filter", self.filter.clone()),
            ("search", self.search.clone()),
            ("sortBy", self.sort_by.clone()),
            ("sortOrder", self.sort_order.clone().filter(|_| sorts)),
        ];
        let mut pairs: Vec<_> = given.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        pairs.push(("limit", limit.to_string()));
        pairs
    }
}

/// Lists users: all who haven't left, or those found by `q`, `filter` or `search`.
#[utoipa::path(
    get,
    path = "/api/v1/users",
    operation_id = "listUsers",
    tag = "User",
    params(ListUsersParams),
    responses((status = 200, body = Vec<User>), ReadErrors)
)]
pub(crate) async fn list_users(call: Call, Query(params): Query<ListUsersParams>) -> Result<Paged<User>> {
    let usual = if params.q.is_some() { NAMED } else { LIMIT };
    let limit = limit_of(params.limit, (usual, LIMIT))?;
    call.read(move |cx| {
        let page = cx.session.search_users(&params.search(limit)?)?;
        // What is found by `q` is one page.
        let next = page.next.filter(|_| params.q.is_none());
        let users = page.items.into_iter().map(|u| User::of(cx, u)).collect();
        Ok(Paged::new(users, &cx.url("/users"), &params.pairs(limit), next.as_deref()))
    })
    .await
}
