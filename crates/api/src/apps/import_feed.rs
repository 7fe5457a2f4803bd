//! `POST /api/v1/apps/{appId}/feed`.

use muster_service::ImportOptions;
use muster_service::plan::Quiet;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::base::{Answer, ApiError, Call, Changed, Errors, Path, Query, Result, Table};
use crate::plans::wire::Plan;

/// What such a feed is called in plans.
const NAME: &str = "feed sent over HTTP";

/// How a feed is taken.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ImportFeedParams {
    /// Whether guards are waived; that takes the right ADMIN.
    #[serde(default)]
    #[param(default = false)]
    force: bool,
}

/// Imports a whole feed of a source: CSV as the source's feed is described in the org, plain or gzip. Whoever has no row in
/// it is gone. The plan that follows is applied, or held if a guard stops it (409); with `preview=true` it is only shown.
#[utoipa::path(
    post,
    path = "/api/v1/apps/{appId}/feed",
    operation_id = "importFeed",
    tag = "Application",
    params(("appId" = String, Path, description = "Its id"), ImportFeedParams),
    request_body(content = String, content_type = "text/csv"),
    responses((status = 200, body = Plan), Errors)
)]
pub(crate) async fn import_feed(
    call: Call,
    Path(id): Path<String>,
    Query(params): Query<ImportFeedParams>,
    table: Table,
) -> Result<Changed<Plan>> {
    table
        .read_by(async |content| {
            call.change(move |cx| {
                let (session, options) = (cx.session, ImportOptions { force: params.force, ..cx.options });
                let config = session.config()?;
                let name = config.app_name(session.find_app(&config, &id)?);
                let report = session.import(&session.actor, &name, NAME, content, options, &Quiet)?;
                let plan = report.plan;
                cx.settle(report, || {
                    let plan =
                        plan.ok_or_else(|| ApiError::invalid("feed", "feed: there is nothing to do"))?;
                    Ok(Answer::ok(Plan::of(cx, &session.plan(plan)?)))
                })
            })
            .await
        })
        .await
}
