//! `GET /api/v1/status`.

use crate::base::{Answer, Call, ReadErrors, Result};

/// Says where everything stands: people by status, accounts by app, tasks, held plans, runs.
#[utoipa::path(
    get,
    path = "/api/v1/status",
    operation_id = "getStatus",
    tag = "Org",
    responses((status = 200, body = Object), ReadErrors)
)]
pub(crate) async fn get_status(call: Call) -> Result<Answer<serde_json::Value>> {
    call.read(|cx| Ok(Answer::ok(serde_json::to_value(cx.session.status()?).unwrap_or_default()))).await
}
