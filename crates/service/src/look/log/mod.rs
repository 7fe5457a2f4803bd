//! The log, an event at a time.

mod event;
mod query;

use muster_engine::model::UserKey;
use muster_store::{Tx, log};
use serde::Serialize;

pub use event::{ActorView, EventView, OutcomeView, TargetView};
pub use query::LogQuery;

use super::size;
use crate::error::Result;
use crate::muster::Muster;

/// How many blocks are read at once.
const BLOCKS: usize = 4;

/// Which events to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogFilter {
    /// Only of this type; a type that ends in `*` stands for all that begin so.
    pub event_type: Option<String>,
    /// Only about this person, by login or id.
    pub user: Option<String>,
}

/// Some of the log.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct LogPage {
    /// The events.
    pub events: Vec<EventView>,
    /// Where the next page goes on. Reading forwards there always is one, so that what comes later can be asked for;
    /// reading backwards `None` says that there is nothing older.
    pub next: Option<i64>,
}

/// What fits, with the person looked up.
struct Wanted {
    event_type: Option<String>,
    user: Option<UserKey>,
}

impl Wanted {
    fn fits(&self, event: &EventView) -> bool {
        let named = self.event_type.as_deref().is_none_or(|wanted| match wanted.strip_suffix('*') {
            Some(start) => event.event_type.starts_with(start),
            None => event.event_type == wanted,
        });
        named && self.user.is_none_or(|user| event.is_about(user))
    }
}

impl Muster {
    /// The newest events first, those before a position if one is given ([`LogPage::next`]).
    ///
    /// # Errors
    /// If the person isn't there or the store fails.
    pub fn log_newest(&self, filter: &LogFilter, before: Option<i64>, limit: usize) -> Result<LogPage> {
        let (wanted, limit) = (self.wanted(filter)?, size(limit));
        let mut page = LogPage::default();
        let mut before = before.unwrap_or(i64::MAX);
        loop {
            let room = limit - page.events.len();
            let (mut events, oldest) = self.store.try_read(|tx| self.backwards(tx, &wanted, before, room))?;
            if events.len() >= room {
                events.truncate(room);
                page.next = events.last().map(|e| e.position);
                page.events.append(&mut events);
                return Ok(page);
            }
            page.events.append(&mut events);
            match oldest {
                Some(oldest) => before = oldest,
                None => return Ok(page),
            }
        }
    }

    /// The events after a position (0: from the beginning), oldest first.
    ///
    /// # Errors
    /// If the person isn't there or the store fails.
    pub fn log_after(&self, filter: &LogFilter, after: i64, limit: usize) -> Result<LogPage> {
        let (wanted, limit) = (self.wanted(filter)?, size(limit));
        let mut page = LogPage::default();
        let mut after = after;
        loop {
            let room = limit - page.events.len();
            let (mut events, last) = self.store.try_read(|tx| self.forwards(tx, &wanted, after, room))?;
            if events.len() >= room {
                events.truncate(room);
                page.next = events.last().map(|e| e.position);
                page.events.append(&mut events);
                return Ok(page);
            }
            page.events.append(&mut events);
            match last {
                Some(last) => after = last,
                None => {
                    page.next = Some(after);
                    return Ok(page);
                }
            }
        }
    }

    fn wanted(&self, filter: &LogFilter) -> Result<Wanted> {
        let user = filter.user.as_deref().map(|u| self.locate(u)).transpose()?;
        Ok(Wanted { event_type: filter.event_type.clone(), user })
    }

    /// What fits in a few blocks before a position, newest first, as many as there is room for; and the position before
    /// which to go on.
    fn backwards(
        &self,
        tx: &mut dyn Tx,
        wanted: &Wanted,
        before: i64,
        room: usize,
    ) -> Result<(Vec<EventView>, Option<i64>)> {
        let config = self.config_in(tx)?;
        let blocks = match wanted.user {
            Some(user) => log::blocks_of_user(tx, user.0, before, BLOCKS)?,
            None => log::blocks_before(tx, before, BLOCKS)?,
        };
        let mut found = Vec::new();
        for block in &blocks {
            let lines = block.events()?;
            let events = lines.iter().rev().filter(|(position, _)| *position < before);
            for (position, line) in events {
                if found.len() >= room {
                    return Ok((found, None));
                }
                found.extend(
                    event::read(&config, block, *position, line)?.into_iter().filter(|e| wanted.fits(e)),
                );
            }
        }
        Ok((found, blocks.last().map(|b| b.position)))
    }

    /// What fits in a few blocks after a position, oldest first, as many as there is room for; and the position after
    /// which to go on.
    fn forwards(
        &self,
        tx: &mut dyn Tx,
        wanted: &Wanted,
        after: i64,
        room: usize,
    ) -> Result<(Vec<EventView>, Option<i64>)> {
        let config = self.config_in(tx)?;
        let blocks = log::blocks_after(tx, after, BLOCKS)?;
        let mut found = Vec::new();
        for block in &blocks {
            let tells_of = |u: UserKey| block.first_key <= u.0 && u.0 <= block.last_key;
            if wanted.user.is_some_and(|u| !tells_of(u)) {
                continue;
            }
            for (position, line) in block.events()?.iter().filter(|(position, _)| *position > after) {
                if found.len() >= room {
                    return Ok((found, None));
                }
                found.extend(
                    event::read(&config, block, *position, line)?.into_iter().filter(|e| wanted.fits(e)),
                );
            }
        }
        Ok((found, blocks.last().map(|b| b.position + b.count - 1)))
    }
}
