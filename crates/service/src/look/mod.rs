//! Views of what there is, for the command line and the faces: people, groups, rules, apps, accounts, the log, where
//! everything stands. Each has Okta's field names where Okta has them.

mod accounts;
mod apps;
mod find;
mod groups;
mod links;
mod log;
mod matches;
mod org;
mod people;
mod rules;
mod search;
mod status;
mod sync;
mod times;

use serde::Serialize;

pub use accounts::{AccountFilter, AccountView, AppRef, Credentials, UserRef};
pub use apps::{AppEntry, AppGroupEntry};
pub use log::{ActorView, EventView, LogFilter, LogPage, LogQuery, OutcomeView, TargetView};
pub use matches::{CandidateView, MatchView};
pub use org::{AccountTotals, AppView, GroupProfile, GroupSource, GroupStats, GroupView, RuleView};
pub(crate) use people::user_view;
pub use people::{RecordView, UserDetail, UserFilter, UserView};
pub use search::{GroupSearch, Language, Sort, USER_TYPE, UserSearch, parse_filter};
pub use status::{AppStatus, StatusView};
pub use sync::{OpenTask, SyncState, SyncView};

pub(crate) use sync::open_tasks;
pub(crate) use times::Times;

/// Some of a list.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// What to give as `after` for the next page; `None` after the last one.
    pub next: Option<String>,
}

/// The most items of a page.
pub const MOST: usize = 1_000;

/// How many items a page has: what is asked for, but at least one and at most [`MOST`].
fn size(limit: usize) -> usize {
    limit.clamp(1, MOST)
}

/// An instant as Okta writes it.
pub(crate) fn iso(at: i64) -> String {
    muster_engine::Millis(at).to_string()
}
