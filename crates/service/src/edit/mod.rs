//! Changes by hand: one person, one group, one assignment at a time. Each becomes a plan like any other.

mod ahead;
mod app;
mod app_connection;
mod app_group;
mod app_settings;
mod app_user;
mod fallout;
mod group;
mod group_item;
mod identity;
mod link;
mod matches;
mod org;
mod rule;
mod schema;
mod user;
mod verify;

use std::collections::BTreeMap;

use muster_engine::model::{AppKey, GroupKey, IdKind, Millis, UserKey, key_of};
use muster_engine::{Config, Value};
use muster_store::lookups;
use muster_store::people::load_people;

pub use app::AppDraft;
pub use app_connection::{ConnectionTerms, FeatureTerms, features_extra, secret};
pub use app_group::AppGroupTerms;
pub use app_settings::client_settings;
pub use app_user::with_user_name;
pub use identity::RecordRef;
pub(crate) use link::{End, find_link};
pub use matches::{MatchBulk, MatchDecision, Verdict};
pub use org::OrgApplied;
pub(crate) use org::org_after;
pub use rule::NewRule;
pub(crate) use rule::find_rule;
pub use schema::NewMapping;
pub use user::{Attributes, NewUser};

use crate::access::Actor;
use crate::error::{Result, ServiceError};
use crate::import::{ImportOptions, no_app};
use crate::muster::Muster;
use crate::plan::stream::Source;
use crate::plan::work::{Op, Who, Work};
use crate::plan::{PlanReport, Progress, Proposal, Quiet, Trigger};
use crate::world::Person;

/// Refuses a name that is an id of the same kind: whoever is asked for by it would be somebody else. It also refuses
/// characters that no name has and that a terminal would take for commands.
fn refuse_id(field: &str, kind: IdKind, name: &str) -> Result<()> {
    if key_of(kind, name).is_some() {
        return Err(ServiceError::Invalid(format!(
            "{field}: {name} has the form of an id; choose another name"
        )));
    }
    if name.chars().any(char::is_control) {
        return Err(ServiceError::Invalid(format!("{field}: control characters can't be part of it")));
    }
    Ok(())
}

/// How often a change is decided anew because others came first.
const ATTEMPTS: usize = 8;

/// The status of those whom nobody sees any more.
pub(crate) const DELETED: &str = "DELETED";

/// An app or the group or person who is to have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Assignee {
    /// One person.
    User(UserKey),
    /// A group's members.
    Group(GroupKey),
}

impl Muster {
    /// The person of a login or public id.
    ///
    /// # Errors
    /// If there is nobody of that login or id.
    pub fn find_user(&self, login_or_id: &str) -> Result<UserKey> {
        if let Some(key) = key_of(IdKind::User, login_or_id)
            && self.store.read(|tx| lookups::profiles_of(tx, &[key]))?.iter().any(|u| u.status != DELETED)
        {
            return Ok(UserKey(key));
        }
        let found = self.store.read(|tx| lookups::users_by_login(tx, &[login_or_id]))?;
        found.first().map(|u| UserKey(u.user_key)).ok_or_else(|| {
            ServiceError::NotFound(format!(
                "there is no user {login_or_id:?}; `muster users` finds people by name"
            ))
        })
    }

    /// The group of a name or public id.
    ///
    /// # Errors
    /// If there is none.
    pub fn find_group(&self, config: &Config, name_or_id: &str) -> Result<GroupKey> {
        if let Some(key) = key_of(IdKind::Group, name_or_id).map(GroupKey)
            && config.org.groups.contains_key(&key)
        {
            return Ok(key);
        }
        config.org.group_named(name_or_id).map(|(k, _)| k).ok_or_else(|| {
            let same = config.org.groups.values().filter(|g| g.name == name_or_id);
            let whole: Vec<String> = same.filter_map(|g| config.org.whole_name(g)).collect();
            if !whole.is_empty() {
                return ServiceError::Invalid(format!(
                    "several apps have a group {name_or_id:?}: say which ({})",
                    whole.join(", ")
                ));
            }
            let names = config.org.groups.values().map(|g| g.name.as_str());
            let hint = muster_engine::suggest::did_you_mean(name_or_id, names);
            ServiceError::NotFound(format!(
                "there is no group {name_or_id:?}{hint}; `muster groups` lists them"
            ))
        })
    }

    /// The app of a name or public id.
    ///
    /// # Errors
    /// If there is none.
    pub fn find_app(&self, config: &Config, name_or_id: &str) -> Result<AppKey> {
        if let Some(key) = key_of(IdKind::App, name_or_id).map(AppKey)
            && config.app(key).is_some()
        {
            return Ok(key);
        }
        config.org.app_named(name_or_id).map(|(k, _)| k).ok_or_else(|| no_app(config, name_or_id))
    }

    /// A person's facts and stored state.
    pub(crate) fn person(&self, config: &Config, user: UserKey) -> Result<Person> {
        let rows = self.store.read(|tx| load_people(tx, &[user.0]))?;
        let rows = rows.into_iter().next();
        Person::load(config, rows.ok_or_else(|| ServiceError::NotFound(format!("there is no user {user}")))?)
    }

    /// A plan that changes facts of one person.
    fn change_person(
        &self,
        actor: &Actor,
        what: String,
        who: Who,
        ops: Vec<Op>,
        advance: bool,
        options: ImportOptions,
    ) -> Result<PlanReport> {
        let work = Work { who, ops, advance, again: false, seen: None, position: String::new() };
        self.propose(actor, &edit(what, vec![work], options), &Quiet)
    }

    /// The same for what depends on how she is: it is decided anew if somebody else changes her meanwhile. `decide`
    /// gives what is to be said of her, and whether time goes on for her.
    fn change_as_seen(
        &self,
        actor: &Actor,
        what: &str,
        user: UserKey,
        options: ImportOptions,
        decide: impl Fn(&Config, &Person) -> Result<(Vec<Op>, bool)>,
    ) -> Result<PlanReport> {
        let attempt = || {
            let config = self.config()?;
            let person = self.person(&config, user)?;
            let (ops, advance) = decide(&config, &person)?;
            let seen = person.rows.as_ref().map(|rows| rows.user.rev);
            let who = Who::Known(user);
            let work = Work { who, ops, advance, again: false, seen, position: String::new() };
            self.propose(actor, &edit(what.to_owned(), vec![work], options), &Quiet)
        };
        for _ in 1..ATTEMPTS {
            match attempt() {
                Err(ServiceError::Premise(_)) => {}
                done => return done,
            }
        }
        attempt()
    }

    /// Derives people again for whom time alone changes something by now.
    ///
    /// # Errors
    /// If the store fails. A plan that a guard holds is no error: the report says so.
    pub fn due(&self, actor: &Actor, options: ImportOptions, progress: &dyn Progress) -> Result<PlanReport> {
        let proposal = Proposal {
            trigger: Trigger::Due,
            source: Source::Due { until: self.now().0 },
            items: Vec::new(),
            secrets: Vec::new(),
            undo_of: None,
            preview: options.preview,
            force: options.force,
        };
        self.propose(actor, &proposal, progress)
    }
}

/// A change by hand.
pub(crate) fn edit(what: String, works: Vec<Work>, options: ImportOptions) -> Proposal {
    Proposal {
        trigger: Trigger::Edit { what },
        source: Source::List { works },
        items: Vec::new(),
        secrets: Vec::new(),
        undo_of: None,
        preview: options.preview,
        force: options.force,
    }
}

/// What an assignment may say besides who and which.
#[derive(Clone, Debug, Default)]
pub struct AssignmentTerms {
    /// When it ends.
    pub until: Option<Millis>,
    /// Values of the account's attributes.
    pub profile: BTreeMap<String, Value>,
    /// For groups: 0 comes first.
    pub priority: Option<u32>,
}
