//! What a plan does, counted.

use std::collections::BTreeMap;

use serde::de::{Error as _, IntoDeserializer};
use serde::{Deserialize, Deserializer, Serialize};

use super::diff::Diff;
use super::effect::Effect;
use super::loss::{Loss, Losses, is_sent_back};
use crate::model::{AppKey, GroupKey, UserStatus};
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
    /// People who had been let in and wait for their start again.
    #[serde(skip_serializing_if = "is_none")]
    pub sent_back: u64,
    /// People who come back to life.
    pub reactivated: u64,
    /// Memberships that begin.
    pub memberships_added: u64,
    /// Memberships that end, by group.
    #[serde(deserialize_with = "by_key")]
    pub memberships_removed: BTreeMap<GroupKey, u64>,
    /// People who lose a group and don't leave, by group.
    #[serde(deserialize_with = "by_key")]
    pub groups_lost: BTreeMap<GroupKey, u64>,
    /// People who lose the value of an attribute and don't leave, by attribute.
    pub values_lost: BTreeMap<String, u64>,
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

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn is_none(n: &u64) -> bool {
    *n == 0
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
        for loss in diff.losses() {
            match loss {
                Loss::Group(group) => one(&mut self.groups_lost, group),
                Loss::Value(attribute) => one(&mut self.values_lost, attribute),
                Loss::Person | Loss::App(_) | Loss::Account(_) => {}
            }
        }
        for effect in &diff.effects {
            match effect {
                Effect::UserCreated { .. } => self.created += 1,
                Effect::StatusChanged { to: UserStatus::Deprovisioned, .. } => self.deactivated += 1,
                Effect::StatusChanged { to: UserStatus::Suspended, .. } => self.suspended += 1,
                Effect::StatusChanged { from, to } if is_sent_back(*from, *to) => self.sent_back += 1,
                Effect::StatusChanged { from: UserStatus::Deprovisioned | UserStatus::Suspended, .. } => {
                    self.reactivated += 1;
                }
                Effect::StatusChanged { .. } | Effect::LinkChanged { .. } => {}
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
        fn add<K: Ord + Clone>(to: &mut BTreeMap<K, u64>, from: &BTreeMap<K, u64>) {
            for (key, n) in from {
                *to.entry(key.clone()).or_default() += n;
            }
        }
        self.people += other.people;
        self.changed += other.changed;
        self.created += other.created;
        self.updated += other.updated;
        self.deactivated += other.deactivated;
        self.suspended += other.suspended;
        self.sent_back += other.sent_back;
        self.reactivated += other.reactivated;
        self.memberships_added += other.memberships_added;
        add(&mut self.memberships_removed, &other.memberships_removed);
        add(&mut self.groups_lost, &other.groups_lost);
        add(&mut self.values_lost, &other.values_lost);
        add(&mut self.assigned, &other.assigned);
        add(&mut self.unassigned, &other.unassigned);
        add(&mut self.accounts_created, &other.accounts_created);
        add(&mut self.accounts_updated, &other.accounts_updated);
        add(&mut self.accounts_deactivated, &other.accounts_deactivated);
        add(&mut self.accounts_reactivated, &other.accounts_reactivated);
        add(&mut self.accounts_deleted, &other.accounts_deleted);
    }

    /// What people lose, counted; nothing that nobody loses.
    pub fn losses(&self) -> Losses {
        let mut losses = Losses::new();
        let ending = self.deactivated + self.suspended + self.sent_back;
        if ending > 0 {
            losses.insert(Loss::Person, ending);
        }
        losses.extend(self.unassigned.iter().map(|(app, n)| (Loss::App(*app), *n)));
        losses.extend(self.groups_lost.iter().map(|(group, n)| (Loss::Group(*group), *n)));
        losses.extend(self.values_lost.iter().map(|(name, n)| (Loss::Value(name.clone()), *n)));
        losses.extend(self.accounts_deleted.iter().map(|(app, n)| (Loss::Account(Some(*app)), *n)));
        if !self.accounts_deleted.is_empty() {
            losses.insert(Loss::Account(None), Self::total(&self.accounts_deleted));
        }
        losses
    }

    /// The sum over all apps or groups.
    pub fn total<K>(map: &BTreeMap<K, u64>) -> u64 {
        map.values().sum()
    }
}
