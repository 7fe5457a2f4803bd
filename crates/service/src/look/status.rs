//! Where everything stands.

use std::collections::BTreeMap;

use muster_engine::model::{GroupKind, PlanKey};
use muster_store::{app_state, lookups, plans, runs, tasks};
use serde::Serialize;

use super::org::{AccountTotals, account_totals};
use super::{AppRef, iso};
use crate::clock::machine_now;
use crate::error::Result;
use crate::muster::Muster;
use crate::schedule::JobView;

/// How many held plans are looked for.
const HELD: usize = 1_000;

/// Where an app stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AppStatus {
    /// The app.
    #[serde(flatten)]
    pub app: AppRef,
    /// Its accounts, counted.
    pub accounts: AccountTotals,
    /// Open tasks about it.
    pub open_tasks: i64,
    /// What keeps it as a whole from being served.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// Where everything stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StatusView {
    /// The org's name.
    pub org: String,
    /// The org's present instant.
    pub now: String,
    /// The version of the configuration.
    pub config_version: i64,
    /// Everybody.
    pub users: i64,
    /// People by status; statuses nobody has are left out.
    pub users_by_status: BTreeMap<String, i64>,
    /// Groups, `Everyone` included.
    pub groups: usize,
    /// Groups imported from apps.
    pub app_groups: usize,
    /// Rules in force.
    pub rules: usize,
    /// Rules that are deactivated.
    pub inactive_rules: usize,
    /// Sources and targets, by name.
    pub apps: Vec<AppStatus>,
    /// Open tasks by kind.
    pub open_tasks: BTreeMap<String, i64>,
    /// Plans that a guard holds, newest first.
    pub held_plans: Vec<PlanKey>,
    /// Plans that are being carried out or stand still half way.
    pub unfinished_runs: Vec<PlanKey>,
    /// When time alone next changes somebody.
    pub next_due: Option<String>,
    /// What runs by itself, and when.
    pub jobs: Vec<JobView>,
    /// The size of the store on disk.
    pub database_bytes: u64,
}

impl StatusView {
    /// The accounts of all apps together.
    pub fn accounts(&self) -> AccountTotals {
        self.apps.iter().fold(AccountTotals::default(), |sum, app| {
            let from = app.accounts;
            AccountTotals {
                total: sum.total + from.total,
                assigned: sum.assigned + from.assigned,
                in_line: sum.in_line + from.in_line,
                dirty: sum.dirty + from.dirty,
                waiting: sum.waiting + from.waiting,
                failed: sum.failed + from.failed,
                by_hand: sum.by_hand + from.by_hand,
                orphans: sum.orphans + from.orphans,
            }
        })
    }
}

impl Muster {
    /// Where everything stands.
    ///
    /// # Errors
    /// If the store fails.
    pub fn status(&self) -> Result<StatusView> {
        let database_bytes = self.store.size_bytes()?;
        let org_now = self.now();
        let jobs = self.jobs()?;
        self.store.try_read(|tx| {
            let config = self.config_in(tx)?;
            let users_by_status: BTreeMap<String, i64> = lookups::status_counts(tx)?.into_iter().collect();
            let totals = account_totals(tx, &config)?;
            let states = app_state::app_states(tx)?;
            let open = tasks::open_counts(tx)?;
            let now = machine_now();
            let mut apps: Vec<AppStatus> = config
                .org
                .apps
                .iter()
                .map(|(key, app)| AppStatus {
                    app: AppRef {
                        id: muster_engine::public_id(muster_engine::IdKind::App, key.0),
                        name: app.name.clone(),
                    },
                    accounts: totals.get(key).copied().unwrap_or_default(),
                    open_tasks: open.iter().filter(|t| t.app_key == Some(key.0)).map(|t| t.open).sum(),
                    problem: states
                        .iter()
                        .find(|s| s.app_key == key.0 && s.paused_until.is_some_and(|u| u > now))
                        .and_then(|s| s.error.clone()),
                })
                .collect();
            apps.sort_by(|a, b| a.app.name.cmp(&b.app.name));
            let mut open_tasks: BTreeMap<String, i64> = BTreeMap::new();
            for count in &open {
                *open_tasks.entry(count.kind.clone()).or_default() += count.open;
            }
            let held = plans::plans_before(tx, i64::MAX, &["HELD"], HELD)?;
            Ok(StatusView {
                org: config.org.settings.name.clone(),
                now: org_now.to_string(),
                config_version: config.version,
                users: users_by_status.values().sum(),
                users_by_status,
                groups: config.org.groups.len(),
                app_groups: config.org.groups.values().filter(|g| g.kind == GroupKind::AppGroup).count(),
                rules: config.rules.len(),
                inactive_rules: config.inactive_rules.len(),
                apps,
                open_tasks,
                held_plans: held.iter().map(|p| PlanKey(p.plan_key)).collect(),
                unfinished_runs: runs::unfinished_runs(tx)?.iter().map(|r| PlanKey(r.plan_key)).collect(),
                next_due: lookups::next_due(tx)?.map(iso),
                jobs: jobs.clone(),
                database_bytes,
            })
        })
    }
}
