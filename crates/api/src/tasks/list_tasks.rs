//! `GET /api/v1/tasks`.

use muster_service::tasks::TaskFilter;
use serde::Deserialize;
use utoipa::IntoParams;

use super::wire::Task;
use crate::base::page::limit_of;
use crate::base::{Call, Paged, Query, ReadErrors, Result};

const LIMIT: (usize, usize) = (200, 1_000);

/// Which tasks.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct ListTasksParams {
    /// Those that are done, newest first, instead of those that are open, oldest first.
    #[serde(default)]
    #[param(default = false)]
    done: bool,
    /// Only of this kind.
    kind: Option<String>,
    /// Only about this app, by id or name.
    app: Option<String>,
    /// Only of this owner.
    owner: Option<String>,
    /// How many, at most 1000.
    #[param(default = 200, minimum = 1, maximum = 1000)]
    limit: Option<i64>,
}

/// Lists tasks.
#[utoipa::path(
    get,
    path = "/api/v1/tasks",
    operation_id = "listTasks",
    tag = "Task",
    params(ListTasksParams),
    responses((status = 200, body = Vec<Task>), ReadErrors)
)]
pub(crate) async fn list_tasks(call: Call, Query(params): Query<ListTasksParams>) -> Result<Paged<Task>> {
    let limit = limit_of(params.limit, LIMIT)?;
    call.read(move |cx| {
        let config = cx.session.config()?;
        let app = params.app.as_deref().map(|a| cx.session.find_app(&config, a)).transpose()?;
        let filter = TaskFilter {
            done: params.done,
            kind: params.kind,
            app,
            user: None,
            owner: params.owner,
            limit: Some(limit),
        };
        let tasks = cx.session.tasks(&filter)?.iter().map(|t| Task::of(&config, t)).collect();
        Ok(Paged::new(tasks, &cx.url("/tasks"), &[("limit", limit.to_string())], None))
    })
    .await
}
