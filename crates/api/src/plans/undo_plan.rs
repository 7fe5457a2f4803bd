//! `POST /api/v1/plans/{planId}/undo`.

use muster_service::ImportOptions;
use muster_service::plan::Quiet;
use serde::Deserialize;
use utoipa::IntoParams;

use super::plan_key;
use super::wire::Plan;
use crate::base::{Answer, ApiError, Call, Changed, Errors, Path, Query, Result};

/// How a plan is undone.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct UndoPlanParams {
    /// Only say what would happen.
    #[serde(default)]
    #[param(default = false)]
    preview: bool,
}

/// Takes an applied plan back as a whole, where what it did still stands. The undo is a plan itself, which is answered:
/// its notes list what has changed since and what can't be taken back.
#[utoipa::path(
    post,
    path = "/api/v1/plans/{planId}/undo",
    operation_id = "undoPlan",
    tag = "Plan",
    params(
        ("planId" = String, Path, description = "Id, or the key that `muster plan` takes"),
        UndoPlanParams
    ),
    responses((status = 200, body = Plan), Errors)
)]
pub(crate) async fn undo_plan(
    call: Call,
    Path(id): Path<String>,
    Query(params): Query<UndoPlanParams>,
) -> Result<Changed<Plan>> {
    call.change(move |cx| {
        let options = ImportOptions { preview: params.preview, force: false };
        let report = cx.session.undo(&cx.session.actor, plan_key(&id)?, options, &Quiet)?.applied()?;
        let undo = report.plan.ok_or_else(|| ApiError::invalid("plan", "plan: there is nothing to undo"))?;
        Ok(Changed::Done(Answer::ok(Plan::of(cx, &cx.session.plan(undo)?))))
    })
    .await
}
