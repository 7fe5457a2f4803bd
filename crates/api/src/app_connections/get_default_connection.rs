//! `GET /api/v1/apps/{appId}/connections/default` (Okta: getDefaultProvisioningConnectionForApplication).

use super::wire::{ProvisioningConnection, read};
use crate::base::{Answer, Call, Path, ReadErrors, Result};

/// Retrieves the provisioning connection of a SCIM application.
#[utoipa::path(
    get,
    path = "/api/v1/apps/{appId}/connections/default",
    operation_id = "getDefaultProvisioningConnectionForApplication",
    tag = "ApplicationConnections",
    params(("appId" = String, Path, description = "The application's id")),
    responses((status = 200, body = ProvisioningConnection), ReadErrors)
)]
pub(crate) async fn get_default_provisioning_connection_for_application(
    call: Call,
    Path(app): Path<String>,
) -> Result<Answer<ProvisioningConnection>> {
    call.read(move |cx| Ok(Answer::ok(read(cx, &app)?))).await
}
