//! `GET /api/v1/apps/{appId}/users` (Okta: listApplicationUsers).

use serde::Deserialize;
use utoipa::IntoParams;

use super::wire::{AppUser, check_cursor, embed};
use crate::apps::wire::entry;
use crate::base::page::limit_of;
use crate::base::{Call, Paged, Path, Query, ReadErrors, Result};

/// How many a page has unless said otherwise, and the most.
const LIMITS: (usize, usize) = (50, 500);

/// Which people.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListApplicationUsersParams {
    /// Where the page begins: from the `next` link of the page before.
    after: Option<String>,
    /// How many, at most 500.
    #[param(default = 50, minimum = 1, maximum = 500)]
    limit: Option<i64>,
    /// Only those whose user name there, first or last name or e-mail address begins so.
    q: Option<String>,
    /// `user`: the people come along.
    expand: Option<String>,
}

/// Lists the people who have an application.
#[utoipa::path(
    get,
    path = "/api/v1/apps/{appId}/users",
    operation_id = "listApplicationUsers",
    tag = "ApplicationUsers",
    params(("appId" = String, Path, description = "The application's id"), ListApplicationUsersParams),
    responses((status = 200, body = Vec<AppUser>), ReadErrors)
)]
pub(crate) async fn list_application_users(
    call: Call,
    Path(app): Path<String>,
    Query(params): Query<ListApplicationUsersParams>,
) -> Result<Paged<AppUser>> {
    let limit = limit_of(params.limit, LIMITS)?;
    check_cursor(params.after.as_deref())?;
    call.read(move |cx| {
        let app = entry(cx, &app)?.id;
        let page = cx.session.app_users(&app, params.q.as_deref(), params.after.as_deref(), limit)?;
        let mut users: Vec<AppUser> = page.items.into_iter().map(|a| AppUser::of(cx, a)).collect();
        embed(cx, params.expand.as_deref(), &mut users)?;
        let mut query = vec![("limit", limit.to_string())];
        let given = [("q", params.q), ("expand", params.expand), ("after", params.after)];
        query.extend(given.into_iter().filter_map(|(name, value)| Some((name, value?))));
        Ok(Paged::new(users, &cx.url(&format!("/apps/{app}/users")), &query, page.next.as_deref()))
    })
    .await
}
