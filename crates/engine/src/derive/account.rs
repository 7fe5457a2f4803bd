//! Assignments and the accounts that follow from them.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use muster_expr::Value;

use super::env::UserEnv;
use super::former::{days_from, zone_of};
use super::{AppScope, AppUser, Problem, StatusCause, Wanted, earlier};
use crate::config::{Outbound, Target};
use crate::facts::{Facts, Former, KeptAccount};
use crate::model::{AppKey, GroupKey, ItemKey, Millis, PushWhen, UserStatus};
use crate::outbound::AccountState;

/// The attribute that names an account. Set on the person's own assignment, it goes before the mapping's.
pub const USER_NAME: &str = "userName";

/// Why an account's attribute has its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountCause {
    /// Set on the person's own assignment.
    Individual,
    /// Given by this group's assignment.
    Group(GroupKey),
    /// Combined of what the assignments of these groups give, in the order of their priorities.
    Groups(Vec<GroupKey>),
    /// By this mapping.
    Mapping(ItemKey),
    /// Given by a group or her assignment before she lost the app, which she keeps for a while.
    Former,
    /// This mapping gave it once, on create.
    Kept(ItemKey),
    /// Nothing gives one.
    Nothing,
}

/// Where a person stands in her life.
#[derive(Clone, Copy)]
pub(super) struct Lifecycle {
    pub(super) status: UserStatus,
    pub(super) cause: StatusCause,
}

/// The direct assignments in effect.
fn assigned<'a>(
    env: &UserEnv<'_>,
    facts: &'a Facts,
    due: &mut Option<Millis>,
) -> BTreeMap<AppKey, &'a BTreeMap<String, Value>> {
    let mut direct = BTreeMap::new();
    for (app, profile, until) in facts.assignments().filter(|_| !env.status.has_left()) {
        if until.is_none_or(|u| u > env.as_of) {
            earlier(due, until);
            direct.insert(app, profile);
        }
    }
    direct
}

pub(super) fn derive_apps(
    env: &UserEnv<'_>,
    facts: &Facts,
    life: Lifecycle,
    due: &mut Option<Millis>,
    problems: &mut Vec<Problem>,
) -> Vec<AppUser> {
    let stays = stays(env, facts, life);
    if env.status.has_left() && stays.is_empty() {
        return Vec::new();
    }
    let direct = assigned(env, facts, due);
    let mut apps = Vec::new();
    for target in env.config.targets.iter().filter(|t| !t.expired) {
        let individual = direct.get(&target.app).copied();
        let given: Vec<(GroupKey, &BTreeMap<String, Value>)> = target
            .groups
            .iter()
            .filter(|(g, ..)| !env.status.has_left() && env.groups.contains(g))
            .map(|(g, _, values)| (*g, values))
            .collect();
        let former = stays.get(&target.app).copied();
        let scope = match (individual, given.first(), former) {
            (Some(_), ..) => AppScope::Direct,
            (None, Some((group, _)), _) => AppScope::Group(*group),
            (None, None, Some(_)) => AppScope::Grace,
            (None, None, None) => continue,
        };
        let former = former.filter(|_| scope == AppScope::Grace);
        let until = former.and_then(|f| f.until);
        earlier(due, until);
        let mut app = AppUser { app: target.app, scope, until, wanted: None, keeps: Vec::new() };
        if let Some(state) = state_for(env, life, target, due) {
            let kept = facts.accounts.get(&target.app);
            let on = UserEnv { app: &target.properties, ..*env };
            let former = former.map(|f| &f.profile);
            let place = Place { env: &on, target, individual, given: &given, former, kept };
            app.wanted = place.wanted(state, &mut app.keeps, due, problems);
        }
        apps.push(app);
    }
    apps
}

/// The apps a person keeps for a while, having lost them. Somebody who has left keeps what she was left, unless an admin
/// has put her out.
fn stays<'a>(env: &UserEnv<'_>, facts: &'a Facts, life: Lifecycle) -> BTreeMap<AppKey, &'a Former> {
    let left = life.status.has_left();
    if left && !matches!(life.cause, StatusCause::Left { .. }) {
        return BTreeMap::new();
    }
    facts.formers().filter(|(_, f)| f.until.is_some_and(|u| u > env.as_of) && (f.leaver || !left)).collect()
}

/// The state an account has by the person's status, or that she has none.
fn state_for(
    env: &UserEnv<'_>,
    life: Lifecycle,
    target: &Target,
    due: &mut Option<Millis>,
) -> Option<AccountState> {
    match life.status {
        UserStatus::Staged if !target.provisioning.before_start => None,
        UserStatus::Staged => match (life.cause, target.provisioning.before_start_days) {
            (StatusCause::Begins { app, at }, Some(days)) => {
                let zone = zone_of(env.config, env.profile, Some(app));
                let from = days_from(at, -i64::from(days), &zone);
                earlier(due, Some(from).filter(|from| *from > env.as_of));
                (from <= env.as_of).then_some(AccountState::Active)
            }
            _ => Some(AccountState::Active),
        },
        UserStatus::Suspended if target.provisioning.disable_suspended => Some(AccountState::Inactive),
        _ => Some(AccountState::Active),
    }
}

struct Place<'a> {
    env: &'a UserEnv<'a>,
    target: &'a Target,
    individual: Option<&'a BTreeMap<String, Value>>,
    given: &'a [(GroupKey, &'a BTreeMap<String, Value>)],
    former: Option<&'a BTreeMap<String, Value>>,
    kept: Option<&'a KeptAccount>,
}

impl Place<'_> {
    fn wanted(
        &self,
        state: AccountState,
        keeps: &mut Vec<(Arc<str>, Value)>,
        due: &mut Option<Millis>,
        problems: &mut Vec<Problem>,
    ) -> Option<Wanted> {
        let own = self.individual.or(self.former).and_then(|p| p.get(USER_NAME)).and_then(Value::as_str);
        let user_name = match &self.target.user_name {
            _ if own.is_some() => own.map(str::to_owned),
            Some(m) => {
                self.eval(m, due, problems).and_then(|v| v.to_text().map(std::borrow::Cow::into_owned))
            }
            None => self
                .env
                .config
                .slot("login")
                .and_then(|s| self.env.profile.get(s))
                .and_then(Value::as_str)
                .map(str::to_owned),
        };
        let Some(user_name) = user_name.filter(|n| !n.is_empty()) else {
            problems.push(Problem {
                about: self.env.config.app_name(self.target.app),
                reason: "no account: its user name would be empty".to_owned(),
            });
            return None;
        };
        let mut attributes = Vec::with_capacity(self.target.attributes.len());
        for name in &self.target.attributes {
            let (value, cause) = self.value(name, due, problems);
            if let AccountCause::Kept(_) = cause
                && !self.kept.is_some_and(|k| k.contains_key(&**name))
            {
                keeps.push((name.clone(), value.clone()));
            }
            attributes.push((name.clone(), value));
        }
        if let Some(own) = self.individual.or(self.former) {
            for (name, value) in own
                .iter()
                .filter(|(n, _)| *n != USER_NAME && !self.target.attributes.iter().any(|a| **a == ***n))
            {
                attributes.push((Arc::from(name.as_str()), value.clone()));
            }
            attributes.sort_by(|(a, _), (b, _)| a.cmp(b));
        }
        Some(Wanted { state, user_name, attributes })
    }

    /// One attribute: the person's own, else the first group's that has one, or all groups' together where the app
    /// combines them, else the mapping's. What a mapping gives is never joined to what groups give: whoever may set
    /// the one can take it away without a look at the other.
    fn value(
        &self,
        name: &str,
        due: &mut Option<Millis>,
        problems: &mut Vec<Problem>,
    ) -> (Value, AccountCause) {
        if let Some(value) = self.individual.and_then(|p| p.get(name)) {
            return (value.clone(), AccountCause::Individual);
        }
        if self.target.provisioning.combine.iter().any(|c| c == name) {
            let given = self.given.iter().filter_map(|(g, p)| p.get(name).map(|v| (*g, v)));
            if let Some(combined) = combine(given) {
                return combined;
            }
        } else if let Some((group, value)) = self.given.iter().find_map(|(g, p)| p.get(name).map(|v| (*g, v)))
        {
            return (value.clone(), AccountCause::Group(group));
        }
        if let Some(value) = self.former.and_then(|p| p.get(name)) {
            return (value.clone(), AccountCause::Former);
        }
        let Some(mapping) = self.target.mappings.iter().find(|m| &*m.target == name) else {
            return (Value::Null, AccountCause::Nothing);
        };
        if mapping.when == PushWhen::Create {
            let kept = self.kept.and_then(|k| k.get(name)).cloned();
            let value = kept.unwrap_or_else(|| self.eval(mapping, due, problems).unwrap_or_default());
            return (value, AccountCause::Kept(mapping.item));
        }
        (self.eval(mapping, due, problems).unwrap_or_default(), AccountCause::Mapping(mapping.item))
    }

    fn eval(
        &self,
        mapping: &Outbound,
        due: &mut Option<Millis>,
        problems: &mut Vec<Problem>,
    ) -> Option<Value> {
        earlier(due, mapping.program.next_change(self.env).map(Millis));
        match mapping.program.eval(self.env) {
            Ok(value) => Some(value.into_value()),
            Err(e) => {
                let app = self.env.config.app_name(self.target.app);
                problems.push(Problem { about: format!("{app}.{}", mapping.target), reason: e.to_string() });
                None
            }
        }
    }
}

/// What several groups give, one after the other in the order of their priorities: of equal values the first stays, a
/// single value counts as one of an array, and no value adds nothing. `None` if no group speaks of it.
fn combine<'a>(given: impl Iterator<Item = (GroupKey, &'a Value)>) -> Option<(Value, AccountCause)> {
    let mut values: Vec<Value> = Vec::new();
    let mut seen: HashSet<String> = HashSet::new();
    let (mut givers, mut silent) = (Vec::new(), Vec::new());
    for (group, value) in given {
        if value.is_null() {
            silent.push(group);
            continue;
        }
        givers.push(group);
        for item in value.as_list().unwrap_or(std::slice::from_ref(value)) {
            let mut text = String::new();
            crate::json::push(&mut text, item);
            if seen.insert(text) {
                values.push(item.clone());
            }
        }
    }
    match (givers.is_empty(), silent.is_empty()) {
        (true, true) => None,
        (true, false) => Some((Value::Null, AccountCause::Groups(silent))),
        _ => Some((Value::List(values), AccountCause::Groups(givers))),
    }
}

/// One attribute of a person's account with its cause, for explanations.
pub fn account_value(
    config: &crate::config::Config,
    facts: &Facts,
    derived: &super::Derived,
    others: &dyn super::Others,
    target: &Target,
    name: &str,
    as_of: Millis,
) -> (Value, AccountCause) {
    let keys: Vec<GroupKey> = derived.groups.iter().map(|(g, _)| *g).chain(config.everyone).collect();
    let env = UserEnv {
        config,
        user: facts.user,
        status: derived.status,
        profile: &derived.profile,
        groups: &keys,
        links: &derived.links,
        others,
        as_of,
        app: &target.properties,
        facts: Some(facts),
    };
    let given: Vec<_> =
        target.groups.iter().filter(|(g, ..)| keys.contains(g)).map(|(g, _, values)| (*g, values)).collect();
    let individual = facts.assignments().find(|(app, ..)| *app == target.app).map(|(_, profile, _)| profile);
    let former = facts.formers().find(|(app, _)| *app == target.app).map(|(_, f)| &f.profile);
    let grace = derived.apps.iter().any(|a| a.app == target.app && a.scope == AppScope::Grace);
    let former = former.filter(|_| grace);
    let kept = facts.accounts.get(&target.app);
    Place { env: &env, target, individual, given: &given, former, kept }.value(
        name,
        &mut None,
        &mut Vec::new(),
    )
}
