//! Groups themselves: what they are called, and their end.

use muster_engine::Config;
use muster_engine::model::{Group, GroupKey, GroupKind, IdKind, Item, ItemChange, ItemKey, ItemKind};

use super::fallout::with_invalid_rules;
use super::refuse_id;
use crate::access::Actor;
use crate::error::{Result, ServiceError};
use crate::import::ImportOptions;
use crate::muster::Muster;
use crate::plan::PlanReport;

/// What Okta says where a name is taken.
pub(super) fn taken(field: &str) -> ServiceError {
    ServiceError::Conflict(format!(
        "{field}: An object with this field already exists in the current organization"
    ))
}

impl Muster {
    /// Changes what a group is called and what it is for (Okta: replaceGroup).
    ///
    /// # Errors
    /// If the group isn't one made here, another has the name, or an expression names it by its old one.
    pub fn group_update(
        &self,
        actor: &Actor,
        group: &str,
        name: &str,
        description: &str,
        options: ImportOptions,
    ) -> Result<PlanReport> {
        let config = self.config()?;
        let (key, old) = self.own_group(&config, group)?;
        refuse_id("name", IdKind::Group, name)?;
        if config.org.own_group_named(name).is_some_and(|(other, _)| other != key) {
            return Err(taken("name"));
        }
        let item = Group { name: name.to_owned(), description: description.to_owned(), ..old.clone() };
        if item == *old {
            return Ok(PlanReport::nothing());
        }
        let change = ItemChange { kind: ItemKind::Group, key: ItemKey(key.0), item: Some(Item::Group(item)) };
        self.change_items(actor, format!("group update {}", old.name), vec![change], options)
    }

    /// Deletes a group made here, with its assignments to apps. Rules that refer to it become INVALID.
    ///
    /// # Errors
    /// If the group is imported or built in, or a mapping refers to it.
    pub fn group_delete(&self, actor: &Actor, group: &str, options: ImportOptions) -> Result<PlanReport> {
        let config = self.config()?;
        let (key, old) = self.own_group(&config, group)?;
        let assigned = config.org.app_groups.iter().filter(|(_, given)| given.group == key);
        let mut items: Vec<ItemChange> = assigned
            .map(|(item, _)| ItemChange { kind: ItemKind::AppGroup, key: *item, item: None })
            .collect();
        items.push(ItemChange { kind: ItemKind::Group, key: ItemKey(key.0), item: None });
        let items = with_invalid_rules(&config, items)?;
        self.change_items(actor, format!("group delete {}", old.name), items, options)
    }

    fn own_group<'c>(&self, config: &'c Config, group: &str) -> Result<(GroupKey, &'c Group)> {
        let key = self.find_group(config, group)?;
        match config.org.groups.get(&key) {
            Some(found) if found.kind == GroupKind::OktaGroup => Ok((key, found)),
            _ => Err(ServiceError::Invalid(format!(
                "group: {group:?} is imported or built in; only groups made here can be changed or deleted"
            ))),
        }
    }
}
