//! `POST /api/v1/apps/{appId}/connections/default/lifecycle/deactivate` (Okta: deactivateDefaultProvisioningConnectionForApplication).

use super::activation::switch;
use crate::base::answer::Nothing;
use crate::base::{Call, Changed, Errors, Path, Result};

/// Deactivates the provisioning connection: nothing is called, and what changes waits.
#[utoipa::path(
    post,
    path = "/api/v1/apps/{appId}/connections/default/lifecycle/deactivate",
    operation_id = "deactivateDefaultProvisioningConnectionForApplication",
    tag = "ApplicationConnections",
    params(("appId" = String, Path, description = "The application's id")),
    responses((status = 204, description = "Deactivated"), Errors)
)]
pub(crate) async fn deactivate_default_provisioning_connection_for_application(
    call: Call,
    Path(app): Path<String>,
) -> Result<Changed<Nothing>> {
    switch(call, app, false).await
}
