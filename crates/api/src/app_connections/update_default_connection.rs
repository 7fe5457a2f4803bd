//! `POST /api/v1/apps/{appId}/connections/default` (Okta: updateDefaultProvisioningConnectionForApplication).

use muster_service::edit::{ConnectionTerms, secret};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::wire::{ProvisioningConnection, read, scim};
use crate::base::{Answer, ApiError, Body, Call, Changed, Errors, Path, Query, Result};

/// How the connection is set.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct UpdateConnectionParams {
    /// Whether it is activated, or deactivated; else it is as before.
    activate: Option<bool>,
}

/// How the application is shown who calls.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ConnectionProfileRequest {
    /// `TOKEN`.
    #[serde(default)]
    auth_scheme: Option<String>,
    /// The bearer token: sealed, and never shown again.
    #[serde(default)]
    #[schema(write_only)]
    token: Option<String>,
}

/// A connection, as clients give it (Okta: `ProvisioningConnectionTokenRequest`).
#[derive(Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ConnectionRequest {
    /// The URL in front of `/Users`.
    #[serde(default)]
    base_url: Option<String>,
    #[serde(default)]
    profile: Option<ConnectionProfileRequest>,
}

/// Sets the provisioning connection of a SCIM application.
#[utoipa::path(
    post,
    path = "/api/v1/apps/{appId}/connections/default",
    operation_id = "updateDefaultProvisioningConnectionForApplication",
    tag = "ApplicationConnections",
    params(("appId" = String, Path, description = "The application's id"), UpdateConnectionParams),
    request_body = ConnectionRequest,
    responses((status = 200, body = ProvisioningConnection), Errors)
)]
pub(crate) async fn update_default_provisioning_connection_for_application(
    call: Call,
    Path(app): Path<String>,
    Query(params): Query<UpdateConnectionParams>,
    Body(request): Body<ConnectionRequest>,
) -> Result<Changed<ProvisioningConnection>> {
    let (scheme, token) = request.profile.map(|p| (p.auth_scheme, p.token)).unwrap_or_default();
    if scheme.is_some_and(|s| s != "TOKEN") {
        return Err(ApiError::invalid("authScheme", "authScheme: only TOKEN is known here, a bearer token"));
    }
    let terms = ConnectionTerms {
        base_url: request.base_url,
        token: token.filter(|t| !t.is_empty()).map(secret),
        enabled: params.activate,
    };
    call.change(move |cx| {
        scim(cx, &app)?;
        let report = cx.session.app_connection_set(&cx.session.actor, &app, &terms, cx.options)?;
        cx.settle(report, || Ok(Answer::ok(read(cx, &app)?)))
    })
    .await
}
