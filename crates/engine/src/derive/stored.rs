//! What a rule says of a person as she is stored, without deriving her.

use std::collections::BTreeSet;

use super::Others;
use super::env::UserEnv;
use crate::config::{Config, Rule};
use crate::model::{GroupKey, ItemKey, Millis, UserKey, UserStatus};

/// What is stored of a person, as far as rules read it.
#[derive(Clone, Copy)]
pub struct StoredEnv<'a> {
    /// Who.
    pub user: UserKey,
    /// Her status.
    pub status: UserStatus,
    /// Her profile, by the slots of the configuration whose rule is asked.
    pub profile: &'a [muster_expr::Value],
    /// Her groups.
    pub groups: &'a [GroupKey],
    /// Her links: the definition, the other's key.
    pub links: &'a [(ItemKey, String)],
    /// Whom they lead to.
    pub others: &'a dyn Others,
    /// The instant she was derived with.
    pub as_of: Millis,
}

/// What a rule says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleWord {
    /// The groups it gives.
    pub groups: BTreeSet<GroupKey>,
    /// When time alone makes it say something else.
    pub next: Option<Millis>,
    /// Its condition can't be worked out.
    pub failed: bool,
}

/// Asks a rule. What fills the groups it reads comes before it in every derivation, so those stored are those it would
/// find.
pub fn rule_word(config: &Config, rule: &Rule, stored: &StoredEnv<'_>) -> RuleWord {
    let env = UserEnv {
        config,
        user: stored.user,
        status: stored.status,
        profile: stored.profile,
        groups: stored.groups,
        links: stored.links,
        others: stored.others,
        as_of: stored.as_of,
        app: &[],
        facts: None,
    };
    let matched = rule.program.matches(&env);
    let excepted = rule.except_users.binary_search(&stored.user).is_ok()
        || rule.except_groups.iter().any(|g| stored.groups.contains(g));
    let given = matches!(matched, Ok(true)) && !excepted;
    RuleWord {
        groups: if given { rule.groups.iter().copied().collect() } else { BTreeSet::new() },
        next: rule.program.next_change(&env).map(Millis),
        failed: matched.is_err(),
    }
}
