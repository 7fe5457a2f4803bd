//! A group alone, and its members.

use muster_engine::model::{GroupKey, IdKind, key_of, public_id};
use muster_store::{lookups, search};

use super::org::{GroupView, group_views};
use super::people::{UserView, found_view};
use super::{Page, size};
use crate::edit::DELETED;
use crate::error::{Result, ServiceError};
use crate::muster::Muster;

impl Muster {
    /// A group alone, by name or id.
    ///
    /// # Errors
    /// If there is none.
    pub fn group_view(&self, name_or_id: &str) -> Result<GroupView> {
        let config = self.config()?;
        let key = self.find_group(&config, name_or_id)?;
        let views = self.store.try_read(|tx| {
            let times = self.times_in(tx, config.version)?;
            let states = search::group_states_of(tx, &[key.0])?.into_iter().collect();
            Ok::<_, ServiceError>(group_views(&config, &times, &states, &[key]))
        })?;
        let view = views.into_iter().next();
        view.ok_or_else(|| ServiceError::NotFound(format!("there is no group {name_or_id:?}")))
    }

    /// A page of a group's members, in the order in which they came; `after` is [`Page::next`].
    ///
    /// # Errors
    /// If there is no such group, or `after` is no place in the list.
    pub fn group_members(
        &self,
        name_or_id: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<UserView>> {
        let config = self.config()?;
        let group = self.find_group(&config, name_or_id)?;
        let limit = size(limit);
        let no_place = |id: &str| {
            ServiceError::Cursor(format!("{id:?} is no place in the list; take `next` of the page before"))
        };
        let after = match after {
            Some(id) => key_of(IdKind::User, id).ok_or_else(|| no_place(id))?,
            None => 0,
        };
        self.store.try_read(|tx| {
            // That everybody is in it isn't written down person by person.
            let keys = if config.everyone == Some(group) {
                lookups::user_keys_after(tx, after, limit)?
            } else {
                let GroupKey(group) = group;
                lookups::members_of(tx, group, after, limit)?
            };
            let people = search::found_of(tx, &keys)?;
            let living = people.iter().filter(|u| u.status != DELETED);
            let items = living.map(found_view).collect::<Result<Vec<_>>>()?;
            let next = keys.last().filter(|_| keys.len() == limit).map(|k| public_id(IdKind::User, *k));
            Ok(Page { items, next })
        })
    }
}
