//! People.

use muster_engine::Config;
use muster_engine::model::{AppKey, GroupKey, IdKind, UserKey, UserStatus, key_of, public_id};
use muster_query::{AttributeName, Filter};
use muster_store::people::{PersonRows, RecordRow, load_people};
use muster_store::search::{self, FoundRow};
use serde::Serialize;
use serde_json::{Map, Value as Json};

use super::accounts::{self, AccountView, AppRef};
use super::org::{GroupView, group_views};
use super::search::Condition;
use super::{Page, iso, size};
use crate::edit::DELETED;
use crate::error::{Result, ServiceError};
use crate::muster::Muster;

/// Which people to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserFilter {
    /// Only of this status.
    pub status: Option<UserStatus>,
    /// Only those whose login or any profile value begins with this text.
    pub search: Option<String>,
}

/// A person (Okta: User).
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UserView {
    /// The public id.
    pub id: String,
    /// The lifecycle status.
    pub status: String,
    /// When she came to be known.
    pub created: String,
    /// When she became active.
    pub activated: Option<String>,
    /// When her status changed.
    pub status_changed: Option<String>,
    /// Muster signs nobody in.
    pub last_login: Option<String>,
    /// When anything of her changed.
    pub last_updated: String,
    /// Muster keeps no passwords.
    pub password_changed: Option<String>,
    /// The values of her attributes.
    pub profile: Map<String, Json>,
}

/// What a source has of a person.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RecordView {
    /// The source.
    pub source: AppRef,
    /// The source's key of it.
    pub external_id: String,
    /// `LIVING`, `ENDED` or `WITHDRAWN`.
    pub state: String,
    /// When the source last changed between living and ended.
    pub said: String,
    /// When it came first.
    pub first_seen: String,
    /// When it changed last.
    pub changed: String,
    /// The plan that did.
    pub plan: i64,
    /// The columns as imported.
    pub values: Map<String, Json>,
}

/// A person with what belongs to her.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UserDetail {
    /// Herself.
    #[serde(flatten)]
    pub user: UserView,
    /// Her groups, `Everyone` included.
    pub groups: Vec<GroupView>,
    /// Her places in apps, also those she no longer has.
    pub accounts: Vec<AccountView>,
    /// What sources have of her.
    pub records: Vec<RecordView>,
    /// When time alone next changes anything.
    pub next_due: Option<String>,
}

impl Muster {
    /// A page of people, in the order in which they came; `after` is [`Page::next`].
    ///
    /// # Errors
    /// If `after` is no place in the list, or the store fails.
    pub fn users(&self, filter: &UserFilter, after: Option<&str>, limit: usize) -> Result<Page<UserView>> {
        let config = self.config()?;
        let mut condition = Condition::default();
        if let Some(status) = filter.status {
            let name = AttributeName::new(["status"]);
            condition = condition.and(Filter::equal(name, status.as_str()), false);
        }
        if let Some(text) = filter.search.as_deref().filter(|text| !text.is_empty()) {
            condition = condition.and_begins(text);
        }
        self.people_in_order(&config, &condition, after, size(limit))
    }

    /// A person alone.
    ///
    /// # Errors
    /// If there is nobody of that login or id.
    pub fn user_named(&self, login_or_id: &str) -> Result<UserView> {
        // Mostly it is an id, or a login as it is written: one look then.
        let key = key_of(IdKind::User, login_or_id);
        let straight = self.store.read(|tx| match key {
            Some(key) => search::found_of(tx, &[key]),
            None => search::found_by_login(tx, login_or_id),
        })?;
        if let Some(person) = straight.iter().find(|person| person.status != DELETED) {
            return found_view(person);
        }
        let UserKey(key) = self.locate(login_or_id)?;
        let people = self.store.read(|tx| search::found_of(tx, &[key]))?;
        let person = people.first();
        found_view(person.ok_or_else(|| ServiceError::NotFound(format!("there is no user {login_or_id:?}")))?)
    }

    /// The people of these ids, each alone; who isn't there is left out.
    ///
    /// # Errors
    /// If the store fails.
    pub fn users_by_id(&self, ids: &[&str]) -> Result<Vec<UserView>> {
        let keys: Vec<i64> = ids.iter().filter_map(|id| key_of(IdKind::User, id)).collect();
        self.store.try_read(|tx| load_people(tx, &keys)?.iter().map(user_view).collect())
    }

    /// A person with what belongs to her.
    ///
    /// # Errors
    /// If there is nobody of that login or id.
    pub fn user(&self, login_or_id: &str) -> Result<UserDetail> {
        let UserKey(key) = self.locate(login_or_id)?;
        let config = self.config()?;
        self.store.try_read(|tx| {
            let person = load_people(tx, &[key])?.into_iter().next();
            let person =
                person.ok_or_else(|| ServiceError::NotFound(format!("there is no user {login_or_id:?}")))?;
            let times = self.times_in(tx, config.version)?;
            let mut groups: Vec<GroupKey> =
                person.memberships.iter().map(|m| GroupKey(m.group_key)).collect();
            groups.extend(config.everyone);
            let keys: Vec<i64> = groups.iter().map(|g| g.0).collect();
            let states = search::group_states_of(tx, &keys)?.into_iter().collect();
            Ok(UserDetail {
                user: user_view(&person)?,
                groups: group_views(&config, &times, &states, &groups),
                accounts: accounts::views(tx, &config, &person.accounts)?,
                records: person
                    .records
                    .iter()
                    .map(|r| record_view(&config, r))
                    .collect::<Result<Vec<_>>>()?,
                next_due: person.user.next_due.map(iso),
            })
        })
    }
}

fn object(what: impl Fn() -> String, text: &str) -> Result<Map<String, Json>> {
    serde_json::from_str(text).map_err(|e| ServiceError::corrupt(what(), e))
}

/// A person as shown.
pub(super) fn found_view(user: &FoundRow) -> Result<UserView> {
    Ok(UserView {
        id: public_id(IdKind::User, user.user_key),
        status: user.status.clone(),
        created: iso(user.created),
        activated: user.activated.map(iso),
        status_changed: user.status_changed.map(iso),
        last_login: None,
        last_updated: iso(user.last_updated),
        password_changed: None,
        profile: object(|| format!("profile of user {}", user.user_key), &user.profile)?,
    })
}

pub(crate) fn user_view(person: &PersonRows) -> Result<UserView> {
    let user = &person.user;
    found_view(&FoundRow {
        user_key: user.user_key,
        status: user.status.clone(),
        profile: user.profile.clone(),
        created: user.created,
        activated: user.activated,
        status_changed: user.status_changed,
        last_updated: user.last_updated,
        config_version: user.config_version,
    })
}

fn record_view(config: &Config, row: &RecordRow) -> Result<RecordView> {
    let app = AppKey(row.app_key);
    Ok(RecordView {
        source: AppRef { id: public_id(IdKind::App, app.0), name: config.app_name(app) },
        external_id: row.external_id.clone(),
        state: row.state.clone(),
        said: iso(row.said_at),
        first_seen: iso(row.first_seen),
        changed: iso(row.changed),
        plan: row.plan,
        values: object(|| format!("record {} of {}", row.external_id, config.app_name(app)), &row.values)?,
    })
}
