//! The provisioning connection of a SCIM app, and what is provisioned over it.

use muster_engine::Value;
use muster_engine::model::{App, AppKey, AppKind, OnUnassign, Provisioning};
use muster_store::keys;
use secrecy::SecretString;
use serde_json::{Map, Value as Json};

use super::app::change;
use super::app_settings::check_scim;
use super::edit;
use super::org::secret_context;
use crate::access::Actor;
use crate::error::{Result, ServiceError};
use crate::import::ImportOptions;
use crate::muster::Muster;
use crate::plan::stream::Source;
use crate::plan::{PlanReport, Proposal, Quiet, SecretChange};

/// The name under which features keep what is only to be given back.
pub(super) const FEATURES: &str = "features";
/// The name of the secret of a connection.
const TOKEN: &str = "token";
/// The sequence that names sealed secrets.
const SEALED_KEYS: &str = "sealed";

/// What is said of a connection; what isn't stays as it is.
#[derive(Debug, Default)]
pub struct ConnectionTerms {
    /// The URL in front of `/Users`.
    pub base_url: Option<String>,
    /// The bearer token. It is sealed, and never shown again.
    pub token: Option<SecretString>,
    /// Whether accounts are brought into line over it.
    pub enabled: Option<bool>,
}

/// What is said of provisioning; what isn't stays as it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FeatureTerms {
    /// Accounts are created.
    pub create: Option<bool>,
    /// Attributes are kept up to date.
    pub update: Option<bool>,
    /// Accounts are made unusable when somebody loses the app.
    pub deactivate: Option<bool>,
    /// What clients say besides and expect back.
    pub extra: Map<String, Json>,
}

/// A secret out of a request.
pub fn secret(text: String) -> SecretString {
    SecretString::from(text)
}

impl Muster {
    /// Sets the connection of a SCIM app, or switches it.
    ///
    /// # Errors
    /// If there is no such app, it isn't SCIM, or the connection can't work like this.
    pub fn app_connection_set(
        &self,
        actor: &Actor,
        app: &str,
        terms: &ConnectionTerms,
        options: ImportOptions,
    ) -> Result<PlanReport> {
        let (key, old) = self.scim_app(app)?;
        let mut new = old.clone();
        if let Some(url) = &terms.base_url {
            new.settings.insert("base_url".to_owned(), Value::from(url.trim()));
            check_scim(&new.settings)?;
        }
        let mut secrets = Vec::new();
        if let Some(token) = &terms.token {
            // A name of its own for each, so that undo finds the one before.
            let number = self.store.write(|tx| keys::allocate(tx, SEALED_KEYS, 1))?;
            let reference = format!("sealed:{number}");
            let sealed = self
                .vault
                .seal(&secret_context(key, TOKEN), token)
                .map_err(|e| ServiceError::Invalid(format!("profile.token: {e}")))?;
            new.secrets.insert(TOKEN.to_owned(), reference.clone());
            secrets.push(SecretChange { app: key, name: TOKEN.to_owned(), reference, sealed });
        }
        if let Some(enabled) = terms.enabled {
            if enabled && !new.settings.contains_key("base_url") {
                return Err(ServiceError::Invalid("baseUrl: The field cannot be left blank".to_owned()));
            }
            if enabled && new.secrets.is_empty() {
                return Err(ServiceError::Invalid("token: The field cannot be left blank".to_owned()));
            }
            let kept = new.provisioning.take().unwrap_or_default();
            new.provisioning = Some(Provisioning { enabled, ..kept });
        }
        if new == old {
            return Ok(PlanReport::nothing());
        }
        let what = format!("app connection {}", old.name);
        let items = vec![change(key, Some(new))];
        let proposal =
            Proposal { source: Source::Touched, items, secrets, ..edit(what, Vec::new(), options) };
        self.propose(actor, &proposal, &Quiet)
    }

    /// Sets what is provisioned to a SCIM app (Okta: the feature `USER_PROVISIONING`).
    ///
    /// # Errors
    /// If there is no such app, or it isn't SCIM.
    pub fn app_features_set(
        &self,
        actor: &Actor,
        app: &str,
        terms: &FeatureTerms,
        options: ImportOptions,
    ) -> Result<PlanReport> {
        let (key, old) = self.scim_app(app)?;
        let kept = old.provisioning.clone().unwrap_or_default();
        let provisioning = Provisioning {
            create: terms.create.unwrap_or(kept.create),
            update: terms.update.unwrap_or(kept.update),
            on_unassign: match terms.deactivate {
                Some(false) => OnUnassign::Nothing,
                Some(true) if kept.on_unassign == OnUnassign::Nothing => OnUnassign::Deactivate,
                Some(true) | None => kept.on_unassign,
            },
            ..kept
        };
        let mut extra = old.extra.clone();
        if !terms.extra.is_empty() {
            let mut features = features_extra(&old);
            features.extend(terms.extra.clone());
            extra.insert(FEATURES.to_owned(), Json::Object(features));
        }
        let new = App { provisioning: Some(provisioning), extra, ..old.clone() };
        if new == old {
            return Ok(PlanReport::nothing());
        }
        let items = vec![change(key, Some(new))];
        self.change_items(actor, format!("app features {}", old.name), items, options)
    }

    fn scim_app(&self, app: &str) -> Result<(AppKey, App)> {
        let config = self.config()?;
        let key = self.find_app(&config, app)?;
        match config.app(key) {
            Some(app) if app.kind == AppKind::Scim => Ok((key, app.clone())),
            _ => Err(ServiceError::Invalid("feature: Provisioning is not supported.".to_owned())),
        }
    }
}

/// What clients said of features and expect back.
pub fn features_extra(app: &App) -> Map<String, Json> {
    app.extra.get(FEATURES).and_then(Json::as_object).cloned().unwrap_or_default()
}
