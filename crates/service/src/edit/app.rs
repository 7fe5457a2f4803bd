//! Apps, as clients make, change and remove them.

use std::collections::BTreeMap;

use muster_engine::model::{
    App, AppKey, AppKind, Direction, GroupKey, IdKind, Item, ItemChange, ItemKey, ItemKind, Mapping, Org,
    Provisioning, PushWhen, WhenTaken, public_id,
};
use muster_engine::{Config, Value};
use serde_json::{Map, Value as Json};

use super::app_settings::{refuse_secrets, split};
use super::fallout::with_invalid_rules;
use super::{ATTEMPTS, refuse_id};
use crate::access::Actor;
use crate::error::{Result, ServiceError};
use crate::import::ImportOptions;
use crate::muster::Muster;
use crate::plan::PlanReport;

/// An app as a client describes it.
#[derive(Clone, Debug, PartialEq)]
pub struct AppDraft {
    /// The title.
    pub label: String,
    /// The kind of system; it never changes.
    pub kind: AppKind,
    /// What it says under `settings.app`, by Okta's names. Secrets have no place here.
    pub settings: Map<String, Json>,
    /// What is only to be given back.
    pub extra: Map<String, Json>,
}

/// What a new SCIM app is sent until its mappings are changed: attribute there, expression over the user.
const TO_SCIM: [(&str, &str); 11] = [
    ("userName", "user.login"),
    ("name.givenName", "user.firstName"),
    ("name.familyName", "user.lastName"),
    ("displayName", "user.firstName + \" \" + user.lastName"),
    ("emails[type eq \"work\"].value", "user.email"),
    ("title", "user.title"),
    ("preferredLanguage", "user.preferredLanguage"),
    ("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber", "user.employeeNumber"),
    ("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department", "user.department"),
    ("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:division", "user.division"),
    ("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:costCenter", "user.costCenter"),
];

impl Muster {
    /// Creates an app (Okta: createApplication); a SCIM app comes with mappings, and its provisioning waits for a
    /// connection. Also gives its public id.
    ///
    /// # Errors
    /// If something is missing or isn't what it must be.
    pub fn app_create(
        &self,
        actor: &Actor,
        draft: &AppDraft,
        active: bool,
        options: ImportOptions,
    ) -> Result<(PlanReport, String)> {
        let create = || {
            let config = self.config()?;
            // Its name was free then: if somebody else has it by now, another one is.
            match self.app_create_in(&config, actor, draft, active, options) {
                Err(ServiceError::Config(_)) if self.config()?.version != config.version => Ok(None),
                created => created.map(Some),
            }
        };
        for _ in 0..ATTEMPTS {
            if let Some(created) = create()? {
                return Ok(created);
            }
        }
        Err(ServiceError::Premise("the configuration kept changing; try again".to_owned()))
    }

    fn app_create_in(
        &self,
        config: &Config,
        actor: &Actor,
        draft: &AppDraft,
        active: bool,
        options: ImportOptions,
    ) -> Result<(PlanReport, String)> {
        let key = AppKey(self.new_item_key()?.0);
        let parts = parts(draft)?;
        let provisioning = match draft.kind {
            AppKind::Scim => Some(Provisioning { enabled: false, ..Provisioning::default() }),
            AppKind::Manual => Some(Provisioning::default()),
            AppKind::Csv | AppKind::Bookmark => None,
        };
        let app = App {
            name: free_name(&config.org, &draft.label),
            label: draft.label.clone(),
            kind: draft.kind,
            inactive: !active,
            provisioning,
            settings: parts.0,
            extra: parts.1,
            ..App::default()
        };
        let what = format!("app create {}", app.name);
        let mut items = vec![change(key, Some(app))];
        if draft.kind == AppKind::Scim {
            for (target, expression) in TO_SCIM {
                let mapping = Mapping {
                    app: key,
                    direction: Direction::ToApp,
                    target: target.to_owned(),
                    expression: expression.to_owned(),
                    next: Vec::new(),
                    when: PushWhen::Always,
                    taken: WhenTaken::Refuse,
                };
                items.push(ItemChange {
                    kind: ItemKind::Mapping,
                    key: self.new_item_key()?,
                    item: Some(Item::Mapping(mapping)),
                });
            }
        }
        let report = self.change_items(actor, what, items, options)?;
        Ok((report, public_id(IdKind::App, key.0)))
    }

    /// Replaces what clients may say of an app (Okta: replaceApplication).
    ///
    /// # Errors
    /// If there is no such app, it is of another kind, or something isn't what it must be.
    pub fn app_replace(
        &self,
        actor: &Actor,
        app: &str,
        draft: &AppDraft,
        options: ImportOptions,
    ) -> Result<PlanReport> {
        let config = self.config()?;
        let key = self.find_app(&config, app)?;
        let Some(old) = config.app(key) else { return Ok(PlanReport::nothing()) };
        if old.kind != draft.kind {
            return Err(ServiceError::Invalid(format!(
                "name: {} can't become another kind of app; create a new one",
                old.name
            )));
        }
        let (settings, mut extra) = parts(draft)?;
        // The connector's own settings that clients can't see stay, as do features, which are set elsewhere.
        let settings = match old.kind {
            AppKind::Csv | AppKind::Manual => old.settings.clone(),
            AppKind::Bookmark => settings,
            AppKind::Scim => {
                let base_url = old.settings.get("base_url").map(|u| ("base_url".to_owned(), u.clone()));
                base_url.into_iter().chain(settings).collect()
            }
        };
        if let Some(features) = old.extra.get(super::app_connection::FEATURES) {
            extra.insert(super::app_connection::FEATURES.to_owned(), features.clone());
        }
        let new = App { label: draft.label.clone(), settings, extra, ..old.clone() };
        self.app_set(actor, key, new, format!("app update {}", old.name), options)
    }

    /// Activates or deactivates an app. Deactivated, it gives nobody an account.
    ///
    /// # Errors
    /// If there is no such app.
    pub fn app_activate(
        &self,
        actor: &Actor,
        app: &str,
        active: bool,
        options: ImportOptions,
    ) -> Result<PlanReport> {
        let config = self.config()?;
        let key = self.find_app(&config, app)?;
        let Some(old) = config.app(key) else { return Ok(PlanReport::nothing()) };
        let word = if active { "activate" } else { "deactivate" };
        let new = App { inactive: !active, ..old.clone() };
        self.app_set(actor, key, new, format!("app {word} {}", old.name), options)
    }

    /// Says that the last day of an app is over: whoever has it loses it. Guards judge this as any plan.
    pub(crate) fn app_expire(&self, actor: &Actor, key: AppKey) -> Result<PlanReport> {
        let config = self.config()?;
        let Some(old) = config.app(key).filter(|app| !app.expired) else { return Ok(PlanReport::nothing()) };
        let new = App { expired: true, ..old.clone() };
        self.app_set(actor, key, new, format!("app expire {}", old.name), ImportOptions::default())
    }

    /// Removes an app with its mappings, the groups' assignments to it, and the groups imported from it. Accounts stay
    /// as they are there.
    ///
    /// # Errors
    /// If there is no such app, or it is active.
    pub fn app_delete(&self, actor: &Actor, app: &str, options: ImportOptions) -> Result<PlanReport> {
        let config = self.config()?;
        let key = self.find_app(&config, app)?;
        let Some(old) = config.app(key) else { return Ok(PlanReport::nothing()) };
        if !old.inactive {
            return Err(ServiceError::Invalid(format!(
                "{} is active; the application must be deactivated before deletion",
                old.name
            )));
        }
        let org = &config.org;
        let given =
            org.app_groups.iter().filter(|(_, g)| g.app == key).map(|(k, _)| (ItemKind::AppGroup, *k));
        let mappings =
            org.mappings.iter().filter(|(_, m)| m.app == key).map(|(k, _)| (ItemKind::Mapping, *k));
        // The groups that came from it go with it, and their assignments to other apps.
        let imported: Vec<GroupKey> =
            org.groups.iter().filter(|(_, g)| g.app == Some(key)).map(|(k, _)| *k).collect();
        let theirs = org.app_groups.iter().filter(|(_, g)| g.app != key && imported.contains(&g.group));
        let theirs = theirs.map(|(k, _)| (ItemKind::AppGroup, *k));
        let groups = imported.iter().map(|k| (ItemKind::Group, ItemKey(k.0)));
        let all = given.chain(theirs).chain(mappings).chain(groups).chain([(ItemKind::App, ItemKey(key.0))]);
        let items = all.map(|(kind, key)| ItemChange { kind, key, item: None }).collect();
        let items = with_invalid_rules(&config, items)?;
        self.change_items(actor, format!("app delete {}", old.name), items, options)
    }

    /// Makes an app what it is to be, if it isn't that already.
    pub(super) fn app_set(
        &self,
        actor: &Actor,
        key: AppKey,
        new: App,
        what: String,
        options: ImportOptions,
    ) -> Result<PlanReport> {
        let config = self.config()?;
        if config.app(key) == Some(&new) {
            return Ok(PlanReport::nothing());
        }
        self.change_items(actor, what, vec![change(key, Some(new))], options)
    }
}

/// The item of an app.
pub(super) fn change(key: AppKey, app: Option<App>) -> ItemChange {
    let item = app.map(|app| Item::App(Box::new(app)));
    ItemChange { kind: ItemKind::App, key: ItemKey(key.0), item }
}

/// The connector's settings of a draft, and what is only to be given back.
fn parts(draft: &AppDraft) -> Result<(BTreeMap<String, Value>, Map<String, Json>)> {
    if draft.label.trim().is_empty() {
        return Err(ServiceError::Invalid("label: The field cannot be left blank".to_owned()));
    }
    refuse_id("label", IdKind::App, draft.label.trim())?;
    refuse_secrets("", &draft.extra)?;
    let (settings, rest) = split(draft.kind, &draft.settings)?;
    let mut extra = draft.extra.clone();
    if !rest.is_empty() {
        let place = extra.entry("settings").or_insert_with(|| Json::Object(Map::new()));
        if let Json::Object(place) = place {
            place.insert("app".to_owned(), Json::Object(rest));
        }
    }
    Ok((settings, extra))
}

/// The label as a unique name, with a number where it is taken.
fn free_name(org: &Org, label: &str) -> String {
    let label = label.trim();
    let taken = |name: &str| org.app_named(name).is_some();
    let mut name = label.to_owned();
    let mut number = 1;
    while taken(&name) {
        number += 1;
        name = format!("{label} {number}");
    }
    name
}
