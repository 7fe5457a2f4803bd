//! Whom a change of the configuration can touch: the difference of two compiled versions, told as selections of
//! people. Whoever isn't selected follows from both versions alike; whoever is gets derived as a whole, so what a
//! change brings about further up the strata needs no selection of its own. What it brings about for *other* people,
//! over links, is found when the values they read change.

use std::collections::{BTreeMap, BTreeSet};

use muster_expr::Program;

use crate::config::{Config, Inbound, Outbound, ROOT_APP, ROOT_ORG, Rule, is_indexed};
use crate::derive::{RuleWord, StoredEnv, rule_word};
use crate::model::schema::AttributeDef;
use crate::model::{
    AppKey, AppKind, GroupKey, GroupKind, ItemKey, LeaveAt, LinkDef, OnUnassign, Provisioning, RuleStatus,
};

/// People whom an index of the store finds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Selection {
    /// Members of a group, as stored.
    Members(GroupKey),
    /// People of whom a membership fact speaks about a group.
    FactsOn(GroupKey),
    /// People with memberships kept from a rule.
    KeptFrom(ItemKey),
    /// People with an account row in an app.
    Accounts(AppKey),
    /// People assigned an app themselves.
    Assigned(AppKey),
    /// People with a record of a source.
    Records(AppKey),
    /// People with a record of a source that names one of these groups.
    Named(AppKey, Vec<String>),
    /// Holders of these unique values (case folded) of an attribute.
    Holders(String, Vec<String>),
    /// People of whom an admin has said something, or who keep values that were given once.
    Said,
}

/// Whom a change can touch: the union of all that is told here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Touched {
    /// Everybody; the rest says nothing then.
    pub everyone: bool,
    /// Whom an index finds.
    pub by: BTreeSet<Selection>,
    /// Whoever has a value of one of these attributes.
    pub valued: BTreeSet<String>,
    /// Whoever one of these rules says something else about than before; they must be asked of each person.
    pub rules: BTreeSet<ItemKey>,
}

impl Touched {
    /// Nobody at all.
    pub fn nobody(&self) -> bool {
        *self == Self::default()
    }

    /// Whether people must be looked at one by one (their profiles, and groups if rules read them).
    pub fn looks(&self) -> bool {
        !self.valued.is_empty() || !self.rules.is_empty()
    }
}

/// Compares two versions.
pub fn touched(old: &Config, new: &Config) -> Touched {
    let mut found =
        Touched { everyone: old.everyone != new.everyone || settings_matter(old, new), ..Touched::default() };
    attributes(old, new, &mut found);
    links(old, new, &mut found);
    groups(old, new, &mut found);
    sources(old, new, &mut found);
    targets(old, new, &mut found);
    rules(old, new, &mut found);
    let built_in = |s: &Selection| matches!(s, Selection::Members(g) if old.everyone == Some(*g) || new.everyone == Some(*g));
    found.everyone |= found.by.iter().any(built_in);
    if found.everyone {
        return Touched { everyone: true, ..Touched::default() };
    }
    found
}

fn programs(config: &Config) -> impl Iterator<Item = &Program> {
    let inbound = config.sources.iter().flat_map(|s| &s.mappings).flat_map(Inbound::programs);
    let outbound = config.targets.iter().flat_map(|t| t.mappings.iter().chain(&t.user_name));
    inbound.chain(outbound.map(|m| &m.program)).chain(config.rules.iter().map(|r| &r.program))
}

fn reads_root(program: &Program, root: u16) -> bool {
    program.reads().slots.iter().any(|s| s.root == root)
}

/// The zone moves every date; the name matters to whoever reads it.
fn settings_matter(old: &Config, new: &Config) -> bool {
    let (was, is) = (&old.org.settings, &new.org.settings);
    was.timezone != is.timezone
        || was.legal_hold != is.legal_hold
        || (was.name != is.name && programs(old).chain(programs(new)).any(|p| reads_root(p, ROOT_ORG)))
}

/// All keys of both versions.
fn both<'a, K: Ord + 'a>(
    old: impl IntoIterator<Item = K>,
    new: impl IntoIterator<Item = K>,
) -> impl Iterator<Item = K> {
    old.into_iter().chain(new).collect::<BTreeSet<K>>().into_iter()
}

fn attributes(old: &Config, new: &Config, found: &mut Touched) {
    let def = |c: &Config, name: &str| -> Option<AttributeDef> {
        let def = c.slot(name).and_then(|s| c.attribute(s))?.def.clone();
        Some(AttributeDef { title: String::new(), extra: serde_json::Map::new(), ..def })
    };
    for name in both(old.slots.keys(), new.slots.keys()) {
        match (def(old, name), def(new, name)) {
            (was, is) if was == is => {}
            (Some(was), Some(is)) if was.kind != is.kind || (is.required && !was.required) => {
                found.everyone = true;
            }
            // Everybody's rows in the index follow from which attributes are indexed.
            (Some(was), Some(is)) if is_indexed(&was) != is_indexed(&is) => found.everyone = true,
            // Whoever has no value gets a number, or loses hers.
            (was, is) if generates(was.as_ref()) != generates(is.as_ref()) => found.everyone = true,
            (None, Some(is)) if is.required => found.everyone = true,
            (Some(_), None) => {
                found.valued.insert(name.clone());
            }
            // Its values come from sources that map it and from what was said of people, perhaps under an earlier
            // attribute of the same name.
            _ => {
                found.by.insert(Selection::Said);
                for config in [old, new] {
                    let maps = |m: &Inbound| config.attribute_name(m.slot) == name;
                    let mapping = config.sources.iter().filter(|s| s.mappings.iter().any(maps));
                    found.by.extend(mapping.map(|s| Selection::Records(s.app)));
                }
            }
        }
    }
}

fn generates(def: Option<&AttributeDef>) -> bool {
    def.is_some_and(|def| def.generate.is_some())
}

fn links(old: &Config, new: &Config, found: &mut Touched) {
    for key in both(old.org.links.keys(), new.org.links.keys()) {
        let (was, is) = (old.org.links.get(key), new.org.links.get(key));
        // What is said by hand is known by the name.
        let ends = |l: &LinkDef| (l.keys.clone(), l.name.clone());
        if was.map(ends) == is.map(ends) {
            continue;
        }
        for link in was.into_iter().chain(is) {
            match &link.keys {
                Some(keys) => drop(found.valued.insert(keys.attribute.clone())),
                None => drop(found.by.insert(Selection::Said)),
            }
        }
    }
}

/// Who reads a group by its name, or shows it, is compared where it is read: there the name has become a key or a text.
fn groups(old: &Config, new: &Config, found: &mut Touched) {
    let mut named: BTreeMap<AppKey, Vec<String>> = BTreeMap::new();
    for key in both(old.org.groups.keys(), new.org.groups.keys()) {
        let (was, is) = (old.org.groups.get(key), new.org.groups.get(key));
        let kind = |g: Option<&crate::model::Group>| g.map(|g| g.kind);
        // What an imported group is called is how records name it.
        let called = |g: Option<&crate::model::Group>| {
            let imported = g.filter(|g| g.kind == GroupKind::AppGroup);
            imported.map(|g| (g.app, g.name.clone()))
        };
        if kind(was) == kind(is) && called(was) == called(is) {
            continue;
        }
        found.everyone |= [kind(was), kind(is)].contains(&Some(GroupKind::BuiltIn));
        found.by.extend([Selection::Members(*key), Selection::FactsOn(*key)]);
        if let Some(group) = is.filter(|g| g.kind == GroupKind::AppGroup)
            && let Some(app) = group.app.filter(|app| new.source(*app).is_some_and(|s| s.groups.is_some()))
        {
            named.entry(app).or_default().push(group.name.clone());
        }
    }
    found.by.extend(named.into_iter().map(|(app, names)| Selection::Named(app, names)));
}

fn same_program(a: &Program, b: &Program) -> bool {
    let groups = |p: &'_ Program| (p.reads().groups.clone(), p.reads().group_texts.clone());
    a.text() == b.text() && groups(a) == groups(b)
}

fn sources(old: &Config, new: &Config, found: &mut Touched) {
    // As with attributes that are indexed: everybody's rows follow from what sources find people by.
    let indexes =
        |c: &Config| c.match_indexes.iter().map(|index| index.name.clone()).collect::<BTreeSet<_>>();
    found.everyone |= indexes(old) != indexes(new);
    for app in both(old.sources.iter().map(|s| s.app), new.sources.iter().map(|s| s.app)) {
        let (Some(was), Some(is)) = (old.source(app), new.source(app)) else {
            found.by.insert(Selection::Records(app));
            continue;
        };
        // How its feed names and writes them is a matter of imports.
        let columns = |c: &Config| -> Option<Vec<_>> {
            let columns = &c.app(app)?.feed.as_ref()?.columns;
            Some(columns.iter().map(|c| (c.name.clone(), c.kind, c.required)).collect())
        };
        let column = |c: &Config, at: Option<usize>| {
            at.and_then(|at| Some(c.app(app)?.feed.as_ref()?.columns.get(at)?.name.clone()))
        };
        let told = |c: &Config, m: &Inbound| {
            let texts: Vec<String> = m.programs().map(|p| p.text().to_owned()).collect();
            (c.attribute_name(m.slot).to_owned(), texts, m.when, m.taken)
        };
        let mappings = |c: &Config, all: &[Inbound]| -> BTreeMap<ItemKey, _> {
            all.iter().map(|m| (m.item, told(c, m))).collect()
        };
        // How and when its feed is imported is a matter of imports.
        let days = |s: &crate::config::ProfileSource| s.is_dated() || s.source.leave == LeaveAt::DayEnd;
        let dated = days(was) || days(is);
        let settings = |s: &crate::model::Source| crate::model::Source {
            match_on: Vec::new(),
            tiers: Vec::new(),
            confirm: crate::model::Confirm::default(),
            schedule: None,
            timezone: s.timezone.clone().filter(|_| dated),
            ..s.clone()
        };
        let own = was.properties != is.properties
            && was
                .mappings
                .iter()
                .chain(&is.mappings)
                .flat_map(Inbound::programs)
                .any(|p| reads_root(p, ROOT_APP));
        if settings(&was.source) != settings(&is.source)
            || columns(old) != columns(new)
            || column(old, was.groups) != column(new, is.groups)
            || mappings(old, &was.mappings) != mappings(new, &is.mappings)
            || own
        {
            found.by.insert(Selection::Records(app));
        }
    }
}

fn targets(old: &Config, new: &Config, found: &mut Touched) {
    for app in both(old.targets.iter().map(|t| t.app), new.targets.iter().map(|t| t.app)) {
        let given = |c: &Config| -> BTreeMap<GroupKey, _> {
            let of_app = c.org.app_groups.values().filter(|g| g.app == app);
            of_app.map(|g| (g.group, (g.priority, g.profile.clone()))).collect()
        };
        let (was, is) = (given(old), given(new));
        let had = |c: &'_ Config| c.target(app).is_some_and(|t| !t.expired);
        let there = |c: &'_ Config| c.target(app).is_some();
        if had(old) != had(new) || there(old) != there(new) {
            found.by.extend([Selection::Accounts(app), Selection::Assigned(app)]);
            found.by.extend(was.keys().chain(is.keys()).map(|g| Selection::Members(*g)));
        }
        let (Some(before), Some(after)) = (old.target(app), new.target(app)) else {
            continue;
        };
        let moved = both(was.keys(), is.keys()).filter(|g| was.get(g) != is.get(g));
        found.by.extend(moved.map(|g| Selection::Members(*g)));
        let all = |t: &'_ crate::config::Target| t.mappings.iter().chain(&t.user_name).count();
        let same = |m: &Outbound| {
            let mut others = after.mappings.iter().chain(&after.user_name);
            others.any(|o| o.target == m.target && o.when == m.when && same_program(&o.program, &m.program))
        };
        let own = before.properties != after.properties
            && [before, after]
                .iter()
                .flat_map(|t| t.mappings.iter().chain(&t.user_name))
                .any(|m| reads_root(&m.program, ROOT_APP));
        let (p, q) = (&before.provisioning, &after.provisioning);
        if all(before) != all(after)
            || !before.mappings.iter().chain(&before.user_name).all(same)
            || before.attributes != after.attributes
            || accounts_matter(p) != accounts_matter(q)
            || p.combine != q.combine
            || own
            || is_bookmark(old, app) != is_bookmark(new, app)
        {
            found.by.insert(Selection::Accounts(app));
        }
    }
}

/// The settings of a target that accounts follow from.
fn accounts_matter(p: &Provisioning) -> (bool, Option<u32>, bool, bool) {
    let deletes = p.on_unassign == OnUnassign::Delete || p.delete_after_days.is_some();
    (p.before_start, p.before_start_days, p.disable_suspended, deletes)
}

fn is_bookmark(config: &Config, app: AppKey) -> bool {
    config.app(app).is_some_and(|a| a.kind == AppKind::Bookmark)
}

fn rules(old: &Config, new: &Config, found: &mut Touched) {
    let active =
        |c: &Config, key: &ItemKey| c.org.rules.get(key).is_some_and(|r| r.status == RuleStatus::Active);
    for key in both(old.org.rules.keys(), new.org.rules.keys()) {
        if active(old, key) != active(new, key) {
            found.by.insert(Selection::KeptFrom(*key));
        }
    }
    let compiled = |c: &'_ Config| -> BTreeMap<ItemKey, usize> {
        c.rules.iter().enumerate().map(|(at, r)| (r.item, at)).collect()
    };
    let (was, is) = (compiled(old), compiled(new));
    for key in both(was.keys(), is.keys()) {
        let was = was.get(key).and_then(|at| old.rules.get(*at));
        let is = is.get(key).and_then(|at| new.rules.get(*at));
        match (was, is) {
            (Some(was), Some(is)) if same_rule(was, is) => {}
            // Whom it gave something is a member still.
            (Some(was), None) if !was.program.reads().now => {
                found.by.extend(was.groups.iter().map(|g| Selection::Members(*g)));
            }
            (was, is) => match holders(old, was).and_then(|a| Some([a, holders(new, is)?])) {
                Some(known) => found.by.extend(known.into_iter().flatten()),
                None => {
                    found.rules.insert(*key);
                }
            },
        }
    }
}

fn same_rule(a: &Rule, b: &Rule) -> bool {
    let set = |groups: &[GroupKey]| groups.iter().copied().collect::<BTreeSet<_>>();
    same_program(&a.program, &b.program)
        && a.groups == b.groups
        && a.except_users == b.except_users
        && set(&a.except_groups) == set(&b.except_groups)
}

/// The only people a rule can say anything about, if it asks for values of a unique attribute; `None`: it doesn't.
#[expect(clippy::option_option, reason = "a rule that isn't there speaks of nobody, which is an answer too")]
fn holders(config: &Config, rule: Option<&Rule>) -> Option<Option<Selection>> {
    let Some(rule) = rule else { return Some(None) };
    let (slot, values) = rule.program.equality_guard()?;
    let attribute = config.attribute(usize::from(slot.index)).filter(|a| a.def.unique)?;
    let folded = values.iter().map(|v| crate::facts::fold(v)).collect();
    (slot.root == crate::config::ROOT_USER)
        .then(|| Some(Selection::Holders(attribute.def.name.clone(), folded)))
}

/// Whether a rule says something else of a person than before, as far as what is stored of her tells; each side is the
/// configuration, the rule if it is in force there, and what is stored as that configuration reads it. A condition that
/// can't be worked out counts as something else.
pub fn says_otherwise(
    old: (&Config, Option<&Rule>, &StoredEnv<'_>),
    new: (&Config, Option<&Rule>, &StoredEnv<'_>),
) -> bool {
    let word = |(config, rule, stored): (&Config, Option<&Rule>, &StoredEnv<'_>)| {
        rule.map_or_else(RuleWord::default, |rule| rule_word(config, rule, stored))
    };
    let (was, is) = (word(old), word(new));
    was.failed || is.failed || was != is
}
