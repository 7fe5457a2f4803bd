//! From facts, configuration and time to everything else: profile, status, groups, assignments, accounts.
//!
//! The strata build on each other in that order, and expressions read only what lies below them.

mod account;
mod env;
mod explain;
mod former;
mod groups;
mod profile;
mod standing;
mod status;
mod stored;

use std::sync::Arc;

use muster_expr::Value;

pub use account::{AccountCause, USER_NAME, account_value};
pub use explain::rule_steps;
pub use former::{days_from, on_hold, zone_of};
pub use groups::{GroupCause, imported_groups};
pub use profile::{ClaimUse, ProfilePart, ValueCause, derive_profile};
pub use standing::{Ranked, Standing, ranked_records, standings};
pub use status::{StatusCause, derive_status};
pub use stored::{RuleWord, StoredEnv, rule_word};

use crate::config::Config;
use crate::facts::Facts;
use crate::model::{AppKey, GroupKey, ItemKey, Millis, UserStatus};
use crate::outbound::AccountState;

/// Other people, as far as a person's derivation may look: one hop over a link.
pub trait Others {
    /// The profile of whoever the link finds under this key ([`Link::finds`](crate::config::Link::finds)), in the order of
    /// the configuration's slots; `None` if that is nobody.
    fn linked(&self, link: usize, value: &str) -> Option<&[Value]>;
}

/// Nobody else.
pub struct Nobody;

impl Others for Nobody {
    fn linked(&self, _: usize, _: &str) -> Option<&[Value]> {
        None
    }
}

/// Something a derivation couldn't do; the value concerned is left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What it is about (`login`, `crm.title`).
    pub about: String,
    /// What is wrong.
    pub reason: String,
}

/// How somebody comes to have an app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppScope {
    /// Assigned herself.
    Direct,
    /// As a member of this group.
    Group(GroupKey),
    /// For a while, having lost it.
    Grace,
}

/// What an app should hold for a person.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    /// The state wanted.
    pub state: AccountState,
    /// The unique user name.
    pub user_name: String,
    /// The attributes we own there, in the order of their names.
    pub attributes: Vec<(Arc<str>, Value)>,
}

impl Wanted {
    /// The JSON the store keeps; equal wishes give equal texts.
    pub fn to_json(&self) -> String {
        let state = match self.state {
            AccountState::Active => "ACTIVE",
            AccountState::Inactive => "INACTIVE",
            AccountState::Absent => "ABSENT",
        };
        let mut out = String::with_capacity(64 + self.attributes.len() * 32);
        out.push_str("{\"state\":\"");
        out.push_str(state);
        out.push_str("\",\"userName\":");
        crate::json::push_text(&mut out, &self.user_name);
        out.push_str(",\"attributes\":{");
        for (at, (name, value)) in self.attributes.iter().enumerate() {
            if at > 0 {
                out.push(',');
            }
            crate::json::push_text(&mut out, name);
            out.push(':');
            crate::json::push(&mut out, value);
        }
        out.push_str("}}");
        out
    }
}

/// A person's place in an app.
#[derive(Clone, Debug, PartialEq)]
pub struct AppUser {
    /// The app.
    pub app: AppKey,
    /// How she comes to have it.
    pub scope: AppScope,
    /// When her grace ends, if that is how she has it.
    pub until: Option<Millis>,
    /// The account; `None` while her status gives her none.
    pub wanted: Option<Wanted>,
    /// Values that "on create" mappings give now and that are kept from now on.
    pub keeps: Vec<(Arc<str>, Value)>,
}

/// Everything that follows for one person.
#[derive(Clone, Debug, PartialEq)]
pub struct Derived {
    /// Lifecycle status.
    pub status: UserStatus,
    /// Why that.
    pub status_cause: StatusCause,
    /// The profile, by slot.
    pub profile: Vec<Value>,
    /// Why those values, by slot.
    pub value_causes: Vec<ValueCause>,
    /// Values that "on create" mappings give now and that are kept from now on: slot, value.
    pub keeps: Vec<(usize, Value)>,
    /// Unique values she uses.
    pub claims: Vec<ClaimUse>,
    /// Links: the definition, the other's key.
    pub links: Vec<(ItemKey, String)>,
    /// Groups other than `Everyone`, by key.
    pub groups: Vec<(GroupKey, GroupCause)>,
    /// Apps, by key.
    pub apps: Vec<AppUser>,
    /// Accounts in apps she has lost that are to be in a state: app, state.
    pub former: Vec<(AppKey, AccountState)>,
    /// When time alone changes any of this.
    pub next_due: Option<Millis>,
    /// What couldn't be done.
    pub problems: Vec<Problem>,
}

/// Derives a person. Claims that [`ProfilePart::needs`] names must have been allocated before: a value still needed is
/// left out.
pub fn derive(config: &Config, facts: &Facts, others: &dyn Others, as_of: Millis) -> Derived {
    derive_from(config, facts, derive_profile(config, facts, as_of), others, as_of)
}

/// Derives what lies above the profile.
pub fn derive_from(
    config: &Config,
    facts: &Facts,
    part: ProfilePart,
    others: &dyn Others,
    as_of: Millis,
) -> Derived {
    let (status, status_cause) = derive_status(config, facts, as_of);
    let ProfilePart {
        values: profile,
        causes: value_causes,
        keeps,
        claims,
        links,
        mut problems,
        due: part_due,
        numbers: _,
    } = part;
    let mut due = part_due;
    let base = env::UserEnv {
        config,
        user: facts.user,
        status,
        profile: &profile,
        groups: &[],
        links: &links,
        others,
        as_of,
        app: &[],
        facts: None,
    };
    let groups = groups::derive_groups(&base, facts, &mut due, &mut problems);
    let keys: Vec<GroupKey> = groups.iter().map(|(g, _)| *g).chain(config.everyone).collect();
    let with_groups = env::UserEnv { groups: &keys, facts: Some(facts), ..base };
    let standing = account::Lifecycle { status, cause: status_cause };
    let apps = account::derive_apps(&with_groups, facts, standing, &mut due, &mut problems);
    let former = former::derive_former(&with_groups, facts, &apps, &mut due);
    // While her clock stands no date of hers comes but the one from which it goes on.
    let goes_on = facts.postponed().filter(|(stands_at, until)| *stands_at == as_of && *until > as_of);
    let next_due = goes_on.map_or(due, |(_, until)| Some(until));
    Derived {
        status,
        status_cause,
        profile,
        value_causes,
        keeps,
        claims,
        links,
        groups,
        apps,
        former,
        next_due,
        problems,
    }
}

/// The earlier of two instants.
fn earlier(due: &mut Option<Millis>, at: Option<Millis>) {
    if let Some(at) = at {
        *due = Some(due.map_or(at, |d| d.min(at)));
    }
}
