//! Which names mean what where an expression stands.

use muster_expr::{GroupSelector, GroupText, LinkId, Scope, Slot, Type};

use super::records::{self, RecordRoot};
use crate::model::{App, GroupKey, GroupKind, IdKind, Org, key_of, public_id};

/// The root of user attributes.
pub const ROOT_USER: u16 = 0;
/// The root of a source's columns.
pub const ROOT_RECORD: u16 = 1;
/// The root of the org's properties.
pub const ROOT_ORG: u16 = 2;
/// The root of the app's properties.
pub const ROOT_APP: u16 = 3;

/// The org's properties, in the order of their slots.
pub(super) const ORG_PROPERTIES: [&str; 2] = ["name", "subDomain"];
/// An app's properties, in the order of their slots.
pub(super) const APP_PROPERTIES: [&str; 2] = ["name", "label"];

/// Where an expression stands.
#[derive(Clone, Copy)]
pub(super) enum Place<'a> {
    /// In a group rule: the user.
    Rule,
    /// In an inbound mapping: the source's record.
    Inbound(&'a App),
    /// In an outbound mapping: the user.
    Outbound,
}

pub(super) struct OrgScope<'a> {
    pub(super) org: &'a Org,
    pub(super) attributes: &'a [(String, Type)],
    pub(super) links: &'a [String],
    pub(super) records: &'a [RecordRoot],
    pub(super) place: Place<'a>,
}

fn find<'a>(
    mut names: impl Iterator<Item = &'a str>,
    name: &str,
    root: u16,
    kind: Type,
) -> Option<(Slot, Type)> {
    let index = names.position(|n| n == name)?;
    Some((Slot { root, index: u16::try_from(index).ok()? }, kind))
}

impl OrgScope<'_> {
    fn user_root(&self, root: &str) -> bool {
        match self.place {
            Place::Rule => root == "user",
            Place::Outbound => root == "user" || root == "source",
            Place::Inbound(_) => false,
        }
    }

    fn record_root<'s>(&'s self, root: &str) -> Option<&'s App> {
        match self.place {
            Place::Inbound(app) if root == "appuser" || root == "source" || root == app.name => Some(app),
            _ => None,
        }
    }
}

impl Scope for OrgScope<'_> {
    fn attribute(&self, root: &str, name: &str) -> Option<(Slot, Type)> {
        if self.user_root(root) {
            let index = self.attributes.iter().position(|(n, _)| n == name)?;
            let (_, kind) = self.attributes.get(index)?;
            return Some((Slot { root: ROOT_USER, index: u16::try_from(index).ok()? }, *kind));
        }
        if let Some(app) = self.record_root(root) {
            let columns = app.feed.as_ref().map_or(&[][..], |f| &f.columns);
            let index = columns.iter().position(|c| c.name == name)?;
            let kind = columns.get(index)?.kind.expr_type();
            return Some((Slot { root: ROOT_RECORD, index: u16::try_from(index).ok()? }, kind));
        }
        match (root, self.place) {
            ("org", _) => find(ORG_PROPERTIES.into_iter(), name, ROOT_ORG, Type::Str),
            ("app", Place::Inbound(_) | Place::Outbound) => {
                find(APP_PROPERTIES.into_iter(), name, ROOT_APP, Type::Str)
            }
            (root, Place::Outbound) => records::slot(self.records, root, Some(name)),
            _ => None,
        }
    }

    fn roots(&self) -> Vec<String> {
        let names: &[&str] = match self.place {
            Place::Rule => &["user", "org"],
            Place::Outbound => &["user", "source", "app", "org"],
            Place::Inbound(_) => &["appuser", "source", "app", "org"],
        };
        let mut names: Vec<String> = names.iter().map(|&n| n.to_owned()).collect();
        if let Place::Outbound = self.place {
            names.extend(self.records.iter().map(|r| r.name.clone()));
        }
        names
    }

    fn attributes(&self, root: &str) -> Vec<String> {
        if self.user_root(root) {
            return self.attributes.iter().map(|(n, _)| n.clone()).collect();
        }
        if let Some(app) = self.record_root(root) {
            return app.feed.iter().flat_map(|f| &f.columns).map(|c| c.name.clone()).collect();
        }
        match root {
            "org" => ORG_PROPERTIES.iter().map(|&n| n.to_owned()).collect(),
            "app" => APP_PROPERTIES.iter().map(|&n| n.to_owned()).collect(),
            other => {
                let columns = self.records.iter().filter(|r| r.name == other).flat_map(|r| &r.columns);
                columns.map(|(name, _)| name.clone()).collect()
            }
        }
    }

    fn link(&self, name: &str) -> Option<LinkId> {
        let at = self.links.iter().position(|l| l == name)?;
        u16::try_from(at).ok().map(LinkId)
    }

    fn links(&self) -> Vec<String> {
        self.links.to_vec()
    }

    fn groups(&self, by: &GroupSelector<'_>) -> Option<Vec<i64>> {
        let named = |fits: &dyn Fn(&str) -> bool| -> Vec<i64> {
            self.org.groups.iter().filter(|(_, g)| fits(&g.name)).map(|(k, _)| k.0).collect()
        };
        match by {
            GroupSelector::Id(id) => {
                let key = key_of(IdKind::Group, id)?;
                self.org.groups.contains_key(&GroupKey(key)).then(|| vec![key])
            }
            GroupSelector::Name(name) => {
                let found = named(&|n| n == *name);
                (!found.is_empty()).then_some(found)
            }
            GroupSelector::NameStartsWith(start) => Some(named(&|n| n.starts_with(start))),
            GroupSelector::NameContains(part) => Some(named(&|n| n.contains(part))),
            GroupSelector::NameMatches(pattern) => Some(named(&|n| pattern.is_match(n))),
            GroupSelector::Kind(kind) => {
                let wanted = match *kind {
                    "BUILT_IN" => GroupKind::BuiltIn,
                    "OKTA_GROUP" => GroupKind::OktaGroup,
                    "APP_GROUP" => GroupKind::AppGroup,
                    _ => return None,
                };
                Some(self.org.groups.iter().filter(|(_, g)| g.kind == wanted).map(|(k, _)| k.0).collect())
            }
            GroupSelector::Source(id) => {
                let app = crate::model::AppKey(key_of(IdKind::App, id)?);
                Some(self.org.groups.iter().filter(|(_, g)| g.app == Some(app)).map(|(k, _)| k.0).collect())
            }
        }
    }

    fn group_names(&self) -> Vec<String> {
        self.org.groups.values().map(|g| g.name.clone()).collect()
    }

    fn group(&self, key: i64) -> Option<GroupText> {
        let group = self.org.groups.get(&GroupKey(key))?;
        let kind = match group.kind {
            GroupKind::BuiltIn => "BUILT_IN",
            GroupKind::OktaGroup => "OKTA_GROUP",
            GroupKind::AppGroup => "APP_GROUP",
        };
        let (id, name) = (public_id(IdKind::Group, key), group.name.clone());
        Some(GroupText { id, name, description: group.description.clone(), kind })
    }

    fn found(&self, root: &str) -> Option<Slot> {
        let reads_records = matches!(self.place, Place::Outbound);
        reads_records.then(|| records::slot(self.records, root, None))?.map(|(slot, _)| slot)
    }
}
