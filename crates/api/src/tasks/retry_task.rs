//! `POST /api/v1/tasks/{taskId}/retry`.

use super::task_key;
use crate::base::answer::Empty;
use crate::base::{Answer, Call, Changed, Errors, Path, Result};

/// Has what failed tried again.
#[utoipa::path(
    post,
    path = "/api/v1/tasks/{taskId}/retry",
    operation_id = "retryTask",
    tag = "Task",
    params(("taskId" = String, Path, description = "Id")),
    responses((status = 200, body = Empty), Errors)
)]
pub(crate) async fn retry_task(call: Call, Path(id): Path<String>) -> Result<Changed<Empty>> {
    call.change_now(move |cx| {
        cx.session.retry(&cx.session.actor, &[task_key(&id)?])?;
        Ok(Changed::Done(Answer::ok(Empty {})))
    })
    .await
}
