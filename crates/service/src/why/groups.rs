//! Why a person is in a group, or isn't.

use muster_engine::config::Rule;
use muster_engine::derive::{GroupCause, imported_groups};
use muster_engine::facts::{Fact, MembershipKind};
use muster_engine::model::{GroupKey, GroupKind, IdKind, ItemKey, Millis, PlanKey, RuleStatus, public_id};

use super::answer::{MemberReason, RuleAnswer, Since, WhyGroup};
use super::steps;
use super::subject::Subject;
use super::text::by_plan;

pub(super) fn explain(subject: &Subject, group: GroupKey) -> WhyGroup {
    let config = &subject.config;
    let cause = subject.derived.groups.iter().find(|(g, _)| *g == group).map(|(_, cause)| *cause);
    let said = |kind, origin: i64| {
        subject.membership_facts(group, kind).find(|(o, _)| *o == origin).map(|(_, said)| subject.said(said))
    };
    let any = |kind| {
        subject.membership_facts(group, kind).find(|(_, s)| s.value.is_some()).map(|(_, s)| subject.said(s))
    };
    let because = match cause {
        _ if config.everyone == Some(group) => MemberReason::Everyone,
        Some(GroupCause::Manual) => MemberReason::Manual { said: any(MembershipKind::Manual) },
        Some(GroupCause::Imported) => {
            let facts = &subject.person.facts;
            let records = imported_groups(config, facts, Millis(subject.rows.user.as_of));
            match records.into_iter().find(|(named, _)| *named == group) {
                Some((_, by)) => {
                    MemberReason::Imported { app: config.app_name(by.source.app), record: by.key.to_owned() }
                }
                None => MemberReason::Nothing,
            }
        }
        Some(GroupCause::Rule(rule)) => MemberReason::Rule { rule: rule_name(subject, rule) },
        Some(GroupCause::Kept(rule)) => {
            MemberReason::Kept { rule: rule_name(subject, rule), said: said(MembershipKind::Kept, rule.0) }
        }
        None => MemberReason::Nothing,
    };
    let member = because != MemberReason::Nothing;
    let rules = match because {
        MemberReason::Rule { .. } => answers(subject, group)
            .into_iter()
            .filter(|r| r.holds == Some(true) && r.excepted.is_none())
            .collect(),
        MemberReason::Nothing => answers(subject, group),
        _ => Vec::new(),
    };
    WhyGroup {
        id: public_id(IdKind::Group, group.0),
        name: config.group_name(group),
        member,
        since: since(subject, group).filter(|_| member),
        notes: if member { Vec::new() } else { missing(subject, group, &rules) },
        because,
        rules,
    }
}

/// When she came into the group; into the one everybody is in when she came to be known.
fn since(subject: &Subject, group: GroupKey) -> Option<Since> {
    let user = &subject.rows.user;
    if subject.config.everyone == Some(group) {
        return Some(subject.since(Millis(user.created), PlanKey(user.created_plan)));
    }
    let row = subject.rows.memberships.iter().find(|m| m.group_key == group.0)?;
    Some(subject.since(Millis(row.since), PlanKey(row.plan)))
}

fn rule_name(subject: &Subject, rule: ItemKey) -> String {
    subject
        .config
        .org
        .rules
        .get(&rule)
        .map_or_else(|| format!("rule {rule}, which is deleted"), |r| r.name.clone())
}

/// What each rule that fills the group says of her.
fn answers(subject: &Subject, group: GroupKey) -> Vec<RuleAnswer> {
    let config = &subject.config;
    let filling = config.org.rules.iter().filter(|(_, r)| r.groups.contains(&group));
    filling
        .map(|(key, item)| {
            let compiled = config.rules.iter().find(|r| r.item == *key);
            let (holds, deciding) = match compiled {
                Some(rule) => steps::rule(subject, rule),
                None => (None, Vec::new()),
            };
            RuleAnswer {
                id: public_id(IdKind::GroupRule, key.0),
                name: item.name.clone(),
                status: item.status,
                expression: item.expression.clone(),
                holds,
                excepted: compiled.and_then(|rule| excepted(subject, rule)),
                deciding,
            }
        })
        .collect()
}

/// Why a rule passes her over whatever its condition says.
fn excepted(subject: &Subject, rule: &Rule) -> Option<String> {
    if rule.except_users.contains(&subject.person.facts.user) {
        return Some("it makes an exception of this person".to_owned());
    }
    let group = rule.except_groups.iter().find(|g| subject.is_member(**g))?;
    Some(format!("it makes an exception of the members of {}", subject.config.group_name(*group)))
}

/// Why she isn't in the group, apart from what rules say.
fn missing(subject: &Subject, group: GroupKey, rules: &[RuleAnswer]) -> Vec<String> {
    let config = &subject.config;
    let mut notes = Vec::new();
    for (fact, said) in &subject.person.facts.said {
        let Fact::Membership { group: g, kind, origin } = fact else { continue };
        if *g != group {
            continue;
        }
        let since = subject.said(said);
        let (at, plan) = (since.at, by_plan(&since));
        match (kind, said.value.is_some()) {
            (MembershipKind::Excluded, true) => {
                notes.push(format!(
                    "taken out by hand on {at}, {plan}: rules don't put anybody back who was taken out"
                ));
            }
            (MembershipKind::Manual, false) => {
                notes.push(format!("what was added by hand was taken back on {at}, {plan}"));
            }
            (MembershipKind::Kept, false) => {
                let rule = rule_name(subject, ItemKey(*origin));
                notes.push(format!("what was kept from rule {rule:?} was taken back on {at}, {plan}"));
            }
            _ => {}
        }
    }
    let item = config.org.groups.get(&group);
    if let Some(app) = item.filter(|g| g.kind == GroupKind::AppGroup).and_then(|g| g.app) {
        notes.push(format!(
            "the group comes from {}, where no record that speaks for this person names it",
            config.app_name(app)
        ));
    } else if rules.is_empty() {
        notes.push("no rule fills it, and nobody has added this person by hand".to_owned());
    } else if rules.iter().all(|r| r.status != RuleStatus::Active) {
        notes.push("no rule that fills it is in force".to_owned());
    }
    notes
}
