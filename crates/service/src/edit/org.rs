//! The org file: read, compared, planned; and written.

use std::collections::HashMap;

use muster_engine::model::{App, AppKey, ItemChange, ItemKind, Org, UserKey};
use muster_store::{keys, lookups, secrets};
use secrecy::ExposeSecret as _;

use super::edit;
use crate::access::{Actor, Right};
use crate::error::{Result, ServiceError};
use crate::import::ImportOptions;
use crate::muster::{ITEM_KEYS, Muster};
use crate::plan::stream::Source;
use crate::plan::{PlanReport, Progress, Proposal, SecretChange, Trigger};
use crate::vault;

/// What an org file leads to.
#[derive(Clone, Debug)]
pub struct OrgApplied {
    /// The plan.
    pub report: PlanReport,
    /// The items that change: kind, name, `+`, `~` or `-`.
    pub items: Vec<(ItemKind, String, char)>,
}

/// What a sealed secret is bound to.
pub(crate) fn secret_context(app: AppKey, name: &str) -> String {
    format!("app/{app}/{name}")
}

impl Muster {
    /// Makes the org what a file says, or says what that would do.
    ///
    /// # Errors
    /// All mistakes of the file with their places; nothing has changed then.
    pub fn org_apply(
        &self,
        actor: &Actor,
        file: &str,
        text: &str,
        options: ImportOptions,
        progress: &dyn Progress,
    ) -> Result<OrgApplied> {
        actor.require(Right::Admin, "change the org")?;
        self.resume_runs(progress)?;
        let told = |errors: Vec<muster_orgfile::OrgFileError>| {
            let lines: Vec<String> = errors.iter().map(|e| format!("{file}:{e}")).collect();
            ServiceError::Invalid(format!("nothing was changed:\n{}", lines.join("\n")))
        };
        let parsed = muster_orgfile::parse(text).map_err(told)?;
        let config = self.config()?;
        let mut failed: Option<ServiceError> = None;
        // Most files bring few new items: keys come in blocks as they are asked for.
        let mut block: Vec<i64> = Vec::new();
        let mut next_key = || {
            if block.is_empty() {
                match self.store.write(|tx| keys::allocate(tx, ITEM_KEYS, 64)) {
                    Ok(first) => block.extend((first..first + 64).rev()),
                    Err(e) => failed = Some(e.into()),
                }
            }
            block.pop().unwrap_or_default()
        };
        let user_by_login = |login: &str| -> Option<UserKey> { self.find_user(login).ok() };
        let items = parsed.changes(&config.org, &mut next_key, &user_by_login).map_err(told)?;
        if let Some(e) = failed {
            return Err(e);
        }
        let after = org_after(&config.org, &items);
        if let Err(errors) = muster_engine::compile(config.version + 1, after.clone()) {
            return Err(told(parsed.locate(&after, &errors)));
        }
        only_on_the_machine(actor, &config.org, &after)?;
        let names = items
            .iter()
            .map(|c| {
                let old = config.org.get(c.kind, c.key);
                let (name, sign) = match (&c.item, &old) {
                    (Some(item), None) => (item.name(&after), '+'),
                    (Some(item), Some(_)) => (item.name(&after), '~'),
                    (None, Some(item)) => (item.name(&config.org), '-'),
                    (None, None) => (String::new(), '-'),
                };
                (c.kind, name, sign)
            })
            .collect();
        let secrets = self.new_secrets(&config.org, &after)?;
        let proposal = Proposal {
            trigger: Trigger::OrgFile,
            source: Source::Touched,
            items,
            secrets,
            ..edit(String::new(), Vec::new(), options)
        };
        let report = self.propose(actor, &proposal, progress)?;
        Ok(OrgApplied { report, items: names })
    }

    /// Secrets that are new or other than before, resolved now and sealed.
    fn new_secrets(&self, before: &Org, after: &Org) -> Result<Vec<SecretChange>> {
        let mut changes = Vec::new();
        for (key, app) in &after.apps {
            for (name, reference) in &app.secrets {
                let same = before.apps.get(key).and_then(|a| a.secrets.get(name)) == Some(reference);
                let context = secret_context(*key, name);
                let known = self
                    .store
                    .read(|tx| secrets::secret(tx, "app", key.0, name))?
                    .filter(|_| same)
                    .and_then(|row| row.sealed)
                    .and_then(|sealed| self.vault.open_sealed(&context, &sealed).ok());
                let place = |e: &dyn std::fmt::Display| {
                    ServiceError::Invalid(format!(
                        "nothing was changed: apps.{}.secrets.{name}: {e}",
                        app.name
                    ))
                };
                let secret = match vault::resolve(reference) {
                    Ok(secret) => secret,
                    // What it pointed to may be there only when it is set; the sealed copy goes on.
                    Err(_) if known.is_some() => continue,
                    Err(e) => return Err(place(&e)),
                };
                if known.is_some_and(|k| k.expose_secret() == secret.expose_secret()) {
                    continue;
                }
                let sealed = self.vault.seal(&context, &secret).map_err(|e| place(&e))?;
                changes.push(SecretChange {
                    app: *key,
                    name: name.clone(),
                    reference: reference.clone(),
                    sealed,
                });
            }
        }
        Ok(changes)
    }

    /// The org as a file.
    ///
    /// # Errors
    /// If the store fails.
    pub fn org_export(&self) -> Result<String> {
        let config = self.config()?;
        let excepted = config.org.rules.values().flat_map(|r| &r.except_users);
        let named: Vec<i64> = excepted.chain(&config.org.settings.protected_users).map(|u| u.0).collect();
        let logins: HashMap<i64, String> = self
            .store
            .read(|tx| lookups::profiles_of(tx, &named))?
            .into_iter()
            .filter_map(|u| u.login.map(|l| (u.user_key, l)))
            .collect();
        Ok(muster_orgfile::export(&config.org, &|user| logins.get(&user.0).cloned()))
    }
}

pub(crate) fn org_after(org: &Org, items: &[ItemChange]) -> Org {
    let mut after = org.clone();
    for change in items {
        after.set(change.kind, change.key, change.item.clone());
    }
    after
}

/// References to variables and files, and paths of feeds, are given by whoever holds the machine: anybody else could
/// have the server read what is none of theirs.
fn only_on_the_machine(actor: &Actor, before: &Org, after: &Org) -> Result<()> {
    if actor.token.is_none() {
        return Ok(());
    }
    let outside = |what: String| {
        Err(ServiceError::Denied(format!(
            "{what}: references and paths of the server's machine are given there, by `muster org apply`; a token \
             is given to an application by POST /api/v1/apps/ID/connections/default"
        )))
    };
    for (key, app) in &after.apps {
        let old = before.apps.get(key);
        for (name, reference) in &app.secrets {
            if old.and_then(|a| a.secrets.get(name)) != Some(reference) {
                return outside(format!("apps.{}.secrets.{name}", app.name));
            }
        }
        let path = |app: &App| app.feed.as_ref().and_then(|f| f.path.clone());
        if path(app).is_some() && old.and_then(path) != path(app) {
            return outside(format!("apps.{}.feed.path", app.name));
        }
    }
    if after.settings.mail != before.settings.mail {
        return outside("org.mail".to_owned());
    }
    Ok(())
}
