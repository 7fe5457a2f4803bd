//! Accounts: people's places in apps.

use std::collections::HashMap;

use muster_engine::Config;
use muster_engine::model::{App, AppKey, AppKind, IdKind, UserKey, key_of, public_id};
use muster_store::people::{AccountRow, load_people};
use muster_store::{Tx, accounts, lookups};
use serde::Serialize;
use serde_json::{Map, Value as Json};

use super::sync::{SyncState, SyncView, open_tasks};
use super::{Page, iso, size};
use crate::clock::machine_now;
use crate::error::{Result, ServiceError};
use crate::muster::Muster;

/// Which accounts to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountFilter {
    /// Only in this app, by name or id.
    pub app: Option<String>,
    /// Only this person's, by login or id.
    pub user: Option<String>,
    /// Only those that stand so.
    pub state: Option<SyncState>,
}

/// An app, in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AppRef {
    /// Its public id.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// A person, in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UserRef {
    /// Her public id.
    pub id: String,
    /// Her login, if she has one.
    pub login: Option<String>,
    /// Her status.
    pub status: String,
}

/// What somebody signs in with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Credentials {
    /// The user name.
    pub user_name: Option<String>,
}

/// An account (Okta: application user).
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountView {
    /// The person's public id, as Okta has it; `None`: the account belongs to nobody here.
    pub id: Option<String>,
    /// The account's own public id.
    pub account_id: String,
    /// The app's id of it.
    pub external_id: Option<String>,
    /// When the person got the app.
    pub created: Option<String>,
    /// When what is wanted changed last.
    pub last_updated: String,
    /// `USER`: assigned herself; `GROUP`; `None`: she hasn't the app (any more).
    pub scope: Option<&'static str>,
    /// Okta's status of an application user.
    pub status: &'static str,
    /// When that changed.
    pub status_changed: String,
    /// Okta's word for how it stands towards the app.
    pub sync_state: &'static str,
    /// When the app's side was seen last, by the machine's clock.
    pub last_sync: Option<String>,
    /// The user name.
    pub credentials: Credentials,
    /// The attributes wanted there; of an account that belongs to nobody, those it has.
    pub profile: Map<String, Json>,
    /// The app.
    pub app: AppRef,
    /// The person.
    pub user: Option<UserRef>,
    /// The group that gives it.
    pub group: Option<String>,
    /// The public id of that group.
    pub group_id: Option<String>,
    /// The account's state that is wanted (`ACTIVE`, `INACTIVE`, `ABSENT`).
    pub wanted: Option<String>,
    /// How it stands towards the app.
    pub sync: SyncView,
}

impl Muster {
    /// A page of accounts, by app and then in the order in which they came; `after` is [`Page::next`].
    ///
    /// # Errors
    /// If the app, the person or the place isn't there, or the store fails.
    pub fn accounts(
        &self,
        filter: &AccountFilter,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<AccountView>> {
        let config = self.config()?;
        let app = filter.app.as_deref().map(|a| self.find_app(&config, a)).transpose()?;
        let user = filter.user.as_deref().map(|u| self.locate(u)).transpose()?;
        let after = match after {
            Some(id) => Some(key_of(IdKind::Account, id).ok_or_else(|| bad_place(id))?),
            None => None,
        };
        self.store.try_read(|tx| {
            let (rows, more) = match user {
                Some(user) => (of_user(tx, user, app)?, false),
                None => of_apps(tx, &config, app, after, filter.state, size(limit))?,
            };
            let next = rows.last().filter(|_| more).map(|r| public_id(IdKind::Account, r.account_key));
            let mut items = views(tx, &config, &rows)?;
            items.retain(|a| filter.state.is_none_or(|s| s == a.sync.state));
            Ok(Page { items, next })
        })
    }
}

fn bad_place(id: &str) -> ServiceError {
    ServiceError::Invalid(format!("{id:?} is no place in the list; take `next` of the page before"))
}

fn of_user(tx: &mut dyn Tx, user: UserKey, app: Option<AppKey>) -> Result<Vec<AccountRow>> {
    let mut rows: Vec<AccountRow> =
        load_people(tx, &[user.0])?.into_iter().flat_map(|p| p.accounts).collect();
    rows.retain(|r| app.is_none_or(|a| a.0 == r.app_key));
    Ok(rows)
}

/// A page of the accounts of one app, or of all from one to the next; also whether there may be more.
fn of_apps(
    tx: &mut dyn Tx,
    config: &Config,
    app: Option<AppKey>,
    after: Option<i64>,
    state: Option<SyncState>,
    limit: usize,
) -> Result<(Vec<AccountRow>, bool)> {
    let place = match after {
        Some(key) => accounts::accounts(tx, &[key])?.first().map(|r| (r.app_key, key)),
        None => None,
    };
    if after.is_some() && place.is_none() {
        return Err(ServiceError::NotFound(
            "the account after which the page begins is gone; start anew".to_owned(),
        ));
    }
    let apps: Vec<i64> = match app {
        Some(app) => vec![app.0],
        None => config.org.apps.keys().map(|a| a.0).collect(),
    };
    let now = machine_now();
    let mut found = Vec::new();
    for app in apps.into_iter().filter(|a| place.is_none_or(|(from, _)| *a >= from)) {
        let mut position = place.filter(|(from, _)| *from == app).map_or(0, |(_, key)| key);
        loop {
            // Those that failed have an index of their own; any other state is looked for page by page.
            let rows = match state {
                Some(SyncState::Failed | SyncState::ByHand) => {
                    accounts::failed_accounts(tx, app, position, limit)?
                }
                _ => accounts::accounts_of_app(tx, app, position, limit)?,
            };
            let Some(last) = rows.last() else { break };
            position = last.account_key;
            let whole = rows.len() == limit;
            match state {
                Some(state) => {
                    let open = open_tasks(tx, &rows)?;
                    let fits = |r: &AccountRow| SyncView::of(r, open.get(&r.account_key), now).state == state;
                    found.extend(rows.into_iter().filter(fits));
                }
                None => found.extend(rows),
            }
            if found.len() >= limit {
                found.truncate(limit);
                return Ok((found, true));
            }
            if !whole {
                break;
            }
        }
    }
    Ok((found, false))
}

/// Accounts with their people and tasks: one query each, however many they are.
pub(super) fn views(tx: &mut dyn Tx, config: &Config, rows: &[AccountRow]) -> Result<Vec<AccountView>> {
    let mut users: Vec<i64> = rows.iter().filter_map(|r| r.user_key).collect();
    users.sort_unstable();
    users.dedup();
    let people: HashMap<i64, UserRef> = lookups::profiles_of(tx, &users)?
        .into_iter()
        .map(|u| {
            (
                u.user_key,
                UserRef { id: public_id(IdKind::User, u.user_key), login: u.login, status: u.status },
            )
        })
        .collect();
    let open = open_tasks(tx, rows)?;
    let now = machine_now();
    rows.iter()
        .map(|row| {
            let user = row.user_key.and_then(|u| people.get(&u)).cloned();
            view(config, row, user, SyncView::of(row, open.get(&row.account_key), now))
        })
        .collect()
}

fn view(config: &Config, row: &AccountRow, user: Option<UserRef>, sync: SyncView) -> Result<AccountView> {
    let app = AppKey(row.app_key);
    let text = row.wanted.as_deref().or(row.known.as_deref().filter(|_| user.is_none()));
    let said: Json = text
        .map(serde_json::from_str)
        .transpose()
        .map_err(|e| ServiceError::corrupt(format!("account {}", row.account_key), e))?
        .unwrap_or_default();
    let user_name =
        said.get("userName").or_else(|| said.get("user_name")).and_then(Json::as_str).map(str::to_owned);
    let profile = match said.get("attributes") {
        Some(Json::Object(attributes)) => {
            attributes.iter().filter(|(_, v)| !v.is_null()).map(|(k, v)| (k.clone(), v.clone())).collect()
        }
        _ => Map::new(),
    };
    let given_by = row.group_key.filter(|_| row.scope.is_some());
    let by_hand = config.app(app).is_some_and(|a| a.kind == AppKind::Manual);
    let served = config.app(app).is_none_or(App::is_served);
    Ok(AccountView {
        id: user.as_ref().map(|u| u.id.clone()),
        account_id: public_id(IdKind::Account, row.account_key),
        external_id: row.remote_id.clone(),
        created: row.assigned_since.map(iso),
        last_updated: iso(row.since),
        scope: row.scope.as_deref().map(|s| if s == "GROUP" { "GROUP" } else { "USER" }),
        status: status(row, sync.state, by_hand, served),
        status_changed: iso(row.since),
        sync_state: if served { sync.state.okta() } else { "DISABLED" },
        last_sync: row.known_at.map(iso),
        credentials: Credentials { user_name },
        profile,
        app: AppRef { id: public_id(IdKind::App, app.0), name: config.app_name(app) },
        user,
        group: given_by.map(|g| config.group_name(muster_engine::GroupKey(g))),
        group_id: given_by.map(|g| public_id(IdKind::Group, g)),
        wanted: row.state.clone(),
        sync,
    })
}

/// Okta's status of an application user.
fn status(row: &AccountRow, sync: SyncState, by_hand: bool, served: bool) -> &'static str {
    let wanted = row.state.as_deref();
    match (row.user_key, row.scope.as_deref(), wanted) {
        (None, ..) => "IMPORTED",
        (_, None, _) if by_hand && sync == SyncState::ByHand => "REVOKED",
        (_, None, _) => "DEPROVISIONED",
        (_, Some(_), Some("INACTIVE")) => "SUSPENDED",
        (_, Some(_), None | Some("ABSENT")) => "INACTIVE",
        (_, Some(_), Some(_)) if by_hand && sync == SyncState::ByHand => "APPROVED",
        (_, Some(_), Some(_)) if row.remote_id.is_some() => "PROVISIONED",
        (_, Some(_), Some(_)) if !served || sync == SyncState::InLine => "ACTIVE",
        (_, Some(_), Some(_)) => "STAGED",
    }
}
