//! The org as a file: a readable text in TOML for all of an org's configuration.
//!
//! [`parse`] reads it and tells all mistakes at once, each with its place and what to do. [`OrgFile::changes`] says
//! what has to change to make an org what the file says; [`export`] writes an org down in the same format, so that
//! reading back what it wrote changes nothing. `docs/org-file.md` describes the format.

mod changes;
mod error;
mod export;
mod names;
mod read;
mod write;

use std::collections::BTreeMap;

use muster_engine::model::schema::AttributeDef;
use muster_engine::{
    App, ConfigError, GuardLimits, ItemKind, LinkDef, Org, OrgSettings, PushWhen, RuleStatus, Value,
    WhenTaken,
};

pub use error::{Excerpt, OrgFileError, Position};
pub use export::export;
pub use muster_engine::model::ItemChange;
pub use read::parse;

use error::{Source, Span};

/// What a file says, with where it says it.
#[derive(Clone, Debug)]
pub struct OrgFile {
    text: String,
    /// Where each item stands, by the name [`muster_engine::Item::name`] gives it.
    spots: BTreeMap<(ItemKind, String), Spot>,
    /// All but the people it protects: these are named, and known by their keys.
    settings: OrgSettings,
    protected_users: Vec<Reference>,
    attributes: BTreeMap<String, AttributeDef>,
    links: BTreeMap<String, LinkDef>,
    groups: BTreeMap<String, GroupEntry>,
    rules: BTreeMap<String, RuleEntry>,
    apps: BTreeMap<String, AppEntry>,
}

/// Where something stands, and its path.
#[derive(Clone, Debug)]
struct Spot {
    at: Span,
    path: String,
}

/// A name the file gives, to be looked up in the org.
#[derive(Clone, Debug)]
struct Reference {
    name: String,
    spot: Spot,
}

#[derive(Clone, Debug)]
struct GroupEntry {
    description: String,
    protected: bool,
    guard: GuardLimits,
    spot: Spot,
}

#[derive(Clone, Debug)]
struct RuleEntry {
    expression: String,
    groups: Vec<Reference>,
    except_users: Vec<Reference>,
    except_groups: Vec<Reference>,
    status: RuleStatus,
}

#[derive(Clone, Debug)]
struct AppEntry {
    app: App,
    to_user: BTreeMap<String, MappingEntry>,
    to_app: BTreeMap<String, MappingEntry>,
    groups: Vec<AppGroupEntry>,
}

#[derive(Clone, Debug)]
struct MappingEntry {
    expression: String,
    next: Vec<String>,
    when: PushWhen,
    taken: WhenTaken,
}

#[derive(Clone, Debug)]
struct AppGroupEntry {
    group: Reference,
    priority: u32,
    profile: BTreeMap<String, Value>,
}

impl OrgFile {
    /// Mistakes that compiling found in `org`, the org with this file's changes made: each with its place in the file.
    pub fn locate(&self, org: &Org, errors: &[ConfigError]) -> Vec<OrgFileError> {
        let source = Source::new(&self.text);
        let found = errors.iter().map(|error| {
            let name = org.get(error.kind, error.key).map(|item| item.name(org));
            match name.and_then(|name| self.spots.get(&(error.kind, name))) {
                Some(spot) => located(source, spot, &error.reason),
                None => OrgFileError {
                    position: None,
                    path: error.place.clone(),
                    reason: error.reason.clone(),
                    excerpt: None,
                },
            }
        });
        let mut errors: Vec<OrgFileError> = found.collect();
        errors.sort_by_key(|error| error.position);
        errors
    }
}

/// A mistake in an expression shows the place within it already.
fn located(source: Source<'_>, spot: &Spot, reason: &str) -> OrgFileError {
    if reason.contains('\n') {
        let mut error = source.error(spot.at, &spot.path, format!("in the expression at {reason}"));
        error.excerpt = None;
        return error;
    }
    source.error(spot.at, &spot.path, reason.to_owned())
}
