//! Groups: by hand, imported, kept, by rule.

use crate::config::Config;
use crate::derive::env::UserEnv;
use crate::derive::{Problem, Ranked, Standing, earlier, ranked_records};
use crate::facts::{Facts, MembershipKind};
use crate::model::{GroupKey, ItemKey, Millis, UserStatus};

/// Why a person is in a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum GroupCause {
    /// Added by hand.
    Manual,
    /// Her record in the app the group comes from names it.
    Imported,
    /// By this rule.
    Rule(ItemKey),
    /// Left from this rule, which is deactivated or deleted.
    Kept(ItemKey),
}

/// The imported groups that a person's records name, each with its record: those that speak for her, or with none of
/// them those that are to begin. When each of them begins or ends the profile tells.
pub fn imported_groups<'a>(
    config: &'a Config,
    facts: &'a Facts,
    as_of: Millis,
) -> Vec<(GroupKey, Ranked<'a>)> {
    if config.sources.iter().all(|s| s.groups.is_none()) {
        return Vec::new();
    }
    let ranked = ranked_records(config, facts, as_of).into_iter();
    let heard = ranked.filter(|r| matches!(r.standing, Standing::Speaks | Standing::Begins(_)));
    heard.flat_map(|r| r.source.groups_of(&r.record.values).map(move |group| (group, r))).collect()
}

pub(super) fn derive_groups(
    base: &UserEnv<'_>,
    facts: &Facts,
    due: &mut Option<Millis>,
    problems: &mut Vec<Problem>,
) -> Vec<(GroupKey, GroupCause)> {
    if base.status == UserStatus::Deleted {
        return Vec::new();
    }
    let config = base.config;
    let mut found: Vec<(GroupKey, GroupCause)> = Vec::new();
    let mut keys: Vec<GroupKey> = Vec::new();
    let mut excluded: Vec<GroupKey> = Vec::new();
    for (group, kind, origin, until) in facts.dated_memberships() {
        if !config.org.groups.contains_key(&group) || until.is_some_and(|u| u <= base.as_of) {
            continue;
        }
        earlier(due, until);
        let cause = match kind {
            MembershipKind::Excluded => {
                excluded.push(group);
                continue;
            }
            MembershipKind::Manual => GroupCause::Manual,
            MembershipKind::Kept if config.org.rules.get(&ItemKey(origin)).is_some_and(|r| !inactive(r)) => {
                continue;
            }
            MembershipKind::Kept => GroupCause::Kept(ItemKey(origin)),
        };
        found.push((group, cause));
    }
    let imported = imported_groups(config, facts, base.as_of).into_iter();
    found.extend(imported.map(|(group, _)| (group, GroupCause::Imported)));
    // By hand beats exclusion; whatever is kept from a rule doesn't.
    found.retain(|(g, c)| !matches!(c, GroupCause::Kept(_)) || !excluded.contains(g));
    keys.extend(found.iter().map(|(g, _)| *g));
    for at in candidates(base) {
        let Some(rule) = config.rules.get(at) else { continue };
        let env = UserEnv { groups: &keys, ..*base };
        earlier(due, rule.program.next_change(&env).map(Millis));
        match rule.program.matches(&env) {
            Ok(false) => continue,
            Ok(true) => {}
            Err(e) => {
                let name = config.org.rules.get(&rule.item).map(|r| r.name.clone()).unwrap_or_default();
                problems.push(Problem { about: format!("rule {name:?}"), reason: e.to_string() });
                continue;
            }
        }
        if rule.except_users.binary_search(&base.user).is_ok()
            || rule.except_groups.iter().any(|g| keys.contains(g))
        {
            continue;
        }
        for group in rule.groups.iter().filter(|g| !excluded.contains(g)) {
            found.push((*group, GroupCause::Rule(rule.item)));
            if !keys.contains(group) {
                keys.push(*group);
            }
        }
    }
    // Several reasons may give a group; the first in the order of causes is told.
    found.sort_unstable();
    found.dedup_by_key(|(g, _)| *g);
    found
}

fn inactive(rule: &crate::model::GroupRule) -> bool {
    rule.status != crate::model::RuleStatus::Active
}

/// The rules that may match, in their order: those found by the person's values and those without such a key.
fn candidates(env: &UserEnv<'_>) -> Vec<usize> {
    let config = env.config;
    let mut all = config.open_rules.clone();
    for (slot, by_value) in &config.keyed_rules {
        if let Some(value) = env.profile.get(*slot).and_then(muster_expr::Value::as_str) {
            all.extend(by_value.get(value).into_iter().flatten());
        }
    }
    all.sort_unstable();
    all.dedup();
    all
}
