//! Links from one person to another, compiled.

use std::collections::BTreeSet;

use muster_expr::Value;

use super::compile::Compiler;
use crate::facts::fold;
use crate::model::schema::Attribute;
use crate::model::{ItemKey, ItemKind, LinkDef, LinkKeys, UserKey};

/// The most definitions an org can have.
const MOST: usize = 200;
/// The longest name, and the longest title or description.
const LENGTHS: (usize, usize) = (100, 1_024);

/// A linked object definition, compiled.
#[derive(Clone, Debug)]
pub struct Link {
    /// The configuration item.
    pub item: ItemKey,
    /// Its primary name, by which facts know it.
    pub name: String,
    /// Where its values come from.
    pub way: LinkWay,
}

/// Where the values of a link come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkWay {
    /// From an attribute.
    Attribute {
        /// The attribute that holds the other's key.
        holds: usize,
        /// The unique attribute by which the other is found.
        matches: usize,
    },
    /// They are said by hand; the other is found by her user key.
    Said,
}

impl Link {
    /// The key under which it finds somebody with this profile.
    pub fn finds(&self, user: UserKey, profile: &[Value]) -> Option<String> {
        match self.way {
            LinkWay::Attribute { matches, .. } => text(profile, matches),
            LinkWay::Said => Some(user.to_string()),
        }
    }

    /// The other's key, where somebody's profile holds it.
    pub fn held(&self, profile: &[Value]) -> Option<String> {
        match self.way {
            LinkWay::Attribute { holds, .. } => text(profile, holds),
            LinkWay::Said => None,
        }
    }

    /// Whether values are said by hand.
    pub fn is_said(&self) -> bool {
        self.way == LinkWay::Said
    }
}

fn text(profile: &[Value], slot: usize) -> Option<String> {
    profile.get(slot).and_then(Value::to_text).map(|key| fold(&key))
}

impl Compiler<'_> {
    /// The links whose definitions are whole; what is wrong with the others is noted.
    pub(super) fn links(&mut self, attributes: &[Attribute]) -> Vec<Link> {
        let mut links = Vec::new();
        let mut names: BTreeSet<&str> = BTreeSet::new();
        for (at, (key, def)) in self.org.links.iter().enumerate() {
            if let Some(reason) = wrong_with(def, at, &mut names) {
                self.fail(ItemKind::Link, *key, &def.name, reason);
            }
            match self.way(attributes, def) {
                Ok(way) => links.push(Link { item: *key, name: def.name.clone(), way }),
                Err(reason) => self.fail(ItemKind::Link, *key, &def.name, reason),
            }
        }
        links
    }

    fn way(&self, attributes: &[Attribute], def: &LinkDef) -> Result<LinkWay, String> {
        let Some(LinkKeys { attribute, matches }) = &def.keys else { return Ok(LinkWay::Said) };
        let slot = |name: &String| {
            let missing = || format!("there is no user attribute {name:?}{}", self.did_you_mean(name));
            self.slots.get(name).copied().ok_or_else(missing)
        };
        let way = LinkWay::Attribute { holds: slot(attribute)?, matches: slot(matches)? };
        match way {
            LinkWay::Attribute { matches: at, .. } if !attributes.get(at).is_some_and(|a| a.def.unique) => {
                Err(format!("matches {matches:?}, which isn't unique: set `unique = true` on that attribute"))
            }
            way => Ok(way),
        }
    }
}

/// What is wrong with a definition itself; its names join those before it.
fn wrong_with<'d>(def: &'d LinkDef, at: usize, names: &mut BTreeSet<&'d str>) -> Option<String> {
    if at == MOST {
        return Some(format!("there are more than {MOST} links; take some away"));
    }
    for name in [&def.name, &def.associated].into_iter().filter(|name| !name.is_empty()) {
        if !is_name(name) {
            return Some(format!(
                "{name:?} can't be the name of a link: write letters, digits and _, no digit first, at most {} characters",
                LENGTHS.0
            ));
        }
        if !names.insert(name) {
            return Some(format!(
                "the name {name:?} is there twice; names are unique, those of both ends together"
            ));
        }
    }
    let texts = [&def.title, &def.description, &def.associated_title, &def.associated_description];
    let long = texts.into_iter().any(|text| text.chars().count() > LENGTHS.1);
    long.then(|| format!("titles and descriptions have at most {} characters", LENGTHS.1))
}

fn is_name(name: &str) -> bool {
    name.len() <= LENGTHS.0
        && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}
