//! `POST /api/v1/apps/{appId}/lifecycle/activate` (Okta: activateApplication).

use super::activation::activate;
use crate::base::answer::Empty;
use crate::base::{Call, Changed, Errors, Path, Result};

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
