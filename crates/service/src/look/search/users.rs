//! People by filters.

use std::collections::{BTreeMap, HashMap};

use muster_engine::Config;
use muster_engine::model::{AttributeType, IdKind, UserStatus, key_of, public_id};
use muster_query::Filter;
use muster_store::search::{self, FoundRow};
use serde_json::Value as Json;

use super::candidates::{Candidates, Indices};
use super::order::{Key, Place, no_place};
use super::rules::of_people;
use super::{Condition, Language, Sort};
use crate::error::Result;
use crate::index::{indexed_number, indexed_text};
use crate::look::Page;
use crate::look::people::UserView;
use crate::muster::Muster;

/// How many people a page has if nobody says, and at most (Okta's figure).
const PAGE: usize = 200;
/// How many people a page of those found by `q` has if nobody says (Okta's figure).
const NAMED: usize = 10;
/// How many people are looked at in the order of an index before that is given up, in pages.
const WALK: usize = 40;

/// Which people are searched for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UserSearch {
    /// What they must fulfil. Its attributes are `id`, `status`, `created`, `activated`, `statusChanged`,
    /// `lastUpdated`, `type.id` and `profile.NAME`.
    pub filter: Option<Filter>,
    /// The parameter that the filter came in.
    pub language: Language,
    /// First name, last name or e-mail address begins so.
    pub q: Option<String>,
    /// The order; without one that in which they came.
    pub sort: Option<Sort>,
    /// [`Page::next`] of the page before.
    pub after: Option<String>,
    /// How many to give; 0: as many as usual.
    pub limit: usize,
    /// Also those who have left.
    pub include_deprovisioned: bool,
}

/// By what people are sorted.
enum By {
    Id,
    Status,
    Created,
    Activated,
    StatusChanged,
    LastUpdated,
    Profile(String, AttributeType),
}

impl By {
    fn read(config: &Config, sort: &Sort) -> Result<Self> {
        of_people(config).require(&sort.by)?;
        Ok(match sort.by.as_str() {
            "status" => Self::Status,
            "created" => Self::Created,
            "activated" => Self::Activated,
            "statusChanged" => Self::StatusChanged,
            "lastUpdated" => Self::LastUpdated,
            other => match other.strip_prefix("profile.") {
                Some(name) => {
                    let found = config.slot(name).and_then(|slot| config.attribute(slot));
                    Self::Profile(name.to_owned(), found.map_or(AttributeType::String, |a| a.def.kind))
                }
                // There is one user type: by it they are in the order of their ids.
                None => Self::Id,
            },
        })
    }

    fn key(&self, found: &FoundRow, view: &UserView) -> Key {
        match self {
            Self::Id => Key::Number(0.0),
            Self::Status => Key::Text(found.status.clone()),
            Self::Created => Key::instant(Some(found.created)),
            Self::Activated => Key::instant(found.activated),
            Self::StatusChanged => Key::instant(found.status_changed),
            Self::LastUpdated => Key::instant(Some(found.last_updated)),
            Self::Profile(name, kind) => {
                view.profile.get(name).map_or(Key::Nothing, |v| profile_key(*kind, v))
            }
        }
    }

    /// The attribute whose index has the same order.
    fn indexed(&self) -> Option<&str> {
        match self {
            Self::Profile(name, AttributeType::String | AttributeType::Email | AttributeType::Date) => {
                Some(name)
            }
            _ => None,
        }
    }
}

fn profile_key(kind: AttributeType, value: &Json) -> Key {
    use AttributeType as T;
    match (kind, value) {
        (T::Number | T::Integer, Json::Number(n)) => n.as_f64().map_or(Key::Nothing, Key::Number),
        (T::DateTime, Json::String(text)) => match text.parse::<jiff::Timestamp>() {
            Ok(at) => Key::instant(Some(at.as_millisecond())),
            Err(_) => Key::Nothing,
        },
        (T::String | T::Email | T::Date, Json::String(text)) => Key::Text(indexed_text(text)),
        (T::String, Json::Number(n)) => n.as_f64().map_or(Key::Nothing, |n| Key::Text(indexed_number(n))),
        (T::Boolean | T::String, Json::Bool(b)) => Key::Text(b.to_string()),
        _ => Key::Nothing,
    }
}

/// A search on its way.
struct Search<'a> {
    muster: &'a Muster,
    condition: &'a Condition,
    candidates: Option<Candidates>,
    /// How many people are read at once.
    step: usize,
}

/// Takes a person who fulfils the condition; `false`: it has enough.
type Taker<'t> = &'t mut dyn FnMut(FoundRow, UserView) -> bool;

impl Muster {
    /// People by a filter, sorted, a page of them.
    ///
    /// # Errors
    /// [`Criteria`](crate::ServiceError::Criteria) if the filter or the order asks what can't be asked,
    /// [`Cursor`](crate::ServiceError::Cursor) if `after` is no place in this list, or if the store fails.
    pub fn search_users(&self, search: &UserSearch) -> Result<Page<UserView>> {
        let config = self.config()?;
        let mut condition = Condition::default();
        if let Some(filter) = &search.filter {
            of_people(&config).check(filter, search.language)?;
            condition = condition.and(filter.clone(), search.language == Language::Filter);
        }
        if let Some(q) = search.q.as_deref().filter(|q| !q.is_empty()) {
            condition = condition.and_named(q);
        }
        if !search.include_deprovisioned {
            condition = condition.but(UserStatus::Deprovisioned.as_str());
        }
        let usual = if search.q.is_some() { NAMED } else { PAGE };
        let limit = if search.limit == 0 { usual } else { search.limit.min(PAGE) };
        match search.sort.as_ref().filter(|s| s.by != "id" || s.descending) {
            None => self.people_in_order(&config, &condition, search.after.as_deref(), limit),
            Some(sort) => self.people_sorted(&config, &condition, sort, search.after.as_deref(), limit),
        }
    }

    /// How many people are read at once.
    fn step(&self) -> usize {
        (self.chunk / 4).max(1)
    }

    /// People in the order in which they came.
    pub(in crate::look) fn people_in_order(
        &self,
        config: &Config,
        condition: &Condition,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<UserView>> {
        let after = match after {
            Some(id) => key_of(IdKind::User, id).ok_or_else(|| no_place(id))?,
            None => i64::MIN,
        };
        let search = Search::new(self, config, condition)?;
        let mut items = Vec::new();
        let (mut last, mut more) = (None, false);
        search.stream(after, limit + 1, &mut |found, view| {
            more = items.len() == limit;
            if !more {
                last = Some(found.user_key);
                items.push(view);
            }
            !more
        })?;
        Ok(Page { items, next: last.filter(|_| more).map(|key| public_id(IdKind::User, key)) })
    }

    fn people_sorted(
        &self,
        config: &Config,
        condition: &Condition,
        sort: &Sort,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<UserView>> {
        let by = By::read(config, sort)?;
        let after = after.map(|text| Place::read(text, sort)).transpose()?;
        let search = Search::new(self, config, condition)?;
        let walked = match by.indexed() {
            Some(attribute) if !search.candidates.as_ref().is_some_and(Candidates::are_few) => {
                let usable = self
                    .store
                    .try_read(|tx| Indices::new(tx, config, self.step()).map(|i| i.has(attribute)))?;
                if usable {
                    search.walk(attribute, &by, sort.descending, after.as_ref(), limit)?
                } else {
                    None
                }
            }
            _ => None,
        };
        let mut found = match walked {
            Some(found) => found,
            None => search.best(&by, sort.descending, after.as_ref(), limit)?,
        };
        let more = found.len() > limit;
        found.truncate(limit);
        let next = found.last().filter(|_| more).map(|(place, _)| place.cursor(sort));
        Ok(Page { items: found.into_iter().map(|(_, view)| view).collect(), next })
    }
}

impl<'a> Search<'a> {
    fn new(muster: &'a Muster, config: &Config, condition: &'a Condition) -> Result<Self> {
        let filters: Vec<&Filter> = condition.filters().collect();
        let step = muster.step();
        let candidates = if filters.is_empty() {
            None
        } else {
            muster.store.try_read(|tx| Indices::new(tx, config, step)?.of_all(tx, filters.iter().copied()))?
        };
        Ok(Self { muster, condition, candidates, step })
    }

    /// Hands over who fulfils the condition, in the order of the keys. Each page is read by itself, so that a long
    /// search keeps no old moment of the store alive. `first`: how many are read at first.
    fn stream(&self, after: i64, first: usize, take: Taker<'_>) -> Result<()> {
        let mut after = after;
        let mut step = if self.condition.is_empty() { first } else { self.step };
        loop {
            let (rows, last) = self.muster.store.try_read(|tx| match &self.candidates {
                Some(candidates) => {
                    let keys = candidates.page(tx, after, step)?;
                    Ok::<_, crate::ServiceError>((search::found_of(tx, &keys)?, keys.last().copied()))
                }
                None => {
                    let rows = search::found_after(tx, after, self.condition.status_left_out(), step)?;
                    let last = rows.last().map(|row| row.user_key);
                    Ok((rows, last))
                }
            })?;
            let Some(last) = last else { return Ok(()) };
            for row in rows {
                if let Some(view) = self.condition.view(&row)?
                    && !take(row, view)
                {
                    return Ok(());
                }
            }
            after = last;
            step = self.step;
        }
    }

    /// The first behind a place, one more than `limit`: everybody is looked at, few are kept.
    fn best(
        &self,
        by: &By,
        descending: bool,
        after: Option<&Place>,
        limit: usize,
    ) -> Result<Vec<(Place, UserView)>> {
        let mut kept: BTreeMap<Place, UserView> = BTreeMap::new();
        self.stream(i64::MIN, self.step, &mut |found, view| {
            let place = Place { key: by.key(&found, &view), id: found.user_key, descending };
            let behind = after.is_none_or(|after| place > *after);
            if behind && (kept.len() <= limit || kept.last_key_value().is_some_and(|(last, _)| place < *last))
            {
                kept.insert(place, view);
                if kept.len() > limit + 1 {
                    kept.pop_last();
                }
            }
            true
        })?;
        Ok(kept.into_iter().collect())
    }

    /// The same in the order of an index, without looking at everybody; `None`: too many don't fulfil the condition.
    fn walk(
        &self,
        attribute: &str,
        by: &By,
        descending: bool,
        after: Option<&Place>,
        limit: usize,
    ) -> Result<Option<Vec<(Place, UserView)>>> {
        let mut out = Vec::new();
        let mut seen = 0;
        let mut at = match after {
            Some(Place { key: Key::Text(value), id, .. }) => Some((value.clone(), *id)),
            _ => None,
        };
        let mut valueless = i64::MIN;
        if let Some(Place { key: Key::Nothing, id, .. }) = after {
            valueless = *id;
        } else {
            loop {
                let (places, rows) = self.muster.store.try_read(|tx| {
                    let places = if descending {
                        search::values_down(tx, attribute, at.as_ref(), self.step)?
                    } else {
                        search::values_up(tx, attribute, at.as_ref(), self.step)?
                    };
                    let mut keys: Vec<i64> = places.iter().map(|(_, key)| *key).collect();
                    keys.sort_unstable();
                    Ok::<_, crate::ServiceError>((places, search::found_of(tx, &keys)?))
                })?;
                if places.is_empty() {
                    break;
                }
                seen += places.len();
                let rows: HashMap<i64, FoundRow> = rows.into_iter().map(|row| (row.user_key, row)).collect();
                for (value, key) in &places {
                    let Some(row) = rows.get(key) else { continue };
                    let Some(view) = self.condition.view(row)? else { continue };
                    let place = Place { key: by.key(row, &view), id: *key, descending };
                    // A list has several rows and no place.
                    if matches!(&place.key, Key::Text(own) if own == value) {
                        out.push((place, view));
                        if out.len() > limit {
                            return Ok(Some(out));
                        }
                    }
                }
                if seen > WALK * self.step {
                    return Ok(None);
                }
                at = places.into_iter().next_back();
            }
        }
        self.stream(valueless, self.step, &mut |found, view| {
            let key = by.key(&found, &view);
            if key == Key::Nothing {
                out.push((Place { key, id: found.user_key, descending }, view));
            }
            out.len() <= limit
        })?;
        Ok(Some(out))
    }
}
