//! `POST /api/v1/plans/{planId}/apply`.

use muster_service::plan::Quiet;
use serde::Deserialize;
use utoipa::IntoParams;

use super::plan_key;
use super::wire::Plan;
use crate::base::{Answer, Call, Changed, Errors, Path, Query, Result};

/// How a plan is applied.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ApplyPlanParams {
    /// Waive guards that count; takes the right ADMIN.
    #[serde(default)]
    #[param(default = false)]
    force: bool,
}

/// Applies a plan that is previewed or held. It is worked out anew; if anything differs from what was shown nothing is
/// done, and the answer (409) names the plan that shows the present effects.
#[utoipa::path(
    post,
    path = "/api/v1/plans/{planId}/apply",
    operation_id = "applyPlan",
    tag = "Plan",
    params(
        ("planId" = String, Path, description = "Id, or the key that `muster plan` takes"),
        ApplyPlanParams
    ),
    responses((status = 200, body = Plan), Errors)
)]
pub(crate) async fn apply_plan(
    call: Call,
    Path(id): Path<String>,
    Query(params): Query<ApplyPlanParams>,
) -> Result<Changed<Plan>> {
    call.change_now(move |cx| {
        let plan = plan_key(&id)?;
        cx.session.apply_plan(&cx.session.actor, plan, params.force, &Quiet)?.applied()?;
        Ok(Changed::Done(Answer::ok(Plan::of(cx, &cx.session.plan(plan)?))))
    })
    .await
}
