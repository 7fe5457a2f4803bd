//! `POST /api/v1/apps/{appId}/lifecycle/…` (Okta: activateApplication, deactivateApplication).

use super::wire::{KIND, missing};
use crate::base::answer::Empty;
use crate::base::{Answer, Call, Changed, Errors, Path, Result};

async fn activate(call: Call, id: String, active: bool) -> Result<Changed<Empty>> {
    call.change(move |cx| {
        let report = cx.session.app_activate(&cx.session.actor, &id, active, cx.options);
        cx.settle(report.map_err(missing(&id, KIND))?, || Ok(Answer::ok(Empty {})))
    })
    .await
}

/// Activates an application: whoever is assigned it has it again.
#[utoipa::path(
    post,
    path = "/api/v1/apps/{appId}/lifecycle/activate",
    operation_id = "activateApplication",
    tag = "Application",
    params(("appId" = String, Path, description = "Its id")),
    responses((status = 200, body = Empty), Errors)
)]
pub(crate) async fn activate_application(call: Call, Path(id): Path<String>) -> Result<Changed<Empty>> {
    activate(call, id, true).await
}

/// Deactivates an application: nobody has it, and accounts there are made unusable as its settings say.
#[utoipa::path(
    post,
    path = "/api/v1/apps/{appId}/lifecycle/deactivate",
    operation_id = "deactivateApplication",
    tag = "Application",
    params(("appId" = String, Path, description = "Its id")),
    responses((status = 200, body = Empty), Errors)
)]
pub(crate) async fn deactivate_application(call: Call, Path(id): Path<String>) -> Result<Changed<Empty>> {
    activate(call, id, false).await
}
