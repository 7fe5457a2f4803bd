//! `POST /api/v1/apps/{appId}/feed`.

use muster_engine::model::FeedMode;
use muster_service::plan::Quiet;
use muster_service::{Import, ImportOptions};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

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
    /// What a missing row means: of a full feed that its person is gone, of a delta nothing. If not given, what the
    /// source's settings say.
    #[param(inline)]
    mode: Option<Mode>,
}

/// What a missing row means.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Mode {
    Full,
    Delta,
}

/// Imports a feed of a source: CSV as the source's feed is described in the org, plain or gzip. Whoever has no row in a full
/// feed is gone; a delta tells changes alone. The plan that follows is applied, or held if a guard stops it (409); with
/// `preview=true` it is only shown.
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
                let mode = params.mode.map(|mode| match mode {
                    Mode::Full => FeedMode::Full,
                    Mode::Delta => FeedMode::Delta,
                });
                let what = Import::new(&name, mode);
                let report = session.import(&session.actor, what, NAME, content, options, &Quiet)?;
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
