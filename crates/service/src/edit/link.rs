//! Links from one person to another: their definitions, and values said by hand.

use muster_engine::Config;
use muster_engine::facts::{Fact, FactValue};
use muster_engine::model::{Item, ItemChange, ItemKey, ItemKind, LinkDef, UserKey};
use muster_engine::suggest::did_you_mean;

use super::fallout::with_invalid_rules;
use super::group_item::taken;
use crate::access::Actor;
use crate::error::{Result, ServiceError};
use crate::import::ImportOptions;
use crate::muster::Muster;
use crate::plan::PlanReport;
use crate::plan::work::Op;

/// An end of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// Whom links lead to.
    Primary,
    /// From whom they lead.
    Associated,
}

/// The definition that has this name at one of its ends.
pub(crate) fn find_link<'c>(config: &'c Config, name: &str) -> Result<(ItemKey, &'c LinkDef, End)> {
    let links = || config.org.links.iter();
    let primary = links().find(|(_, l)| l.name == name).map(|(k, l)| (*k, l, End::Primary));
    let associated = || links().find(|(_, l)| l.associated == name).map(|(k, l)| (*k, l, End::Associated));
    primary.or_else(associated).ok_or_else(|| {
        let hint = did_you_mean(name, links().map(|(_, l)| l.name.as_str()));
        ServiceError::NotFound(format!("there is no link {name:?}{hint}"))
    })
}

/// The definition of a primary name, if its values are said by hand.
fn said_by_hand<'c>(config: &'c Config, name: &str) -> Result<&'c LinkDef> {
    let (_, link, end) = find_link(config, name)?;
    if end == End::Associated {
        return Err(ServiceError::Invalid(format!(
            "{name}: that is the other end; a link is set and taken away at the end of {:?}",
            link.name
        )));
    }
    match &link.keys {
        None => Ok(link),
        Some(keys) => Err(ServiceError::Forbidden(format!(
            "{name} comes from the attribute {}: change it there",
            keys.attribute
        ))),
    }
}

impl Muster {
    /// Defines a link (Okta: createLinkedObjectDefinition). Values said under an earlier definition of that name count
    /// again.
    ///
    /// # Errors
    /// [`ServiceError::Conflict`] if one of its names is taken, [`ServiceError::Config`] if it can't be as it is.
    pub fn link_define(&self, actor: &Actor, link: &LinkDef, options: ImportOptions) -> Result<PlanReport> {
        let config = self.config()?;
        for (field, name) in [("primary.name", &link.name), ("associated.name", &link.associated)] {
            if !name.is_empty() && find_link(&config, name).is_ok() {
                return Err(taken(field));
            }
        }
        let key = self.new_item_key()?;
        let change = ItemChange { kind: ItemKind::Link, key, item: Some(Item::Link(link.clone())) };
        self.change_items(actor, format!("link define {}", link.name), vec![change], options)
    }

    /// Takes a definition away (Okta: deleteLinkedObjectDefinition), by one of its names. What was said stays said; rules
    /// that read it become INVALID.
    ///
    /// # Errors
    /// If there is none, or a mapping reads it.
    pub fn link_undefine(&self, actor: &Actor, name: &str, options: ImportOptions) -> Result<PlanReport> {
        let config = self.config()?;
        let (key, link, _) = find_link(&config, name)?;
        let items = vec![ItemChange { kind: ItemKind::Link, key, item: None }];
        let items = with_invalid_rules(&config, items)?;
        self.change_items(actor, format!("link remove {}", link.name), items, options)
    }

    /// Links a person to another (Okta: assignLinkedObjectValueForPrimary), instead of whomever she was linked to.
    ///
    /// # Errors
    /// If there is no such person or link, or its values come from an attribute.
    pub fn user_link(
        &self,
        actor: &Actor,
        login: &str,
        link: &str,
        other: &str,
        options: ImportOptions,
    ) -> Result<PlanReport> {
        let other = self.locate(other)?;
        self.say_link(actor, login, link, Some(other), options)
    }

    /// Takes a person's link away (Okta: deleteLinkedObjectForUser). Who has none stays as she is.
    ///
    /// # Errors
    /// If there is no such person or link, or its values come from an attribute.
    pub fn user_unlink(
        &self,
        actor: &Actor,
        login: &str,
        link: &str,
        options: ImportOptions,
    ) -> Result<PlanReport> {
        self.say_link(actor, login, link, None, options)
    }

    fn say_link(
        &self,
        actor: &Actor,
        login: &str,
        link: &str,
        other: Option<UserKey>,
        options: ImportOptions,
    ) -> Result<PlanReport> {
        let user = self.locate(login)?;
        let config = self.config()?;
        let link = &said_by_hand(&config, link)?.name;
        if self.person(&config, user)?.facts.link(link) == other {
            return Ok(PlanReport::nothing());
        }
        let what = format!("user {} {login} as {link}", if other.is_some() { "link" } else { "unlink" });
        self.change_as_seen(actor, &what, user, options, |config, _| {
            said_by_hand(config, link)?;
            let fact = Fact::Link { link: link.clone() };
            Ok((vec![Op::Say { fact, value: other.map(FactValue::Link) }], false))
        })
    }
}
