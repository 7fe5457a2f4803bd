//! Groups by filters. They are configuration, so they are looked at in memory.

use std::collections::{BTreeSet, HashMap};

use muster_engine::Config;
use muster_engine::facts::fold;
use muster_engine::model::{Group, GroupKey, IdKind, ItemKind, key_of, public_id};
use muster_query::Filter;
use muster_store::{lookups, search};
use serde_json::{Map, Value as Json, json};

use super::condition::is_id;
use super::order::{Key, Place, no_place};
use super::rules::of_groups;
use super::{Language, Sort};
use crate::error::Result;
use crate::look::org::{GroupView, group_view};
use crate::look::times::Times;
use crate::look::{Page, iso};
use crate::muster::Muster;

/// How many groups a page has if nobody says, and at most (Okta's figure).
const PAGE: usize = 10_000;
/// How many groups a page of those found by `q` has if nobody says (Okta's figure).
const NAMED: usize = 300;

/// Which groups are searched for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GroupSearch {
    /// What they must fulfil. Its attributes are `id`, `type`, `created`, `lastUpdated`, `lastMembershipUpdated`,
    /// `source.id`, `profile.name` and `profile.description`.
    pub filter: Option<Filter>,
    /// The parameter that the filter came in.
    pub language: Language,
    /// The name begins so.
    pub q: Option<String>,
    /// The order; without one that in which they came.
    pub sort: Option<Sort>,
    /// [`Page::next`] of the page before.
    pub after: Option<String>,
    /// How many to give; 0: as many as usual.
    pub limit: usize,
    /// Count their members and apps too.
    pub stats: bool,
}

/// What is known of a group beside its definition, in milliseconds.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::look) struct GroupTimes {
    pub(in crate::look) created: Option<i64>,
    pub(in crate::look) updated: Option<i64>,
    pub(in crate::look) members: Option<i64>,
}

impl GroupTimes {
    pub(in crate::look) fn of(times: &Times, states: &HashMap<i64, i64>, group: GroupKey) -> Self {
        let found = times.of(ItemKind::Group, group.0);
        let created = found.map(|(created, _)| created);
        // A group nobody ever joined or left has the members it began with: none.
        Self { created, updated: found.map(|(_, at)| at), members: states.get(&group.0).copied().or(created) }
    }
}

/// What filters compare.
fn resource(key: GroupKey, group: &Group, times: GroupTimes) -> Map<String, Json> {
    let instant = |at: Option<i64>| at.map_or(Json::Null, |at| Json::from(iso(at)));
    let description = Some(&group.description).filter(|d| !d.is_empty());
    let fields = [
        ("id", Json::from(public_id(IdKind::Group, key.0))),
        ("type", serde_json::to_value(group.kind).unwrap_or_default()),
        ("created", instant(times.created)),
        ("lastUpdated", instant(times.updated)),
        ("lastMembershipUpdated", instant(times.members)),
        ("source", group.app.map_or(Json::Null, |app| json!({ "id": public_id(IdKind::App, app.0) }))),
        ("profile", json!({ "name": group.name, "description": description })),
    ];
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn sort_key(by: &str, key: GroupKey, group: &Group, times: GroupTimes) -> Key {
    let text = |text: &str| if text.is_empty() { Key::Nothing } else { Key::Text(fold(text)) };
    match by {
        "type" => {
            serde_json::to_value(group.kind).ok().and_then(|v| v.as_str().map(text)).unwrap_or(Key::Nothing)
        }
        "created" => Key::instant(times.created),
        "lastUpdated" => Key::instant(times.updated),
        "lastMembershipUpdated" => Key::instant(times.members),
        "source.id" => group.app.map_or(Key::Nothing, |app| Key::Text(public_id(IdKind::App, app.0))),
        "profile.name" => text(&group.name),
        "profile.description" => text(&group.description),
        _ => Key::Number(key.0 as f64),
    }
}

impl Muster {
    /// Groups by a filter, sorted, a page of them.
    ///
    /// # Errors
    /// [`Criteria`](crate::ServiceError::Criteria) if the filter or the order asks what can't be asked,
    /// [`Cursor`](crate::ServiceError::Cursor) if `after` is no place in this list, or if the store fails.
    pub fn search_groups(&self, search: &GroupSearch) -> Result<Page<GroupView>> {
        let rules = of_groups();
        if let Some(filter) = &search.filter {
            rules.check(filter, search.language)?;
        }
        let sort = search.sort.clone().unwrap_or_else(|| Sort { by: "id".to_owned(), descending: false });
        rules.require(&sort.by)?;
        let after = match (&search.after, &search.sort) {
            (None, _) => None,
            (Some(text), Some(sort)) => Some(Place::read(text, sort)?),
            (Some(id), None) => {
                let key = key_of(IdKind::Group, id).ok_or_else(|| no_place(id))?;
                Some(Place { key: Key::Number(key as f64), id: key, descending: false })
            }
        };
        let usual = if search.q.is_some() { NAMED } else { PAGE };
        let limit = if search.limit == 0 { usual } else { search.limit.min(PAGE) };
        let prefix = search.q.as_deref().map(fold);
        let exact = search.language == Language::Filter;
        self.store.try_read(|tx| {
            let config = self.config_in(tx)?;
            let times = self.times_in(tx, config.version)?;
            let states: HashMap<i64, i64> = search::group_states(tx)?.into_iter().collect();
            let mut found: Vec<(Place, &Group, GroupTimes)> = Vec::new();
            for (key, group) in &config.org.groups {
                if prefix.as_ref().is_some_and(|q| !fold(&group.name).starts_with(q)) {
                    continue;
                }
                let known = GroupTimes::of(&times, &states, *key);
                let place = Place {
                    key: sort_key(&sort.by, *key, group, known),
                    id: key.0,
                    descending: sort.descending,
                };
                let fits = |filter: &Filter| {
                    filter.matches(&resource(*key, group, known), &|name| exact || is_id(name))
                };
                if after.as_ref().is_none_or(|after| place > *after)
                    && search.filter.as_ref().is_none_or(fits)
                {
                    found.push((place, group, known));
                }
            }
            found.sort_by(|a, b| a.0.cmp(&b.0));
            let more = found.len() > limit;
            found.truncate(limit);
            let next = found.last().filter(|_| more).map(|(place, ..)| match &search.sort {
                Some(sort) => place.cursor(sort),
                None => public_id(IdKind::Group, place.id),
            });
            let mut items: Vec<GroupView> = found
                .iter()
                .map(|(place, group, known)| group_view(&config, GroupKey(place.id), group, *known))
                .collect();
            if search.stats {
                let keys: Vec<i64> = found.iter().map(|(place, ..)| place.id).collect();
                let mut sizes: HashMap<i64, i64> = search::group_sizes_of(tx, &keys)?.into_iter().collect();
                if let Some(everyone) = config.everyone.filter(|e| keys.contains(&e.0)) {
                    sizes.insert(everyone.0, lookups::status_counts(tx)?.iter().map(|(_, n)| n).sum());
                }
                let apps = apps_by_group(&config);
                for (item, key) in items.iter_mut().zip(&keys) {
                    item.count(sizes.get(key).copied(), apps.get(&GroupKey(*key)).map_or(0, BTreeSet::len));
                }
            }
            Ok(Page { items, next })
        })
    }
}

/// The apps that each group gives.
pub(in crate::look) fn apps_by_group(config: &Config) -> HashMap<GroupKey, BTreeSet<i64>> {
    let mut apps: HashMap<GroupKey, BTreeSet<i64>> = HashMap::new();
    for given in config.org.app_groups.values() {
        apps.entry(given.group).or_default().insert(given.app.0);
    }
    apps
}
