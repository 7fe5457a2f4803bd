//! Apps, who has them, and the groups that give them, as the Management API shows them.

use std::collections::BTreeSet;

use muster_engine::Config;
use muster_engine::model::{App, AppGroup, AppKey, IdKind, ItemKey, ItemKind, UserKey, key_of, public_id};
use muster_store::accounts;
use muster_store::people::AccountRow;

use super::accounts::{AccountView, views};
use super::{Page, Times, iso, size};
use crate::error::{Result, ServiceError};
use crate::muster::Muster;

/// An app with its times.
#[derive(Clone, Debug, PartialEq)]
pub struct AppEntry {
    /// The public id.
    pub id: String,
    /// The app.
    pub app: App,
    /// When it came to be.
    pub created: Option<String>,
    /// When it changed last.
    pub last_updated: Option<String>,
}

/// A group's assignment to an app.
#[derive(Clone, Debug, PartialEq)]
pub struct AppGroupEntry {
    /// The app's public id.
    pub app_id: String,
    /// The group's public id.
    pub group_id: String,
    /// The group's name.
    pub group_name: String,
    /// The assignment.
    pub given: AppGroup,
    /// When it changed last.
    pub last_updated: Option<String>,
}

fn app_entry(key: AppKey, app: &App, times: &Times) -> AppEntry {
    let at = times.of(ItemKind::App, key.0);
    AppEntry {
        id: public_id(IdKind::App, key.0),
        app: app.clone(),
        created: at.map(|(first, _)| iso(first)),
        last_updated: at.map(|(_, last)| iso(last)),
    }
}

impl Muster {
    /// An app by its id or name.
    ///
    /// # Errors
    /// If there is none.
    pub fn app(&self, id_or_name: &str) -> Result<AppEntry> {
        let config = self.config()?;
        let key = self.find_app(&config, id_or_name)?;
        let times = self.store.try_read(|tx| self.times_in(tx, config.version))?;
        let app = config.app(key).ok_or_else(|| ServiceError::NotFound(format!("there is no app {key}")))?;
        Ok(app_entry(key, app, &times))
    }

    /// A page of the apps that `fits` takes (id and app), in the order in which they came; `after` is [`Page::next`].
    ///
    /// # Errors
    /// If `after` is no place in the list, or the store fails.
    pub fn apps_page(
        &self,
        fits: &dyn Fn(&str, &App) -> bool,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<AppEntry>> {
        let config = self.config()?;
        let after = after.map(|id| key_of(IdKind::App, id).ok_or_else(|| bad_place(id))).transpose()?;
        let mut found: Vec<(AppKey, &App)> = config
            .org
            .apps
            .iter()
            .filter(|(key, app)| after.is_none_or(|a| key.0 > a) && fits(&public_id(IdKind::App, key.0), app))
            .map(|(key, app)| (*key, app))
            .take(size(limit) + 1)
            .collect();
        let more = found.len() > size(limit);
        found.truncate(size(limit));
        let times = self.store.try_read(|tx| self.times_in(tx, config.version))?;
        Ok(Page {
            next: found.last().filter(|_| more).map(|(key, _)| public_id(IdKind::App, key.0)),
            items: found.into_iter().map(|(key, app)| app_entry(key, app, &times)).collect(),
        })
    }

    /// The accounts of a person in the apps she has.
    ///
    /// # Errors
    /// If there is nobody of that id or login.
    pub fn apps_of_user(&self, user: &str) -> Result<Vec<AccountView>> {
        let config = self.config()?;
        let UserKey(user) = self.locate(user)?;
        self.store.try_read(|tx| {
            let mut rows = accounts::assigned_of_user(tx, user)?;
            rows.retain(|r| config.app(AppKey(r.app_key)).is_some());
            views(tx, &config, &rows)
        })
    }

    /// The ids of the apps a group's members have by it.
    ///
    /// # Errors
    /// If there is no such group.
    pub fn apps_of_group(&self, group: &str) -> Result<BTreeSet<String>> {
        let config = self.config()?;
        let group = self.find_group(&config, group)?;
        let given = config.org.app_groups.values().filter(|g| g.group == group);
        Ok(given.map(|g| public_id(IdKind::App, g.app.0)).collect())
    }

    /// A page of the people who have an app, in the order in which they got it; `q`: only those whose user name there,
    /// first or last name or e-mail address begins so. `after` is [`Page::next`].
    ///
    /// # Errors
    /// If there is no such app, `after` is no place in the list, or the store fails.
    pub fn app_users(
        &self,
        app: &str,
        q: Option<&str>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<AccountView>> {
        let config = self.config()?;
        let AppKey(app) = self.find_app(&config, app)?;
        let after = after.map(|id| key_of(IdKind::Account, id).ok_or_else(|| bad_place(id))).transpose()?;
        let (after, limit) = (after.unwrap_or_default(), size(limit));
        self.store.try_read(|tx| {
            let mut rows: Vec<AccountRow> = match q.filter(|q| !q.is_empty()) {
                Some(text) => accounts::assigned_found(tx, app, text, after, limit + 1)?,
                None => accounts::assigned_of_app(tx, app, after, limit + 1)?,
            };
            let more = rows.len() > limit;
            rows.truncate(limit);
            let next = rows.last().filter(|_| more).map(|r| public_id(IdKind::Account, r.account_key));
            Ok(Page { items: views(tx, &config, &rows)?, next })
        })
    }

    /// A person's place in an app; `None`: she hasn't it.
    ///
    /// # Errors
    /// If there is no such app or person.
    pub fn app_user(&self, app: &str, user: &str) -> Result<Option<AccountView>> {
        let config = self.config()?;
        let AppKey(app) = self.find_app(&config, app)?;
        let UserKey(user) = self.locate(user)?;
        self.store.try_read(|tx| {
            let row = accounts::account_of(tx, user, app)?.filter(|r| r.scope.is_some());
            let rows: Vec<AccountRow> = row.into_iter().collect();
            Ok(views(tx, &config, &rows)?.into_iter().next())
        })
    }

    /// A page of the groups that give an app, by priority; `q`: only those whose name begins so. `after` is
    /// [`Page::next`].
    ///
    /// # Errors
    /// If there is no such app, `after` isn't in the list, or the store fails.
    pub fn app_groups(
        &self,
        app: &str,
        q: Option<&str>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<AppGroupEntry>> {
        let config = self.config()?;
        let app = self.find_app(&config, app)?;
        let begins = q.unwrap_or_default().to_lowercase();
        let mut all = given_of(&config, app);
        if let Some(id) = after {
            let group = key_of(IdKind::Group, id).ok_or_else(|| bad_place(id))?;
            let at = all.iter().position(|(_, g)| g.group.0 == group).ok_or_else(|| bad_place(id))?;
            all.drain(..=at);
        }
        all.retain(|(_, g)| config.group_name(g.group).to_lowercase().starts_with(&begins));
        let more = all.len() > size(limit);
        all.truncate(size(limit));
        let next = all.last().filter(|_| more).map(|(_, g)| public_id(IdKind::Group, g.group.0));
        Ok(Page { items: self.app_group_entries(&config, &all)?, next })
    }

    /// A group's assignment to an app; `None`: there is none.
    ///
    /// # Errors
    /// If there is no such app or group.
    pub fn app_group(&self, app: &str, group: &str) -> Result<Option<AppGroupEntry>> {
        let config = self.config()?;
        let (app, group) = (self.find_app(&config, app)?, self.find_group(&config, group)?);
        let mut all = given_of(&config, app);
        all.retain(|(_, g)| g.group == group);
        Ok(self.app_group_entries(&config, &all)?.into_iter().next())
    }

    fn app_group_entries(
        &self,
        config: &Config,
        given: &[(ItemKey, AppGroup)],
    ) -> Result<Vec<AppGroupEntry>> {
        let times = self.store.try_read(|tx| self.times_in(tx, config.version))?;
        let entries = given.iter().map(|(key, given)| AppGroupEntry {
            app_id: public_id(IdKind::App, given.app.0),
            group_id: public_id(IdKind::Group, given.group.0),
            group_name: config.group_name(given.group),
            given: given.clone(),
            last_updated: times.of(ItemKind::AppGroup, key.0).map(|(_, last)| iso(last)),
        });
        Ok(entries.collect())
    }
}

/// The groups that give an app, by priority.
fn given_of(config: &Config, app: AppKey) -> Vec<(ItemKey, AppGroup)> {
    let given = config.org.app_groups.iter().filter(|(_, g)| g.app == app);
    let mut given: Vec<(ItemKey, AppGroup)> = given.map(|(key, g)| (*key, g.clone())).collect();
    given.sort_by_key(|(_, g)| (g.priority, g.group));
    given
}

fn bad_place(id: &str) -> ServiceError {
    ServiceError::Invalid(format!("{id:?} is no place in the list; take `next` of the page before"))
}
