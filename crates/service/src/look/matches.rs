//! Rows of sources that wait until somebody says whose they are.

use std::collections::{BTreeSet, HashMap};

use muster_engine::Config;
use muster_engine::model::{AppKey, IdKind, UserKey, public_id};
use muster_store::{lookups, pending};
use serde::Serialize;
use serde_json::{Map, Value as Json};

use super::accounts::AppRef;
use super::{Page, iso, size};
use crate::error::{Result, ServiceError};
use crate::muster::Muster;
use crate::plan::queue::Waiting;

/// Somebody a row may be about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CandidateView {
    /// Her public id.
    pub id: String,
    /// Her login, if she has one.
    pub login: Option<String>,
    /// Her first and last name.
    pub name: String,
    /// How much she resembles the row, up to 100.
    pub score: u32,
    /// In what, and what speaks against it.
    pub reasons: Vec<String>,
}

/// A row that waits.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MatchView {
    /// Its key in the source.
    pub external_id: String,
    /// The source.
    pub app: AppRef,
    /// `EXACT`: it names somebody; `PARTIAL`: it resembles somebody; `NEW`: nobody was found.
    pub kind: &'static str,
    /// `OPEN` or `IGNORED`.
    pub state: &'static str,
    /// Its line in the feed it came with.
    pub line: u64,
    /// What the feed says, by column.
    pub values: Map<String, Json>,
    /// Who it may be, the likeliest first.
    pub candidates: Vec<CandidateView>,
    /// Public ids of people it is known not to be.
    pub apart: Vec<String>,
    /// Since when it waits.
    pub since: String,
}

impl Muster {
    /// A page of the rows of a source that wait, in the order of their keys; `after` is [`Page::next`].
    ///
    /// # Errors
    /// If there is no such app or the store fails.
    pub fn matches(&self, app: &str, after: Option<&str>, limit: usize) -> Result<Page<MatchView>> {
        let config = self.config()?;
        let app = self.find_app(&config, app)?;
        let limit = size(limit);
        let mut rows =
            self.store.read(|tx| pending::scan(tx, app.0, after.unwrap_or_default(), limit + 1))?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).map(|r| r.external_id.clone());
        let waiting = rows
            .into_iter()
            .map(|row| Ok((Waiting::of(&row)?, row.external_id)))
            .collect::<Result<Vec<_>>>()?;
        let users: BTreeSet<i64> =
            waiting.iter().flat_map(|(w, _)| &w.candidates).map(|c| c.user.0).collect();
        let users: Vec<i64> = users.into_iter().collect();
        let heads = self.store.read(|tx| lookups::profiles_of(tx, &users))?;
        let heads: HashMap<i64, lookups::UserHead> = heads.into_iter().map(|h| (h.user_key, h)).collect();
        let items =
            waiting.into_iter().map(|(w, key)| view(&config, app, key, w, &heads)).collect::<Result<_>>()?;
        Ok(Page { items, next })
    }

    /// How many rows of each source are open.
    ///
    /// # Errors
    /// If the store fails.
    pub fn matches_open(&self) -> Result<HashMap<AppKey, u64>> {
        let mut open = HashMap::new();
        for count in self.store.read(pending::open_counts)? {
            *open.entry(AppKey(count.app_key)).or_default() += count.open.max(0) as u64;
        }
        Ok(open)
    }
}

fn view(
    config: &Config,
    app: AppKey,
    key: String,
    row: Waiting,
    heads: &HashMap<i64, lookups::UserHead>,
) -> Result<MatchView> {
    let id = |user: UserKey| public_id(IdKind::User, user.0);
    let values = serde_json::from_str(&row.values)
        .map_err(|e| ServiceError::corrupt(format!("row {key:?} that waits"), e))?;
    let candidates = row.candidates.into_iter().map(|c| {
        let head = heads.get(&c.user.0);
        CandidateView {
            id: id(c.user),
            login: head.and_then(|h| h.login.clone()),
            name: head.map(name).unwrap_or_default(),
            score: c.score,
            reasons: c.reasons,
        }
    });
    Ok(MatchView {
        external_id: key,
        app: AppRef { id: public_id(IdKind::App, app.0), name: config.app_name(app) },
        kind: row.kind.as_str(),
        state: row.state.as_str(),
        line: row.line,
        values,
        candidates: candidates.collect(),
        apart: row.apart.into_iter().map(id).collect(),
        since: iso(row.since.0),
    })
}

fn name(head: &lookups::UserHead) -> String {
    let profile: Json = serde_json::from_str(&head.profile).unwrap_or_default();
    let text = |key: &str| profile.get(key).and_then(Json::as_str).unwrap_or_default().to_owned();
    format!("{} {}", text("firstName"), text("lastName")).trim().to_owned()
}
