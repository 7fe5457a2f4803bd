//! The log asked as Okta's clients ask it: by time, filter and keywords, page by page, forwards so that a poll by position
//! never misses an event and never sees one twice.

use muster_engine::Millis;
use muster_query::{AttributeName, Filter};
use muster_store::Tx;
use muster_store::log::{self, LogBlock};
use serde_json::{Map, Value as Json};

use super::event::{self, EventView};
use super::{LogPage, size};
use crate::error::{Result, ServiceError};
use crate::muster::Muster;

/// How many blocks are read at once.
const BLOCKS: usize = 16;
/// A page ends after so many events were looked at, found or not, so that no request runs for ever.
const LOOKED_AT: usize = 100_000;
/// How many keywords there may be, and how long each.
const KEYWORDS: (usize, usize) = (10, 40);

/// What to look for in the log (Okta: listLogEvents).
#[derive(Clone, Debug, Default)]
pub struct LogQuery {
    /// Published then or later.
    pub since: Option<Millis>,
    /// Published before.
    pub until: Option<Millis>,
    /// Behind this position ([`LogPage::next`]); `since` doesn't count then.
    pub after: Option<i64>,
    /// What an event must match.
    pub filter: Option<Filter>,
    /// Words that must all occur in it, in whatever case.
    pub keywords: Vec<String>,
    /// The newest first.
    pub descending: bool,
    /// At most so many events.
    pub limit: usize,
}

impl LogQuery {
    fn check(&self) -> Result<()> {
        let (most, longest) = KEYWORDS;
        if self.keywords.len() > most || self.keywords.iter().any(|k| k.chars().count() > longest) {
            return Err(ServiceError::Invalid(format!(
                "q: at most {most} keywords of at most {longest} characters each"
            )));
        }
        if self.filter.as_ref().is_some_and(reads_published) {
            return Err(ServiceError::Invalid(
                "filter: `published` can't be filtered by; use since and until".to_owned(),
            ));
        }
        Ok(())
    }

    fn fits(&self, event: &EventView, published: i64) -> bool {
        if self.after.is_none() && self.since.is_some_and(|s| published < s.0) {
            return false;
        }
        if self.until.is_some_and(|u| published >= u.0) {
            return false;
        }
        if self.filter.is_none() && self.keywords.is_empty() {
            return true;
        }
        let Ok(Json::Object(event)) = serde_json::to_value(event) else { return false };
        self.filter.as_ref().is_none_or(|f| f.matches(&event, &|_: &AttributeName| false))
            && self.keywords.iter().all(|k| occurs(&event, &k.to_lowercase()))
    }
}

fn reads_published(filter: &Filter) -> bool {
    match filter {
        Filter::And(parts) | Filter::Or(parts) => parts.iter().any(reads_published),
        Filter::Not(inner) | Filter::Element(_, inner) => reads_published(inner),
        Filter::Compare(name, ..) | Filter::Present(name) => name.is("published"),
    }
}

/// Whether a word occurs in a value anywhere in an event.
fn occurs(event: &Map<String, Json>, word: &str) -> bool {
    fn within(value: &Json, word: &str) -> bool {
        match value {
            Json::String(text) => text.to_lowercase().contains(word),
            Json::Array(items) => items.iter().any(|v| within(v, word)),
            Json::Object(object) => object.values().any(|v| within(v, word)),
            Json::Number(number) => number.to_string().contains(word),
            Json::Null | Json::Bool(_) => false,
        }
    }
    event.values().any(|v| within(v, word))
}

impl Muster {
    /// A page of the log. Forwards without an end there always is a [`LogPage::next`], so that what comes later can be
    /// asked for; else `None` says that there is nothing more.
    ///
    /// # Errors
    /// If the query isn't one, or the store fails.
    pub fn log_query(&self, query: &LogQuery) -> Result<LogPage> {
        query.check()?;
        // No page at all still says where the next one would begin.
        let limit = if query.limit == 0 { 0 } else { size(query.limit) };
        if query.descending { self.descending(query, limit) } else { self.ascending(query, limit) }
    }

    fn ascending(&self, query: &LogQuery, limit: usize) -> Result<LogPage> {
        let mut page = LogPage::default();
        let mut after = match (query.after, query.since) {
            (Some(after), _) => after,
            (None, None) => 0,
            (None, Some(since)) => match self.store.read(|tx| log::first_since(tx, since.0))? {
                Some(first) => first - 1,
                None => self.store.read(log::last_position)?,
            },
        };
        let mut looked_at = 0;
        while page.events.len() < limit && looked_at < LOOKED_AT {
            let room = limit - page.events.len();
            let (events, last, past_end) =
                self.store.try_read(|tx| self.look(tx, query, after, false, room))?;
            looked_at += events.looked_at;
            let more = events.found.len() > room;
            page.events.extend(events.found.into_iter().take(room));
            if more {
                after = page.events.last().map_or(after, |e| e.position);
                break;
            }
            match last {
                Some(last) if !past_end => after = last,
                _ => {
                    // Nothing more now. A poll goes on from here; a list with an end is over.
                    page.next = query.until.is_none().then_some(last.unwrap_or(after));
                    return Ok(page);
                }
            }
        }
        page.next = Some(after);
        Ok(page)
    }

    fn descending(&self, query: &LogQuery, limit: usize) -> Result<LogPage> {
        let mut page = LogPage::default();
        let mut before = query.after.unwrap_or(i64::MAX);
        let mut looked_at = 0;
        while page.events.len() < limit && looked_at < LOOKED_AT {
            let room = limit - page.events.len();
            let (events, last, past_end) =
                self.store.try_read(|tx| self.look(tx, query, before, true, room))?;
            looked_at += events.looked_at;
            let more = events.found.len() > room;
            page.events.extend(events.found.into_iter().take(room));
            if more {
                before = page.events.last().map_or(before, |e| e.position);
                break;
            }
            match last {
                Some(last) if !past_end => before = last,
                _ => return Ok(page),
            }
        }
        page.next = Some(before);
        Ok(page)
    }

    /// What fits in some blocks on one side of a position, no more than one event beyond `room`: a block may hold very
    /// many. Where to go on, if there was room; whether all that follows is out of the time asked for.
    fn look(
        &self,
        tx: &mut dyn Tx,
        query: &LogQuery,
        from: i64,
        backwards: bool,
        room: usize,
    ) -> Result<(Looked, Option<i64>, bool)> {
        let config = self.config_in(tx)?;
        let blocks = if backwards {
            log::blocks_before(tx, from, BLOCKS)?
        } else {
            log::blocks_after(tx, from, BLOCKS)?
        };
        let mut looked = Looked::default();
        let mut past_end = false;
        for block in &blocks {
            past_end = is_past(query, block, backwards);
            if past_end {
                break;
            }
            let mut lines = block.events()?;
            if backwards {
                lines.reverse();
            }
            for (position, line) in lines {
                if if backwards { position >= from } else { position <= from } {
                    continue;
                }
                if looked.found.len() > room {
                    return Ok((looked, None, false));
                }
                looked.looked_at += 1;
                looked.found.extend(
                    event::read(&config, block, position, &line)?
                        .into_iter()
                        .filter(|e| query.fits(e, block.published)),
                );
            }
        }
        let last = blocks.last().map(|b| if backwards { b.position } else { b.position + b.count - 1 });
        Ok((looked, last, past_end))
    }
}

#[derive(Default)]
struct Looked {
    found: Vec<EventView>,
    looked_at: usize,
}

/// Whether a block and all behind it lie out of the time asked for. A clock may have been set back a little: only what
/// is a day out counts as past.
fn is_past(query: &LogQuery, block: &LogBlock, backwards: bool) -> bool {
    const DAY: i64 = 86_400_000;
    if backwards {
        query.since.is_some_and(|s| block.published < s.0 - DAY)
    } else {
        query.until.is_some_and(|u| block.published > u.0 + DAY)
    }
}
