//! `POST /api/v1/apps/{appId}/lifecycle/deactivate` (Okta: deactivateApplication).

use super::activation::activate;
use crate::base::answer::Empty;
use crate::base::{Call, Changed, Errors, Path, Result};

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
