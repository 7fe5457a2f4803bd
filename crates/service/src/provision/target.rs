//! An app as a worker sees it: what it can do, what may be done, and how to reach it.

use std::sync::Arc;

use muster_connectors::{Capabilities, Connector};
use muster_engine::Config;
use muster_engine::model::{App, AppKey, AppKind, OnUnassign, Provisioning};
use muster_engine::outbound::{AccountState, Allowed, Call};
use muster_store::{Tx, secrets};
use secrecy::SecretString;

use super::find::same_name;
use super::job::Job;
use super::limit::Limited;
use crate::error::Result;
use crate::muster::Muster;
use crate::vault;

/// The name of the secret a connector is given, where an app has several.
const TOKEN: &str = "token";

/// An app that accounts are brought into line in.
pub(crate) struct Target {
    pub(crate) app: AppKey,
    pub(crate) name: String,
    pub(crate) provisioning: Provisioning,
    pub(crate) capabilities: Capabilities,
    pub(crate) allowed: Allowed,
    pub(crate) connector: Box<dyn Connector>,
}

/// An app that can't be served as it is set up.
pub(crate) struct NotSetUp {
    pub(crate) app: AppKey,
    pub(crate) name: String,
    pub(crate) owner: Option<String>,
    pub(crate) task_days: u32,
    /// What is wrong and what to do.
    pub(crate) reason: String,
}

/// Who does tasks about an app; `None`: the org's admins.
pub(crate) fn owner(provisioning: &Provisioning) -> Option<String> {
    let owner = provisioning.owner.trim();
    (!owner.is_empty()).then(|| owner.to_owned())
}

impl Target {
    /// Builds the target of an app, without speaking to it.
    ///
    /// # Errors
    /// The outer one if the store fails; the inner one if the app isn't set up right.
    pub(crate) fn open(
        muster: &Muster,
        tx: &mut dyn Tx,
        config: &Config,
        key: AppKey,
    ) -> Result<Result<Arc<Self>, NotSetUp>> {
        let name = config.app_name(key);
        let not_set_up = |reason: String, provisioning: Option<&Provisioning>| NotSetUp {
            app: key,
            name: name.clone(),
            owner: provisioning.and_then(owner),
            task_days: provisioning.map_or_else(|| Provisioning::default().task_days, |p| p.task_days),
            reason,
        };
        let Some(app) = config.app(key) else {
            return Ok(Err(not_set_up("the app isn't configured any more".to_owned(), None)));
        };
        let Some(provisioning) = &app.provisioning else {
            return Ok(Err(not_set_up(
                "the app has no provisioning settings: give it some, or take it from the people who have it"
                    .to_owned(),
                None,
            )));
        };
        let secret = match secret(muster, tx, key, app)? {
            Ok(secret) => secret,
            Err(reason) => return Ok(Err(not_set_up(reason, Some(provisioning)))),
        };
        let kind = match app.kind {
            AppKind::Csv => "csv",
            AppKind::Scim => "scim",
            AppKind::Manual => "manual",
            AppKind::Bookmark => "bookmark",
        };
        let settings = serde_json::to_value(&app.settings).unwrap_or_default();
        let connector = match muster_connectors::connect(kind, &settings, secret) {
            Ok(connector) => connector,
            Err(error) => return Ok(Err(not_set_up(error.to_string(), Some(provisioning)))),
        };
        let connector = match provisioning.rate_limit {
            Some(limit) => Box::new(Limited::new(connector, &muster.store, key, limit)),
            None => connector,
        };
        let capabilities = connector.capabilities();
        Ok(Ok(Arc::new(Self {
            app: key,
            name,
            allowed: Allowed {
                create: provisioning.create,
                update: provisioning.update,
                deactivate: capabilities.deactivate,
                delete: capabilities.delete,
            },
            provisioning: provisioning.clone(),
            capabilities,
            connector,
        })))
    }

    /// The user name, if it is one that is left alone; applications seldom tell cases apart.
    pub(super) fn protects<'a>(&self, user_name: &'a str) -> Option<&'a str> {
        let protected = &self.provisioning.protected_accounts;
        protected.iter().any(|name| same_name(name, user_name)).then_some(user_name)
    }

    /// The protected account that work on an account would touch, as far as is known.
    pub(super) fn would_touch<'a>(&self, job: &'a Job) -> Option<&'a str> {
        let desired = job.desired.as_ref()?;
        let known = job.known.as_ref();
        // What isn't wanted and isn't known to be there is looked for under no name.
        if self.provisioning.protected_accounts.is_empty()
            || (desired.state != AccountState::Active && known.is_none())
            || (!job.look_first && job.calls(self.allowed).is_empty())
        {
            return None;
        }
        let known = known.and_then(|known| self.protects(&known.user_name));
        known.or_else(|| self.protects(&desired.user_name))
    }

    /// Whether a call is a person's to make: what becomes of the account of somebody who has lost the app.
    pub(super) fn leaves_to_people(&self, job: &Job, call: Call) -> bool {
        let takes = matches!(call, Call::SetActive(false) | Call::Delete);
        takes && !job.assigned && self.provisioning.on_unassign == OnUnassign::Task
    }

    /// How many calls run at once.
    pub(crate) fn concurrency(&self) -> usize {
        self.provisioning.concurrency.clamp(1, 64) as usize
    }
}

/// The name of the secret an app's connector is given, and where it comes from.
fn secret_of(app: &App) -> Option<(&String, &String)> {
    let one = if app.secrets.len() == 1 { app.secrets.iter().next() } else { None };
    app.secrets.get_key_value(TOKEN).or(one)
}

/// The key of the stored secret that an app's connector is given: another one whenever it was set again.
pub(super) fn secret_key(tx: &mut dyn Tx, key: AppKey, app: &App) -> muster_store::Result<Option<i64>> {
    let Some((name, _)) = secret_of(app) else { return Ok(None) };
    Ok(secrets::secret(tx, "app", key.0, name)?.map(|row| row.secret_key))
}

/// The app's secret: as it was sealed when it was applied, else from where its reference points to.
fn secret(
    muster: &Muster,
    tx: &mut dyn Tx,
    key: AppKey,
    app: &App,
) -> Result<Result<Option<SecretString>, String>> {
    let Some((name, reference)) = secret_of(app) else { return Ok(Ok(None)) };
    // An undone change leaves a newer one behind, under another reference.
    let stored = secrets::secrets_of(tx, "app", key.0)?;
    let current = stored
        .into_iter()
        .rev()
        .find(|row| row.name == *name && row.reference.as_deref().is_none_or(|r| r == reference));
    let opened = match current.and_then(|row| row.sealed) {
        Some(sealed) => muster.vault.open_sealed(&format!("app/{key}/{name}"), &sealed),
        None => vault::resolve(reference),
    };
    Ok(opened.map(Some).map_err(|error| error.to_string()))
}
