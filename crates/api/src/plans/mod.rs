//! Plans: proposed, looked at, applied, discarded, undone; and why a user has what she has. Okta has nothing of the kind.

mod apply_plan;
mod create_plan;
mod discard_plan;
mod explain_user;
mod get_plan;
mod list_plan_effects;
mod list_plans;
mod undo_plan;
pub(crate) mod wire;

use std::sync::Arc;

use muster_engine::model::{IdKind, PlanKey, key_of};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::base::{ApiError, Result, Shared};

/// The operations on plans.
pub(crate) fn routes() -> OpenApiRouter<Arc<Shared>> {
    OpenApiRouter::new()
        .routes(routes!(list_plans::list_plans, create_plan::create_plan))
        .routes(routes!(get_plan::get_plan))
        .routes(routes!(list_plan_effects::list_plan_effects))
        .routes(routes!(apply_plan::apply_plan))
        .routes(routes!(discard_plan::discard_plan))
        .routes(routes!(undo_plan::undo_plan))
        .routes(routes!(explain_user::explain_user))
}

/// The plan of a public id, or of the key that `muster plan` takes.
fn plan_key(id: &str) -> Result<PlanKey> {
    let key = key_of(IdKind::Plan, id).or_else(|| id.parse().ok());
    key.map(PlanKey).ok_or_else(|| ApiError::not_found(id, "Plan"))
}
