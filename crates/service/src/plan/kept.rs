//! Memberships that stay when the rule that gave them is deactivated or deleted.

use muster_engine::derive::Derived;
use muster_engine::facts::{Fact, FactValue, MembershipKind};
use muster_engine::model::{GroupKey, ItemKey};

use super::process::{Frame, Slot};
use super::work::Op;

/// Rules that were deactivated or deleted since the person was derived last. Whoever isn't written under a version that
/// has been `through` everybody it touches wasn't touched by it: she is as good as derived under it.
pub(super) fn lost_rules<'a>(
    frame: &Frame<'a>,
    slot: &Slot<'_>,
    through: i64,
) -> impl Iterator<Item = (&'a ItemKey, &'a Vec<GroupKey>)> {
    let config = frame.config;
    let under = slot.person.rows.as_ref().map(|r| r.user.config_version.max(through));
    let mut taken: Vec<ItemKey> = Vec::new();
    for op in slot.works.iter().flat_map(|w| &w.ops) {
        if let Op::Lose { rule } = op {
            taken.push(*rule);
        }
    }
    config.inactive_rules.iter().filter(move |(rule, _)| {
        let lost = under.is_some_and(|under| config.rule_versions.get(rule).is_some_and(|v| *v > under));
        lost && !taken.contains(rule)
    })
}

/// Memberships that nothing gives any more because a rule was deactivated or deleted become facts the first time the
/// person is derived under the version that did so. An undo says itself which were kept before. Tells whether there
/// are any.
pub(super) fn keep_memberships(
    frame: &Frame<'_>,
    slot: &mut Slot<'_>,
    derived: &Derived,
    through: i64,
) -> bool {
    let mut facts: Vec<Fact> = Vec::new();
    for (rule, groups) in lost_rules(frame, slot, through) {
        for group in groups.iter().filter(|g| frame.config.org.groups.contains_key(g)) {
            let was = slot.person.stored.groups.binary_search(group).is_ok();
            let is = derived.groups.iter().any(|(g, _)| g == group);
            let fact = |kind, origin| Fact::Membership { group: *group, kind, origin };
            let excluded = slot.facts.get(&fact(MembershipKind::Excluded, 0)).is_some();
            let kept = fact(MembershipKind::Kept, rule.0);
            if was && !is && !excluded && slot.facts.get(&kept).is_none() {
                facts.push(kept);
            }
        }
    }
    let any = !facts.is_empty();
    for fact in facts {
        keep(frame, slot, fact, Some(FactValue::Membership { until: None }));
    }
    any
}

/// What was kept from a rule goes when the rule is active again.
pub(super) fn drop_kept(frame: &Frame<'_>, slot: &mut Slot<'_>) {
    let active = |origin: i64| {
        let rule = ItemKey(origin);
        frame.config.org.rules.contains_key(&rule) && !frame.config.inactive_rules.contains_key(&rule)
    };
    let stale: Vec<Fact> = slot
        .facts
        .memberships()
        .filter(|(_, kind, origin)| *kind == MembershipKind::Kept && active(*origin))
        .map(|(group, kind, origin)| Fact::Membership { group, kind, origin })
        .collect();
    for fact in stale {
        keep(frame, slot, fact, None);
    }
}

/// Says a kept membership. Only the plan that changes the rule takes it back when it is undone.
fn keep(frame: &Frame<'_>, slot: &mut Slot<'_>, fact: Fact, value: Option<FactValue>) {
    let before = slot.facts.say(fact, value, frame.at, frame.plan);
    if frame.publishes {
        slot.befores.extend(before);
    }
}
