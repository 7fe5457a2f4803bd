//! The org's configuration: items by kind and key.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::app::{App, AppGroup, Mapping};
use super::guard::{GuardLimits, GuardSettings};
use super::keys::{AppKey, GroupKey, ItemKey, UserKey};
use super::schema::AttributeDef;
use super::settings::{MailSettings, Retention};

/// The kind of a group (Okta: `type`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum GroupKind {
    /// Made here; rules fill it.
    #[default]
    OktaGroup,
    /// Imported from an app.
    AppGroup,
    /// `Everyone`.
    BuiltIn,
}

/// A group.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// The unique name.
    pub name: String,
    /// What it is for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// The kind.
    #[serde(default)]
    pub kind: GroupKind,
    /// The app it comes from, if it is an [`GroupKind::AppGroup`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app: Option<AppKey>,
    /// No plan takes a member from it, or it away.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub protected: bool,
    /// How many members a plan may take from it, where that is said of this group; what isn't is the org's.
    #[serde(default, skip_serializing_if = "GuardLimits::says_nothing")]
    pub guard: GuardLimits,
}

/// Whether a rule is in force.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum RuleStatus {
    /// It decides memberships.
    #[default]
    Active,
    /// It decides nothing; the members it had given are kept.
    Inactive,
    /// Something it refers to is gone: it decides nothing, and can't be active before it is mended.
    Invalid,
}

/// A group rule: who fits the condition is a member of the groups.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct GroupRule {
    /// The unique name.
    pub name: String,
    /// The condition.
    pub expression: String,
    /// The groups it fills.
    pub groups: Vec<GroupKey>,
    /// People it passes over.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub except_users: Vec<UserKey>,
    /// Members of these groups it passes over.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub except_groups: Vec<GroupKey>,
    /// Whether it is in force.
    #[serde(default)]
    pub status: RuleStatus,
}

/// A linked object definition: how one person (the associated one) leads to another (the primary one).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LinkDef {
    /// The primary name (`manager`).
    pub name: String,
    /// The primary end's title.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// What the primary end is.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// The associated name (`subordinate`).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub associated: String,
    /// The associated end's title.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub associated_title: String,
    /// What the associated end is.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub associated_description: String,
    /// The attributes its values come from; `None`: they are said by hand.
    #[serde(flatten)]
    pub keys: Option<LinkKeys>,
}

/// The attributes that values of a link come from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkKeys {
    /// The user attribute that holds the other person's key.
    pub attribute: String,
    /// The unique user attribute by which the other person is found.
    pub matches: String,
}

const WEEK: u32 = 7;

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn is_week(days: &u32) -> bool {
    *days == WEEK
}

/// What holds for the org as a whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OrgSettings {
    /// Its name.
    pub name: String,
    /// The zone in which dates count when neither person nor source has one.
    pub timezone: String,
    /// Who gets tasks that no app's owner gets.
    pub admins: Vec<String>,
    /// The boolean attribute of whom it is true no account is deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub legal_hold: Option<String>,
    /// The link to whoever is told by mail that somebody has left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tell_leaver: Option<String>,
    /// For how many days dates are put off that have come and are taken back.
    #[serde(skip_serializing_if = "is_week")]
    pub postpone_days: u32,
    /// The guards.
    pub guard: GuardSettings,
    /// People whom no plan ends or takes anything from.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub protected_users: Vec<UserKey>,
    /// How mails leave.
    pub mail: MailSettings,
    /// How long things are kept.
    pub retention: Retention,
}

impl Default for OrgSettings {
    fn default() -> Self {
        Self {
            name: "Muster".to_owned(),
            timezone: "UTC".to_owned(),
            admins: Vec::new(),
            legal_hold: None,
            tell_leaver: None,
            postpone_days: WEEK,
            guard: GuardSettings::default(),
            protected_users: Vec::new(),
            mail: MailSettings::default(),
            retention: Retention::default(),
        }
    }
}

/// The kinds of configuration items.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemKind {
    /// [`OrgSettings`]
    Org,
    /// [`AttributeDef`]
    Attribute,
    /// [`LinkDef`]
    Link,
    /// [`Group`]
    Group,
    /// [`App`]
    App,
    /// [`Mapping`]
    Mapping,
    /// [`GroupRule`]
    Rule,
    /// [`AppGroup`]
    AppGroup,
}

impl ItemKind {
    /// Every kind, referenced ones before those that refer to them.
    pub const ALL: [Self; 8] = [
        Self::Org,
        Self::Attribute,
        Self::Link,
        Self::Group,
        Self::App,
        Self::Mapping,
        Self::Rule,
        Self::AppGroup,
    ];

    /// The name in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Org => "org",
            Self::Attribute => "attribute",
            Self::Link => "link",
            Self::Group => "group",
            Self::App => "app",
            Self::Mapping => "mapping",
            Self::Rule => "rule",
            Self::AppGroup => "app_group",
        }
    }

    /// The kind of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.as_str() == name)
    }
}

/// One item of configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
#[expect(missing_docs, reason = "each variant is the item its name says")]
pub enum Item {
    Org(Box<OrgSettings>),
    Attribute(AttributeDef),
    Link(LinkDef),
    Group(Group),
    App(Box<App>),
    Mapping(Mapping),
    Rule(GroupRule),
    AppGroup(AppGroup),
}

impl Item {
    /// The item's kind.
    pub fn kind(&self) -> ItemKind {
        match self {
            Self::Org(_) => ItemKind::Org,
            Self::Attribute(_) => ItemKind::Attribute,
            Self::Link(_) => ItemKind::Link,
            Self::Group(_) => ItemKind::Group,
            Self::App(_) => ItemKind::App,
            Self::Mapping(_) => ItemKind::Mapping,
            Self::Rule(_) => ItemKind::Rule,
            Self::AppGroup(_) => ItemKind::AppGroup,
        }
    }

    /// The name it is unique by within its kind; mappings and group assignments are named after what they join.
    pub fn name(&self, org: &Org) -> String {
        let app = |key: &AppKey| org.apps.get(key).map_or_else(|| key.to_string(), |a| a.name.clone());
        match self {
            Self::Org(_) => "org".to_owned(),
            Self::Attribute(a) => a.name.clone(),
            Self::Link(l) => l.name.clone(),
            Self::Group(g) => g.name.clone(),
            Self::App(a) => a.name.clone(),
            Self::Rule(r) => r.name.clone(),
            Self::Mapping(m) => {
                let way = match m.direction {
                    super::Direction::ToUser => "to_user",
                    super::Direction::ToApp => "to_app",
                };
                format!("{}.{way}.{}", app(&m.app), m.target)
            }
            Self::AppGroup(g) => {
                let group = org.groups.get(&g.group).map_or_else(|| g.group.to_string(), |g| g.name.clone());
                format!("{}.{group}", app(&g.app))
            }
        }
    }

    /// The JSON the store keeps.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads what the store keeps.
    ///
    /// # Errors
    /// If the text isn't an item of that kind.
    pub fn from_json(kind: ItemKind, text: &str) -> Result<Self, serde_json::Error> {
        Ok(match kind {
            ItemKind::Org => Self::Org(serde_json::from_str(text)?),
            ItemKind::Attribute => Self::Attribute(serde_json::from_str(text)?),
            ItemKind::Link => Self::Link(serde_json::from_str(text)?),
            ItemKind::Group => Self::Group(serde_json::from_str(text)?),
            ItemKind::App => Self::App(serde_json::from_str(text)?),
            ItemKind::Mapping => Self::Mapping(serde_json::from_str(text)?),
            ItemKind::Rule => Self::Rule(serde_json::from_str(text)?),
            ItemKind::AppGroup => Self::AppGroup(serde_json::from_str(text)?),
        })
    }
}

/// The whole configuration of one version.
#[derive(Clone, Debug, Default, PartialEq)]
#[expect(missing_docs, reason = "each map holds the items its name says")]
pub struct Org {
    pub settings: OrgSettings,
    /// The key under which [`Org::settings`] are kept, once they are.
    pub settings_key: Option<ItemKey>,
    pub attributes: BTreeMap<ItemKey, AttributeDef>,
    pub links: BTreeMap<ItemKey, LinkDef>,
    pub groups: BTreeMap<GroupKey, Group>,
    pub apps: BTreeMap<AppKey, App>,
    pub mappings: BTreeMap<ItemKey, Mapping>,
    pub rules: BTreeMap<ItemKey, GroupRule>,
    pub app_groups: BTreeMap<ItemKey, AppGroup>,
}

impl Org {
    /// Sets an item, or removes it.
    pub fn set(&mut self, kind: ItemKind, key: ItemKey, item: Option<Item>) {
        fn put<K: Ord, V>(map: &mut BTreeMap<K, V>, key: K, item: Option<V>) {
            match item {
                Some(v) => map.insert(key, v),
                None => map.remove(&key),
            };
        }
        match (kind, item) {
            (ItemKind::Org, Some(Item::Org(s))) => {
                self.settings = *s;
                self.settings_key = Some(key);
            }
            (ItemKind::Attribute, Some(Item::Attribute(a))) => put(&mut self.attributes, key, Some(a)),
            (ItemKind::Link, Some(Item::Link(l))) => put(&mut self.links, key, Some(l)),
            (ItemKind::Group, Some(Item::Group(g))) => put(&mut self.groups, GroupKey(key.0), Some(g)),
            (ItemKind::App, Some(Item::App(a))) => put(&mut self.apps, AppKey(key.0), Some(*a)),
            (ItemKind::Mapping, Some(Item::Mapping(m))) => put(&mut self.mappings, key, Some(m)),
            (ItemKind::Rule, Some(Item::Rule(r))) => put(&mut self.rules, key, Some(r)),
            (ItemKind::AppGroup, Some(Item::AppGroup(g))) => put(&mut self.app_groups, key, Some(g)),
            (ItemKind::Org, _) => self.settings = OrgSettings::default(),
            (ItemKind::Attribute, _) => put(&mut self.attributes, key, None),
            (ItemKind::Link, _) => put(&mut self.links, key, None),
            (ItemKind::Group, _) => put(&mut self.groups, GroupKey(key.0), None),
            (ItemKind::App, _) => put(&mut self.apps, AppKey(key.0), None),
            (ItemKind::Mapping, _) => put(&mut self.mappings, key, None),
            (ItemKind::Rule, _) => put(&mut self.rules, key, None),
            (ItemKind::AppGroup, _) => put(&mut self.app_groups, key, None),
        }
    }

    /// The item of that kind and key.
    pub fn get(&self, kind: ItemKind, key: ItemKey) -> Option<Item> {
        match kind {
            ItemKind::Org => {
                (self.settings_key == Some(key)).then(|| Item::Org(Box::new(self.settings.clone())))
            }
            ItemKind::Attribute => self.attributes.get(&key).cloned().map(Item::Attribute),
            ItemKind::Link => self.links.get(&key).cloned().map(Item::Link),
            ItemKind::Group => self.groups.get(&GroupKey(key.0)).cloned().map(Item::Group),
            ItemKind::App => self.apps.get(&AppKey(key.0)).cloned().map(|a| Item::App(Box::new(a))),
            ItemKind::Mapping => self.mappings.get(&key).cloned().map(Item::Mapping),
            ItemKind::Rule => self.rules.get(&key).cloned().map(Item::Rule),
            ItemKind::AppGroup => self.app_groups.get(&key).cloned().map(Item::AppGroup),
        }
    }

    /// Every item with its key, kind by kind in the order of [`ItemKind::ALL`].
    pub fn items(&self) -> Vec<(ItemKey, Item)> {
        let mut all = Vec::new();
        if let Some(key) = self.settings_key {
            all.push((key, Item::Org(Box::new(self.settings.clone()))));
        }
        all.extend(self.attributes.iter().map(|(k, v)| (*k, Item::Attribute(v.clone()))));
        all.extend(self.links.iter().map(|(k, v)| (*k, Item::Link(v.clone()))));
        all.extend(self.groups.iter().map(|(k, v)| (ItemKey(k.0), Item::Group(v.clone()))));
        all.extend(self.apps.iter().map(|(k, v)| (ItemKey(k.0), Item::App(Box::new(v.clone())))));
        all.extend(self.mappings.iter().map(|(k, v)| (*k, Item::Mapping(v.clone()))));
        all.extend(self.rules.iter().map(|(k, v)| (*k, Item::Rule(v.clone()))));
        all.extend(self.app_groups.iter().map(|(k, v)| (*k, Item::AppGroup(v.clone()))));
        all
    }

    /// The app of that name.
    pub fn app_named(&self, name: &str) -> Option<(AppKey, &App)> {
        self.apps.iter().find(|(_, a)| a.name == name).map(|(k, a)| (*k, a))
    }

    /// The group of that name: one made here or built in, else the only imported one of it, else the imported one that is
    /// named with its app (`hr/Sales`).
    pub fn group_named(&self, name: &str) -> Option<(GroupKey, &Group)> {
        let imported = || self.groups.iter().filter(|(_, g)| g.kind == GroupKind::AppGroup);
        let only = || {
            let mut same = imported().filter(|(_, g)| g.name == name);
            same.next().filter(|_| same.next().is_none()).map(|(k, g)| (*k, g))
        };
        let whole =
            || imported().find(|(_, g)| self.whole_name(g).as_deref() == Some(name)).map(|(k, g)| (*k, g));
        self.own_group_named(name).or_else(only).or_else(whole)
    }

    /// The group of that name among those that no app brought.
    pub fn own_group_named(&self, name: &str) -> Option<(GroupKey, &Group)> {
        let found = self.groups.iter().find(|(_, g)| g.name == name && g.kind != GroupKind::AppGroup);
        found.map(|(k, g)| (*k, g))
    }

    /// The name by which [`Org::group_named`] finds a group.
    pub fn group_title(&self, key: GroupKey) -> Option<String> {
        let group = self.groups.get(&key)?;
        match self.group_named(&group.name) {
            Some((found, _)) if found == key => Some(group.name.clone()),
            _ => self.whole_name(group),
        }
    }

    /// An imported group's name with that of its app before it.
    pub fn whole_name(&self, group: &Group) -> Option<String> {
        let app =
            group.app.and_then(|app| self.apps.get(&app)).filter(|_| group.kind == GroupKind::AppGroup)?;
        Some(format!("{}/{}", app.name, group.name))
    }

    /// The rule of that name.
    pub fn rule_named(&self, name: &str) -> Option<(ItemKey, &GroupRule)> {
        self.rules.iter().find(|(_, r)| r.name == name).map(|(k, r)| (*k, r))
    }
}

/// A change to the configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct ItemChange {
    /// The kind of item.
    pub kind: ItemKind,
    /// Its key.
    pub key: ItemKey,
    /// What it is from now on; `None`: it is removed.
    pub item: Option<Item>,
}
