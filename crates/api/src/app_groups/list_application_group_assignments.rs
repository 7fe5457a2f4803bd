//! `GET /api/v1/apps/{appId}/groups` (Okta: listApplicationGroupAssignments).

use muster_engine::model::{IdKind, key_of};
use serde::Deserialize;
use utoipa::IntoParams;

use super::wire::ApplicationGroupAssignment;
use crate::apps::wire::entry;
use crate::base::page::limit_of;
use crate::base::{ApiError, Call, Paged, Path, Query, ReadErrors, Result};

/// How many a page has unless said otherwise, and the most.
const LIMITS: (usize, usize) = (20, 200);

/// Which groups.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListApplicationGroupAssignmentsParams {
    /// Only those whose name begins so.
    q: Option<String>,
    /// Where the page begins: from the `next` link of the page before.
    after: Option<String>,
    /// How many, at most 200.
    #[param(default = 20, minimum = 1, maximum = 200)]
    limit: Option<i64>,
    /// `group`: the groups come along.
    expand: Option<String>,
}

/// Lists the groups whose members have an application, by priority.
#[utoipa::path(
    get,
    path = "/api/v1/apps/{appId}/groups",
    operation_id = "listApplicationGroupAssignments",
    tag = "ApplicationGroups",
    params(("appId" = String, Path, description = "The application's id"), ListApplicationGroupAssignmentsParams),
    responses((status = 200, body = Vec<ApplicationGroupAssignment>), ReadErrors)
)]
pub(crate) async fn list_application_group_assignments(
    call: Call,
    Path(app): Path<String>,
    Query(params): Query<ListApplicationGroupAssignmentsParams>,
) -> Result<Paged<ApplicationGroupAssignment>> {
    let limit = limit_of(params.limit, LIMITS)?;
    if params.after.as_deref().is_some_and(|a| key_of(IdKind::Group, a).is_none()) {
        return Err(ApiError::cursor());
    }
    call.read(move |cx| {
        let app = entry(cx, &app)?.id;
        let page = cx.session.app_groups(&app, params.q.as_deref(), params.after.as_deref(), limit)?;
        let expand = params.expand.as_deref();
        let groups = page.items.into_iter().map(|g| ApplicationGroupAssignment::of(cx, g, expand)).collect();
        let mut query = vec![("limit", limit.to_string())];
        let given =
            [("q", params.q.clone()), ("expand", params.expand.clone()), ("after", params.after.clone())];
        query.extend(given.into_iter().filter_map(|(name, value)| Some((name, value?))));
        Ok(Paged::new(groups, &cx.url(&format!("/apps/{app}/groups")), &query, page.next.as_deref()))
    })
    .await
}
