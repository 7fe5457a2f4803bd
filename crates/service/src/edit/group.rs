//! Groups, memberships and assignments, by hand.

use muster_engine::Config;
use muster_engine::facts::{Fact, FactValue, MembershipKind};
use muster_engine::model::{
    AppGroup, AppKey, Group, GroupKey, GroupKind, IdKind, Item, ItemChange, ItemKey, ItemKind, Millis,
    RuleStatus, UserKey, UserStatus,
};
use muster_store::keys;

use super::group_item::taken;
use super::rule::find_rule;
use super::{Assignee, AssignmentTerms, edit, refuse_id};
use crate::access::Actor;
use crate::error::{Result, ServiceError};
use crate::import::ImportOptions;
use crate::muster::{ITEM_KEYS, Muster};
use crate::plan::stream::Source;
use crate::plan::work::{Op, Who};
use crate::plan::{PlanReport, Proposal, Quiet};

impl Muster {
    pub(crate) fn new_item_key(&self) -> Result<ItemKey> {
        Ok(ItemKey(self.store.write(|tx| keys::allocate(tx, ITEM_KEYS, 1))?))
    }

    /// A plan that changes the configuration by hand.
    pub(super) fn change_items(
        &self,
        actor: &Actor,
        what: String,
        items: Vec<ItemChange>,
        options: ImportOptions,
    ) -> Result<PlanReport> {
        let proposal = Proposal { source: Source::Touched, items, ..edit(what, Vec::new(), options) };
        self.propose(actor, &proposal, &Quiet)
    }

    /// Creates a group.
    ///
    /// # Errors
    /// If there is one of that name.
    pub fn group_create(
        &self,
        actor: &Actor,
        name: &str,
        description: &str,
        options: ImportOptions,
    ) -> Result<PlanReport> {
        let config = self.config()?;
        refuse_id("name", IdKind::Group, name)?;
        if config.org.own_group_named(name).is_some() {
            return Err(taken("name"));
        }
        let group = Group {
            name: name.to_owned(),
            description: description.to_owned(),
            kind: GroupKind::OktaGroup,
            ..Group::default()
        };
        let change =
            ItemChange { kind: ItemKind::Group, key: self.new_item_key()?, item: Some(Item::Group(group)) };
        self.change_items(actor, format!("group create {name}"), vec![change], options)
    }

    /// Adds a person to a group by hand, until an instant if one is given; that beats an exclusion.
    ///
    /// # Errors
    /// If the group isn't one made here, one of the two isn't there, or the end has passed.
    pub fn group_add(
        &self,
        actor: &Actor,
        group: &str,
        login: &str,
        until: Option<Millis>,
        options: ImportOptions,
    ) -> Result<PlanReport> {
        if let Some(until) = until.filter(|until| *until <= self.now()) {
            return Err(ServiceError::Invalid(format!(
                "the membership would have ended already, on {until}"
            )));
        }
        let (user, group_key) = self.member(group, login)?;
        let fact = |kind| Fact::Membership { group: group_key, kind, origin: 0 };
        let ops = vec![
            Op::Say { fact: fact(MembershipKind::Manual), value: Some(FactValue::Membership { until }) },
            Op::Say { fact: fact(MembershipKind::Excluded), value: None },
        ];
        self.change_person(actor, format!("group add {group} {login}"), Who::Known(user), ops, false, options)
    }

    /// Takes a person out of a group; if a rule gives it to her, she is excluded from then on.
    ///
    /// # Errors
    /// If the group isn't one made here, or one of the two isn't there.
    pub fn group_remove(
        &self,
        actor: &Actor,
        group: &str,
        login: &str,
        options: ImportOptions,
    ) -> Result<PlanReport> {
        let (user, key) = self.member(group, login)?;
        let config = self.config()?;
        let person = self.person(&config, user)?;
        let mut ops: Vec<Op> = person
            .facts
            .memberships()
            .filter(|(g, kind, _)| *g == key && *kind != MembershipKind::Excluded)
            .map(|(group, kind, origin)| Op::Say {
                fact: Fact::Membership { group, kind, origin },
                value: None,
            })
            .collect();
        let filled = config.rules.iter().any(|r| r.groups.contains(&key));
        if filled && person.stored.groups.contains(&key) {
            let fact = Fact::Membership { group: key, kind: MembershipKind::Excluded, origin: 0 };
            ops.push(Op::Say { fact, value: Some(FactValue::Membership { until: None }) });
        }
        self.change_person(
            actor,
            format!("group remove {group} {login}"),
            Who::Known(user),
            ops,
            false,
            options,
        )
    }

    fn member(&self, group: &str, login: &str) -> Result<(UserKey, GroupKey)> {
        let config = self.config()?;
        Ok((self.locate(login)?, self.group_by_hand(&config, group)?))
    }

    /// A group that takes members by hand, by name or id.
    pub(super) fn group_by_hand(&self, config: &Config, group: &str) -> Result<GroupKey> {
        let key = self.find_group(config, group)?;
        let kind = config.org.groups.get(&key).map(|g| g.kind);
        if kind != Some(GroupKind::OktaGroup) {
            return Err(ServiceError::Invalid(format!(
                "the members of {group:?} are imported or built in; only groups made here have members by hand"
            )));
        }
        Ok(key)
    }

    /// Activates or deactivates a rule. Deactivating keeps the memberships it gave.
    ///
    /// # Errors
    /// If there is no such rule.
    pub fn rule_status(
        &self,
        actor: &Actor,
        rule: &str,
        status: RuleStatus,
        options: ImportOptions,
    ) -> Result<PlanReport> {
        let config = self.config()?;
        let (key, found) = find_rule(&config, rule)?;
        if found.status == status {
            return Err(ServiceError::Invalid(format!("the rule {rule:?} is that already")));
        }
        let item = muster_engine::model::GroupRule { status, ..found.clone() };
        let change = ItemChange { kind: ItemKind::Rule, key, item: Some(Item::Rule(item)) };
        self.change_items(actor, format!("rule {status:?} {}", found.name), vec![change], options)
    }

    /// Assigns an app to a person or to a group's members.
    ///
    /// # Errors
    /// If the app takes no assignments, or the person is DEPROVISIONED.
    pub fn assign(
        &self,
        actor: &Actor,
        assignee: &Assignee,
        app: AppKey,
        terms: AssignmentTerms,
        options: ImportOptions,
    ) -> Result<PlanReport> {
        let config = self.config()?;
        let name = config.app_name(app);
        if config.target(app).is_none() {
            return Err(ServiceError::Invalid(format!(
                "{name} takes no assignments: it has no [apps.{name}.provisioning] in the org file, or is inactive"
            )));
        }
        match assignee {
            Assignee::User(user) => {
                let person = self.person(&config, *user)?;
                if person.stored.status.is_some_and(UserStatus::has_left) {
                    return Err(ServiceError::Invalid(
                        "a deactivated user can't be assigned an app; activate her first".to_owned(),
                    ));
                }
                if terms.until.is_some_and(|u| u <= self.now()) {
                    return Err(ServiceError::Invalid(
                        "the assignment would have ended already: --until is in the past".to_owned(),
                    ));
                }
                let value = FactValue::Assignment { profile: terms.profile, until: terms.until };
                let op = Op::Say { fact: Fact::Assignment { app }, value: Some(value) };
                self.change_person(
                    actor,
                    format!("assign {name} to user {user}"),
                    Who::Known(*user),
                    vec![op],
                    true,
                    options,
                )
            }
            Assignee::Group(group) => {
                let known = config.org.app_groups.iter().find(|(_, g)| g.app == app && g.group == *group);
                let last =
                    config.org.app_groups.values().filter(|g| g.app == app).map(|g| g.priority + 1).max();
                let priority = terms.priority.or(known.map(|(_, g)| g.priority)).or(last).unwrap_or_default();
                let item = AppGroup { app, group: *group, priority, profile: terms.profile };
                if known.is_some_and(|(_, g)| *g == item) {
                    return Err(ServiceError::Invalid(format!(
                        "{} has {name} already",
                        config.group_name(*group)
                    )));
                }
                let key = match known {
                    Some((key, _)) => *key,
                    None => self.new_item_key()?,
                };
                let change = ItemChange { kind: ItemKind::AppGroup, key, item: Some(Item::AppGroup(item)) };
                let what = format!("assign {name} to {}", config.group_name(*group));
                self.change_items(actor, what, vec![change], options)
            }
        }
    }

    /// Takes an assignment back.
    ///
    /// # Errors
    /// If there is none of that kind; what a group gives can only be taken from the group.
    pub fn unassign(
        &self,
        actor: &Actor,
        assignee: &Assignee,
        app: AppKey,
        options: ImportOptions,
    ) -> Result<PlanReport> {
        let config = self.config()?;
        let name = config.app_name(app);
        match assignee {
            Assignee::User(user) => {
                let person = self.person(&config, *user)?;
                if !person.facts.assignments().any(|(a, ..)| a == app) {
                    let scope = person.stored.apps.get(&app).and_then(|a| a.scope);
                    return Err(ServiceError::Invalid(match scope {
                        Some(_) => format!(
                            "she has {name} through a group: take her out of the group, or the app from it; `muster why` tells which"
                        ),
                        None => format!("she hasn't {name}"),
                    }));
                }
                let op = Op::Say { fact: Fact::Assignment { app }, value: None };
                self.change_person(
                    actor,
                    format!("unassign {name} from user {user}"),
                    Who::Known(*user),
                    vec![op],
                    false,
                    options,
                )
            }
            Assignee::Group(group) => {
                let known = config.org.app_groups.iter().find(|(_, g)| g.app == app && g.group == *group);
                let (key, _) = known.ok_or_else(|| {
                    ServiceError::Invalid(format!("{} isn't assigned {name}", config.group_name(*group)))
                })?;
                let change = ItemChange { kind: ItemKind::AppGroup, key: *key, item: None };
                let what = format!("unassign {name} from {}", config.group_name(*group));
                self.change_items(actor, what, vec![change], options)
            }
        }
    }
}
