//! A provisioning connection on the wire.

use muster_engine::model::AppKind;
use muster_service::look::AppEntry;
use serde::Serialize;
use utoipa::ToSchema;

use crate::apps::wire::entry;
use crate::base::call::Cx;
use crate::base::{ApiError, Href, Result};

/// How the application is shown who calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ConnectionProfile {
    auth_scheme: &'static str,
}

/// What can be done with a connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct ConnectionLinks {
    #[serde(rename = "self")]
    this: Href,
    #[serde(skip_serializing_if = "Option::is_none")]
    activate: Option<Href>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deactivate: Option<Href>,
}

/// A provisioning connection (Okta: `ProvisioningConnectionResponse`). Its token is never shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProvisioningConnection {
    auth_scheme: &'static str,
    /// `ENABLED`: accounts are brought into line over it; `DISABLED`: who should have one is only kept.
    status: &'static str,
    /// The URL in front of `/Users`.
    base_url: Option<String>,
    profile: ConnectionProfile,
    #[serde(rename = "_links")]
    links: ConnectionLinks,
}

impl ProvisioningConnection {
    fn of(cx: &Cx<'_>, entry: &AppEntry) -> Self {
        let app = &entry.app;
        let this = cx.url(&format!("/apps/{}/connections/default", entry.id));
        let enabled = app.provisioning.as_ref().is_some_and(|p| p.enabled);
        let base_url = app.settings.get("base_url").and_then(muster_engine::Value::as_str);
        let step = |name: &str| Href::post(format!("{this}/lifecycle/{name}"));
        Self {
            auth_scheme: "TOKEN",
            status: if enabled { "ENABLED" } else { "DISABLED" },
            base_url: base_url.map(str::to_owned),
            profile: ConnectionProfile { auth_scheme: "TOKEN" },
            links: ConnectionLinks {
                activate: (!enabled).then(|| step("activate")),
                deactivate: enabled.then(|| step("deactivate")),
                this: Href::to(this),
            },
        }
    }
}

/// An app that is provisioned over a connection.
pub(crate) fn scim(cx: &Cx<'_>, id: &str) -> Result<AppEntry> {
    let found = entry(cx, id)?;
    if found.app.kind == AppKind::Scim {
        return Ok(found);
    }
    Err(ApiError::invalid("feature", "Provisioning is not supported."))
}

/// The connection of an app.
pub(super) fn read(cx: &Cx<'_>, id: &str) -> Result<ProvisioningConnection> {
    Ok(ProvisioningConnection::of(cx, &scim(cx, id)?))
}
