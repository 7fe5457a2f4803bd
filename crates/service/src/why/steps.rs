//! What a rule's condition says of a person, and what in it decides.

use muster_engine::Value;
use muster_engine::config::Rule;
use muster_engine::derive::rule_steps;

use super::answer::{Read, WhyStep};
use super::subject::Subject;

/// Whether the condition holds, and the parts that decide it: those that aren't made of others. What is denied is
/// told with its NOT, so that each part holds or doesn't as the condition needs it.
pub(super) fn rule(subject: &Subject, rule: &Rule) -> (Option<bool>, Vec<WhyStep>) {
    let facts = &subject.person.facts;
    let steps = rule_steps(&subject.config, facts, &subject.derived, &subject.linked, rule, subject.as_of);
    // A condition that fails has no outcome; null counts as false.
    let whole = steps.first().filter(|s| s.error.is_none());
    let holds = whole.map(|s| s.value.as_bool().unwrap_or(false));
    let depth = |at: usize| steps.get(at).map_or(0, |s| s.depth);
    let is_leaf = |at: usize| at + 1 >= steps.len() || depth(at + 1) <= depth(at);
    let denies = |at: usize| !is_leaf(at) && is_leaf(at + 1) && depth(at + 2) <= depth(at);
    let mut deciding = Vec::new();
    let mut at = 0;
    while let Some(step) = steps.get(at) {
        // The attributes stand with the part itself, not with its NOT.
        let inner = if denies(at) { at + 1 } else { at };
        if step.decisive && is_leaf(inner) {
            let read = steps.get(inner).map_or(&[][..], |s| &s.operands);
            deciding.push(WhyStep {
                text: step.text.clone(),
                value: step.error.is_none().then(|| Value::Bool(step.value.as_bool().unwrap_or(false))),
                reads: read.iter().map(|(n, v)| Read { name: n.clone(), value: v.clone() }).collect(),
                error: step.error.as_ref().map(ToString::to_string),
            });
        }
        at = inner + 1;
    }
    (holds, deciding)
}
