//! `GET /api/v1/groups/{groupId}/apps` (Okta: listAssignedApplicationsForGroup).

use std::collections::BTreeSet;

use muster_engine::model::{App, IdKind, key_of, public_id};
use serde::Deserialize;
use utoipa::IntoParams;

use super::wire::read;
use crate::apps::wire::Application;
use crate::base::page::limit_of;
use crate::base::{ApiError, Call, Paged, Path, Query, ReadErrors, Result};

const LIMITS: (usize, usize) = (20, 200);

/// Which applications.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListGroupAppsParams {
    /// Where the page begins: from the `next` link of the page before.
    after: Option<String>,
    /// How many, at most 200.
    #[param(default = 20, minimum = 1, maximum = 200)]
    limit: Option<i64>,
}

/// Lists the applications that a group gives.
#[utoipa::path(
    get,
    path = "/api/v1/groups/{groupId}/apps",
    operation_id = "listAssignedApplicationsForGroup",
    tag = "Group",
    params(("groupId" = String, Path, description = "Id or name"), ListGroupAppsParams),
    responses((status = 200, body = Vec<Application>), ReadErrors)
)]
pub(crate) async fn list_group_apps(
    call: Call,
    Path(id): Path<String>,
    Query(params): Query<ListGroupAppsParams>,
) -> Result<Paged<Application>> {
    let limit = limit_of(params.limit, LIMITS)?;
    if params.after.as_deref().is_some_and(|a| key_of(IdKind::App, a).is_none()) {
        return Err(ApiError::cursor());
    }
    call.read(move |cx| {
        let group = read(cx, &id)?.id;
        let config = cx.session.config()?;
        let given = config.org.app_groups.values().filter(|g| public_id(IdKind::Group, g.group.0) == group);
        let apps: BTreeSet<String> = given.map(|g| public_id(IdKind::App, g.app.0)).collect();
        let fits = |app: &str, _: &App| apps.contains(app);
        let page = cx.session.apps_page(&fits, params.after.as_deref(), limit)?;
        let found = page.items.into_iter().map(|e| Application::of(cx, e)).collect();
        let mut query = vec![("limit", limit.to_string())];
        query.extend(params.after.map(|a| ("after", a)));
        let here = cx.url(&format!("/groups/{group}/apps"));
        Ok(Paged::new(found, &here, &query, page.next.as_deref()))
    })
    .await
}
