//! Links from one person to another: their definitions, and whom they lead to.

use std::collections::BTreeSet;

use muster_engine::Config;
use muster_engine::config::Link;
use muster_engine::model::{IdKind, ItemKey, LinkDef, UserKey, key_of, public_id};
use muster_store::people::load_people;
use muster_store::{Tx, lookups, search};

use super::people::found_view;
use super::{Page, UserView, size};
use crate::edit::{DELETED, End, find_link};
use crate::error::{Result, ServiceError};
use crate::muster::Muster;
use crate::plan::others;

impl Muster {
    /// The definitions, by name.
    ///
    /// # Errors
    /// If the configuration can't be read.
    pub fn links(&self) -> Result<Vec<LinkDef>> {
        let mut all: Vec<LinkDef> = self.config()?.org.links.values().cloned().collect();
        all.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(all)
    }

    /// The definition that has this name at one of its ends.
    ///
    /// # Errors
    /// If there is none.
    pub fn link(&self, name: &str) -> Result<LinkDef> {
        find_link(&*self.config()?, name).map(|(_, link, _)| link.clone())
    }

    /// A page of the people at the end of a link that `name` names, seen from a person, in the order in which they came;
    /// `after` is [`Page::next`]. At the primary end there is one at most.
    ///
    /// # Errors
    /// If there is no such person or link, or `after` is no place in the list.
    pub fn linked_people(
        &self,
        login_or_id: &str,
        name: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<UserView>> {
        let user = self.locate(login_or_id)?;
        let config = self.config()?;
        let (item, _, end) = find_link(&config, name)?;
        let limit = size(limit);
        let no_place = |id: &str| {
            ServiceError::Cursor(format!("{id:?} is no place in the list; take `next` of the page before"))
        };
        let after = match after {
            Some(id) => key_of(IdKind::User, id).ok_or_else(|| no_place(id))?,
            None => 0,
        };
        let Some(link) = config.links.iter().find(|l| l.item == item) else {
            return Ok(Page { items: Vec::new(), next: None });
        };
        self.store.try_read(|tx| {
            let keys = match end {
                End::Primary => primary(tx, &config, link, user)?,
                End::Associated => associated(tx, &config, link, user, after, limit)?,
            };
            let people = search::found_of(tx, &keys)?;
            let living = people.iter().filter(|u| u.status != DELETED);
            let items = living.map(found_view).collect::<Result<Vec<_>>>()?;
            let whole = end == End::Associated && keys.len() == limit;
            let next = keys.last().filter(|_| whole).map(|k| public_id(IdKind::User, *k));
            Ok(Page { items, next })
        })
    }
}

/// Whom a person's link leads to.
fn primary(tx: &mut dyn Tx, config: &Config, link: &Link, user: UserKey) -> Result<Vec<i64>> {
    let rows = load_people(tx, &[user.0])?;
    let held = rows.iter().flat_map(|r| &r.links).filter(|l| ItemKey(l.link_item) == link.item);
    let keys: BTreeSet<String> = held.map(|l| l.value.clone()).collect();
    Ok(others::found(tx, config, link.way, keys)?.into_iter().map(|(_, user)| user).collect())
}

/// A page of those whose link leads to a person.
fn associated(
    tx: &mut dyn Tx,
    config: &Config,
    link: &Link,
    user: UserKey,
    after: i64,
    limit: usize,
) -> Result<Vec<i64>> {
    let Some(head) = lookups::profiles_of(tx, &[user.0])?.into_iter().next() else { return Ok(Vec::new()) };
    let profile = config
        .profile_from_json(&head.profile)
        .map_err(|e| ServiceError::corrupt(format!("profile of user {user}"), e))?;
    match link.finds(user, &profile) {
        Some(key) => Ok(lookups::linked_to(tx, link.item.0, &key, after, limit)?),
        None => Ok(Vec::new()),
    }
}
