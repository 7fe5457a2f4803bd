//! `POST /api/v1/apps/{appId}/connections/default/lifecycle/…` (Okta: activateDefaultProvisioningConnectionForApplication,
//! deactivateDefaultProvisioningConnectionForApplication).

use muster_service::edit::ConnectionTerms;

use super::wire::scim;
use crate::base::answer::Nothing;
use crate::base::{Answer, Call, Changed, Errors, Path, Result};

async fn switch(call: Call, app: String, enabled: bool) -> Result<Changed<Nothing>> {
    call.change(move |cx| {
        scim(cx, &app)?;
        let terms = ConnectionTerms { enabled: Some(enabled), ..ConnectionTerms::default() };
        let report = cx.session.app_connection_set(&cx.session.actor, &app, &terms, cx.options)?;
        cx.settle(report, || Ok(Answer::no_content()))
    })
    .await
}

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
