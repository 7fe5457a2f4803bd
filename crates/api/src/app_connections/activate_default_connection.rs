//! `POST /api/v1/apps/{appId}/connections/default/lifecycle/activate` (Okta: activateDefaultProvisioningConnectionForApplication).

use super::activation::switch;
use crate::base::answer::Nothing;
use crate::base::{Call, Changed, Errors, Path, Result};

/// Activates the provisioning connection: all accounts that wait are brought into line.
#[utoipa::path(
    post,
    path = "/api/v1/apps/{appId}/connections/default/lifecycle/activate",
    operation_id = "activateDefaultProvisioningConnectionForApplication",
    tag = "ApplicationConnections",
    params(("appId" = String, Path, description = "The application's id")),
    responses((status = 204, description = "Activated"), Errors)
)]
pub(crate) async fn activate_default_provisioning_connection_for_application(
    call: Call,
    Path(app): Path<String>,
) -> Result<Changed<Nothing>> {
    switch(call, app, true).await
}
