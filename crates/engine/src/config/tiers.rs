//! By what a source's new rows find people, compiled.

use std::collections::{BTreeSet, HashMap};

use super::compile::Compiler;
use super::{MatchIndex, ProfileSource, Tier};
use crate::matching;
use crate::model::schema::Attribute;
use crate::model::{App, ItemKey, ItemKind, Source};

/// How many tiers a source may have, and attributes a tier.
const MOST: usize = 10;

impl Compiler<'_> {
    /// The slots of the unique attributes a source matches on.
    pub(super) fn match_on(
        &mut self,
        item: ItemKey,
        app: &App,
        source: &Source,
        attributes: &[Attribute],
    ) -> Vec<usize> {
        let mut slots = Vec::new();
        for name in &source.match_on {
            match self.slots.get(name) {
                Some(&slot) if attributes.get(slot).is_some_and(|a| a.def.unique) => slots.push(slot),
                Some(_) => {
                    let reason = format!(
                        "matches on {name:?}, which isn't unique: set `unique = true` on that attribute, or name it in \
                         [[apps.{}.source.match]]",
                        app.name
                    );
                    self.fail(ItemKind::App, item, &app.name, reason);
                }
                None => self.no_attribute(item, app, name),
            }
        }
        slots
    }

    fn no_attribute(&mut self, item: ItemKey, app: &App, name: &str) {
        let reason = format!("matches on {name:?}, which is no user attribute{}", self.did_you_mean(name));
        self.fail(ItemKind::App, item, &app.name, reason);
    }

    /// What else names the same person.
    pub(super) fn tiers(
        &mut self,
        item: ItemKey,
        app: &App,
        source: &Source,
        attributes: &[Attribute],
    ) -> Vec<Tier> {
        let mut reasons = Vec::new();
        if source.tiers.len() > MOST {
            reasons
                .push(format!("has {} [[source.match]]; at most {MOST} are looked at", source.tiers.len()));
        }
        if !(1..=100).contains(&source.confirm.partial_score) {
            let score = source.confirm.partial_score;
            reasons.push(format!("source.confirm.partial_score is {score}; it must be from 1 to 100"));
        }
        let mut tiers = Vec::new();
        for tier in &source.tiers {
            let distinct: BTreeSet<&String> = tier.on.iter().collect();
            if tier.on.is_empty() || tier.on.len() > MOST || distinct.len() < tier.on.len() {
                reasons.push(format!(
                    "a [[source.match]] is on {:?}; name from one to {MOST} attributes, each once",
                    tier.on
                ));
            }
            let mut slots = Vec::new();
            for name in &tier.on {
                match self.slots.get(name).copied() {
                    Some(slot) if attributes.get(slot).is_some_and(|a| a.def.kind.is_list()) => {
                        reasons.push(format!(
                            "matches on {name:?}, which is a list: name attributes of one value"
                        ));
                    }
                    Some(slot) => slots.push(slot),
                    None => self.no_attribute(item, app, name),
                }
            }
            tiers.push(Tier { slots, index: tier.index() });
        }
        for reason in reasons {
            self.fail(ItemKind::App, item, &app.name, reason);
        }
        tiers
    }
}

/// The indexes that only the sources' matching needs.
pub(super) fn match_indexes(sources: &[ProfileSource], slots: &HashMap<String, usize>) -> Vec<MatchIndex> {
    let names: BTreeSet<String> = sources.iter().flat_map(|s| s.source.match_indexes()).collect();
    let reads = |name: &str| {
        matching::attributes_of(name)
            .into_iter()
            .filter_map(|attribute| slots.get(attribute).copied())
            .collect()
    };
    names.into_iter().map(|name| MatchIndex { slots: reads(&name), name }).collect()
}
