//! The people whom a change of the configuration can touch, by key: what the store's indices find, merged with whom a
//! look at each person's profile and groups finds. Nobody is derived to be found.

use std::collections::HashMap;
use std::sync::Arc;

use muster_engine::config::Rule;
use muster_engine::derive::StoredEnv;
use muster_engine::model::{AppKey, GroupKey, ItemKey, Millis, UserKey, UserStatus};
use muster_engine::plan::{Selection, Touched, says_otherwise, touched};
use muster_engine::{Config, Value};
use muster_store::lookups::{self, UserState};
use muster_store::{Store, Tx};

use super::others::{self, Ahead, Linked};
use super::stream::{Works, again};
use super::work::Work;
use crate::error::{Result, ServiceError};
use crate::world::namespace;

/// Two versions of the configuration and whom the step from one to the other can touch.
#[derive(Debug)]
pub(crate) struct Narrow {
    old: Arc<Config>,
    new: Arc<Config>,
    touched: Touched,
}

impl Narrow {
    /// Compares two versions.
    pub(crate) fn between(old: Arc<Config>, new: Arc<Config>) -> Self {
        let touched = if Arc::ptr_eq(&old, &new) { Touched::default() } else { touched(&old, &new) };
        Self { old, new, touched }
    }

    /// Everybody, whatever has changed.
    pub(crate) fn everyone(config: Arc<Config>) -> Self {
        Self { old: config.clone(), new: config, touched: Touched { everyone: true, ..Touched::default() } }
    }
}

/// How many people are found, or looked at, by one query.
const PAGE: usize = 2_000;

enum Way {
    Everyone,
    Index(Selection),
    Look,
}

/// One way of finding people, with those it has found and that haven't been handed on.
struct Finder {
    way: Way,
    after: i64,
    found: std::iter::Peekable<std::vec::IntoIter<i64>>,
    done: bool,
}

/// The people a change can touch, by key.
pub(crate) struct TouchedWorks {
    store: Store,
    narrow: Arc<Narrow>,
    finders: Vec<Finder>,
}

impl TouchedWorks {
    /// Begins behind a person.
    pub(crate) fn new(store: &Store, narrow: Arc<Narrow>, after: i64) -> Self {
        let mut ways: Vec<Way> = narrow.touched.by.iter().cloned().map(Way::Index).collect();
        if narrow.touched.everyone {
            ways.push(Way::Everyone);
        }
        if narrow.touched.looks() {
            ways.push(Way::Look);
        }
        let finder = |way| Finder { way, after, found: Vec::new().into_iter().peekable(), done: false };
        Self { store: store.clone(), narrow, finders: ways.into_iter().map(finder).collect() }
    }
}

impl Works for TouchedWorks {
    fn next(&mut self) -> Result<Option<Work>> {
        let mut least: Option<i64> = None;
        for finder in &mut self.finders {
            if let Some(&user) = finder.head(&self.store, &self.narrow)? {
                least = Some(least.map_or(user, |l| l.min(user)));
            }
        }
        let Some(user) = least else { return Ok(None) };
        for finder in &mut self.finders {
            finder.found.next_if_eq(&user);
        }
        Ok(Some(again(user, false)))
    }
}

impl Finder {
    /// The next person found.
    fn head(&mut self, store: &Store, narrow: &Narrow) -> Result<Option<&i64>> {
        while !self.done && self.found.peek().is_none() {
            let (way, after) = (&self.way, self.after);
            let (found, last) = store.try_read(|tx| match way {
                Way::Look => look(tx, narrow, after),
                Way::Everyone => Ok(paged(lookups::user_keys_after(tx, after, PAGE)?)),
                Way::Index(Selection::Named(app, names)) => named(tx, &narrow.new, *app, names, after),
                Way::Index(selection) => Ok(paged(selected(tx, selection, after)?)),
            })?;
            match last {
                Some(last) => self.after = last,
                None => self.done = true,
            }
            self.found = found.into_iter().peekable();
        }
        Ok(self.found.peek())
    }
}

/// A page with the key behind which the next one begins.
fn paged(found: Vec<i64>) -> (Vec<i64>, Option<i64>) {
    let last = found.last().copied().filter(|_| found.len() == PAGE);
    (found, last)
}

fn selected(tx: &mut dyn Tx, selection: &Selection, after: i64) -> Result<Vec<i64>> {
    Ok(match selection {
        Selection::Members(group) => lookups::members_of(tx, group.0, after, PAGE)?,
        Selection::FactsOn(group) => lookups::users_with_facts_on_group(tx, group.0, after, PAGE)?,
        Selection::KeptFrom(rule) => lookups::users_kept_from(tx, rule.0, after, PAGE)?,
        Selection::Accounts(app) => lookups::users_with_account(tx, app.0, after, PAGE)?,
        Selection::Assigned(app) => lookups::users_assigned(tx, app.0, after, PAGE)?,
        Selection::Records(app) | Selection::Named(app, _) => {
            lookups::users_with_record(tx, app.0, after, PAGE)?
        }
        Selection::Holders(attribute, values) => {
            let values: Vec<&str> = values.iter().map(String::as_str).collect();
            lookups::holders(tx, &namespace(attribute), &values, after, PAGE)?
        }
        Selection::Said => lookups::users_said(tx, after, PAGE)?,
    })
}

/// Looks at a page of people with a record of a source: whose record names one of these groups.
fn named(
    tx: &mut dyn Tx,
    config: &Config,
    app: AppKey,
    names: &[String],
    after: i64,
) -> Result<(Vec<i64>, Option<i64>)> {
    let (people, more) = paged(lookups::users_with_record(tx, app.0, after, PAGE)?);
    let (Some(last), Some(source)) = (people.last(), config.source(app)) else {
        return Ok((Vec::new(), None));
    };
    let mut found = Vec::new();
    for (user, text) in lookups::records_of_range(tx, app.0, after, *last)? {
        let bad = |e| ServiceError::corrupt(format!("record of user {user}"), e);
        let values = config.record_from_json(app, &text).map_err(bad)?;
        if source.group_names(&values).any(|name| names.iter().any(|n| n == name)) {
            found.push(user);
        }
    }
    found.dedup();
    Ok((found, more))
}

/// Looks at a page of people: whose profile or groups make one of the changed rules say something else, or who has a
/// value of an attribute that matters.
fn look(tx: &mut dyn Tx, narrow: &Narrow, after: i64) -> Result<(Vec<i64>, Option<i64>)> {
    let states = lookups::states_after(tx, after, PAGE)?;
    let Some(last) = states.last().map(|s| s.user_key) else { return Ok((Vec::new(), None)) };
    let Narrow { old, new, touched } = narrow;
    let rules: Vec<(Option<&Rule>, Option<&Rule>)> =
        touched.rules.iter().map(|r| (in_force(old, *r), in_force(new, *r))).collect();
    let all = || rules.iter().flat_map(|(was, is)| was.iter().chain(is));
    let mut groups: HashMap<i64, Vec<GroupKey>> = HashMap::new();
    if all().any(|r| !r.program.reads().groups.is_empty() || !r.except_groups.is_empty()) {
        for (user, group) in lookups::groups_of_range(tx, after, last)? {
            groups.entry(user).or_default().push(GroupKey(group));
        }
    }
    let names = |c: &Config| c.attributes.iter().map(|a| a.def.name.clone()).collect::<Vec<_>>();
    let was = profiles(old, &states)?;
    // Most changes leave the attributes as they are: then one reading does for both.
    let apart = if names(old) == names(new) { None } else { Some(profiles(new, &states)?) };
    let is = apart.as_ref().unwrap_or(&was);
    let far = all().any(|r| !r.program.reads().links.is_empty());
    let said = if far { said_links(tx, old, after, last)? } else { HashMap::new() };
    let (links, before) = linked(tx, old, &states, &was, &said, far)?;
    let (links_then, after) = linked(tx, new, &states, is, &said, far)?;
    let mut found = Vec::new();
    for (at, ((state, was), is)) in states.iter().zip(&was).zip(is).enumerate() {
        let env = StoredEnv {
            user: UserKey(state.user_key),
            status: UserStatus::parse(&state.status)
                .ok_or_else(|| ServiceError::corrupt("users.status", format!("{:?}", state.status)))?,
            profile: was,
            groups: groups.get(&state.user_key).map_or(&[][..], Vec::as_slice),
            links: links.get(at).map_or(&[][..], Vec::as_slice),
            others: &before,
            as_of: Millis(state.as_of),
        };
        let held = links_then.get(at).map_or(&[][..], Vec::as_slice);
        let then = StoredEnv { profile: is, links: held, others: &after, ..env };
        let has = |config: &Config, profile: &[Value], name: &String| {
            config.slot(name).and_then(|s| profile.get(s)).is_some_and(|v| !v.is_null())
        };
        if touched.valued.iter().any(|n| has(old, was, n) || has(new, is, n))
            || rules.iter().any(|(a, b)| says_otherwise((old, *a, &env), (new, *b, &then)))
        {
            found.push(state.user_key);
        }
    }
    Ok((found, (states.len() == PAGE).then_some(last)))
}

fn in_force(config: &Config, rule: ItemKey) -> Option<&Rule> {
    config.rules.iter().find(|r| r.item == rule)
}

fn profiles(config: &Config, states: &[UserState]) -> Result<Vec<Vec<Value>>> {
    let read = |s: &UserState| {
        let bad = |e| ServiceError::corrupt(format!("profile of user {}", s.user_key), e);
        config.profile_from_json(&s.profile).map_err(bad)
    };
    states.iter().map(read).collect()
}

/// The links of people, each as the definition and the other's key.
type Held = Vec<(ItemKey, String)>;

/// The links said by hand of the people behind `after` up to `last`, as stored.
fn said_links(tx: &mut dyn Tx, config: &Config, after: i64, last: i64) -> Result<HashMap<i64, Held>> {
    let said: Vec<ItemKey> = config.links.iter().filter(|l| l.is_said()).map(|l| l.item).collect();
    let mut held: HashMap<i64, Held> = HashMap::new();
    if said.is_empty() {
        return Ok(held);
    }
    for row in lookups::links_of_range(tx, after, last)? {
        let item = ItemKey(row.link_item);
        if said.contains(&item) {
            held.entry(row.user_key).or_default().push((item, row.value));
        }
    }
    Ok(held)
}

/// The links of these people under a configuration, and whom they lead to; nothing if they don't matter.
fn linked(
    tx: &mut dyn Tx,
    config: &Config,
    states: &[UserState],
    profiles: &[Vec<Value>],
    said: &HashMap<i64, Held>,
    matter: bool,
) -> Result<(Vec<Held>, Linked)> {
    if !matter {
        return Ok((Vec::new(), Linked::default()));
    }
    let of_attributes = |profile: &[Value]| -> Held {
        config.links.iter().filter_map(|l| Some((l.item, l.held(profile)?))).collect()
    };
    let links: Vec<Held> = states
        .iter()
        .zip(profiles)
        .map(|(state, profile)| {
            let mut held = of_attributes(profile);
            held.extend(said.get(&state.user_key).into_iter().flatten().cloned());
            held
        })
        .collect();
    let held: Vec<&[(ItemKey, String)]> = links.iter().map(Vec::as_slice).collect();
    let linked = others::load(tx, config, &held, &Ahead::default())?;
    Ok((links, linked))
}
