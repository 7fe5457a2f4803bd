//! `GET /api/v1/plans`.

use muster_engine::model::{IdKind, public_id};
use serde::Deserialize;
use utoipa::IntoParams;

use super::plan_key;
use super::wire::Plan;
use crate::base::page::limit_of;
use crate::base::{Call, Paged, Query, ReadErrors, Result};

const LIMIT: (usize, usize) = (20, 200);

/// Which plans.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListPlansParams {
    /// Where the page begins: from the `next` link of the page before.
    after: Option<String>,
    /// How many, at most 200.
    #[param(default = 20, minimum = 1, maximum = 200)]
    limit: Option<i64>,
}

/// Lists plans, newest first.
#[utoipa::path(
    get,
    path = "/api/v1/plans",
    operation_id = "listPlans",
    tag = "Plan",
    params(ListPlansParams),
    responses((status = 200, body = Vec<Plan>), ReadErrors)
)]
pub(crate) async fn list_plans(call: Call, Query(params): Query<ListPlansParams>) -> Result<Paged<Plan>> {
    let limit = limit_of(params.limit, LIMIT)?;
    call.read(move |cx| {
        let before = params.after.as_deref().map(plan_key).transpose()?;
        let plans = cx.session.plans(before, limit)?;
        let next = plans.last().filter(|_| plans.len() == limit).map(|p| public_id(IdKind::Plan, p.id));
        let mut query = vec![("limit", limit.to_string())];
        query.extend(params.after.map(|a| ("after", a)));
        let plans = plans.iter().map(|p| Plan::of(cx, p)).collect();
        Ok(Paged::new(plans, &cx.url("/plans"), &query, next.as_deref()))
    })
    .await
}
