//! The parts of a rule's condition with their outcomes, for explanations.

use muster_expr::Step;

use super::env::UserEnv;
use super::{Derived, Others};
use crate::config::{Config, Rule};
use crate::facts::Facts;
use crate::model::{GroupKey, Millis};

/// The parts of a rule's condition for a person, the whole first. The groups it reads are filled by rules before it, so
/// what follows for her in the end is what it saw.
pub fn rule_steps(
    config: &Config,
    facts: &Facts,
    derived: &Derived,
    others: &dyn Others,
    rule: &Rule,
    as_of: Millis,
) -> Vec<Step> {
    let groups: Vec<GroupKey> = derived.groups.iter().map(|(g, _)| *g).chain(config.everyone).collect();
    let env = UserEnv {
        config,
        user: facts.user,
        status: derived.status,
        profile: &derived.profile,
        groups: &groups,
        links: &derived.links,
        others,
        as_of,
        app: &[],
        facts: None,
    };
    rule.program.explain(&env)
}
