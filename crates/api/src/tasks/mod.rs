//! Tasks: what waits for a person. Okta has them in its console only.

mod complete_task;
mod list_tasks;
mod retry_task;
mod wire;

use std::sync::Arc;

use muster_engine::model::{IdKind, key_of};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::base::{ApiError, Result, Shared};

/// The operations on tasks.
pub(crate) fn routes() -> OpenApiRouter<Arc<Shared>> {
    OpenApiRouter::new()
        .routes(routes!(list_tasks::list_tasks))
        .routes(routes!(complete_task::complete_task))
        .routes(routes!(retry_task::retry_task))
}

fn task_key(id: &str) -> Result<i64> {
    key_of(IdKind::Task, id).ok_or_else(|| ApiError::not_found(id, "Task"))
}
