//! The user schema and the mappings of profiles.

use std::collections::BTreeMap;

use muster_engine::model::schema::{AttributeDef, base_attributes};
use muster_engine::model::{
    AppKey, Direction, Item, ItemChange, ItemKey, ItemKind, Mapping, PushWhen, WhenTaken,
};
use muster_engine::suggest::did_you_mean;

use super::fallout::with_invalid_rules;
use crate::access::Actor;
use crate::error::{Result, ServiceError};
use crate::import::ImportOptions;
use crate::muster::Muster;
use crate::plan::PlanReport;

/// What one attribute's mapping is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMapping {
    /// The expression.
    pub expression: String,
    /// When it writes; as before, or always, if nobody says.
    pub when: Option<PushWhen>,
}

impl Muster {
    /// Adds, replaces and removes (`None`) attributes of the user profile, all in one plan. With an attribute go the
    /// mappings that set it; rules that read it become INVALID.
    ///
    /// # Errors
    /// If a definition contradicts itself, a base attribute is to go, or a mapping or link needs what goes.
    pub fn schema_change(
        &self,
        actor: &Actor,
        changes: &BTreeMap<String, Option<AttributeDef>>,
        options: ImportOptions,
    ) -> Result<PlanReport> {
        let config = self.config()?;
        let base = base_attributes();
        let mut items: Vec<ItemChange> = Vec::new();
        for (name, def) in changes {
            let known = config.org.attributes.iter().find(|(_, d)| d.name == *name);
            let Some(def) = def else {
                if base.iter().any(|d| d.name == *name) {
                    return Err(ServiceError::Invalid(format!("{name}: a base attribute can't be removed")));
                }
                let (key, _) = known.ok_or_else(|| {
                    let hint = did_you_mean(name, config.org.attributes.values().map(|d| d.name.as_str()));
                    ServiceError::NotFound(format!("there is no custom attribute {name:?}{hint}"))
                })?;
                let setting = config.org.mappings.iter().filter(|(_, m)| m.direction == Direction::ToUser);
                for (mapping, _) in setting.filter(|(_, m)| m.target == *name) {
                    items.push(ItemChange { kind: ItemKind::Mapping, key: *mapping, item: None });
                }
                items.push(ItemChange { kind: ItemKind::Attribute, key: *key, item: None });
                continue;
            };
            // Whether it is indexed or generated, and who gives it, is nothing that clients of Okta's know of.
            let own = known.map_or(def, |(_, d)| d);
            let def = &AttributeDef {
                indexed: own.indexed,
                sources: own.sources.clone(),
                generate: own.generate.clone(),
                ..def.clone()
            };
            if known.is_some_and(|(_, d)| d == def) || (known.is_none() && base.contains(def)) {
                continue;
            }
            let key = match known {
                Some((key, _)) => *key,
                None => self.new_item_key()?,
            };
            let item = Some(Item::Attribute(def.clone()));
            items.push(ItemChange { kind: ItemKind::Attribute, key, item });
        }
        if items.is_empty() {
            return Ok(PlanReport::nothing());
        }
        let names: Vec<&str> = changes.keys().map(String::as_str).collect();
        let items = with_invalid_rules(&config, items)?;
        self.change_items(actor, format!("schema update {}", names.join(", ")), items, options)
    }

    /// Sets and removes (`None`) mappings of an app in one direction, all in one plan.
    ///
    /// # Errors
    /// If an expression can't be read, or a target isn't there.
    pub fn mapping_change(
        &self,
        actor: &Actor,
        app: AppKey,
        direction: Direction,
        changes: &BTreeMap<String, Option<NewMapping>>,
        options: ImportOptions,
    ) -> Result<PlanReport> {
        let config = self.config()?;
        let mut items: Vec<ItemChange> = Vec::new();
        for (target, change) in changes {
            let known = config.mappings_of(app, direction).find(|(_, m)| m.target == *target);
            let Some(new) = change else {
                let gone =
                    |(key, _): (&ItemKey, _)| ItemChange { kind: ItemKind::Mapping, key: *key, item: None };
                items.extend(known.map(gone));
                continue;
            };
            if direction == Direction::ToUser && config.slot(target).is_none() {
                return Err(ServiceError::Invalid(format!("updateMapping: Invalid target field {target}")));
            }
            let mapping = Mapping {
                app,
                direction,
                target: target.clone(),
                expression: new.expression.clone(),
                next: known.map(|(_, m)| m.next.clone()).unwrap_or_default(),
                when: new.when.or(known.map(|(_, m)| m.when)).unwrap_or_default(),
                taken: known.map_or(WhenTaken::default(), |(_, m)| m.taken),
            };
            if known.is_some_and(|(_, m)| *m == mapping) {
                continue;
            }
            let key = match known {
                Some((key, _)) => *key,
                None => self.new_item_key()?,
            };
            items.push(ItemChange { kind: ItemKind::Mapping, key, item: Some(Item::Mapping(mapping)) });
        }
        if items.is_empty() {
            return Ok(PlanReport::nothing());
        }
        self.change_items(actor, format!("mapping update {}", config.app_name(app)), items, options)
    }
}
