//! The org's configuration, compiled once per version.

mod check;
mod compile;
mod indexed;
mod links;
mod order;
mod records;
mod scope;
mod tiers;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use muster_expr::{Program, Value};

pub use compile::{ConfigError, compile};
pub use indexed::IndexHistory;
pub(crate) use indexed::is_indexed;
pub use links::{Link, LinkWay};
pub(crate) use records::ROOT_RECORDS;
pub use records::RecordRoot;
pub use scope::{ROOT_APP, ROOT_ORG, ROOT_RECORD, ROOT_USER};

use crate::model::schema::Attribute;
use crate::model::{
    App, AppKey, Direction, GroupKey, ItemKey, Millis, Org, Provisioning, PushWhen, Source, UserKey,
    WhenTaken,
};

/// An inbound mapping, compiled.
#[derive(Debug)]
pub struct Inbound {
    /// The configuration item.
    pub item: ItemKey,
    /// The attribute it sets.
    pub slot: usize,
    /// The expression over the source's record.
    pub program: Program,
    /// What is tried in turn where the value is taken.
    pub next: Vec<Program>,
    /// When it writes.
    pub when: PushWhen,
    /// What to do when the value is taken.
    pub taken: WhenTaken,
}

impl Inbound {
    /// Its expressions, in the order in which they are tried.
    pub fn programs(&self) -> impl Iterator<Item = &Program> {
        std::iter::once(&self.program).chain(&self.next)
    }
}

/// Who gives an attribute's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Voice {
    /// A source.
    Source(AppKey),
    /// Admins.
    Admin,
}

/// A profile source, compiled.
#[derive(Debug)]
pub struct ProfileSource {
    /// The app.
    pub app: AppKey,
    /// What it means for people.
    pub source: Source,
    /// Its mappings.
    pub mappings: Vec<Inbound>,
    /// For each user attribute the place in `mappings`, if it maps it.
    pub by_slot: Vec<Option<usize>>,
    /// The slots of [`Source::match_on`].
    pub match_on: Vec<usize>,
    /// The place of [`Source::starts`] among a record's values.
    pub starts: Option<usize>,
    /// The place of [`Source::ends`] among a record's values.
    pub ends: Option<usize>,
    /// The place among a record's values of the column that names groups.
    pub groups: Option<usize>,
    /// The groups imported from it, by name.
    pub imported: HashMap<String, GroupKey>,
    /// [`Source::timezone`], read.
    pub zone: Option<jiff::tz::TimeZone>,
    /// What else names the same person, in order.
    pub tiers: Vec<Tier>,
    /// The index by which it finds those whom a row resembles, if it looks for them.
    pub alike: Option<String>,
    /// The app's own properties, for expressions.
    pub properties: Vec<Value>,
}

impl ProfileSource {
    /// Its mapping to an attribute.
    pub fn mapping(&self, slot: usize) -> Option<&Inbound> {
        self.by_slot.get(slot).copied().flatten().and_then(|at| self.mappings.get(at))
    }

    /// The names of groups that a record's values hold.
    pub fn group_names<'v>(&self, values: &'v [Value]) -> impl Iterator<Item = &'v str> + use<'v> {
        let said = self.groups.and_then(|at| values.get(at));
        said.into_iter().flat_map(named_in)
    }

    /// The imported groups that a record's values name.
    pub fn groups_of<'v>(&'v self, values: &'v [Value]) -> impl Iterator<Item = GroupKey> + use<'v> {
        self.group_names(values).filter_map(|name| self.imported.get(name).copied())
    }

    /// Whether its records begin or end by dates of their own.
    pub fn is_dated(&self) -> bool {
        self.starts.is_some() || self.ends.is_some()
    }
}

/// Attributes that together name the same person, compiled.
#[derive(Clone, Debug)]
pub struct Tier {
    /// The attributes.
    pub slots: Vec<usize>,
    /// The index that holds people by all of them together.
    pub index: String,
}

/// An index that only matching needs, compiled.
#[derive(Clone, Debug)]
pub struct MatchIndex {
    /// Its name among the indexed attributes.
    pub name: String,
    /// The attributes it reads.
    pub slots: Vec<usize>,
}

/// The names of groups that the value of a column holds: one, or a list.
pub fn named_in(value: &Value) -> impl Iterator<Item = &str> {
    let one = std::iter::once(value).filter_map(Value::as_str);
    let listed = value.as_list().unwrap_or_default().iter().filter_map(Value::as_str);
    one.chain(listed).map(str::trim).filter(|name| !name.is_empty())
}

/// A group rule, compiled.
#[derive(Debug)]
pub struct Rule {
    /// The configuration item.
    pub item: ItemKey,
    /// Its condition.
    pub program: Program,
    /// The groups it fills, sorted.
    pub groups: Vec<GroupKey>,
    /// People it passes over, sorted.
    pub except_users: Vec<UserKey>,
    /// Groups whose members it passes over.
    pub except_groups: Vec<GroupKey>,
}

/// An outbound mapping, compiled.
#[derive(Debug)]
pub struct Outbound {
    /// The configuration item.
    pub item: ItemKey,
    /// The account's attribute, by the app's name for it.
    pub target: Arc<str>,
    /// The expression over the user.
    pub program: Program,
    /// When it writes.
    pub when: PushWhen,
}

/// An app people have accounts in, compiled.
#[derive(Debug)]
pub struct Target {
    /// The app.
    pub app: AppKey,
    /// How accounts are kept.
    pub provisioning: Provisioning,
    /// Its last day is over: nobody has it.
    pub expired: bool,
    /// Gives the user name.
    pub user_name: Option<Outbound>,
    /// Give the attributes, in the order of their names.
    pub mappings: Vec<Outbound>,
    /// Groups whose members have it, by priority: group, item, values it gives.
    pub groups: Vec<(GroupKey, ItemKey, BTreeMap<String, Value>)>,
    /// Every attribute that a mapping, a group or a person may set, sorted.
    pub attributes: Vec<Arc<str>>,
    /// The app's own properties, for expressions.
    pub properties: Vec<Value>,
}

/// The configuration of one version, ready to derive with.
#[derive(Debug)]
pub struct Config {
    /// The version.
    pub version: i64,
    /// The items it is made of.
    pub org: Org,
    /// User attributes; the place is the slot.
    pub attributes: Vec<Attribute>,
    /// Slots by name.
    pub slots: HashMap<String, usize>,
    /// Slots of unique attributes.
    pub unique: Vec<usize>,
    /// Slots of required attributes.
    pub required: Vec<usize>,
    /// Who gives a value, first to last, where an attribute has an order of its own: by slot.
    pub voices: HashMap<usize, Vec<Voice>>,
    /// Slots of indexed attributes.
    pub indexed: Vec<usize>,
    /// Indexes that only matching needs.
    pub match_indexes: Vec<MatchIndex>,
    /// Which attributes were indexed under which versions, where the store told.
    pub index_history: IndexHistory,
    /// Profile sources, the leading one first.
    pub sources: Vec<ProfileSource>,
    /// Linked objects; the place is the expression's link id.
    pub links: Vec<Link>,
    /// Active rules, each after those that fill groups it reads.
    pub rules: Vec<Rule>,
    /// Rules that must always be looked at.
    pub open_rules: Vec<usize>,
    /// Rules that can only match if an attribute has a value: slot → value → rules.
    pub keyed_rules: HashMap<usize, HashMap<Box<str>, Vec<usize>>>,
    /// Rules that are not active, or deleted, with the groups they filled, by key.
    pub inactive_rules: BTreeMap<ItemKey, Vec<GroupKey>>,
    /// The version each rule is from, where the store told.
    pub rule_versions: BTreeMap<ItemKey, i64>,
    /// Apps people have accounts in, by key.
    pub targets: Vec<Target>,
    /// What mappings to apps read records by.
    pub records: Vec<RecordRoot>,
    /// The group everybody is in.
    pub everyone: Option<GroupKey>,
    /// The org's properties, for expressions.
    pub org_properties: Vec<Value>,
    /// Slots that are read over a link, by link.
    pub linked_reads: Vec<(usize, usize)>,
    /// The org's zone.
    pub zone: jiff::tz::TimeZone,
    /// Slot of the time zone attribute.
    pub zone_slot: Option<usize>,
    /// The link to whoever is told of a leaver.
    pub tell_link: Option<usize>,
    /// Slot of the attribute that keeps accounts from being deleted.
    pub hold_slot: Option<usize>,
}

impl Config {
    /// The slot of an attribute.
    pub fn slot(&self, name: &str) -> Option<usize> {
        self.slots.get(name).copied()
    }

    /// The attribute in a slot.
    pub fn attribute(&self, slot: usize) -> Option<&Attribute> {
        self.attributes.get(slot)
    }

    /// The name of the attribute in a slot.
    pub fn attribute_name(&self, slot: usize) -> &str {
        self.attributes.get(slot).map_or("", |a| a.def.name.as_str())
    }

    /// The names of all that people are found by.
    pub fn index_names(&self) -> impl Iterator<Item = &str> {
        let attributes = self.indexed.iter().map(|slot| self.attribute_name(*slot));
        attributes.chain(self.match_indexes.iter().map(|index| index.name.as_str()))
    }

    /// The source of an app.
    pub fn source(&self, app: AppKey) -> Option<&ProfileSource> {
        self.sources.iter().find(|s| s.app == app)
    }

    /// The sources an expression's root stands for.
    pub fn record_root(&self, root: u16) -> Option<&RecordRoot> {
        root.checked_sub(ROOT_RECORDS).and_then(|at| self.records.get(usize::from(at)))
    }

    /// The target of an app.
    pub fn target(&self, app: AppKey) -> Option<&Target> {
        self.targets.iter().find(|t| t.app == app)
    }

    /// The app.
    pub fn app(&self, app: AppKey) -> Option<&App> {
        self.org.apps.get(&app)
    }

    /// The name of an app, or its key if it is gone.
    pub fn app_name(&self, app: AppKey) -> String {
        self.app(app).map_or_else(|| format!("app {app}"), |a| a.name.clone())
    }

    /// The name of a group, or its key if it is gone.
    pub fn group_name(&self, group: GroupKey) -> String {
        self.org.groups.get(&group).map_or_else(|| format!("group {group}"), |g| g.name.clone())
    }

    /// The user profile as the store keeps it: a JSON object of the attributes that have a value.
    pub fn profile_to_json(&self, profile: &[Value]) -> String {
        let mut out = String::with_capacity(64 + profile.len() * 16);
        out.push('{');
        for (attribute, value) in self.attributes.iter().zip(profile) {
            if value.is_null() {
                continue;
            }
            if out.len() > 1 {
                out.push(',');
            }
            // Attribute names are plain letters, digits and _: nothing to escape.
            out.push('"');
            out.push_str(&attribute.def.name);
            out.push_str("\":");
            crate::json::push(&mut out, value);
        }
        out.push('}');
        out
    }

    /// Reads what [`Config::profile_to_json`] wrote, under this or another version: attributes that are gone are
    /// passed over.
    ///
    /// # Errors
    /// If the text isn't a JSON object.
    pub fn profile_from_json(&self, text: &str) -> Result<Vec<Value>, serde_json::Error> {
        self.profile_and_rest(text).map(|(profile, _)| profile)
    }

    /// The same, with the values of attributes that are gone by name.
    ///
    /// # Errors
    /// If the text isn't a JSON object.
    #[expect(clippy::type_complexity, reason = "a profile and what is left of it")]
    pub fn profile_and_rest(
        &self,
        text: &str,
    ) -> Result<(Vec<Value>, Vec<(String, Value)>), serde_json::Error> {
        let mut profile = vec![Value::Null; self.attributes.len()];
        let mut rest = Vec::new();
        crate::json::object(text, |name, value| {
            match self.slots.get(name).and_then(|&s| profile.get_mut(s)) {
                Some(place) => *place = value,
                None => rest.push((name.to_owned(), value)),
            }
        })?;
        Ok((profile, rest))
    }

    /// A record's values as the store keeps them: a JSON object by column.
    pub fn record_to_json(&self, app: AppKey, values: &[Value]) -> String {
        let mut out = String::from("{");
        let columns = self.app(app).and_then(|a| a.feed.as_ref()).map_or(&[][..], |f| &f.columns);
        for (column, value) in columns.iter().zip(values) {
            if value.is_null() {
                continue;
            }
            if out.len() > 1 {
                out.push(',');
            }
            crate::json::push(&mut out, &Value::from(column.name.as_str()));
            out.push(':');
            crate::json::push(&mut out, value);
        }
        out.push('}');
        out
    }

    /// Reads what [`Config::record_to_json`] wrote, in the order of the present columns.
    ///
    /// # Errors
    /// If the text isn't a JSON object.
    pub fn record_from_json(&self, app: AppKey, text: &str) -> Result<Vec<Value>, serde_json::Error> {
        let columns = self.app(app).and_then(|a| a.feed.as_ref()).map_or(&[][..], |f| &f.columns);
        let mut values = vec![Value::Null; columns.len()];
        crate::json::object(text, |name, value| {
            if let Some(place) = columns.iter().position(|c| c.name == name).and_then(|at| values.get_mut(at))
            {
                *place = value;
            }
        })?;
        Ok(values)
    }

    /// Until when dates are put off that are taken back now.
    pub fn put_off(&self, now: Millis) -> Millis {
        Millis(now.0 + i64::from(self.org.settings.postpone_days) * 86_400_000)
    }

    /// The mappings of an app in one direction, as items.
    pub fn mappings_of(
        &self,
        app: AppKey,
        direction: Direction,
    ) -> impl Iterator<Item = (&ItemKey, &crate::model::Mapping)> {
        self.org.mappings.iter().filter(move |(_, m)| m.app == app && m.direction == direction)
    }
}
