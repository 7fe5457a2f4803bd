//! What a plan's effects come to, when somebody is named in several rows and each has effects of its own.

use std::collections::BTreeMap;

use muster_engine::outbound::AccountState;
use muster_engine::plan::{Changed, Effect};
use muster_engine::{AppKey, GroupKey, ItemKey, UserKey, UserStatus, Value};

use crate::sim::effect_lines;

type Changes = BTreeMap<String, (Value, Value)>;

#[derive(Default)]
struct Net {
    login: String,
    created: Option<Effect>,
    status: Option<(UserStatus, UserStatus)>,
    profile: Changes,
    links: BTreeMap<ItemKey, (Option<UserKey>, Option<UserKey>)>,
    groups: BTreeMap<GroupKey, i32>,
    apps: BTreeMap<AppKey, (i32, Option<GroupKey>)>,
    /// Apps she comes to keep for a while, or no longer only that.
    kept: BTreeMap<AppKey, i32>,
    accounts: BTreeMap<AppKey, (AccountState, AccountState, Changes, u32)>,
}

fn join(into: &mut Changes, changes: &[Changed]) {
    for c in changes {
        into.entry(c.attribute.clone()).or_insert_with(|| (c.from.clone(), Value::Null)).1 = c.to.clone();
    }
}

fn changes(of: Changes) -> Vec<Changed> {
    of.into_iter()
        .filter(|(_, (from, to))| from != to)
        .map(|(attribute, (from, to))| Changed { attribute, from, to })
        .collect()
}

impl Net {
    fn add(&mut self, effect: &Effect) {
        match effect {
            Effect::UserCreated { .. } => self.created = Some(effect.clone()),
            Effect::StatusChanged { from, to } => self.status.get_or_insert((*from, *to)).1 = *to,
            Effect::ProfileChanged { changes } => join(&mut self.profile, changes),
            Effect::LinkChanged { link, from, to } => {
                self.links.entry(*link).or_insert((*from, *to)).1 = *to;
            }
            Effect::GroupAdded { group } => *self.groups.entry(*group).or_default() += 1,
            Effect::GroupRemoved { group } => *self.groups.entry(*group).or_default() -= 1,
            Effect::AppAssigned { app, by } => {
                let place = self.apps.entry(*app).or_default();
                *place = (place.0 + 1, *by);
            }
            Effect::AppUnassigned { app } => self.apps.entry(*app).or_default().0 -= 1,
            Effect::AppKept { app, .. } => *self.kept.entry(*app).or_default() += 1,
            Effect::AppRegained { app, .. } => *self.kept.entry(*app).or_default() -= 1,
            Effect::GraceEnded { app } => {
                self.apps.entry(*app).or_default().0 -= 1;
                *self.kept.entry(*app).or_default() -= 1;
            }
            Effect::AccountChanged { app, from, to, changes } => {
                let place = self.accounts.entry(*app).or_insert_with(|| (*from, *to, Changes::new(), 0));
                place.1 = *to;
                join(&mut place.2, changes);
                place.3 += 1;
            }
        }
    }

    fn effects(self) -> Vec<Effect> {
        let mut out: Vec<Effect> = self.created.into_iter().collect();
        out.extend(self.status.filter(|(a, b)| a != b).map(|(from, to)| Effect::StatusChanged { from, to }));
        out.push(Effect::ProfileChanged { changes: changes(self.profile) });
        let links = self.links.into_iter().filter(|(_, (from, to))| from != to);
        out.extend(links.map(|(link, (from, to))| Effect::LinkChanged { link, from, to }));
        out.extend(self.groups.into_iter().filter_map(|(group, n)| match n {
            0 => None,
            1.. => Some(Effect::GroupAdded { group }),
            _ => Some(Effect::GroupRemoved { group }),
        }));
        let kept = |app: &AppKey| self.kept.get(app).copied().unwrap_or_default();
        for (&app, &(n, by)) in &self.apps {
            match (n, kept(&app)) {
                (0, _) => {}
                (1.., _) => out.push(Effect::AppAssigned { app, by }),
                (_, k) if k < 0 => out.push(Effect::GraceEnded { app }),
                _ => out.push(Effect::AppUnassigned { app }),
            }
        }
        for (&app, &n) in &self.kept {
            match (n, self.apps.get(&app).map_or(0, |(n, _)| *n)) {
                (n, _) if n > 0 => out.push(Effect::AppKept { app, until: None }),
                (n, 0..) if n < 0 => out.push(Effect::AppRegained { app, by: None }),
                _ => {}
            }
        }
        for (app, (from, to, changed, times)) in self.accounts {
            let changes = changes(changed);
            if times == 1 || from != to || !changes.is_empty() {
                out.push(Effect::AccountChanged { app, from, to, changes });
            }
        }
        out
    }
}

/// The lines of effects, each subject once.
pub(crate) fn net(effects: &[(i64, String, Effect)]) -> Vec<String> {
    let mut people: BTreeMap<i64, Net> = BTreeMap::new();
    for (user, login, effect) in effects {
        let net = people.entry(*user).or_default();
        net.login.clone_from(login);
        net.add(effect);
    }
    let mut lines = Vec::new();
    for mut net in people.into_values() {
        let login = std::mem::take(&mut net.login);
        lines.extend(net.effects().iter().flat_map(|e| effect_lines(&login, e)));
    }
    lines.sort();
    lines
}
