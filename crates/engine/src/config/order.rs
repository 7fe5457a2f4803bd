//! Rules in an order in which each comes after those that fill the groups it reads.

use std::collections::{BTreeMap, BTreeSet};

use super::Rule;
use crate::model::{GroupKey, ItemKey};

/// The groups a rule's outcome depends on.
fn reads(rule: &Rule) -> impl Iterator<Item = GroupKey> {
    rule.program.reads().groups.iter().map(|&g| GroupKey(g)).chain(rule.except_groups.iter().copied())
}

/// Sorts the rules; rules that don't depend on each other stay in the order of their keys.
///
/// # Errors
/// The rules of a cycle, in its order, the first repeated at the end.
pub(super) fn sort(rules: Vec<Rule>) -> Result<Vec<Rule>, Vec<ItemKey>> {
    let mut fillers: BTreeMap<GroupKey, Vec<ItemKey>> = BTreeMap::new();
    for rule in &rules {
        for group in &rule.groups {
            fillers.entry(*group).or_default().push(rule.item);
        }
    }
    let mut before: BTreeMap<ItemKey, BTreeSet<ItemKey>> = BTreeMap::new();
    for rule in &rules {
        let entry = before.entry(rule.item).or_default();
        for group in reads(rule) {
            entry.extend(fillers.get(&group).into_iter().flatten().copied());
        }
    }
    let mut waiting: BTreeMap<ItemKey, Rule> = rules.into_iter().map(|r| (r.item, r)).collect();
    let mut sorted = Vec::with_capacity(waiting.len());
    while !waiting.is_empty() {
        let ready: Vec<ItemKey> = waiting
            .keys()
            .filter(|k| before.get(k).is_none_or(|b| !b.iter().any(|d| waiting.contains_key(d))))
            .copied()
            .collect();
        if ready.is_empty() {
            return Err(cycle(&waiting, &before));
        }
        sorted.extend(ready.iter().filter_map(|k| waiting.remove(k)));
    }
    Ok(sorted)
}

/// Walks from any rule that waits along rules that wait until one comes again.
fn cycle(waiting: &BTreeMap<ItemKey, Rule>, before: &BTreeMap<ItemKey, BTreeSet<ItemKey>>) -> Vec<ItemKey> {
    let mut path: Vec<ItemKey> = Vec::new();
    let mut at = waiting.keys().next().copied();
    while let Some(key) = at {
        if let Some(start) = path.iter().position(|&k| k == key) {
            let mut ring = path.split_off(start);
            ring.push(key);
            // `before` points from a rule to those it reads from; a cycle reads better in the order things flow.
            ring.reverse();
            return ring;
        }
        path.push(key);
        at = before.get(&key).and_then(|b| b.iter().find(|d| waiting.contains_key(d)).copied());
    }
    path
}
