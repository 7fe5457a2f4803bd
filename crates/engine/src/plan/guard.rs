//! Guards: how much a plan takes away, and whether that is too much.

use std::collections::BTreeMap;

use serde::de::{Error as _, IntoDeserializer};
use serde::{Deserialize, Deserializer, Serialize};

use super::diff::Diff;
use super::effect::Effect;
use crate::config::Config;
use crate::model::{AppKey, GroupKey, GuardSettings, UserStatus};
use crate::outbound::AccountState;

/// What a plan does, counted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tally {
    /// People looked at.
    pub people: u64,
    /// People for whom anything changes.
    pub changed: u64,
    /// People who come to be known.
    pub created: u64,
    /// People whose profile changes.
    pub updated: u64,
    /// People who become DEPROVISIONED.
    pub deactivated: u64,
    /// People who become SUSPENDED.
    pub suspended: u64,
    /// People who come back to life.
    pub reactivated: u64,
    /// Memberships that begin.
    pub memberships_added: u64,
    /// Memberships that end, by group.
    #[serde(deserialize_with = "by_key")]
    pub memberships_removed: BTreeMap<GroupKey, u64>,
    /// Apps given, by app.
    #[serde(deserialize_with = "by_key")]
    pub assigned: BTreeMap<AppKey, u64>,
    /// Apps taken away, by app.
    #[serde(deserialize_with = "by_key")]
    pub unassigned: BTreeMap<AppKey, u64>,
    /// Accounts to create, by app.
    #[serde(deserialize_with = "by_key")]
    pub accounts_created: BTreeMap<AppKey, u64>,
    /// Accounts to update, by app.
    #[serde(deserialize_with = "by_key")]
    pub accounts_updated: BTreeMap<AppKey, u64>,
    /// Accounts to make unusable, by app.
    #[serde(deserialize_with = "by_key")]
    pub accounts_deactivated: BTreeMap<AppKey, u64>,
    /// Accounts to make usable again, by app.
    #[serde(deserialize_with = "by_key")]
    pub accounts_reactivated: BTreeMap<AppKey, u64>,
    /// Accounts to delete, by app.
    #[serde(deserialize_with = "by_key")]
    pub accounts_deleted: BTreeMap<AppKey, u64>,
}

/// Reads a map by key. JSON writes keys as texts, and where the whole is flattened into another document nobody else
/// turns them back.
fn by_key<'de, D: Deserializer<'de>, K: Deserialize<'de> + Ord>(
    from: D,
) -> Result<BTreeMap<K, u64>, D::Error> {
    let texts = BTreeMap::<String, u64>::deserialize(from)?;
    let key = |text: &str| -> Result<K, D::Error> {
        let number: i64 = text.parse().map_err(D::Error::custom)?;
        K::deserialize(number.into_deserializer())
    };
    texts.into_iter().map(|(text, n)| Ok((key(&text)?, n))).collect()
}

fn one<K: Ord>(map: &mut BTreeMap<K, u64>, key: K) {
    *map.entry(key).or_default() += 1;
}

impl Tally {
    /// Adds one person's difference.
    pub fn add(&mut self, diff: &Diff) {
        self.people += 1;
        if diff.effects.is_empty() {
            return;
        }
        self.changed += 1;
        for effect in &diff.effects {
            match effect {
                Effect::UserCreated { .. } => self.created += 1,
                Effect::StatusChanged { to: UserStatus::Deprovisioned, .. } => self.deactivated += 1,
                Effect::StatusChanged { to: UserStatus::Suspended, .. } => self.suspended += 1,
                Effect::StatusChanged { from: UserStatus::Deprovisioned | UserStatus::Suspended, .. } => {
                    self.reactivated += 1;
                }
                Effect::StatusChanged { .. } => {}
                Effect::ProfileChanged { .. } => self.updated += 1,
                Effect::GroupAdded { .. } => self.memberships_added += 1,
                Effect::GroupRemoved { group } => one(&mut self.memberships_removed, *group),
                Effect::AppAssigned { app, .. } => one(&mut self.assigned, *app),
                // Counted where she loses it, not when her grace is over.
                Effect::AppUnassigned { app } | Effect::AppKept { app, .. } => {
                    one(&mut self.unassigned, *app);
                }
                Effect::GraceEnded { .. } | Effect::AppRegained { .. } => {}
                Effect::AccountChanged { app, from, to, .. } => {
                    use AccountState as S;
                    let map = match (from, to) {
                        (S::Absent, S::Absent) => continue,
                        (S::Absent, _) => &mut self.accounts_created,
                        (_, S::Absent) => &mut self.accounts_deleted,
                        (S::Inactive, S::Active) => &mut self.accounts_reactivated,
                        (S::Active, S::Inactive) => &mut self.accounts_deactivated,
                        _ => &mut self.accounts_updated,
                    };
                    one(map, *app);
                }
            }
        }
    }

    /// Adds what another tally counted.
    pub fn merge(&mut self, other: &Self) {
        fn add<K: Ord + Copy>(to: &mut BTreeMap<K, u64>, from: &BTreeMap<K, u64>) {
            for (key, n) in from {
                *to.entry(*key).or_default() += n;
            }
        }
        self.people += other.people;
        self.changed += other.changed;
        self.created += other.created;
        self.updated += other.updated;
        self.deactivated += other.deactivated;
        self.suspended += other.suspended;
        self.reactivated += other.reactivated;
        self.memberships_added += other.memberships_added;
        add(&mut self.memberships_removed, &other.memberships_removed);
        add(&mut self.assigned, &other.assigned);
        add(&mut self.unassigned, &other.unassigned);
        add(&mut self.accounts_created, &other.accounts_created);
        add(&mut self.accounts_updated, &other.accounts_updated);
        add(&mut self.accounts_deactivated, &other.accounts_deactivated);
        add(&mut self.accounts_reactivated, &other.accounts_reactivated);
        add(&mut self.accounts_deleted, &other.accounts_deleted);
    }

    /// The sum over all apps or groups.
    pub fn total<K>(map: &BTreeMap<K, u64>) -> u64 {
        map.values().sum()
    }
}

/// How many there are, to take per cents of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Population {
    /// People who aren't DEPROVISIONED.
    pub people: u64,
    /// People who have the app, by app.
    pub apps: BTreeMap<AppKey, u64>,
}

/// What a guard looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// Too many people would be deactivated or suspended.
    PeopleEnd,
    /// Too many people would lose an app.
    AppLost,
    /// The feed has no rows.
    FeedEmpty,
    /// The feed has far fewer rows than the one before.
    FeedCut,
    /// The feed's keys don't look like the last one's.
    FeedKeys,
    /// Rows whose key can't be read: nobody can be called gone.
    FeedUnreadable,
    /// The same feed was undone before.
    FeedUndone,
}

/// Why a plan is held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What a guard looked at.
    pub kind: FindingKind,
    /// What it found, in words.
    pub message: String,
    /// Whether `--force` waives it.
    pub waivable: bool,
}

/// Judges what a plan takes away.
pub fn judge(config: &Config, tally: &Tally, population: &Population) -> Vec<Finding> {
    let mut findings = Vec::new();
    let org = config.org.settings.guard;
    let ending = tally.deactivated + tally.suspended;
    if let Some(limit) = too_many(org, ending, population.people) {
        findings.push(Finding {
            kind: FindingKind::PeopleEnd,
            message: format!(
                "{ending} of {} people would be deactivated or suspended ({limit})",
                population.people
            ),
            waivable: true,
        });
    }
    for (app, &lost) in &tally.unassigned {
        let guard = config.app(*app).and_then(|a| a.guard).unwrap_or(org);
        let have = population.apps.get(app).copied().unwrap_or_default();
        if let Some(limit) = too_many(guard, lost, have) {
            findings.push(Finding {
                kind: FindingKind::AppLost,
                message: format!("{lost} of {have} people would lose {} ({limit})", config.app_name(*app)),
                waivable: true,
            });
        }
    }
    findings
}

/// The limit that `n` of `of` goes beyond, in words.
fn too_many(guard: GuardSettings, n: u64, of: u64) -> Option<String> {
    if let Some(count) = guard.count.filter(|&c| n > c) {
        return Some(format!("at most {count} at once"));
    }
    (of >= guard.minimum && n * 100 > of * u64::from(guard.percent))
        .then(|| format!("at most {} % at once", guard.percent))
}
