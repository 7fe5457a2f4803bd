//! `POST /api/v1/apps/{appId}/matches/decide`.

use muster_service::edit::{MatchDecision, Verdict};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::base::{Answer, ApiError, Body, Call, Changed, Errors, Path, Result};
use crate::plans::wire::Plan;

/// How many rows one request decides.
const MOST: usize = 1_000;

/// What is said of a row.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum MatchVerdict {
    /// It is the person's whom `userId` names; without one, its likeliest candidate's.
    Link,
    /// It is somebody's who is new.
    New,
    /// Nobody is to be asked about it until it changes.
    Ignore,
    /// Somebody is to be asked about it again.
    Reopen,
}

/// Whose a row is.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct MatchDecisionRequest {
    /// The row's key in the source.
    external_id: String,
    decision: MatchVerdict,
    /// The user's id or login.
    user_id: Option<String>,
}

fn read(request: Vec<MatchDecisionRequest>) -> Result<Vec<MatchDecision>> {
    if request.is_empty() || request.len() > MOST {
        return Err(ApiError::invalid("decisions", format!("decisions: give from 1 to {MOST} of them")));
    }
    let one = |d: MatchDecisionRequest| {
        let verdict = match (d.decision, d.user_id) {
            (MatchVerdict::Link, Some(user)) => Verdict::Link(user),
            (MatchVerdict::Link, None) => Verdict::Best,
            (_, Some(_)) => {
                return Err(ApiError::invalid("userId", "userId: it belongs to the decision LINK"));
            }
            (MatchVerdict::New, None) => Verdict::New,
            (MatchVerdict::Ignore, None) => Verdict::Ignore,
            (MatchVerdict::Reopen, None) => Verdict::Reopen,
        };
        Ok(MatchDecision { external_id: d.external_id, verdict })
    };
    request.into_iter().map(one).collect()
}

/// Says whose rows are that wait, or that nobody is to be asked about them: one plan for all. A row that changed meanwhile
/// refuses the whole.
#[utoipa::path(
    post,
    path = "/api/v1/apps/{appId}/matches/decide",
    operation_id = "decideMatches",
    tag = "Application",
    params(("appId" = String, Path, description = "The source's id")),
    request_body = Vec<MatchDecisionRequest>,
    responses((status = 200, body = Plan), Errors)
)]
pub(crate) async fn decide_matches(
    call: Call,
    Path(app): Path<String>,
    Body(request): Body<Vec<MatchDecisionRequest>>,
) -> Result<Changed<Plan>> {
    let decisions = read(request)?;
    call.change(move |cx| {
        let session = cx.session;
        let report = session.matches_decide(&session.actor, &app, &decisions, cx.options)?;
        let plan = report.plan;
        cx.settle(report, || {
            let plan = plan.ok_or_else(|| ApiError::invalid("decisions", "decisions: it is so already"))?;
            Ok(Answer::ok(Plan::of(cx, &session.plan(plan)?)))
        })
    })
    .await
}
