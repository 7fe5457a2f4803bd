//! What must change to make an org what a file says.

use std::collections::{BTreeMap, BTreeSet};

use muster_engine::model::app::AppGroup;
use muster_engine::model::schema::AttributeDef;
use muster_engine::suggest::did_you_mean;
use muster_engine::{
    AppKey, Direction, Group, GroupKey, GroupKind, GroupRule, IdKind, Item, ItemChange, ItemKey, ItemKind,
    Mapping, Org, RuleStatus, UserKey, key_of,
};

use crate::error::{OrgFileError, Source};
use crate::{MappingEntry, OrgFile, Reference};

/// The name of the group everybody is in, where the org has none yet.
const EVERYONE: &str = "Everyone";

impl OrgFile {
    /// What must change to make `org` what the file says: items that are new or differ, those referred to before
    /// those that refer to them, then items that go, the other way round. Items keep their keys by kind and name; new
    /// ones get theirs from `next_key`. Groups imported from apps stay as they are as long as their apps do. If nothing differs, it is empty.
    ///
    /// # Errors
    /// Names of groups or people that don't exist, each with its place.
    pub fn changes(
        &self,
        org: &Org,
        next_key: &mut dyn FnMut() -> i64,
        user_by_login: &dyn Fn(&str) -> Option<UserKey>,
    ) -> Result<Vec<ItemChange>, Vec<OrgFileError>> {
        let mut differ = Differ {
            file: self,
            org,
            next_key,
            user_by_login,
            groups: BTreeMap::new(),
            kept: BTreeSet::new(),
            changes: Vec::new(),
            errors: Vec::new(),
        };
        differ.settings();
        differ.attributes_and_links();
        differ.groups();
        differ.apps();
        differ.rules();
        differ.app_groups();
        differ.removals();
        if differ.errors.is_empty() {
            return Ok(differ.changes);
        }
        differ.errors.sort_by_key(|error| error.position);
        Err(differ.errors)
    }
}

struct Differ<'a> {
    file: &'a OrgFile,
    org: &'a Org,
    next_key: &'a mut dyn FnMut() -> i64,
    user_by_login: &'a dyn Fn(&str) -> Option<UserKey>,
    /// Every group the org will have, by name.
    groups: BTreeMap<String, GroupKey>,
    kept: BTreeSet<(ItemKind, ItemKey)>,
    changes: Vec<ItemChange>,
    errors: Vec<OrgFileError>,
}

/// Names with keys; of two items of one name the first counts.
fn by_name<N: Ord, K>(items: impl Iterator<Item = (N, K)>) -> BTreeMap<N, K> {
    let mut map = BTreeMap::new();
    for (name, key) in items {
        map.entry(name).or_insert(key);
    }
    map
}

/// Where order means nothing, the order there is stays, so that another order in the file is no change.
fn keep_order<T, N: PartialEq>(old: &[T], new: &mut [T], name: impl Fn(&T) -> N) {
    new.sort_by_key(|item| old.iter().position(|o| name(o) == name(item)).unwrap_or(usize::MAX));
}

impl Differ<'_> {
    fn set(&mut self, key: Option<ItemKey>, item: Item) -> ItemKey {
        let kind = item.kind();
        let key = key.filter(|key| !self.kept.contains(&(kind, *key)));
        let key = key.unwrap_or_else(|| ItemKey((self.next_key)()));
        self.kept.insert((kind, key));
        if self.org.get(kind, key).as_ref() != Some(&item) {
            self.changes.push(ItemChange { kind, key, item: Some(item) });
        }
        key
    }

    fn fail(&mut self, reference: &Reference, reason: String) {
        let source = Source::new(&self.file.text);
        self.errors.push(source.error(reference.spot.at, &reference.spot.path, reason));
    }

    fn settings(&mut self) {
        let (file, org) = (self.file, self.org);
        let mut settings = file.settings.clone();
        let protected = |user| self.user(user, "protected");
        settings.protected_users = file.protected_users.iter().filter_map(protected).collect();
        keep_order(&org.settings.protected_users, &mut settings.protected_users, |key| *key);
        self.set(org.settings_key, Item::Org(Box::new(settings)));
    }

    fn attributes_and_links(&mut self) {
        let (file, org) = (self.file, self.org);
        let keys = by_name(org.attributes.iter().map(|(k, a)| (a.name.as_str(), *k)));
        for (name, def) in &file.attributes {
            let key = keys.get(name.as_str()).copied();
            // What clients say of an attribute isn't in the file, and stays.
            let extra = key.and_then(|k| org.attributes.get(&k)).map(|d| d.extra.clone()).unwrap_or_default();
            self.set(key, Item::Attribute(AttributeDef { extra, ..def.clone() }));
        }
        let keys = by_name(org.links.iter().map(|(k, l)| (l.name.as_str(), *k)));
        for (name, link) in &file.links {
            self.set(keys.get(name.as_str()).copied(), Item::Link(link.clone()));
        }
    }

    fn groups(&mut self) {
        let (file, org) = (self.file, self.org);
        let own = org.groups.iter().filter(|(_, g)| g.kind != GroupKind::AppGroup);
        let keys = by_name(own.map(|(k, g)| (g.name.as_str(), *k)));
        let built_in = org.groups.iter().find(|(_, g)| g.kind == GroupKind::BuiltIn);
        let everyone = built_in.map_or(EVERYONE, |(_, g)| g.name.as_str());
        let said = file.groups.get(everyone);
        let group = Group {
            name: everyone.to_owned(),
            description: said.map(|said| said.description.clone()).unwrap_or_default(),
            kind: GroupKind::BuiltIn,
            ..Group::default()
        };
        if let Some(said) = said.filter(|said| said.protected || !said.guard.says_nothing()) {
            let reference = Reference { name: everyone.to_owned(), spot: said.spot.clone() };
            let reason = "everybody is in this group and nobody ever leaves it; take protected and guard out";
            self.fail(&reference, reason.to_owned());
        }
        let key = built_in.map(|(k, _)| *k).or_else(|| keys.get(everyone).copied());
        let key = self.set(key.map(|k| ItemKey(k.0)), Item::Group(group));
        self.groups.insert(everyone.to_owned(), GroupKey(key.0));
        for (name, said) in file.groups.iter().filter(|(name, _)| *name != everyone) {
            let key = keys.get(name.as_str()).copied();
            let group = Group {
                name: name.clone(),
                description: said.description.clone(),
                kind: GroupKind::OktaGroup,
                app: None,
                protected: said.protected,
                guard: said.guard,
            };
            let key = self.set(key.map(|k| ItemKey(k.0)), Item::Group(group));
            self.groups.insert(name.clone(), GroupKey(key.0));
        }
        self.imported_groups();
    }

    /// Groups imported from apps that stay, by the names under which they are found.
    fn imported_groups(&mut self) {
        let (file, org) = (self.file, self.org);
        let stays = |group: &Group| {
            let app = group.app.and_then(|app| org.apps.get(&app));
            group.app.is_none() || app.is_some_and(|app| file.apps.contains_key(&app.name))
        };
        let imported = org.groups.iter().filter(|(_, g)| g.kind == GroupKind::AppGroup && stays(g));
        let mut plain: BTreeMap<&str, Vec<GroupKey>> = BTreeMap::new();
        for (key, group) in imported.clone() {
            self.kept.insert((ItemKind::Group, ItemKey(key.0)));
            plain.entry(&group.name).or_default().push(*key);
        }
        for (name, keys) in plain {
            if let [only] = keys[..] {
                self.groups.entry(name.to_owned()).or_insert(only);
            }
        }
        for (key, group) in imported {
            if let Some(whole) = org.whole_name(group) {
                self.groups.entry(whole).or_insert(*key);
            }
        }
    }

    fn group(&mut self, reference: &Reference) -> Option<GroupKey> {
        let found = self.groups.get(&reference.name).copied();
        if found.is_none() {
            let hint = did_you_mean(&reference.name, self.groups.keys().map(String::as_str));
            let hint = if hint.is_empty() { "; name it under [groups]".to_owned() } else { hint };
            self.fail(reference, format!("there is no group {:?}{hint}", reference.name));
        }
        found
    }

    fn apps(&mut self) {
        let (file, org) = (self.file, self.org);
        let keys = by_name(org.apps.iter().map(|(k, a)| (a.name.as_str(), *k)));
        let mut placed = Vec::new();
        for (name, entry) in &file.apps {
            let key = keys.get(name.as_str()).copied();
            let mut app = entry.app.clone();
            let old = key.and_then(|key| org.apps.get(&key));
            // A plan has said so, and the file isn't asked: another day takes it back.
            app.expired = old.is_some_and(|old| old.expired && old.expires == app.expires);
            if let (Some(old), Some(new)) = (old.and_then(|old| old.feed.as_ref()), &mut app.feed) {
                keep_order(&old.columns, &mut new.columns, |column| column.name.clone());
            }
            let key = self.set(key.map(|k| ItemKey(k.0)), Item::App(Box::new(app)));
            placed.push((AppKey(key.0), entry));
        }
        let mapping_keys =
            by_name(org.mappings.iter().map(|(k, m)| ((m.app, m.direction, m.target.as_str()), *k)));
        for (app, entry) in placed {
            for (direction, mappings) in
                [(Direction::ToUser, &entry.to_user), (Direction::ToApp, &entry.to_app)]
            {
                for (target, MappingEntry { expression, next, when, taken }) in mappings {
                    let mapping = Mapping {
                        app,
                        direction,
                        target: target.clone(),
                        expression: expression.clone(),
                        next: next.clone(),
                        when: *when,
                        taken: *taken,
                    };
                    let key = mapping_keys.get(&(app, direction, target.as_str())).copied();
                    self.set(key, Item::Mapping(mapping));
                }
            }
        }
    }

    fn rules(&mut self) {
        let (file, org) = (self.file, self.org);
        let keys = by_name(org.rules.iter().map(|(k, r)| (r.name.as_str(), *k)));
        for (name, entry) in &file.rules {
            let mut rule = GroupRule {
                name: name.clone(),
                expression: entry.expression.clone(),
                groups: entry.groups.iter().filter_map(|group| self.group(group)).collect(),
                except_users: entry
                    .except_users
                    .iter()
                    .filter_map(|user| self.user(user, "passed over by a rule"))
                    .collect(),
                except_groups: entry.except_groups.iter().filter_map(|group| self.group(group)).collect(),
                status: entry.status,
            };
            let key = keys.get(name.as_str()).copied();
            if let Some(old) = key.and_then(|key| org.rules.get(&key)) {
                keep_order(&old.groups, &mut rule.groups, |key| *key);
                keep_order(&old.except_users, &mut rule.except_users, |key| *key);
                keep_order(&old.except_groups, &mut rule.except_groups, |key| *key);
                // What an INVALID rule refers to and is gone can't be in the file: the rule stays what it is.
                let there = |groups: &[GroupKey]| -> Vec<GroupKey> {
                    groups.iter().copied().filter(|g| org.groups.contains_key(g)).collect()
                };
                let left = GroupRule {
                    groups: there(&old.groups),
                    except_groups: there(&old.except_groups),
                    status: RuleStatus::Inactive,
                    ..old.clone()
                };
                if old.status == RuleStatus::Invalid && rule == left {
                    rule = old.clone();
                }
            }
            self.set(key, Item::Rule(rule));
        }
    }

    /// A person by login, or by public id, which stays when a login changes or is gone; `what` completes "before they can
    /// be".
    fn user(&mut self, reference: &Reference, what: &str) -> Option<UserKey> {
        let by_id = || key_of(IdKind::User, &reference.name).map(UserKey);
        let found = (self.user_by_login)(&reference.name).or_else(by_id);
        if found.is_none() {
            let reason = format!(
                "nobody has the login {:?}; people have to be known before they can be {what}",
                reference.name
            );
            self.fail(reference, reason);
        }
        found
    }

    fn app_groups(&mut self) {
        let (file, org) = (self.file, self.org);
        let keys = by_name(org.app_groups.iter().map(|(k, g)| ((g.app, g.group), *k)));
        // Apps were set above in the same order, so each has its key by now.
        let apps = by_name(self.app_keys().into_iter());
        for (name, entry) in &file.apps {
            let Some(&app) = apps.get(name) else { continue };
            for given in &entry.groups {
                let Some(group) = self.group(&given.group) else { continue };
                let item = AppGroup { app, group, priority: given.priority, profile: given.profile.clone() };
                let key = keys.get(&(app, group)).copied();
                self.set(key, Item::AppGroup(item));
            }
        }
    }

    fn app_keys(&self) -> Vec<(String, AppKey)> {
        let new = self.changes.iter().filter_map(|change| match &change.item {
            Some(Item::App(app)) => Some((app.name.clone(), AppKey(change.key.0))),
            _ => None,
        });
        new.chain(self.org.apps.iter().map(|(k, a)| (a.name.clone(), *k))).collect()
    }

    fn removals(&mut self) {
        for (key, item) in self.org.items().into_iter().rev() {
            let kind = item.kind();
            if !self.kept.contains(&(kind, key)) {
                self.changes.push(ItemChange { kind, key, item: None });
            }
        }
    }
}
