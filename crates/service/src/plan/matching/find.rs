//! Who may be meant by rows of new keys: looked up for many rows at once, by index only.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use muster_engine::config::ProfileSource;
use muster_engine::matching::{self, Score, Traits};
use muster_engine::model::UserKey;
use muster_engine::{Config, Value};
use muster_store::people::{PersonRows, load_people};
use muster_store::{Tx, lookups, pending};

use super::{Asked, NewRow, Pass, stays};
use crate::error::{Result, ServiceError};
use crate::index::value_of;
use crate::plan::process::Frame;
use crate::plan::queue::Present;
use crate::world::namespace;

/// How many people who share a key with a row are looked at. A key that more people share tells too little: it isn't
/// looked at, and others must find her.
const SHARING: usize = 200;
/// How many people are compared at once.
const PAGE: usize = 5_000;

/// Who may be meant by which row.
#[derive(Default)]
pub(super) struct Found {
    /// Who has which unique value.
    pub(super) owners: HashMap<Asked, UserKey>,
    /// Who is found by which values of an index.
    tiers: HashMap<(String, String), Vec<UserKey>>,
    /// Who resembles which row (by its place), the likeliest first.
    alike: HashMap<usize, Vec<(UserKey, Score)>>,
    pub(super) people: HashMap<i64, PersonRows>,
}

/// What is compared of a profile for a source.
pub(super) fn traits(config: &Config, source: &ProfileSource, profile: &[Value]) -> Traits {
    let telling = source.source.telling();
    Traits::of(telling.iter().map(String::as_str), |name| value_of(config, profile, name))
}

/// What a row's values are together for a tier; `None` if one is missing.
pub(super) fn together(profile: &[Value], slots: &[usize]) -> Option<String> {
    matching::together(slots.iter().map(|slot| profile.get(*slot).cloned().unwrap_or_default()))
}

/// Looks up who may be meant. A source that matches on unique attributes alone asks for nothing but who has them.
pub(super) fn find(
    tx: &mut dyn Tx,
    frame: &Frame<'_>,
    rows: &[Option<NewRow<'_>>],
    pass: &Pass,
    waiting: &Present,
) -> Result<Found> {
    let mut found = Found { owners: owners(tx, frame, rows, pass)?, ..Found::default() };
    found.tiers = by_tiers(tx, rows)?;
    let users: BTreeSet<i64> =
        found.owners.values().chain(found.tiers.values().flatten()).map(|u| u.0).collect();
    found.load(tx, users)?;
    found.look_alike(tx, frame, rows, pass, waiting)?;
    Ok(found)
}

/// Who has the values, by the store and by what this pass has given out without writing it.
fn owners(
    tx: &mut dyn Tx,
    frame: &Frame<'_>,
    rows: &[Option<NewRow<'_>>],
    pass: &Pass,
) -> Result<HashMap<Asked, UserKey>> {
    let mut by_slot: HashMap<usize, BTreeSet<&str>> = HashMap::new();
    for (slot, value) in rows.iter().flatten().flat_map(|row| &row.asked) {
        by_slot.entry(*slot).or_default().insert(value);
    }
    let mut owners = HashMap::new();
    for (slot, values) in by_slot {
        let values: Vec<&str> = values.into_iter().collect();
        let found = lookups::claims_by_value(tx, &namespace(frame.config.attribute_name(slot)), &values)?;
        owners.extend(found.into_iter().map(|c| ((slot, c.value), UserKey(c.user_key))));
        for value in values {
            if let Some(owner) = pass.provisional.owner(slot, value) {
                owners.entry((slot, value.to_owned())).or_insert(owner);
            }
        }
    }
    Ok(owners)
}

/// Who has the values of indexes together, as far as an index holds them.
fn by_tiers(tx: &mut dyn Tx, rows: &[Option<NewRow<'_>>]) -> Result<HashMap<(String, String), Vec<UserKey>>> {
    let mut asked: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for row in rows.iter().flatten() {
        for tier in &row.source.tiers {
            if let Some(value) = together(&row.profile, &tier.slots) {
                asked.entry(&tier.index).or_default().insert(matching::cut(&value));
            }
        }
    }
    let mut found: HashMap<(String, String), Vec<UserKey>> = HashMap::new();
    for (index, values) in asked {
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        for (value, user) in pending::sharing(tx, index, &values, SHARING)? {
            found.entry((index.to_owned(), value)).or_default().push(UserKey(user));
        }
    }
    Ok(found)
}

impl Found {
    fn load(&mut self, tx: &mut dyn Tx, users: BTreeSet<i64>) -> Result<()> {
        let new: Vec<i64> = users.into_iter().filter(|u| *u > 0 && !self.people.contains_key(u)).collect();
        if !new.is_empty() {
            self.people.extend(load_people(tx, &new)?.into_iter().map(|p| (p.user.user_key, p)));
        }
        Ok(())
    }

    /// Those whom the first tier that finds anybody finds, and what the tier is on. People who have another record of
    /// the source that goes on, and those it is known not to be, aren't found.
    pub(super) fn exact(
        &self,
        frame: &Frame<'_>,
        row: &NewRow<'_>,
        apart: &[UserKey],
        pass: &Pass,
    ) -> Result<Option<(String, Vec<UserKey>)>> {
        for asked in &row.asked {
            let owner = self.owners.get(asked).copied().filter(|u| !apart.contains(u));
            if let Some(user) = owner
                && !stays(frame, &self.people, pass, user, row.app)?
            {
                return Ok(Some((frame.config.attribute_name(asked.0).to_owned(), vec![user])));
            }
        }
        for tier in &row.source.tiers {
            let Some(value) = together(&row.profile, &tier.slots) else { continue };
            let all = self.tiers.get(&(tier.index.clone(), matching::cut(&value)));
            let mut users = Vec::new();
            for user in all.into_iter().flatten().copied().filter(|u| !apart.contains(u)) {
                let same = self
                    .profile(frame.config, user)?
                    .is_some_and(|profile| together(&profile, &tier.slots).as_ref() == Some(&value));
                if same && !stays(frame, &self.people, pass, user, row.app)? {
                    users.push(user);
                }
            }
            if !users.is_empty() {
                let names: Vec<&str> = tier.slots.iter().map(|s| frame.config.attribute_name(*s)).collect();
                return Ok(Some((names.join(", "), users)));
            }
        }
        Ok(None)
    }

    /// The stored profile of somebody who was loaded.
    pub(super) fn profile(&self, config: &Config, user: UserKey) -> Result<Option<Vec<Value>>> {
        let Some(person) = self.people.get(&user.0) else { return Ok(None) };
        read_profile(config, user, &person.user.profile).map(Some)
    }

    /// Those who resemble a row, the likeliest first.
    pub(super) fn resembled(&self, at: usize) -> &[(UserKey, Score)] {
        self.alike.get(&at).map_or(&[], Vec::as_slice)
    }

    /// Compares the rows that nobody is found for with those who share a key with them.
    fn look_alike(
        &mut self,
        tx: &mut dyn Tx,
        frame: &Frame<'_>,
        rows: &[Option<NewRow<'_>>],
        pass: &Pass,
        waiting: &Present,
    ) -> Result<()> {
        let mut asked: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        let mut open = Vec::new();
        for (at, row) in rows.iter().enumerate() {
            let Some(row) = row else { continue };
            let Some(index) = &row.source.alike else { continue };
            let apart = waiting.get(&(row.app, row.key.to_owned())).map_or(&[][..], |w| &w.apart);
            if self.exact(frame, row, apart, pass)?.is_none() {
                let its = row.traits(frame);
                let keys = its.keys();
                asked.entry(index).or_default().extend(keys.iter().cloned());
                open.push((at, row, index, keys, its));
            }
        }
        let mut sharing: HashMap<(&str, String), Vec<i64>> = HashMap::new();
        for (index, values) in &asked {
            let values: Vec<&str> = values.iter().map(String::as_str).collect();
            for (value, user) in pending::sharing(tx, index, &values, SHARING + 1)? {
                sharing.entry((*index, value)).or_default().push(user);
            }
        }
        sharing.retain(|_, users| users.len() <= SHARING);
        let of_row = |index: &'_ str, keys: &BTreeSet<String>| -> BTreeSet<i64> {
            keys.iter().filter_map(|key| sharing.get(&(index, key.clone()))).flatten().copied().collect()
        };
        let everybody: BTreeSet<i64> =
            open.iter().flat_map(|(_, _, index, keys, _)| of_row(index, keys)).collect();
        let everybody: Vec<i64> = everybody.into_iter().collect();
        let mut likely: BTreeSet<i64> = BTreeSet::new();
        for page in everybody.chunks(PAGE) {
            let profiles: HashMap<i64, String> =
                lookups::profiles_of(tx, page)?.into_iter().map(|u| (u.user_key, u.profile)).collect();
            let mut read: HashMap<i64, Vec<Value>> = HashMap::with_capacity(profiles.len());
            for (user, text) in profiles {
                read.insert(user, read_profile(frame.config, UserKey(user), &text)?);
            }
            let mut compared: HashMap<(&str, i64), Traits> = HashMap::new();
            for (at, row, index, keys, its) in &open {
                for user in of_row(index, keys) {
                    let Some(profile) = read.get(&user) else { continue };
                    let hers = compared.entry((index, user));
                    let hers = hers.or_insert_with(|| traits(frame.config, row.source, profile));
                    let score = its.score(hers);
                    if score.points >= row.source.source.confirm.partial_score {
                        likely.insert(user);
                        self.alike.entry(*at).or_default().push((UserKey(user), score));
                    }
                }
            }
        }
        for all in self.alike.values_mut() {
            all.sort_by_key(|(user, score)| (std::cmp::Reverse(score.points), *user));
        }
        self.load(tx, likely)
    }
}

fn read_profile(config: &Config, user: UserKey, text: &str) -> Result<Vec<Value>> {
    let bad = |e| ServiceError::corrupt(format!("profile of user {user}"), e);
    config.profile_from_json(text).map_err(bad)
}
