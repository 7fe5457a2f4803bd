//! `GET /api/v1/apps/{appId}/matches`.

use serde::Deserialize;
use utoipa::IntoParams;

use super::wire::ImportMatch;
use crate::base::page::limit_of;
use crate::base::{Call, Paged, Path, Query, ReadErrors, Result};

/// How many a page has unless said otherwise, and the most.
const LIMITS: (usize, usize) = (50, 500);

/// Which rows.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListMatchesParams {
    /// Where the page begins: from the `next` link of the page before.
    after: Option<String>,
    /// How many, at most 500.
    #[param(default = 50, minimum = 1, maximum = 500)]
    limit: Option<i64>,
}

/// Lists the rows of a source that wait until somebody says whose they are, in the order of their keys.
#[utoipa::path(
    get,
    path = "/api/v1/apps/{appId}/matches",
    operation_id = "listMatches",
    tag = "Application",
    params(("appId" = String, Path, description = "The source's id"), ListMatchesParams),
    responses((status = 200, body = Vec<ImportMatch>), ReadErrors)
)]
pub(crate) async fn list_matches(
    call: Call,
    Path(app): Path<String>,
    Query(params): Query<ListMatchesParams>,
) -> Result<Paged<ImportMatch>> {
    let limit = limit_of(params.limit, LIMITS)?;
    call.read(move |cx| {
        let page = cx.session.matches(&app, params.after.as_deref(), limit)?;
        let rows = page.items.into_iter().map(ImportMatch::from).collect();
        let mut query = vec![("limit", limit.to_string())];
        query.extend(params.after.map(|after| ("after", after)));
        Ok(Paged::new(rows, &cx.url(&format!("/apps/{app}/matches")), &query, page.next.as_deref()))
    })
    .await
}
