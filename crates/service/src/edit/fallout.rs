//! What a change of the configuration does to the rest of it.

use muster_engine::model::{GroupRule, Item, ItemChange, ItemKind, RuleStatus};
use muster_engine::{Config, ConfigError, compile};

use super::org::org_after;
use crate::error::{Result, ServiceError};

/// Adds to a change that takes something away what follows for rules: those that refer to it become INVALID, as Okta
/// has it. They keep what they say, so that the plan's undo, or a new condition, brings them back.
///
/// # Errors
/// [`ServiceError::Config`] if anything but rules refers to what goes: that has to be mended first.
pub(super) fn with_invalid_rules(config: &Config, mut items: Vec<ItemChange>) -> Result<Vec<ItemChange>> {
    let after = org_after(&config.org, &items);
    let Err(errors) = compile(config.version + 1, after.clone()) else { return Ok(items) };
    let (rules, others): (Vec<ConfigError>, Vec<ConfigError>) =
        errors.into_iter().partition(|e| e.kind == ItemKind::Rule);
    if !others.is_empty() {
        return Err(ServiceError::Config(others));
    }
    for (key, rule) in after.rules.iter().filter(|(k, _)| rules.iter().any(|e| e.key == **k)) {
        let rule = GroupRule { status: RuleStatus::Invalid, ..rule.clone() };
        items.push(ItemChange { kind: ItemKind::Rule, key: *key, item: Some(Item::Rule(rule)) });
    }
    Ok(items)
}
