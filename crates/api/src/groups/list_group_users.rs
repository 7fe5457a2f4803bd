//! `GET /api/v1/groups/{groupId}/users` (Okta: listGroupUsers).

use serde::Deserialize;
use utoipa::IntoParams;

use crate::base::page::limit_of;
use crate::base::{ApiError, Call, Paged, Path, Query, ReadErrors, Result};
use crate::users::wire::User;

const LIMIT: (usize, usize) = (1_000, 1_000);

/// Which members.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct ListGroupUsersParams {
    /// Where the page begins: from the `next` link of the page before.
    after: Option<String>,
    /// How many, at most 1000.
    #[param(default = 1000, minimum = 1, maximum = 1000)]
    limit: Option<i64>,
}

/// Lists the members of a group.
#[utoipa::path(
    get,
    path = "/api/v1/groups/{groupId}/users",
    operation_id = "listGroupUsers",
    tag = "Group",
    params(("groupId" = String, Path, description = "Id or name"), ListGroupUsersParams),
    responses((status = 200, body = Vec<User>), ReadErrors)
)]
pub(crate) async fn list_group_users(
    call: Call,
    Path(id): Path<String>,
    Query(params): Query<ListGroupUsersParams>,
) -> Result<Paged<User>> {
    let limit = limit_of(params.limit, LIMIT)?;
    call.read(move |cx| {
        let missing = ApiError::missing(&id, "UserGroup");
        let page = cx.session.group_members(&id, params.after.as_deref(), limit).map_err(missing)?;
        let mut query = vec![("limit", limit.to_string())];
        query.extend(params.after.map(|a| ("after", a)));
        let here = cx.url(&format!("/groups/{id}/users"));
        let users = page.items.into_iter().map(|u| User::of(cx, u)).collect();
        Ok(Paged::new(users, &here, &query, page.next.as_deref()))
    })
    .await
}
