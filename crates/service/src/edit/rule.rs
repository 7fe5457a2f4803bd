//! Group rules: made, replaced, deleted.

use std::collections::{BTreeMap, BTreeSet};

use muster_engine::Config;
use muster_engine::model::{
    GroupKey, GroupRule, IdKind, Item, ItemChange, ItemKey, ItemKind, RuleStatus, UserKey, key_of,
};
use muster_store::{Store, lookups};

use super::group_item::taken;
use super::{DELETED, edit, refuse_id};
use crate::access::Actor;
use crate::error::{Result, ServiceError};
use crate::import::ImportOptions;
use crate::muster::Muster;
use crate::plan::stream::Source;
use crate::plan::work::{Op, Who, Work};
use crate::plan::{PlanReport, Proposal, Quiet};

/// People read at once.
const PAGE: usize = 5_000;

/// What a rule is to say. People and groups by name or id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewRule {
    /// The unique name.
    pub name: String,
    /// The condition.
    pub expression: String,
    /// The groups it fills.
    pub groups: Vec<String>,
    /// People it passes over.
    pub except_users: Vec<String>,
    /// Groups whose members it passes over.
    pub except_groups: Vec<String>,
}

/// The rule of a name or public id.
pub(crate) fn find_rule<'c>(config: &'c Config, name_or_id: &str) -> Result<(ItemKey, &'c GroupRule)> {
    let by_id = key_of(IdKind::GroupRule, name_or_id).map(ItemKey);
    if let Some((key, rule)) = by_id.and_then(|k| config.org.rules.get_key_value(&k)) {
        return Ok((*key, rule));
    }
    config.org.rule_named(name_or_id).ok_or_else(|| {
        let names = config.org.rules.values().map(|r| r.name.as_str());
        let hint = muster_engine::suggest::did_you_mean(name_or_id, names);
        ServiceError::NotFound(format!("there is no rule {name_or_id:?}{hint}; `muster rules` lists them"))
    })
}

impl Muster {
    /// Creates a rule (Okta: createGroupRule). It is INACTIVE until it is activated.
    ///
    /// # Errors
    /// If the name is taken, the condition can't be read, or somebody or some group it names isn't there.
    pub fn rule_create(&self, actor: &Actor, new: &NewRule, options: ImportOptions) -> Result<PlanReport> {
        let config = self.config()?;
        let rule = self.rule_of(&config, new)?;
        refuse_id("name", IdKind::GroupRule, &rule.name)?;
        if config.org.rule_named(&rule.name).is_some() {
            return Err(taken("name"));
        }
        let what = format!("rule create {}", rule.name);
        let change =
            ItemChange { kind: ItemKind::Rule, key: self.new_item_key()?, item: Some(Item::Rule(rule)) };
        self.change_items(actor, what, vec![change], options)
    }

    /// Replaces what a rule says, except for the groups it fills (Okta: replaceGroupRule). One that was INVALID may be
    /// given other groups too, and is INACTIVE then.
    ///
    /// # Errors
    /// If the rule is ACTIVE, fills other groups, or as [`Muster::rule_create`].
    pub fn rule_replace(
        &self,
        actor: &Actor,
        rule: &str,
        new: &NewRule,
        options: ImportOptions,
    ) -> Result<PlanReport> {
        let config = self.config()?;
        let (key, old) = find_rule(&config, rule)?;
        if old.status == RuleStatus::Active {
            return Err(ServiceError::Invalid(format!(
                "status: the rule {:?} is ACTIVE; deactivate it before it is changed",
                old.name
            )));
        }
        let rule = self.rule_of(&config, new)?;
        refuse_id("name", IdKind::GroupRule, &rule.name)?;
        if config.org.rule_named(&rule.name).is_some_and(|(other, _)| other != key) {
            return Err(taken("name"));
        }
        let set = |groups: &[GroupKey]| groups.iter().copied().collect::<BTreeSet<_>>();
        if old.status == RuleStatus::Inactive && set(&old.groups) != set(&rule.groups) {
            return Err(ServiceError::Invalid(
                "actions: the groups a rule fills can't be changed; make another rule".to_owned(),
            ));
        }
        if rule == *old {
            return Ok(PlanReport::nothing());
        }
        let what = format!("rule update {}", old.name);
        let change = ItemChange { kind: ItemKind::Rule, key, item: Some(Item::Rule(rule)) };
        self.change_items(actor, what, vec![change], options)
    }

    /// Deletes a rule (Okta: deleteGroupRule). Whoever it made a member stays one, unless `remove_users`.
    ///
    /// # Errors
    /// If there is no such rule.
    pub fn rule_delete(
        &self,
        actor: &Actor,
        rule: &str,
        remove_users: bool,
        options: ImportOptions,
    ) -> Result<PlanReport> {
        let config = self.config()?;
        let (key, old) = find_rule(&config, rule)?;
        let what = format!("rule delete {}", old.name);
        let change = ItemChange { kind: ItemKind::Rule, key, item: None };
        if !remove_users {
            return self.change_items(actor, what, vec![change], options);
        }
        let lose = |user: i64| Work {
            who: Who::Known(UserKey(user)),
            ops: vec![Op::Lose { rule: key }],
            advance: false,
            again: false,
            seen: None,
            position: String::new(),
        };
        let works = members(&self.store, &old.groups)?.into_iter().map(lose).collect();
        let proposal = Proposal {
            source: Source::List { works },
            items: vec![change],
            ..edit(what, Vec::new(), options)
        };
        self.propose(actor, &proposal, &Quiet)
    }

    /// A rule as it is kept, INACTIVE.
    fn rule_of(&self, config: &Config, new: &NewRule) -> Result<GroupRule> {
        let groups =
            |names: &[String]| names.iter().map(|g| self.find_group(config, g)).collect::<Result<_>>();
        Ok(GroupRule {
            name: new.name.clone(),
            expression: new.expression.clone(),
            groups: groups(&new.groups)?,
            except_users: self.find_users(&new.except_users)?,
            except_groups: groups(&new.except_groups)?,
            status: RuleStatus::Inactive,
        })
    }

    /// The people of logins or public ids, in their order: two queries.
    fn find_users(&self, names: &[String]) -> Result<Vec<UserKey>> {
        let ids: Vec<i64> = names.iter().filter_map(|n| key_of(IdKind::User, n)).collect();
        let logins: Vec<&str> = names.iter().map(String::as_str).collect();
        let (by_id, by_login) = self
            .store
            .read(|tx| Ok((lookups::profiles_of(tx, &ids)?, lookups::users_by_login(tx, &logins)?)))?;
        let living: BTreeSet<i64> =
            by_id.iter().filter(|u| u.status != DELETED).map(|u| u.user_key).collect();
        let by_login: BTreeMap<&str, i64> =
            by_login.iter().filter_map(|u| Some((u.login.as_deref()?, u.user_key))).collect();
        let find = |name: &String| {
            let by_id = key_of(IdKind::User, name).filter(|k| living.contains(k));
            let found = by_id.or_else(|| by_login.get(name.as_str()).copied());
            found.map(UserKey).ok_or_else(|| {
                ServiceError::Invalid(format!(
                    "users: there is no user {name:?}; `muster users` finds people by name"
                ))
            })
        };
        names.iter().map(find).collect()
    }
}

/// Everybody in one of the groups.
fn members(store: &Store, groups: &[GroupKey]) -> Result<BTreeSet<i64>> {
    let mut all = BTreeSet::new();
    for GroupKey(group) in groups {
        let mut after = 0;
        loop {
            let page = store.read(|tx| lookups::members_of(tx, *group, after, PAGE))?;
            after = page.last().copied().unwrap_or(after);
            let whole = page.len() == PAGE;
            all.extend(page);
            if !whole {
                break;
            }
        }
    }
    Ok(all)
}
