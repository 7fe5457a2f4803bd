//! `GET /api/v1/plans/{planId}`.

use super::plan_key;
use super::wire::Plan;
use crate::base::{Answer, Call, Path, ReadErrors, Result};

/// Retrieves a plan.
#[utoipa::path(
    get,
    path = "/api/v1/plans/{planId}",
    operation_id = "getPlan",
    tag = "Plan",
    params(("planId" = String, Path, description = "Id, or the key that `muster plan` takes")),
    responses((status = 200, body = Plan), ReadErrors)
)]
pub(crate) async fn get_plan(call: Call, Path(id): Path<String>) -> Result<Answer<Plan>> {
    call.read(move |cx| Ok(Answer::ok(Plan::of(cx, &cx.session.plan(plan_key(&id)?)?)))).await
}
