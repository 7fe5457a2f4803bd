//! `DELETE /api/v1/apps/{appId}` (Okta: deleteApplication).

use axum::http::StatusCode;

use super::wire::entry;
use crate::base::answer::Nothing;
use crate::base::{Answer, ApiError, Call, Changed, Errors, Path, Result};

/// Deletes an inactive application.
#[utoipa::path(
    delete,
    path = "/api/v1/apps/{appId}",
    operation_id = "deleteApplication",
    tag = "Application",
    params(("appId" = String, Path, description = "Its id")),
    responses((status = 204, description = "It is gone"), Errors)
)]
pub(crate) async fn delete_application(call: Call, Path(id): Path<String>) -> Result<Changed<Nothing>> {
    call.change(move |cx| {
        if !entry(cx, &id)?.app.inactive {
            return Err(ApiError {
                causes: vec!["The application must be deactivated before deletion.".to_owned()],
                ..ApiError::new(StatusCode::FORBIDDEN, "E0000056", "Delete application forbidden.")
            });
        }
        let report = cx.session.app_delete(&cx.session.actor, &id, cx.options)?;
        cx.settle(report, || Ok(Answer::no_content()))
    })
    .await
}
