//! What people lose by a plan, and who they are.

use std::collections::{BTreeMap, BTreeSet};

use muster_expr::Value;

use super::diff::Diff;
use super::effect::Effect;
use crate::config::Config;
use crate::model::{AppKey, GroupKey, UserKey, UserStatus};
use crate::outbound::AccountState;

/// Something a person loses.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Loss {
    /// She is deactivated or suspended, or waits for her start again.
    Person,
    /// An app.
    App(AppKey),
    /// A group.
    Group(GroupKey),
    /// The value of an attribute.
    Value(String),
    /// Her account in an app, which is deleted; `None`: of whatever app.
    Account(Option<AppKey>),
}

/// How often each is lost.
pub type Losses = BTreeMap<Loss, u64>;

/// Whether somebody of one status whose status becomes another is let in no longer.
fn is_end(from: UserStatus, to: UserStatus) -> bool {
    to.has_left() || to == UserStatus::Suspended || is_sent_back(from, to)
}

/// Whether somebody who had been let in waits for her start again.
pub(super) fn is_sent_back(from: UserStatus, to: UserStatus) -> bool {
    to == UserStatus::Staged && from.has_accounts() && from != UserStatus::Suspended
}

fn is_no_value(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Str(text) => text.is_empty(),
        Value::List(items) => items.is_empty(),
        Value::Bool(_) | Value::Int(_) | Value::Num(_) => false,
    }
}

impl Diff {
    /// What she loses. Of somebody who has left, groups and values are no loss: that they go is a consequence.
    pub fn losses(&self) -> Vec<Loss> {
        let mut losses = Vec::new();
        for effect in &self.effects {
            match effect {
                Effect::StatusChanged { from, to } if is_end(*from, *to) => losses.push(Loss::Person),
                Effect::AppUnassigned { app } | Effect::AppKept { app, .. } => losses.push(Loss::App(*app)),
                Effect::GroupRemoved { group } if !self.left => losses.push(Loss::Group(*group)),
                Effect::ProfileChanged { changes } if !self.left => {
                    let lost = changes.iter().filter(|c| is_no_value(&c.to) && !is_no_value(&c.from));
                    losses.extend(lost.map(|c| Loss::Value(c.attribute.clone())));
                }
                Effect::AccountChanged { app, from, to: AccountState::Absent, .. }
                    if *from != AccountState::Absent =>
                {
                    losses.push(Loss::Account(Some(*app)));
                }
                _ => {}
            }
        }
        losses
    }
}

/// Under whose eyes a plan takes something away.
#[derive(Clone, Copy, Debug)]
pub struct Watch<'a> {
    /// The configuration in force before the plan: what it protects, no plan touches.
    pub config: &'a Config,
    /// The person who asks for the plan, if it is one.
    pub actor: Option<UserKey>,
}

/// How many people are named of those who lose something.
const NAMED: usize = 5;

/// Who loses what: the first few by name, and everything that is protected.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Losers {
    named: BTreeMap<Loss, Vec<String>>,
    /// Protected people, with what would be done to them, in words.
    people: BTreeMap<String, BTreeSet<String>>,
    /// Protected groups: how many members would be lost, and the first of them.
    groups: BTreeMap<GroupKey, (u64, Vec<String>)>,
    /// Who asks for the plan, if it ends her.
    own: Option<String>,
}

fn name(names: &mut Vec<String>, login: &str) {
    if names.len() < NAMED && !names.iter().any(|n| n == login) {
        names.push(login.to_owned());
    }
}

impl Losers {
    /// Adds one person's difference.
    pub fn add(&mut self, watch: &Watch<'_>, user: UserKey, login: &str, diff: &Diff) {
        if diff.effects.is_empty() {
            return;
        }
        let losses = diff.losses();
        if watch.actor == Some(user) && losses.contains(&Loss::Person) {
            self.own = Some(login.to_owned());
        }
        for loss in losses {
            if let Loss::Account(Some(_)) = loss {
                name(self.named.entry(Loss::Account(None)).or_default(), login);
            }
            name(self.named.entry(loss).or_default(), login);
        }
        self.protected(watch.config, user, login, diff);
    }

    fn protected(&mut self, config: &Config, user: UserKey, login: &str, diff: &Diff) {
        let is_protected = config.org.settings.protected_users.contains(&user);
        for effect in &diff.effects {
            if let Effect::GroupRemoved { group } = effect
                && config.org.groups.get(group).is_some_and(|g| g.protected)
            {
                let (n, names) = self.groups.entry(*group).or_default();
                *n += 1;
                name(names, login);
            }
            if !is_protected {
                continue;
            }
            let what = match effect {
                Effect::StatusChanged { from, to } if is_end(*from, *to) => format!("become {to}"),
                Effect::AppUnassigned { app } | Effect::AppKept { app, .. } => {
                    format!("lose the app {}", config.app_name(*app))
                }
                Effect::GroupRemoved { group } => format!("lose the group {}", config.group_name(*group)),
                Effect::AccountChanged { app, from: AccountState::Active, to, .. }
                    if *to != AccountState::Active =>
                {
                    format!("have no usable account in {}", config.app_name(*app))
                }
                _ => continue,
            };
            self.people.entry(login.to_owned()).or_default().insert(what);
        }
    }

    /// Adds what others were found to lose.
    pub fn merge(&mut self, other: Self) {
        for (loss, names) in other.named {
            let known = self.named.entry(loss).or_default();
            for login in &names {
                name(known, login);
            }
        }
        for (login, what) in other.people {
            self.people.entry(login).or_default().extend(what);
        }
        for (group, (n, names)) in other.groups {
            let known = self.groups.entry(group).or_default();
            known.0 += n;
            for login in &names {
                name(&mut known.1, login);
            }
        }
        self.own = self.own.take().or(other.own);
    }

    /// The first few who lose something.
    pub fn named(&self, loss: &Loss) -> &[String] {
        self.named.get(loss).map_or(&[], Vec::as_slice)
    }

    /// Protected people, with what would be done to them, in words.
    pub fn protected_people(&self) -> impl Iterator<Item = (&str, Vec<&str>)> {
        self.people.iter().map(|(login, what)| (login.as_str(), what.iter().map(String::as_str).collect()))
    }

    /// Protected groups: how many members would be lost, and the first of them.
    pub fn protected_groups(&self) -> impl Iterator<Item = (GroupKey, u64, &[String])> {
        self.groups.iter().map(|(group, (n, names))| (*group, *n, names.as_slice()))
    }

    /// Who asks for the plan, if it ends her.
    pub fn own(&self) -> Option<&str> {
        self.own.as_deref()
    }
}
