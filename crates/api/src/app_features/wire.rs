//! A feature of an application on the wire.

use muster_engine::model::OnUnassign;
use muster_service::edit::features_extra;
use muster_service::look::AppEntry;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app_connections::wire::scim;
use crate::base::call::Cx;
use crate::base::{ApiError, Href, Result};

/// The feature there is.
pub(super) const NAME: &str = "USER_PROVISIONING";
/// Under which name seed and change of passwords are kept.
pub(super) const PASSWORD: &str = "password";

/// Whether something is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum Switch {
    /// It is.
    Enabled,
    /// It isn't.
    Disabled,
}

impl From<bool> for Switch {
    fn from(on: bool) -> Self {
        if on { Self::Enabled } else { Self::Disabled }
    }
}

/// Something that is done or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(super) struct Capability {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) status: Option<Switch>,
}

/// What is done with passwords: nothing, so `status` is `DISABLED`; the rest is given back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(super) struct PasswordCapability {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) status: Option<Switch>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) seed: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) change: Option<String>,
}

/// What is done when somebody gets the application.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct CreateCapabilities {
    /// Accounts are created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) lifecycle_create: Option<Capability>,
}

/// What is done as somebody changes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct UpdateCapabilities {
    /// Attributes are kept up to date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) profile: Option<Capability>,
    /// Accounts are made unusable when somebody loses the application.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) lifecycle_deactivate: Option<Capability>,
    /// Passwords are pushed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) password: Option<PasswordCapability>,
}

/// What is provisioned (Okta: `CapabilitiesObject`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Capabilities {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) create: Option<CreateCapabilities>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) update: Option<UpdateCapabilities>,
}

/// What can be looked at from a feature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct FeatureLinks {
    #[serde(rename = "self")]
    this: Href,
}

/// A feature (Okta: `ApplicationFeature`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct ApplicationFeature {
    name: &'static str,
    status: Switch,
    description: &'static str,
    capabilities: Capabilities,
    #[serde(rename = "_links")]
    links: FeatureLinks,
}

impl ApplicationFeature {
    fn of(cx: &Cx<'_>, entry: &AppEntry) -> Self {
        let kept = entry.app.provisioning.clone().unwrap_or_default();
        let capability = |on: bool| Some(Capability { status: Some(on.into()) });
        let extra = features_extra(&entry.app).remove(PASSWORD);
        let password: PasswordCapability =
            extra.and_then(|p| serde_json::from_value(p).ok()).unwrap_or_default();
        Self {
            name: NAME,
            status: kept.enabled.into(),
            description: "User provisioning settings from Muster to a downstream application",
            capabilities: Capabilities {
                create: Some(CreateCapabilities { lifecycle_create: capability(kept.create) }),
                update: Some(UpdateCapabilities {
                    profile: capability(kept.update),
                    lifecycle_deactivate: capability(kept.on_unassign != OnUnassign::Nothing),
                    password: Some(PasswordCapability {
                        status: Some(Switch::Disabled),
                        seed: Some(password.seed.unwrap_or_else(|| "RANDOM".to_owned())),
                        change: Some(password.change.unwrap_or_else(|| "KEEP_EXISTING".to_owned())),
                    }),
                }),
            },
            links: FeatureLinks { this: Href::to(cx.url(&format!("/apps/{}/features/{NAME}", entry.id))) },
        }
    }
}

/// The feature of an app whose provisioning is on.
pub(super) fn read(cx: &Cx<'_>, app: &str) -> Result<ApplicationFeature> {
    let found = scim(cx, app)?;
    if !found.app.is_served() {
        return Err(ApiError::invalid("feature", "Provisioning is not enabled for the app instance."));
    }
    Ok(ApplicationFeature::of(cx, &found))
}

/// Whether the feature is the one there is.
pub(super) fn check_name(name: &str) -> Result<()> {
    if name == NAME {
        return Ok(());
    }
    Err(ApiError::not_found(name, "PublicAppFeatureSetName"))
}
