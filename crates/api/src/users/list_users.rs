//! `GET /api/v1/users` (Okta: listUsers).

use muster_service::look::UserFilter;
use serde::Deserialize;
use utoipa::IntoParams;

use super::wire::User;
use crate::base::page::limit_of;
use crate::base::{Call, Paged, Query, ReadErrors, Result};

/// The most users a page has, and how many it has unless said otherwise.
const LIMIT: usize = 200;

/// Which users.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct ListUsersParams {
    /// Where the page begins: from the `next` link of the page before.
    after: Option<String>,
    /// How many, at most 200.
    #[param(default = 200, minimum = 1, maximum = 200)]
    limit: Option<i64>,
}

/// Lists users.
#[utoipa::path(
    get,
    path = "/api/v1/users",
    operation_id = "listUsers",
    tag = "User",
    params(ListUsersParams),
    responses((status = 200, body = Vec<User>), ReadErrors)
)]
pub(crate) async fn list_users(call: Call, Query(params): Query<ListUsersParams>) -> Result<Paged<User>> {
    let limit = limit_of(params.limit, (LIMIT, LIMIT))?;
    call.read(move |cx| {
        let page = cx.session.users(&UserFilter::default(), params.after.as_deref(), limit)?;
        let mut query = vec![("limit", limit.to_string())];
        query.extend(params.after.map(|a| ("after", a)));
        let users = page.items.into_iter().map(|u| User::of(cx, u)).collect();
        Ok(Paged::new(users, &cx.url("/users"), &query, page.next.as_deref()))
    })
    .await
}
