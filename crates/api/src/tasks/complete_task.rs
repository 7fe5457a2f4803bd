//! `POST /api/v1/tasks/{taskId}/done`.

use super::task_key;
use crate::base::answer::Empty;
use crate::base::{Answer, Call, Changed, Errors, Path, Result};

/// Says that a task was done.
#[utoipa::path(
    post,
    path = "/api/v1/tasks/{taskId}/done",
    operation_id = "completeTask",
    tag = "Task",
    params(("taskId" = String, Path, description = "Id")),
    responses((status = 200, body = Empty), Errors)
)]
pub(crate) async fn complete_task(call: Call, Path(id): Path<String>) -> Result<Changed<Empty>> {
    call.change_now(move |cx| {
        cx.session.task_done(&cx.session.actor, &[task_key(&id)?])?;
        Ok(Changed::Done(Answer::ok(Empty {})))
    })
    .await
}
