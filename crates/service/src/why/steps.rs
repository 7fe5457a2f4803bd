//! What a rule's condition says of a person, and what in it decides.

use muster_engine::Value;
use muster_engine::config::Rule;
use muster_engine::derive::GroupCause;
use muster_engine::model::GroupKey;

use super::answer::WhyStep;
use super::reads;
use super::subject::Subject;

/// Whether the condition holds, as far as deriving told, and the condition with what it reads.
pub(super) fn rule(subject: &Subject, rule: &Rule, group: GroupKey) -> (Option<bool>, Vec<WhyStep>) {
    let holds = holds(subject, rule, group);
    let step = WhyStep {
        text: rule.program.text().split_whitespace().collect::<Vec<_>>().join(" "),
        value: holds.map(Value::Bool),
        reads: reads::rule(subject, rule),
        error: None,
    };
    (holds, vec![step])
}

/// Deriving tells the first rule, by key, that gives a group: those before it don't.
fn holds(subject: &Subject, rule: &Rule, group: GroupKey) -> Option<bool> {
    match subject.derived.groups.iter().find(|(g, _)| *g == group) {
        Some((_, GroupCause::Rule(first))) if rule.item == *first => Some(true),
        Some((_, GroupCause::Rule(first))) if rule.item < *first => Some(false),
        Some(_) => None,
        None => Some(false),
    }
}
