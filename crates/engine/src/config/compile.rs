//! From items to a [`Config`]: every reference resolved, every expression checked, all mistakes told at once.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use muster_expr::{Limits, Program, Purpose, Type, Value};

use super::indexed::is_indexed;
use super::scope::{OrgScope, Place, ROOT_USER};
use super::{
    Config, Inbound, IndexHistory, Outbound, ProfileSource, RecordRoot, Rule, Target, Voice, order, records,
};
use crate::model::schema::{ADMIN, Attribute, base_attributes};
use crate::model::{
    App, AppKey, AttributeType, Direction, Feed, Group, GroupKey, GroupKind, Item, ItemKey, ItemKind,
    Mapping, Org, RuleStatus, WhenTaken,
};

/// A mistake in the configuration: where it is and what it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {reason}")]
pub struct ConfigError {
    /// The kind of the item.
    pub kind: ItemKind,
    /// The item.
    pub key: ItemKey,
    /// The item in words (`rule "Sales"`).
    pub place: String,
    /// What is wrong and what to do.
    pub reason: String,
}

/// How many expressions a mapping may try in turn.
const MOST_PATTERNS: usize = 10;

pub(super) struct Compiler<'a> {
    pub(super) org: &'a Org,
    pub(super) slots: HashMap<String, usize>,
    types: Vec<(String, Type)>,
    links: Vec<String>,
    records: Vec<RecordRoot>,
    limits: Limits,
    errors: Vec<ConfigError>,
}

/// Compiles a configuration.
///
/// # Errors
/// All mistakes found, each with its place.
pub fn compile(version: i64, org: Org) -> Result<Config, Vec<ConfigError>> {
    let (attributes, mut errors) = attributes(&org);
    let slots: HashMap<String, usize> =
        attributes.iter().enumerate().map(|(i, a)| (a.def.name.clone(), i)).collect();
    let types = attributes.iter().map(|a| (a.def.name.clone(), a.def.kind.expr_type())).collect();
    let zone = jiff::tz::TimeZone::get(&org.settings.timezone).unwrap_or_else(|e| {
        errors.push(ConfigError {
            kind: ItemKind::Org,
            key: org.settings_key.unwrap_or_default(),
            place: "org".to_owned(),
            reason: format!("the time zone {:?} is unknown: {e}", org.settings.timezone),
        });
        jiff::tz::TimeZone::UTC
    });
    let mut c = Compiler {
        org: &org,
        slots,
        types,
        links: org.links.values().map(|l| l.name.clone()).collect(),
        records: records::roots(&org),
        limits: Limits::default(),
        errors,
    };
    c.check_names();
    c.check_leaving();
    c.errors.extend(super::check::settings(&org));
    let links = c.links(&attributes);
    let voices = c.voices(&attributes);
    let mut sources = c.sources(&attributes);
    sources.sort_by_key(|s| (s.source.priority, s.app));
    let rules = c.rules();
    let targets = c.targets();
    if !c.errors.is_empty() {
        return Err(c.errors);
    }
    let Compiler { slots, records, .. } = c;
    let (open_rules, keyed_rules) = index(&rules);
    let linked_reads = linked_reads(&rules, &targets);
    let unique = (0..attributes.len()).filter(|&s| attributes.get(s).is_some_and(|a| a.def.unique)).collect();
    let required =
        (0..attributes.len()).filter(|&s| attributes.get(s).is_some_and(|a| a.def.required)).collect();
    let indexed: Vec<usize> =
        (0..attributes.len()).filter(|&s| attributes.get(s).is_some_and(|a| is_indexed(&a.def))).collect();
    let match_indexes = super::tiers::match_indexes(&sources, &slots);
    let names = indexed.iter().filter_map(|&s| attributes.get(s)).map(|a| a.def.name.as_str());
    let names = names.chain(match_indexes.iter().map(|index| index.name.as_str()));
    let index_history = IndexHistory::default().then(version, names);
    Ok(Config {
        version,
        unique,
        required,
        voices,
        indexed,
        match_indexes,
        index_history,
        zone_slot: slots.get("timezone").copied(),
        tell_link: org
            .settings
            .tell_leaver
            .as_ref()
            .and_then(|name| org.links.values().position(|l| l.name == *name)),
        hold_slot: org.settings.legal_hold.as_ref().and_then(|name| slots.get(name).copied()),
        everyone: org.groups.iter().find(|(_, g)| g.kind == GroupKind::BuiltIn).map(|(k, _)| *k),
        org_properties: vec![
            Value::from(org.settings.name.as_str()),
            Value::from(org.settings.name.to_lowercase()),
        ],
        inactive_rules: org
            .rules
            .iter()
            .filter(|(_, r)| r.status != RuleStatus::Active)
            .map(|(k, r)| (*k, r.groups.clone()))
            .collect(),
        rule_versions: BTreeMap::new(),
        attributes,
        slots,
        sources,
        links,
        rules,
        open_rules,
        keyed_rules,
        targets,
        linked_reads,
        records,
        zone,
        org,
    })
}

/// The base schema with the org's attributes laid over it.
fn attributes(org: &Org) -> (Vec<Attribute>, Vec<ConfigError>) {
    let mut errors = Vec::new();
    let mut defs = base_attributes();
    let mut keys = vec![ItemKey::default(); defs.len()];
    for (key, def) in &org.attributes {
        match defs.iter().position(|d| d.name == def.name) {
            Some(at) => {
                if let (Some(place), Some(k)) = (defs.get_mut(at), keys.get_mut(at)) {
                    *place = def.clone();
                    *k = *key;
                }
            }
            None => {
                defs.push(def.clone());
                keys.push(*key);
            }
        }
    }
    let mut compiled = Vec::with_capacity(defs.len());
    for (def, key) in defs.into_iter().zip(keys) {
        let name = def.name.clone();
        match Attribute::compile(def) {
            Ok(a) => compiled.push(a),
            Err(reason) => errors.push(ConfigError {
                kind: ItemKind::Attribute,
                key,
                place: format!("attribute {name:?}"),
                reason,
            }),
        }
    }
    (compiled, errors)
}

impl Compiler<'_> {
    pub(super) fn fail(&mut self, kind: ItemKind, key: ItemKey, name: &str, reason: String) {
        let place = format!("{} {name:?}", kind.as_str().replace('_', " "));
        self.errors.push(ConfigError { kind, key, place, reason });
    }

    fn check_names(&mut self) {
        let mut seen: BTreeSet<(ItemKind, String, i64)> = BTreeSet::new();
        for (key, item) in self.org.items() {
            let name = item.name(self.org);
            if name.is_empty() {
                self.fail(item.kind(), key, &name, "has no name".to_owned());
            }
            // Each app has its own names for groups, which may be those of groups made here.
            let apart = match &item {
                Item::Group(Group { kind: GroupKind::AppGroup, app, .. }) => app.map_or(0, |app| app.0),
                Item::AppGroup(given) => given.group.0,
                _ => 0,
            };
            if !seen.insert((item.kind(), name.clone(), apart)) {
                self.fail(item.kind(), key, &name, "there are two of that name; names are unique".to_owned());
            }
        }
    }

    /// Who gives the values of attributes that have an order of their own.
    fn voices(&mut self, attributes: &[Attribute]) -> HashMap<usize, Vec<Voice>> {
        let mut all = HashMap::new();
        for (slot, attribute) in attributes.iter().enumerate().filter(|(_, a)| !a.def.sources.is_empty()) {
            let voices =
                attribute.def.sources.iter().filter_map(|name| self.voice(&attribute.def.name, name));
            all.insert(slot, voices.collect());
        }
        all
    }

    fn voice(&mut self, attribute: &str, name: &str) -> Option<Voice> {
        let sources = || self.org.apps.iter().filter(|(_, a)| a.source.is_some());
        if let Some((key, _)) = sources().find(|(_, a)| a.name == name) {
            return Some(Voice::Source(*key));
        }
        if name == ADMIN {
            return Some(Voice::Admin);
        }
        let hint = crate::suggest::did_you_mean(name, sources().map(|(_, a)| a.name.as_str()).chain([ADMIN]));
        let reason = format!(
            "sources names {name:?}, which is no source{hint}; name apps with a [source], and {ADMIN:?} for what is said \
             by hand"
        );
        let item = self.org.attributes.iter().find(|(_, a)| a.name == attribute).map(|(key, _)| *key);
        self.fail(ItemKind::Attribute, item.unwrap_or_default(), attribute, reason);
        None
    }

    /// The attribute that keeps accounts, and the link to whoever is told of a leaver.
    fn check_leaving(&mut self) {
        let settings = &self.org.settings;
        let mut reasons = Vec::new();
        if let Some(name) = &settings.legal_hold {
            match self.types.iter().find(|(n, _)| n == name) {
                Some((_, Type::Bool)) => {}
                Some(_) => reasons.push(format!(
                    "legal_hold names the attribute {name:?}, which is no boolean: give it type = \"boolean\""
                )),
                None => reasons.push(format!(
                    "legal_hold names {name:?}, which is no user attribute{}",
                    self.did_you_mean(name)
                )),
            }
        }
        if let Some(name) = settings.tell_leaver.as_ref().filter(|name| !self.links.contains(name)) {
            let hint = crate::suggest::did_you_mean(name, self.links.iter().map(String::as_str));
            reasons.push(format!("tell_leaver names the link {name:?}, which isn't there{hint}"));
        }
        let key = self.org.settings_key.unwrap_or_default();
        for reason in reasons {
            self.errors.push(ConfigError { kind: ItemKind::Org, key, place: "org".to_owned(), reason });
        }
    }

    fn program(&mut self, place: Place<'_>, purpose: Purpose, text: &str) -> Result<Program, String> {
        let scope = OrgScope {
            org: self.org,
            attributes: &self.types,
            links: &self.links,
            records: &self.records,
            place,
        };
        let compiled = if text.contains("${") {
            Program::compile_template(text, &scope, &self.limits)
        } else {
            Program::compile(text, purpose, &scope, &self.limits)
        };
        compiled.map_err(|e| e.to_string())
    }

    pub(super) fn did_you_mean(&self, name: &str) -> String {
        crate::suggest::did_you_mean(name, self.slots.keys().map(String::as_str))
    }

    fn sources(&mut self, attributes: &[Attribute]) -> Vec<ProfileSource> {
        let org = self.org;
        let mut sources = Vec::new();
        for (key, app) in &org.apps {
            let Some(source) = &app.source else { continue };
            let item = ItemKey(key.0);
            let Some(feed) = &app.feed else {
                self.fail(
                    ItemKind::App,
                    item,
                    &app.name,
                    "is a source and has no feed: say how it is read".to_owned(),
                );
                continue;
            };
            self.check_feed(item, app, feed);
            let match_on = self.match_on(item, app, source, attributes);
            let mut mappings = Vec::new();
            for (key, mapping) in
                org.mappings.iter().filter(|(_, m)| m.app.0 == item.0 && m.direction == Direction::ToUser)
            {
                if let Some(m) = self.inbound(*key, app, mapping, attributes) {
                    mappings.push(m);
                }
            }
            for required in ["login", "firstName", "lastName", "email"] {
                if !mappings.iter().any(|m| self.slots.get(required) == Some(&m.slot)) && source.priority <= 1
                {
                    self.fail(
                        ItemKind::App,
                        item,
                        &app.name,
                        format!("maps nothing to {required}, without which nobody can be created"),
                    );
                }
            }
            let mut by_slot = vec![None; attributes.len()];
            for (at, m) in mappings.iter().enumerate() {
                if let Some(place) = by_slot.get_mut(m.slot) {
                    *place = Some(at);
                }
            }
            sources.push(ProfileSource {
                app: *key,
                starts: self.date_column(app, feed, "starts", source.starts.as_deref()),
                ends: self.date_column(app, feed, "ends", source.ends.as_deref()),
                zone: source.timezone.as_ref().and_then(|zone| jiff::tz::TimeZone::get(zone).ok()),
                groups: feed.groups.as_ref().and_then(|n| feed.columns.iter().position(|c| c.name == *n)),
                imported: if feed.groups.is_some() { imported(org, *key) } else { HashMap::new() },
                source: source.clone(),
                mappings,
                by_slot,
                match_on,
                tiers: self.tiers(item, app, source, attributes),
                alike: source.alike(),
                properties: properties(app),
            });
        }
        sources
    }

    /// The place of a column that holds a day.
    fn date_column(&mut self, app: &App, feed: &Feed, what: &str, name: Option<&str>) -> Option<usize> {
        let name = name?;
        let found = feed.columns.iter().position(|c| c.name == name);
        let kind = found.and_then(|at| feed.columns.get(at)).map(|c| c.kind);
        let reason = match kind {
            Some(AttributeType::Date | AttributeType::DateTime) => return found,
            Some(_) => {
                format!("source.{what} names the column {name:?}, which is no date: give it type = \"date\"")
            }
            None => {
                let hint = crate::suggest::did_you_mean(name, feed.columns.iter().map(|c| c.name.as_str()));
                format!("source.{what} names the column {name:?}, which isn't among the feed's columns{hint}")
            }
        };
        let item = self.org.apps.iter().find(|(_, a)| a.name == app.name).map(|(k, _)| ItemKey(k.0));
        self.fail(ItemKind::App, item.unwrap_or_default(), &app.name, reason);
        None
    }

    fn check_feed(&mut self, item: ItemKey, app: &App, feed: &Feed) {
        for reason in super::check::feed(feed) {
            self.fail(ItemKind::App, item, &app.name, reason);
        }
    }

    fn inbound(
        &mut self,
        key: ItemKey,
        app: &App,
        mapping: &Mapping,
        attributes: &[Attribute],
    ) -> Option<Inbound> {
        let name = Item::Mapping(mapping.clone()).name(self.org);
        let Some(&slot) = self.slots.get(&mapping.target) else {
            let reason = format!(
                "there is no user attribute {:?}{}",
                mapping.target,
                self.did_you_mean(&mapping.target)
            );
            self.fail(ItemKind::Mapping, key, &name, reason);
            return None;
        };
        let unique = attributes.get(slot).is_some_and(|a| a.def.unique);
        let word = match mapping.taken {
            WhenTaken::Refuse => None,
            WhenTaken::Counter => Some("counter"),
            WhenTaken::Next => Some("next"),
        };
        if let Some(word) = word.filter(|_| !unique) {
            let reason = format!(
                "has `taken = \"{word}\"`, but {:?} isn't unique: nothing is ever taken",
                mapping.target
            );
            self.fail(ItemKind::Mapping, key, &name, reason);
        }
        if (mapping.taken == WhenTaken::Next) == mapping.next.is_empty() {
            let reason = "several expressions and `taken = \"next\"` belong together".to_owned();
            self.fail(ItemKind::Mapping, key, &name, reason);
        }
        if mapping.next.len() >= MOST_PATTERNS {
            let reason = format!("has more than {MOST_PATTERNS} expressions");
            self.fail(ItemKind::Mapping, key, &name, reason);
            return None;
        }
        let mut programs = Vec::with_capacity(1 + mapping.next.len());
        for text in std::iter::once(&mapping.expression).chain(&mapping.next) {
            match self.program(Place::Inbound(app), Purpose::Mapping, text) {
                Ok(program) => programs.push(program),
                Err(e) => {
                    self.fail(ItemKind::Mapping, key, &name, e);
                    return None;
                }
            }
        }
        let mut programs = programs.into_iter();
        let program = programs.next()?;
        let (when, taken) = (mapping.when, mapping.taken);
        Some(Inbound { item: key, slot, program, next: programs.collect(), when, taken })
    }

    fn rules(&mut self) -> Vec<Rule> {
        let org = self.org;
        let mut rules = Vec::new();
        for (key, rule) in org.rules.iter().filter(|(_, r)| r.status != RuleStatus::Invalid) {
            for group in rule.except_groups.iter().filter(|g| !org.groups.contains_key(g)) {
                let reason = format!("passes over the members of a group that is gone (key {group})");
                self.fail(ItemKind::Rule, *key, &rule.name, reason);
            }
            for group in &rule.groups {
                match org.groups.get(group).map(|g| g.kind) {
                    Some(GroupKind::OktaGroup) => {}
                    Some(_) => self.fail(
                        ItemKind::Rule,
                        *key,
                        &rule.name,
                        format!("fills {:?}, which is imported or built in: a rule can fill only groups made here", name_of(org, *group)),
                    ),
                    None => self.fail(ItemKind::Rule, *key, &rule.name, format!("fills a group that is gone (key {group})")),
                }
            }
            if rule.groups.is_empty() {
                self.fail(ItemKind::Rule, *key, &rule.name, "fills no group".to_owned());
            }
            match self.program(Place::Rule, Purpose::Condition, &rule.expression) {
                Ok(_) if rule.status == RuleStatus::Inactive => {}
                Ok(program) => {
                    let mut groups = rule.groups.clone();
                    groups.sort_unstable();
                    groups.dedup();
                    let mut except_users = rule.except_users.clone();
                    except_users.sort_unstable();
                    rules.push(Rule {
                        item: *key,
                        program,
                        groups,
                        except_users,
                        except_groups: rule.except_groups.clone(),
                    });
                }
                Err(e) => self.fail(ItemKind::Rule, *key, &rule.name, e),
            }
        }
        match order::sort(rules) {
            Ok(sorted) => sorted,
            Err(ring) => {
                let names: Vec<String> = ring
                    .iter()
                    .map(|k| org.rules.get(k).map_or_else(|| k.to_string(), |r| format!("{:?}", r.name)))
                    .collect();
                let first = ring.first().copied().unwrap_or_default();
                let name = org.rules.get(&first).map(|r| r.name.clone()).unwrap_or_default();
                let reason =
                    format!("its groups depend on themselves: {}; break the cycle", names.join(" → "));
                self.fail(ItemKind::Rule, first, &name, reason);
                Vec::new()
            }
        }
    }

    fn targets(&mut self) -> Vec<Target> {
        let org = self.org;
        let mut targets = Vec::new();
        for (key, app) in &org.apps {
            let Some(provisioning) = app.target().filter(|_| !app.inactive) else { continue };
            let mut mappings: Vec<Outbound> = Vec::new();
            for (item, mapping) in
                org.mappings.iter().filter(|(_, m)| m.app == *key && m.direction == Direction::ToApp)
            {
                match self.program(Place::Outbound, Purpose::Mapping, &mapping.expression) {
                    Ok(program) => mappings.push(Outbound {
                        item: *item,
                        target: Arc::from(mapping.target.as_str()),
                        program,
                        when: mapping.when,
                    }),
                    Err(e) => {
                        let name = Item::Mapping(mapping.clone()).name(org);
                        self.fail(ItemKind::Mapping, *item, &name, e);
                    }
                }
            }
            mappings.sort_by(|a, b| a.target.cmp(&b.target));
            for reason in combined(&provisioning.combine) {
                self.fail(ItemKind::App, ItemKey(key.0), &app.name, reason);
            }
            let user_name =
                mappings.iter().position(|m| &*m.target == "userName").map(|at| mappings.remove(at));
            let mut groups: Vec<(u32, GroupKey, ItemKey, BTreeMap<String, Value>)> = Vec::new();
            for (item, given) in org.app_groups.iter().filter(|(_, g)| g.app == *key) {
                if org.groups.contains_key(&given.group) {
                    groups.push((given.priority, given.group, *item, given.profile.clone()));
                } else {
                    let name = Item::AppGroup(given.clone()).name(org);
                    self.fail(
                        ItemKind::AppGroup,
                        *item,
                        &name,
                        format!("names a group that is gone (key {})", given.group),
                    );
                }
            }
            groups.sort_by_key(|(priority, group, ..)| (*priority, *group));
            let mut attributes: Vec<Arc<str>> = mappings.iter().map(|m| m.target.clone()).collect();
            attributes.extend(groups.iter().flat_map(|(_, _, _, p)| p.keys().map(|k| Arc::from(k.as_str()))));
            attributes.sort_unstable();
            attributes.dedup();
            targets.push(Target {
                app: *key,
                provisioning,
                expired: app.expired,
                user_name,
                mappings,
                groups: groups.into_iter().map(|(_, g, i, p)| (g, i, p)).collect(),
                attributes,
                properties: properties(app),
            });
        }
        targets
    }
}

/// What is wrong with the attributes whose values are combined.
fn combined(names: &[String]) -> Vec<String> {
    let mut wrong = Vec::new();
    for (at, name) in names.iter().enumerate() {
        if name.trim().is_empty() {
            wrong.push("provisioning.combine names an attribute without a name".to_owned());
        } else if name == crate::derive::USER_NAME {
            wrong.push("provisioning.combine names userName, which is one value: take it out".to_owned());
        } else if names.iter().take(at).any(|n| n == name) {
            wrong.push(format!("provisioning.combine names {name:?} twice"));
        }
    }
    wrong
}

/// The groups that come from an app, by name.
fn imported(org: &Org, app: AppKey) -> HashMap<String, GroupKey> {
    let of_app = org.groups.iter().filter(|(_, g)| g.kind == GroupKind::AppGroup && g.app == Some(app));
    of_app.map(|(key, group)| (group.name.clone(), *key)).collect()
}

fn name_of(org: &Org, group: GroupKey) -> String {
    org.groups.get(&group).map(|g| g.name.clone()).unwrap_or_default()
}

fn properties(app: &App) -> Vec<Value> {
    vec![Value::from(app.name.as_str()), Value::from(app.label.as_str())]
}

type RuleIndex = (Vec<usize>, HashMap<usize, HashMap<Box<str>, Vec<usize>>>);

/// Rules that can only match if `user.attribute == "constant"` are found by the person's value.
fn index(rules: &[Rule]) -> RuleIndex {
    let mut open = Vec::new();
    let mut keyed: HashMap<usize, HashMap<Box<str>, Vec<usize>>> = HashMap::new();
    for (at, rule) in rules.iter().enumerate() {
        match rule.program.equality_guard() {
            Some((slot, values)) if slot.root == ROOT_USER => {
                for value in values {
                    keyed
                        .entry(usize::from(slot.index))
                        .or_default()
                        .entry(value.clone())
                        .or_default()
                        .push(at);
                }
            }
            _ => open.push(at),
        }
    }
    (open, keyed)
}

/// Which attributes of other people rules and outbound mappings read.
fn linked_reads(rules: &[Rule], targets: &[Target]) -> Vec<(usize, usize)> {
    let programs = rules
        .iter()
        .map(|r| &r.program)
        .chain(targets.iter().flat_map(|t| t.mappings.iter().chain(&t.user_name)).map(|m| &m.program));
    let mut reads: Vec<(usize, usize)> = programs
        .flat_map(|p| p.reads().links.iter().map(|(l, s)| (usize::from(l.0), usize::from(s.index))))
        .collect();
    reads.sort_unstable();
    reads.dedup();
    reads
}
