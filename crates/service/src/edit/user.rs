//! People, by hand.

use std::collections::BTreeMap;

use muster_engine::config::Voice;
use muster_engine::derive::{Ranked, ranked_records};
use muster_engine::facts::{Fact, FactValue, MembershipKind};
use muster_engine::model::{AppKey, IdKind, Millis, PushWhen, Transition, UserStatus};
use muster_engine::{Config, Value};

use super::refuse_id;
use crate::access::Actor;
use crate::error::{Result, ServiceError};
use crate::import::ImportOptions;
use crate::look::{UserView, user_view};
use crate::muster::Muster;
use crate::plan::PlanReport;
use crate::plan::work::{Op, Who};
use crate::world::Person;

/// Attributes to set, by name; [`Value::Null`] clears one.
pub type Attributes = BTreeMap<String, Value>;

/// Somebody to create by hand.
#[derive(Clone, Debug, PartialEq)]
pub struct NewUser {
    /// Her attributes, `login` at least.
    pub attributes: Attributes,
    /// The status she begins with.
    pub status: UserStatus,
    /// Groups she is added to, by name or id.
    pub groups: Vec<String>,
}

fn profile_ops(config: &Config, attributes: &Attributes) -> Result<Vec<Op>> {
    let mut ops = Vec::with_capacity(attributes.len());
    if let Some(login) = attributes.get("login").and_then(Value::as_str) {
        refuse_id("login", IdKind::User, login)?;
    }
    for (name, value) in attributes {
        let Some(slot) = config.slot(name) else {
            let hint = muster_engine::suggest::did_you_mean(name, config.slots.keys().map(String::as_str));
            return Err(ServiceError::Invalid(format!("there is no user attribute {name:?}{hint}")));
        };
        let value = match config.attribute(slot) {
            Some(_) if value.is_null() => None,
            Some(a) => Some(a.check(value.clone()).map_err(|e| ServiceError::Invalid(e.to_string()))?),
            None => None,
        };
        let value = value.filter(|v| !v.is_null()).map(FactValue::Profile);
        ops.push(Op::Say { fact: Fact::Profile { attribute: name.clone() }, value });
    }
    Ok(ops)
}

impl Muster {
    /// Creates a person by hand, ACTIVE or STAGED.
    ///
    /// # Errors
    /// If an attribute is unknown or doesn't fit, or the login is taken.
    pub fn user_create(
        &self,
        actor: &Actor,
        login: &str,
        attributes: &Attributes,
        activate: bool,
        options: ImportOptions,
    ) -> Result<PlanReport> {
        let mut attributes = attributes.clone();
        attributes.insert("login".to_owned(), Value::from(login));
        let status = if activate { UserStatus::Active } else { UserStatus::Staged };
        self.user_new(actor, &NewUser { attributes, status, groups: Vec::new() }, options)
    }

    /// Creates a person by hand (Okta: createUser).
    ///
    /// # Errors
    /// If an attribute is unknown or doesn't fit, the login is taken, or a group takes no members by hand.
    pub fn user_new(&self, actor: &Actor, new: &NewUser, options: ImportOptions) -> Result<PlanReport> {
        let config = self.config()?;
        let mut ops = profile_ops(&config, &new.attributes)?;
        ops.push(Op::Say { fact: Fact::Lifecycle, value: Some(FactValue::Lifecycle(new.status)) });
        for group in &new.groups {
            let fact = Fact::Membership {
                group: self.group_by_hand(&config, group)?,
                kind: MembershipKind::Manual,
                origin: 0,
            };
            ops.push(Op::Say { fact, value: Some(FactValue::Membership { until: None }) });
        }
        let login = new.attributes.get("login").and_then(Value::as_str).unwrap_or_default();
        self.change_person(actor, format!("user create {login}"), Who::New, ops, true, options)
    }

    /// Changes a person's attributes.
    ///
    /// # Errors
    /// If there is nobody of that login, or an attribute is unknown, doesn't fit, or belongs to her source.
    pub fn user_update(
        &self,
        actor: &Actor,
        login: &str,
        attributes: &Attributes,
        options: ImportOptions,
    ) -> Result<PlanReport> {
        self.user_change(actor, login, attributes, false, &|_| true, options)
    }

    /// Changes a person's attributes (Okta: updateUser); `whole`: attributes that aren't named are cleared, unless her
    /// source gives them (Okta: replaceUser). Saying of a value what it is already is no change, whoever it comes from.
    ///
    /// # Errors
    /// As [`Muster::user_update`]; [`ServiceError::Premise`] if she isn't as `only_if` wants her when it happens.
    pub fn user_change(
        &self,
        actor: &Actor,
        login: &str,
        attributes: &Attributes,
        whole: bool,
        only_if: &dyn Fn(&UserView) -> bool,
        options: ImportOptions,
    ) -> Result<PlanReport> {
        let user = self.locate(login)?;
        self.change_as_seen(actor, &format!("user update {login}"), user, options, |config, person| {
            if let Some(rows) = &person.rows
                && !only_if(&user_view(rows)?)
            {
                return Err(ServiceError::Premise(format!("{login} was changed by somebody else meanwhile")));
            }
            let changes = changes_of(config, person, attributes, whole);
            may_change(config, person, login, &changes, self.now())?;
            Ok((profile_ops(config, &changes)?, false))
        })
    }

    /// Moves a person through her lifecycle.
    ///
    /// # Errors
    /// If there is nobody of that login, or her status doesn't allow it.
    pub fn user_transition(
        &self,
        actor: &Actor,
        login: &str,
        transition: Transition,
        options: ImportOptions,
    ) -> Result<PlanReport> {
        let user = self.locate(login)?;
        let what = format!("user {} {login}", format!("{transition:?}").to_lowercase());
        self.change_as_seen(actor, &what, user, options, |_, person| {
            let status = person.stored.status.unwrap_or(UserStatus::Staged);
            let next = transition.from(status)?;
            Ok((vec![Op::Say { fact: Fact::Lifecycle, value: Some(FactValue::Lifecycle(next)) }], true))
        })
    }
}

/// What really changes of a person's attributes; `whole`: what is said by hand and not named is cleared.
fn changes_of(config: &Config, person: &Person, attributes: &Attributes, whole: bool) -> Attributes {
    let holds = |name: &str| config.slot(name).and_then(|s| person.stored.profile.get(s));
    let mut changes = attributes.clone();
    changes.retain(|name, value| holds(name).is_none_or(|h| h != value));
    if whole {
        for attribute in &config.attributes {
            let name = &attribute.def.name;
            let by_hand = person.facts.get(&Fact::Profile { attribute: name.clone() }).is_some();
            let has = holds(name).is_some_and(|v| !v.is_null());
            if has && by_hand && !attributes.contains_key(name) {
                changes.insert(name.clone(), Value::Null);
            }
        }
    }
    changes
}

/// Whether a source's value of an attribute goes before an admin's.
fn speaks_before_admins(config: &Config, slot: usize, source: AppKey) -> bool {
    let Some(voices) = config.voices.get(&slot) else { return true };
    voices.iter().take_while(|v| **v != Voice::Admin).any(|v| *v == Voice::Source(source))
}

/// Refuses changes of what her source gives.
fn may_change(config: &Config, person: &Person, login: &str, changes: &Attributes, at: Millis) -> Result<()> {
    let records = ranked_records(config, &person.facts, at);
    for name in changes.keys() {
        let slot = config.slot(name);
        let led = records.iter().find(|r| {
            let leads = |s| r.source.mapping(s).filter(|_| speaks_before_admins(config, s, r.source.app));
            slot.and_then(leads).is_some_and(|m| m.when == PushWhen::Always)
        });
        if let Some(Ranked { source, .. }) = led {
            return Err(ServiceError::Forbidden(format!(
                "{name} of {login} comes from {}: change it there, or take {name} out of its mappings",
                config.app_name(source.app)
            )));
        }
    }
    Ok(())
}
