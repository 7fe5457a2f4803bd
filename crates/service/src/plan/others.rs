//! Other people, as far as links lead to them.

use std::collections::{BTreeSet, HashMap};

use muster_engine::config::LinkWay;
use muster_engine::derive::{Others, ProfilePart};
use muster_engine::facts::fold;
use muster_engine::model::{ItemKey, UserKey};
use muster_engine::{Config, Value};
use muster_store::{Tx, lookups};

use crate::error::{Result, ServiceError};
use crate::world::namespace;

/// Profiles of linked people, by link and key.
#[derive(Debug, Default)]
pub(crate) struct Linked(HashMap<(usize, String), Vec<Value>>);

impl Others for Linked {
    fn linked(&self, link: usize, value: &str) -> Option<&[Value]> {
        self.0.get(&(link, fold(value))).map(Vec::as_slice)
    }
}

/// What other people's expressions may read of the people a plan changes, before the store has it.
#[derive(Debug, Default)]
///
/// `None`: nobody is found there any more.
pub(crate) struct Ahead(HashMap<(usize, String), Option<Box<[Value]>>>);

/// The slots read over each link.
fn read_slots(config: &Config, link: usize) -> Vec<usize> {
    config.linked_reads.iter().filter(|(l, _)| *l == link).map(|(_, s)| *s).collect()
}

impl Ahead {
    /// Notes a person's values under each key by which links find her, and that she isn't found under the former one.
    pub(crate) fn note(
        &mut self,
        config: &Config,
        user: UserKey,
        part: &ProfilePart,
        before: Option<&[Value]>,
    ) {
        for (at, link) in config.links.iter().enumerate() {
            let slots = read_slots(config, at);
            if slots.is_empty() {
                continue;
            }
            let key = link.finds(user, &part.values);
            let was = before.and_then(|b| link.finds(user, b));
            if let Some(was) = was.filter(|w| key.as_ref() != Some(w)) {
                self.0.entry((at, was)).or_insert(None);
            }
            if let Some(key) = key {
                let values = slots.iter().map(|&s| part.values.get(s).cloned().unwrap_or_default()).collect();
                self.0.insert((at, key), Some(values));
            }
        }
    }

    /// Outer `None`: the plan doesn't touch whoever is found there.
    #[expect(clippy::option_option, reason = "nobody there is another answer than not known here")]
    fn profile(&self, config: &Config, link: usize, key: &str) -> Option<Option<Vec<Value>>> {
        let Some(values) = self.0.get(&(link, key.to_owned()))? else { return Some(None) };
        let mut profile = vec![Value::Null; config.attributes.len()];
        for (slot, value) in read_slots(config, link).into_iter().zip(values) {
            if let Some(place) = profile.get_mut(slot) {
                *place = value.clone();
            }
        }
        Some(Some(profile))
    }
}

/// Loads whoever the links of these people lead to: from what the plan itself changes, else from the store.
pub(crate) fn load(
    tx: &mut dyn Tx,
    config: &Config,
    links: &[&[(ItemKey, String)]],
    ahead: &Ahead,
) -> Result<Linked> {
    let mut linked = Linked::default();
    if config.linked_reads.is_empty() {
        return Ok(linked);
    }
    for (at, link) in config.links.iter().enumerate() {
        if !config.linked_reads.iter().any(|(l, _)| *l == at) {
            continue;
        }
        let mut keys: BTreeSet<String> = BTreeSet::new();
        for held in links {
            if let Some((_, value)) = held.iter().find(|(item, _)| *item == link.item) {
                keys.insert(value.clone());
            }
        }
        keys.retain(|key| match ahead.profile(config, at, key) {
            Some(profile) => {
                linked.0.extend(profile.map(|p| ((at, key.clone()), p)));
                false
            }
            None => true,
        });
        if keys.is_empty() {
            continue;
        }
        let found = found(tx, config, link.way, keys)?;
        let users: Vec<i64> = found.iter().map(|(_, user)| *user).collect();
        let profiles: HashMap<i64, String> =
            lookups::profiles_of(tx, &users)?.into_iter().map(|u| (u.user_key, u.profile)).collect();
        for (key, user) in found {
            if let Some(text) = profiles.get(&user) {
                let profile = config
                    .profile_from_json(text)
                    .map_err(|e| ServiceError::corrupt(format!("profile of user {user}"), e))?;
                linked.0.insert((at, key), profile);
            }
        }
    }
    Ok(linked)
}

/// Whom the store has under these keys of a link: key, person.
pub(crate) fn found(
    tx: &mut dyn Tx,
    config: &Config,
    way: LinkWay,
    keys: BTreeSet<String>,
) -> Result<Vec<(String, i64)>> {
    let LinkWay::Attribute { matches, .. } = way else {
        return Ok(keys.into_iter().filter_map(|key| key.parse().ok().map(|user| (key, user))).collect());
    };
    let list: Vec<&str> = keys.iter().map(String::as_str).collect();
    let claims = lookups::claims_by_value(tx, &namespace(config.attribute_name(matches)), &list)?;
    let held = claims.into_iter().filter(|c| c.state == crate::world::HELD);
    Ok(held.map(|c| (c.value, c.user_key)).collect())
}

/// A person whose profile changes.
pub(crate) struct Changed<'a> {
    /// Who.
    pub(crate) user: UserKey,
    /// The profile now.
    pub(crate) now: &'a [Value],
    /// The slots that change.
    pub(crate) attributes: &'a [usize],
    /// The profile before; `None` if she wasn't known.
    pub(crate) before: Option<&'a [Value]>,
}

/// Who links to people whose values (by which they are found, or which are read over the link) change: user keys.
pub(crate) fn dependants(tx: &mut dyn Tx, config: &Config, changed: &[Changed<'_>]) -> Result<Vec<i64>> {
    let mut users = BTreeSet::new();
    for (at, link) in config.links.iter().enumerate() {
        let slots = read_slots(config, at);
        if slots.is_empty() {
            continue;
        }
        let mut keys: BTreeSet<String> = BTreeSet::new();
        for person in changed {
            let found_by =
                |slot: usize| matches!(link.way, LinkWay::Attribute { matches, .. } if matches == slot);
            if !person.attributes.iter().any(|s| found_by(*s) || slots.contains(s)) {
                continue;
            }
            keys.extend(link.finds(person.user, person.now));
            keys.extend(person.before.and_then(|before| link.finds(person.user, before)));
        }
        let list: Vec<&str> = keys.iter().map(String::as_str).collect();
        if !list.is_empty() {
            users.extend(lookups::dependants(tx, link.item.0, &list)?.into_iter().map(|d| d.user_key));
        }
    }
    Ok(users.into_iter().collect())
}
