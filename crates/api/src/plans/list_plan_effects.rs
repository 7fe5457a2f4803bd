//! `GET /api/v1/plans/{planId}/effects`.

use muster_engine::model::{IdKind, public_id};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::plan_key;
use crate::base::{ApiError, Call, Paged, Path, Query, ReadErrors, Result};

/// What happens, or happened, to a user.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PlanEffect {
    /// Who; of somebody the plan would create, the id isn't known yet.
    user_id: Option<String>,
    /// Her login.
    login: String,
    /// The type of event the log has, or would have.
    event_type: &'static str,
    /// What happens: `effect` and what it is about.
    #[schema(value_type = Object)]
    effect: serde_json::Value,
}

/// Which effects.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListPlanEffectsParams {
    /// Where the page begins: from the `next` link of the page before.
    after: Option<String>,
}

/// Lists a plan's effects, user by user, some thousand a page.
#[utoipa::path(
    get,
    path = "/api/v1/plans/{planId}/effects",
    operation_id = "listPlanEffects",
    tag = "Plan",
    params(
        ("planId" = String, Path, description = "Id, or the key that `muster plan` takes"),
        ListPlanEffectsParams
    ),
    responses((status = 200, body = Vec<PlanEffect>), ReadErrors)
)]
pub(crate) async fn list_plan_effects(
    call: Call,
    Path(id): Path<String>,
    Query(params): Query<ListPlanEffectsParams>,
) -> Result<Paged<PlanEffect>> {
    call.read(move |cx| {
        let plan = plan_key(&id)?;
        let from =
            params.after.as_deref().map(|a| a.parse::<i64>().map_err(|_| ApiError::cursor())).transpose()?;
        let page = cx.session.plan_effects(plan, from)?;
        let effects = page
            .effects
            .iter()
            .map(|(user, login, effect)| PlanEffect {
                user_id: (*user > 0).then(|| public_id(IdKind::User, *user)),
                login: login.clone(),
                event_type: effect.event_type(),
                effect: serde_json::to_value(effect).unwrap_or_default(),
            })
            .collect();
        let query: Vec<_> = params.after.into_iter().map(|a| ("after", a)).collect();
        let next = page.next.map(|n| n.to_string());
        let here = cx.url(&format!("/plans/{}/effects", public_id(IdKind::Plan, plan.0)));
        Ok(Paged::new(effects, &here, &query, next.as_deref()))
    })
    .await
}
