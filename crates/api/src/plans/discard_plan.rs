//! `POST /api/v1/plans/{planId}/discard`.

use super::plan_key;
use super::wire::Plan;
use crate::base::{Answer, Call, Changed, Errors, Path, Result};

/// Discards a plan that is previewed or held.
#[utoipa::path(
    post,
    path = "/api/v1/plans/{planId}/discard",
    operation_id = "discardPlan",
    tag = "Plan",
    params(("planId" = String, Path, description = "Id, or the key that `muster plan` takes")),
    responses((status = 200, body = Plan), Errors)
)]
pub(crate) async fn discard_plan(call: Call, Path(id): Path<String>) -> Result<Changed<Plan>> {
    call.change_now(move |cx| {
        let plan = plan_key(&id)?;
        cx.session.discard_plan(&cx.session.actor, plan)?;
        Ok(Changed::Done(Answer::ok(Plan::of(cx, &cx.session.plan(plan)?))))
    })
    .await
}
