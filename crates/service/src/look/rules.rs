//! Group rules one by one, and found.

use muster_engine::model::{IdKind, public_id};

use super::Page;
use super::org::RuleView;
use crate::edit::find_rule;
use crate::error::{Result, ServiceError};
use crate::muster::Muster;

impl Muster {
    /// A page of the rules, by name; `after` is [`Page::next`]. `search` finds in names, conditions and the names of the
    /// groups they fill, in whatever case.
    ///
    /// # Errors
    /// If `after` is no rule, or the store fails.
    pub fn rules_found(
        &self,
        search: Option<&str>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<RuleView>> {
        let mut found = self.rules()?;
        if let Some(text) = search.map(str::to_lowercase) {
            found.retain(|rule| {
                let expression = rule.conditions.pointer("/expression/value").and_then(|v| v.as_str());
                let mut texts =
                    rule.groups.iter().map(String::as_str).chain(expression).chain([rule.name.as_str()]);
                texts.any(|t| t.to_lowercase().contains(&text))
            });
        }
        let start = match after {
            None => 0,
            Some(id) => match found.iter().position(|r| r.id == id) {
                Some(at) => at + 1,
                None => {
                    return Err(ServiceError::Invalid(format!(
                        "after: {id:?} is no place in the list; take `next` of the page before"
                    )));
                }
            },
        };
        let rest = found.len().saturating_sub(start);
        let items: Vec<RuleView> = found.into_iter().skip(start).take(limit).collect();
        let next = items.last().filter(|_| rest > limit).map(|r| r.id.clone());
        Ok(Page { items, next })
    }

    /// A rule alone, by name or id.
    ///
    /// # Errors
    /// If there is none.
    pub fn rule_view(&self, name_or_id: &str) -> Result<RuleView> {
        let config = self.config()?;
        let (key, _) = find_rule(&config, name_or_id)?;
        let id = public_id(IdKind::GroupRule, key.0);
        let found = self.rules()?.into_iter().find(|r| r.id == id);
        found.ok_or_else(|| ServiceError::NotFound(format!("there is no rule {id}")))
    }
}
