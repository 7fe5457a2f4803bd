//! What the org decided: groups, rules, apps.

use std::collections::HashMap;
use std::sync::Arc;

use muster_engine::Config;
use muster_engine::model::{
    App, AppKey, AppKind, Group, GroupKey, GroupKind, IdKind, ItemKind, OnUnassign, Provisioning, RuleStatus,
    UserKey, public_id,
};
use muster_store::{Tx, accounts, app_state, lookups};
use serde::Serialize;
use serde_json::{Map, Value as Json, json};

use super::search::GroupTimes;
use super::times::Times;
use super::{GroupSearch, iso};
use crate::clock::machine_now;
use crate::error::Result;
use crate::muster::Muster;

/// What a group is called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GroupProfile {
    /// The unique name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
}

/// How many belong to a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupStats {
    /// Members.
    pub users_count: i64,
    /// Apps it gives.
    pub apps_count: i64,
}

/// What comes with a group when asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct GroupEmbedded {
    /// How many belong to it.
    pub stats: GroupStats,
}

/// The app that a group was imported from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GroupSource {
    /// Its public id.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// A group (Okta: Group).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupView {
    /// The public id.
    pub id: String,
    /// When it came to be.
    pub created: Option<String>,
    /// When it changed last.
    pub last_updated: Option<String>,
    /// When somebody joined or left it last.
    pub last_membership_updated: Option<String>,
    /// Okta's kind of object.
    pub object_class: [&'static str; 1],
    /// `OKTA_GROUP`, `APP_GROUP` or `BUILT_IN`.
    #[serde(rename = "type")]
    pub kind: GroupKind,
    /// What it is called.
    pub profile: GroupProfile,
    /// The app it was imported from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<GroupSource>,
    /// How many belong to it, in lists of groups.
    #[serde(rename = "_embedded", skip_serializing_if = "Option::is_none")]
    pub embedded: Option<GroupEmbedded>,
}

/// A group rule (Okta: `GroupRule`).
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RuleView {
    /// Okta's word for what it is.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The public id.
    pub id: String,
    /// `ACTIVE` or `INACTIVE`.
    pub status: RuleStatus,
    /// The unique name.
    pub name: String,
    /// When it came to be.
    pub created: Option<String>,
    /// When it changed last.
    pub last_updated: Option<String>,
    /// Whom it takes, in Okta's form.
    pub conditions: Json,
    /// What it does, in Okta's form.
    pub actions: Json,
    /// Whether all its groups are there.
    pub all_groups_valid: bool,
    /// The names of the groups it fills.
    pub groups: Vec<String>,
}

/// The accounts of an app, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountTotals {
    /// All that belong to somebody here, also those that were taken away.
    pub total: i64,
    /// Of people who have the app now.
    pub assigned: i64,
    /// In line with what is wanted.
    pub in_line: i64,
    /// Not in line: `waiting`, `failed` and `by_hand` together.
    pub dirty: i64,
    /// To be worked on by a worker, now or later.
    pub waiting: i64,
    /// Failed until something changes.
    pub failed: i64,
    /// Waiting for a person who does it by hand.
    pub by_hand: i64,
    /// In the app, belonging to nobody here.
    pub orphans: i64,
}

/// An app (Okta: Application).
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AppView {
    /// The public id.
    pub id: String,
    /// The unique name.
    pub name: String,
    /// A title for people.
    pub label: String,
    /// `ACTIVE` or `INACTIVE`.
    pub status: &'static str,
    /// The last day on which people have it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
    /// When it came to be.
    pub created: Option<String>,
    /// When it changed last.
    pub last_updated: Option<String>,
    /// What it can do, in Okta's words.
    pub features: Vec<&'static str>,
    /// Muster signs nobody in.
    pub sign_on_mode: Option<String>,
    /// Okta's settings: `app` has the connector's own; secrets never appear.
    pub settings: Json,
    /// The kind of system behind it.
    pub kind: AppKind,
    /// The groups whose members have it, by priority.
    pub groups: Vec<String>,
    /// Its accounts, counted.
    pub accounts: AccountTotals,
    /// What keeps it as a whole from being served.
    pub problem: Option<String>,
}

/// A group as shown.
pub(super) fn group_view(config: &Config, key: GroupKey, group: &Group, times: GroupTimes) -> GroupView {
    let class = if group.kind == GroupKind::AppGroup { "muster:app_group" } else { "okta:user_group" };
    GroupView {
        id: public_id(IdKind::Group, key.0),
        created: times.created.map(iso),
        last_updated: times.updated.map(iso),
        last_membership_updated: times.members.map(iso),
        object_class: [class],
        kind: group.kind,
        profile: GroupProfile {
            name: group.name.clone(),
            description: Some(group.description.clone()).filter(|d| !d.is_empty()),
        },
        source: group
            .app
            .map(|app| GroupSource { id: public_id(IdKind::App, app.0), name: config.app_name(app) }),
        embedded: None,
    }
}

impl GroupView {
    /// Adds how many belong to it.
    pub(super) fn count(&mut self, users: Option<i64>, apps: usize) {
        let stats = GroupStats { users_count: users.unwrap_or_default(), apps_count: apps as i64 };
        self.embedded = Some(GroupEmbedded { stats });
    }
}

/// The groups of these keys, by name.
pub(super) fn group_views(
    config: &Config,
    times: &Times,
    states: &HashMap<i64, i64>,
    keys: &[GroupKey],
) -> Vec<GroupView> {
    let known = keys.iter().filter_map(|key| Some((*key, config.org.groups.get(key)?)));
    let mut views: Vec<GroupView> = known
        .map(|(key, group)| group_view(config, key, group, GroupTimes::of(times, states, key)))
        .collect();
    views.sort_by(|a, b| a.profile.name.cmp(&b.profile.name));
    views
}

impl Muster {
    /// All groups with how many belong to them, by name.
    ///
    /// # Errors
    /// If the store fails.
    pub fn groups(&self) -> Result<Vec<GroupView>> {
        let mut search = GroupSearch { stats: true, ..GroupSearch::default() };
        let mut all = Vec::new();
        loop {
            let page = self.search_groups(&search)?;
            all.extend(page.items);
            search.after = page.next;
            if search.after.is_none() {
                break;
            }
        }
        all.sort_by(|a, b| a.profile.name.cmp(&b.profile.name));
        Ok(all)
    }

    /// All group rules, by name.
    ///
    /// # Errors
    /// If the store fails.
    pub fn rules(&self) -> Result<Vec<RuleView>> {
        let (config, times) = self.config_and_times()?;
        let group_id = |g: &GroupKey| public_id(IdKind::Group, g.0);
        let mut views: Vec<RuleView> = config
            .org
            .rules
            .iter()
            .map(|(key, rule)| {
                let (created, last_updated) = shown(times.of(ItemKind::Rule, key.0));
                let users: Vec<String> =
                    rule.except_users.iter().map(|UserKey(u)| public_id(IdKind::User, *u)).collect();
                let groups: Vec<String> = rule.except_groups.iter().map(group_id).collect();
                let fills: Vec<String> = rule.groups.iter().map(group_id).collect();
                RuleView {
                    kind: "group_rule",
                    id: public_id(IdKind::GroupRule, key.0),
                    status: rule.status,
                    name: rule.name.clone(),
                    created,
                    last_updated,
                    conditions: json!({
                        "people": { "users": { "exclude": users }, "groups": { "exclude": groups } },
                        "expression": { "value": rule.expression, "type": "urn:okta:expression:1.0" },
                    }),
                    actions: json!({ "assignUserToGroups": { "groupIds": fills } }),
                    all_groups_valid: rule.groups.iter().all(|g| config.org.groups.contains_key(g)),
                    groups: rule.groups.iter().map(|g| config.group_name(*g)).collect(),
                }
            })
            .collect();
        views.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(views)
    }

    /// All apps with their accounts counted, by name.
    ///
    /// # Errors
    /// If the store fails.
    pub fn apps(&self) -> Result<Vec<AppView>> {
        let (config, times) = self.config_and_times()?;
        let totals = self.store.try_read(|tx| account_totals(tx, &config))?;
        let states = self.store.read(app_state::app_states)?;
        let now = machine_now();
        let mut views: Vec<AppView> = config
            .org
            .apps
            .iter()
            .map(|(key, app)| {
                let paused =
                    states.iter().find(|s| s.app_key == key.0 && s.paused_until.is_some_and(|u| u > now));
                let mut view = app_view(&config, &times, *key, app);
                view.accounts = totals.get(key).copied().unwrap_or_default();
                view.problem = paused.and_then(|s| s.error.clone());
                view
            })
            .collect();
        views.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(views)
    }

    fn config_and_times(&self) -> Result<(Arc<Config>, Arc<Times>)> {
        self.store.try_read(|tx| {
            let config = self.config_in(tx)?;
            let times = self.times_in(tx, config.version)?;
            Ok((config, times))
        })
    }
}

/// When an item came and changed, as Okta writes it.
fn shown(times: Option<(i64, i64)>) -> (Option<String>, Option<String>) {
    (times.map(|(created, _)| iso(created)), times.map(|(_, updated)| iso(updated)))
}

fn app_view(config: &Config, times: &Times, key: AppKey, app: &App) -> AppView {
    let (created, last_updated) = shown(times.of(ItemKind::App, key.0));
    let own: Map<String, Json> =
        app.settings.iter().filter_map(|(k, v)| Some((k.clone(), serde_json::to_value(v).ok()?))).collect();
    let by_hand = app.kind == AppKind::Manual;
    let target = config.target(key);
    AppView {
        id: public_id(IdKind::App, key.0),
        name: app.name.clone(),
        label: if app.label.is_empty() { app.name.clone() } else { app.label.clone() },
        status: if app.inactive { "INACTIVE" } else { "ACTIVE" },
        expires: app.expires.clone(),
        created,
        last_updated,
        features: features(app),
        sign_on_mode: (app.kind == AppKind::Bookmark).then(|| "BOOKMARK".to_owned()),
        settings: json!({ "app": own, "manualProvisioning": by_hand, "implicitAssignment": false }),
        kind: app.kind,
        groups: target.iter().flat_map(|t| &t.groups).map(|(g, ..)| config.group_name(*g)).collect(),
        accounts: AccountTotals::default(),
        problem: None,
    }
}

fn features(app: &App) -> Vec<&'static str> {
    let mut features = Vec::new();
    if app.source.is_some() {
        features.extend(["IMPORT_NEW_USERS", "IMPORT_PROFILE_UPDATES", "PROFILE_MASTERING"]);
    }
    if let Some(Provisioning { create, update, on_unassign, .. }) =
        app.provisioning.as_ref().filter(|p| p.enabled && matches!(app.kind, AppKind::Csv | AppKind::Scim))
    {
        let may = [
            (*create, "PUSH_NEW_USERS"),
            (*update, "PUSH_PROFILE_UPDATES"),
            (*on_unassign != OnUnassign::Nothing, "PUSH_USER_DEACTIVATION"),
            (*create, "REACTIVATE_USERS"),
            (app.kind == AppKind::Scim, "SCIM_PROVISIONING"),
        ];
        features.extend(may.into_iter().filter(|(may, _)| *may).map(|(_, name)| name));
    }
    features
}

/// The accounts of each app, counted.
pub(super) fn account_totals(tx: &mut dyn Tx, config: &Config) -> Result<HashMap<AppKey, AccountTotals>> {
    let queues = accounts::queue_counts(tx, machine_now())?;
    let counts = lookups::account_counts(tx)?;
    Ok(counts
        .into_iter()
        .map(|count| {
            let app = AppKey(count.app_key);
            let queue = queues.iter().find(|q| q.app_key == count.app_key).copied().unwrap_or_default();
            // What waits for a person counts as failed in the queue, so that no worker takes it up.
            let by_hand = config.app(app).is_some_and(|a| a.kind == AppKind::Manual);
            let totals = AccountTotals {
                total: count.total - count.orphans,
                assigned: count.assigned,
                in_line: count.in_line - count.orphans,
                dirty: queue.dirty,
                waiting: queue.dirty - queue.failed,
                failed: if by_hand { 0 } else { queue.failed },
                by_hand: if by_hand { queue.failed } else { 0 },
                orphans: count.orphans,
            };
            (app, totals)
        })
        .collect())
}
