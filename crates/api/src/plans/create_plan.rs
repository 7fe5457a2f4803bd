//! `POST /api/v1/plans`.

use muster_service::ImportOptions;
use muster_service::plan::Quiet;
use serde::Deserialize;
use utoipa::ToSchema;

use super::wire::Plan;
use crate::base::{Answer, ApiError, Body, Call, Changed, Errors, Result};

/// What to plan; one of these.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CreatePlanRequest {
    /// The org as this file says (the text of an org file).
    org_file: Option<String>,
    /// What is due by date by now.
    #[serde(default)]
    due: bool,
    /// What will follow from dates by then: an instant, or a day, which is its beginning in the org's time zone. Such a
    /// plan can be looked at, not applied.
    at: Option<String>,
}

/// Proposes a plan without carrying it out: it is PLANNED, and `…/apply` applies just what was shown. Any other operation
/// does the same with `preview=true`.
#[utoipa::path(
    post,
    path = "/api/v1/plans",
    operation_id = "createPlan",
    tag = "Plan",
    request_body = CreatePlanRequest,
    responses((status = 201, body = Plan), Errors)
)]
pub(crate) async fn create_plan(call: Call, Body(request): Body<CreatePlanRequest>) -> Result<Changed<Plan>> {
    call.change_now(move |cx| {
        let (session, options) = (cx.session, ImportOptions { preview: true, force: false });
        let report = match (&request.org_file, request.due, &request.at) {
            (Some(text), false, None) => {
                session.org_apply(&session.actor, "orgFile", text, options, &Quiet)?.report
            }
            (None, true, None) => session.due(&session.actor, options, &Quiet)?,
            (None, false, Some(at)) => session.ahead(&session.actor, at, &Quiet)?,
            _ => {
                let told =
                    "plan: give `orgFile`, `due` or `at`, one of them; other operations plan with preview=true";
                return Err(ApiError::invalid("plan", told));
            }
        };
        let plan = report.plan.ok_or_else(|| ApiError::invalid("plan", "plan: there is nothing to do"))?;
        Ok(Changed::Done(Answer::created(Plan::of(cx, &session.plan(plan)?))))
    })
    .await
}
