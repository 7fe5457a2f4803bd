//! The index of people by the values of their attributes: which rows a person has in it.

use std::collections::BTreeSet;

use muster_engine::facts::fold;
use muster_engine::model::UserKey;
use muster_engine::plan::Diff;
use muster_engine::{Config, Value, matching};
use muster_store::people::{PeopleWrites, ValueRow, write_people};
use muster_store::{Tx, meta, search};

use crate::error::{Result, ServiceError};
use crate::muster::{CHUNK, Muster};
use crate::world::Person;

/// Says in the store that everybody who was known before there was an index has rows in it.
const FILLED: &str = "user_value";

/// A text as the index holds it.
pub(crate) fn indexed_text(text: &str) -> String {
    matching::cut(&fold(text))
}

/// A number as the index holds it: the same text for 2 and 2.0.
pub(crate) fn indexed_number(number: f64) -> String {
    // Zero has a sign that no comparison sees.
    if number == 0.0 { "0".to_owned() } else { number.to_string() }
}

fn push(value: &Value, out: &mut BTreeSet<String>) {
    match value {
        Value::Null => {}
        Value::Bool(b) => {
            out.insert(b.to_string());
        }
        Value::Int(i) => {
            out.insert(i.to_string());
        }
        Value::Num(n) => {
            out.insert(indexed_number(*n));
        }
        Value::Str(s) => {
            out.insert(indexed_text(s));
        }
        Value::List(items) => items.iter().for_each(|item| push(item, out)),
    }
}

fn texts(value: &Value) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    push(value, &mut out);
    out
}

/// A row: attribute and value.
type Entry = (String, String);

/// The rows of a stored profile under the configuration it was written under.
pub(crate) fn stored_entries(config: &Config, profile: &str, version: i64) -> Result<BTreeSet<Entry>> {
    let values: std::collections::BTreeMap<String, Value> =
        serde_json::from_str(profile).map_err(|e| ServiceError::corrupt("profile of a user", e))?;
    let mut rows: BTreeSet<Entry> = values
        .iter()
        .filter(|(name, _)| config.index_history.holds(name, version))
        .flat_map(|(name, value)| texts(value).into_iter().map(|text| (name.clone(), text)))
        .collect();
    for index in config.index_history.match_indexes(version) {
        let found = matching::entries(index, |name| values.get(name).cloned().unwrap_or_default());
        rows.extend(found.into_iter().map(|text| (index.to_owned(), text)));
    }
    Ok(rows)
}

fn entries(config: &Config, profile: &[Value]) -> BTreeSet<Entry> {
    let attributes = config.indexed.iter().flat_map(|&slot| {
        let name = config.attribute_name(slot);
        let value = profile.get(slot).unwrap_or(Value::NULL);
        texts(value).into_iter().map(|text| (name.to_owned(), text))
    });
    let matched = config.match_indexes.iter().flat_map(|index| {
        match_texts(config, &index.name, profile).into_iter().map(|text| (index.name.clone(), text))
    });
    attributes.chain(matched).collect()
}

/// What an index that only matching needs holds of a profile.
pub(crate) fn match_texts(config: &Config, index: &str, profile: &[Value]) -> BTreeSet<String> {
    matching::entries(index, |name| value_of(config, profile, name))
}

/// A profile's value of an attribute.
pub(crate) fn value_of(config: &Config, profile: &[Value], name: &str) -> Value {
    config.slot(name).and_then(|slot| profile.get(slot)).cloned().unwrap_or_default()
}

/// Her rows before and after, if other attributes are indexed now than when she was written; `None`: the same ones.
fn under_another(
    config: &Config,
    person: &Person,
    profile: &[Value],
) -> Result<Option<(BTreeSet<Entry>, BTreeSet<Entry>)>> {
    let Some(user) = person.rows.as_deref().map(|rows| &rows.user) else { return Ok(None) };
    if !config.index_history.differs(user.config_version, config.version) {
        return Ok(None);
    }
    let before = stored_entries(config, &user.profile, user.config_version)?;
    Ok(Some((before, entries(config, profile))))
}

/// Whether her rows differ from those stored although her profile may be the same, since other attributes are indexed
/// now.
pub(crate) fn moved(config: &Config, person: &Person, profile: &[Value]) -> Result<bool> {
    Ok(under_another(config, person, profile)?.is_some_and(|(before, after)| before != after))
}

/// Adds what her rows lose and gain.
pub(crate) fn write(
    config: &Config,
    person: &Person,
    user: UserKey,
    profile: &[Value],
    diff: &Diff,
    out: &mut PeopleWrites,
) -> Result<()> {
    let row = |(attribute, value): &Entry| ValueRow {
        attribute: attribute.clone(),
        value: value.clone(),
        user_key: user.0,
    };
    if let Some((before, after)) = under_another(config, person, profile)? {
        out.values_removed.extend(before.difference(&after).map(row));
        out.values.extend(after.difference(&before).map(row));
        return Ok(());
    }
    for &slot in diff.attributes.iter().filter(|slot| config.indexed.contains(slot)) {
        let name = config.attribute_name(slot);
        let of = |profile: &[Value]| texts(profile.get(slot).unwrap_or(Value::NULL));
        let (before, after) = (of(&person.stored.profile), of(profile));
        let row = |value: &String| row(&(name.to_owned(), value.clone()));
        out.values_removed.extend(before.difference(&after).map(row));
        out.values.extend(after.difference(&before).map(row));
    }
    for index in &config.match_indexes {
        if !index.slots.iter().any(|slot| diff.attributes.contains(slot)) {
            continue;
        }
        let of = |profile: &[Value]| match_texts(config, &index.name, profile);
        let (before, after) = (of(&person.stored.profile), of(profile));
        let row = |value: &String| row(&(index.name.clone(), value.clone()));
        out.values_removed.extend(before.difference(&after).map(row));
        out.values.extend(after.difference(&before).map(row));
    }
    Ok(())
}

/// Notes that an empty store has nobody who lacks rows.
pub(crate) fn note_filled(tx: &mut dyn Tx) -> muster_store::Result<()> {
    meta::set(tx, FILLED, "filled")
}

/// Gives everybody of a store from before there was an index her rows in it, once.
pub(crate) fn fill(muster: &Muster) -> Result<()> {
    if muster.store.read(|tx| meta::get(tx, FILLED))?.is_some() {
        return Ok(());
    }
    let mut after = i64::MIN;
    loop {
        let last = muster.store.try_write(|tx| {
            let config = muster.config_in(tx)?;
            let people = search::found_after(tx, after, "", CHUNK)?;
            let mut writes = PeopleWrites::default();
            for user in &people {
                let rows = stored_entries(&config, &user.profile, user.config_version)?.into_iter();
                let user_key = user.user_key;
                writes.values.extend(rows.map(|(attribute, value)| ValueRow { attribute, value, user_key }));
            }
            write_people(tx, &writes)?;
            if people.is_empty() {
                note_filled(tx)?;
            }
            Ok::<_, ServiceError>(people.last().map(|user| user.user_key))
        })?;
        match last {
            Some(key) => after = key,
            None => return Ok(()),
        }
    }
}
