//! Groups' assignments to apps, in their order.

use muster_engine::model::{AppGroup, AppKey, GroupKey, Item, ItemChange, ItemKey, ItemKind};

use super::{Assignee, Attributes};
use crate::access::Actor;
use crate::error::{Result, ServiceError};
use crate::import::ImportOptions;
use crate::muster::Muster;
use crate::plan::PlanReport;

/// What is said of a group's assignment; what isn't stays as it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AppGroupTerms {
    /// Its place: 0 comes first. Whoever has the place moves down. A new one without comes last.
    pub priority: Option<u32>,
    /// The values it gives, all of them.
    pub profile: Option<Attributes>,
}

impl Muster {
    /// Assigns an app to a group's members, or changes that (Okta: assignGroupToApplication).
    ///
    /// # Errors
    /// If there is no such app or group, or the app takes no assignments.
    pub fn app_group_set(
        &self,
        actor: &Actor,
        app: &str,
        group: &str,
        terms: &AppGroupTerms,
        options: ImportOptions,
    ) -> Result<PlanReport> {
        let config = self.config()?;
        let (app, group) = (self.find_app(&config, app)?, self.find_group(&config, group)?);
        let name = config.app_name(app);
        if config.app(app).is_some_and(|a| a.target().is_none()) {
            return Err(ServiceError::Invalid(format!(
                "{name} takes no assignments: it is a source only, without [apps.{name}.provisioning] in the org file"
            )));
        }
        let others: Vec<(ItemKey, &AppGroup)> =
            config.org.app_groups.iter().filter(|(_, g)| g.app == app).map(|(k, g)| (*k, g)).collect();
        let known = others.iter().find(|(_, g)| g.group == group);
        let last = others.iter().map(|(_, g)| g.priority.saturating_add(1)).max().unwrap_or_default();
        let priority = terms.priority.or(known.map(|(_, g)| g.priority)).unwrap_or(last);
        let profile = match &terms.profile {
            Some(profile) => profile.clone(),
            None => known.map(|(_, g)| g.profile.clone()).unwrap_or_default(),
        };
        let item = AppGroup { app, group, priority, profile };
        if known.is_some_and(|(_, g)| **g == item) {
            return Ok(PlanReport::nothing());
        }
        let key = match known {
            Some((key, _)) => *key,
            None => self.new_item_key()?,
        };
        let mut items = vec![assignment(key, item)];
        if known.is_none_or(|(_, g)| g.priority != priority) {
            items.extend(moved_down(&others, group, priority));
        }
        let what = format!("assign {name} to {}", config.group_name(group));
        self.change_items(actor, what, items, options)
    }

    /// Takes an app from a group.
    ///
    /// # Errors
    /// If there is no such app or group, or the group isn't assigned it.
    pub fn app_group_remove(
        &self,
        actor: &Actor,
        app: &str,
        group: &str,
        options: ImportOptions,
    ) -> Result<PlanReport> {
        let config = self.config()?;
        let app: AppKey = self.find_app(&config, app)?;
        let group: GroupKey = self.find_group(&config, group)?;
        self.unassign(actor, &Assignee::Group(group), app, options)
    }
}

fn assignment(key: ItemKey, item: AppGroup) -> ItemChange {
    ItemChange { kind: ItemKind::AppGroup, key, item: Some(Item::AppGroup(item)) }
}

/// The others that must move so that a place is free: as few as will do.
fn moved_down(others: &[(ItemKey, &AppGroup)], group: GroupKey, place: u32) -> Vec<ItemChange> {
    let mut behind: Vec<&(ItemKey, &AppGroup)> =
        others.iter().filter(|(_, g)| g.group != group && g.priority >= place).collect();
    behind.sort_by_key(|(_, g)| (g.priority, g.group));
    let mut taken = place;
    let mut moved = Vec::new();
    for (key, given) in behind {
        if given.priority > taken {
            break;
        }
        taken = taken.saturating_add(1);
        moved.push(assignment(*key, AppGroup { priority: taken, ..(*given).clone() }));
    }
    moved
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_those_in_the_way_move() {
        let given: Vec<AppGroup> = [(1, 0), (2, 1), (3, 2), (4, 7)]
            .map(|(group, priority)| AppGroup {
                app: AppKey(9),
                group: GroupKey(group),
                priority,
                profile: Attributes::new(),
            })
            .into();
        let others: Vec<(ItemKey, &AppGroup)> = given.iter().map(|g| (ItemKey(g.group.0), g)).collect();
        let places = |group, place| -> Vec<(i64, u32)> {
            moved_down(&others, GroupKey(group), place)
                .into_iter()
                .filter_map(|c| match c.item {
                    Some(Item::AppGroup(g)) => Some((g.group.0, g.priority)),
                    _ => None,
                })
                .collect()
        };
        assert_eq!(places(5, 1), [(2, 2), (3, 3)]);
        assert_eq!(places(5, 3), []);
        assert_eq!(places(3, 0), [(1, 1), (2, 2)]);
        assert_eq!(places(4, 7), []);
    }
}
