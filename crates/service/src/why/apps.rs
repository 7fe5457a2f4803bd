//! Why a person has an app, or hasn't.

use muster_engine::config::Target;
use muster_engine::derive::{AccountCause, AppScope, AppUser, Wanted, account_value};
use muster_engine::facts::{Fact, FactValue};
use muster_engine::model::{AppKey, IdKind, ItemKey, Millis, PlanKey, UserStatus, public_id};
use muster_engine::{Config, Value};

use super::answer::{AccountReason, At, WhyAccount, WhyAccountValue, WhyApp};
use super::subject::Subject;
use super::text::by_plan;
use super::{groups, reads};
use crate::world::state_name;

pub(super) fn explain(subject: &Subject, app: AppKey) -> WhyApp {
    let config = &subject.config;
    let target = config.target(app);
    let derived = subject.derived.apps.iter().find(|a| a.app == app);
    let first = match derived.map(|d| d.scope) {
        Some(AppScope::Group(group)) => Some(group),
        _ => None,
    };
    let giving = target.iter().flat_map(|t| &t.groups).map(|(g, item, _)| (*g, *item));
    let also =
        giving.clone().filter(|(g, _)| derived.is_some() && Some(*g) != first && subject.is_member(*g));
    let row = subject.account_row(app).filter(|_| derived.is_some());
    let at = row.and_then(|r| Some((r.assigned_since?, r.assigned_plan?)));
    let mut notes = Vec::new();
    if derived.is_none() {
        notes = missing(subject, app, target);
    } else if let Some(reason) = derived.filter(|d| d.wanted.is_none()).map(|_| no_account(subject, app)) {
        notes.push(reason);
    }
    if let Some(derived) = derived.filter(|d| d.scope == AppScope::Grace) {
        let until =
            derived.until.map_or_else(String::new, |until| format!(" and keeps it until {}", At(until)));
        notes.push(format!("the person has lost it{until}"));
    }
    // Who has left has no app whatever her groups are, so they explain nothing then.
    let explains = derived.is_none() && subject.derived.status != UserStatus::Deprovisioned;
    WhyApp {
        id: public_id(IdKind::App, app.0),
        name: config.app_name(app),
        assigned: derived.is_some(),
        scope: derived.map(|d| if d.scope == AppScope::Direct { "USER" } else { "GROUP" }),
        group: first.map(|g| config.group_name(g)),
        priority: first
            .and_then(|g| giving.clone().find(|(h, _)| *h == g))
            .and_then(|(_, item)| priority(config, item)),
        also: also.map(|(g, _)| config.group_name(g)).collect(),
        until: derived.and_then(|d| match d.scope {
            AppScope::Direct => until(subject, app),
            _ => d.until.map(At),
        }),
        since: at.map(|(at, plan)| subject.since(Millis(at), PlanKey(plan))),
        account: target.zip(derived).and_then(|(t, d)| account(subject, t, d)),
        sync: subject.sync(app),
        notes,
        groups: giving.filter(|_| explains).map(|(g, _)| groups::explain(subject, g)).collect(),
    }
}

fn priority(config: &Config, item: ItemKey) -> Option<u32> {
    config.org.app_groups.get(&item).map(|g| g.priority)
}

fn until(subject: &Subject, app: AppKey) -> Option<At> {
    subject.person.facts.assignments().find(|(a, ..)| *a == app).and_then(|(_, _, until)| until).map(At)
}

/// Why she has the app and no account there.
fn no_account(subject: &Subject, app: AppKey) -> String {
    let name = subject.config.app_name(app);
    if subject.derived.status == UserStatus::Staged {
        return format!(
            "no account yet: the person is STAGED, and {name} gives access only from the start on"
        );
    }
    let problem =
        subject.derived.problems.iter().find(|p| p.about == name || p.about == format!("{name}.userName"));
    problem.map_or_else(|| "no account".to_owned(), |p| p.reason.clone())
}

/// Why she hasn't the app.
fn missing(subject: &Subject, app: AppKey, target: Option<&Target>) -> Vec<String> {
    let config = &subject.config;
    let name = config.app_name(app);
    let mut notes = Vec::new();
    let Some(target) = target else {
        notes.push(match config.app(app) {
            Some(a) if a.inactive => format!("{name} is deactivated, so nobody has it"),
            _ => format!("{name} is a source only: nobody has accounts there"),
        });
        return notes;
    };
    if let Some(last) = config.app(app).filter(|_| target.expired).and_then(|a| a.expires.as_ref()) {
        notes.push(format!("the last day of {name} was {last}, so nobody has it"));
    }
    if subject.derived.status == UserStatus::Deprovisioned {
        notes.push("the person is DEPROVISIONED: who has left has no apps".to_owned());
    }
    match subject.person.facts.said.get(&Fact::Assignment { app }) {
        Some(said) => {
            let since = subject.said(said);
            match &said.value {
                Some(FactValue::Assignment { until: Some(until), .. }) if *until <= subject.as_of => {
                    notes.push(format!(
                        "the person's own assignment ended on {}; it was made on {}, {}",
                        At(*until),
                        since.at,
                        by_plan(&since)
                    ));
                }
                None => notes.push(format!(
                    "the person's own assignment was taken back on {}, {}",
                    since.at,
                    by_plan(&since)
                )),
                Some(_) => {}
            }
        }
        None if subject.derived.status != UserStatus::Deprovisioned => {
            notes.push("nobody has assigned it to this person".to_owned());
        }
        None => {}
    }
    if target.groups.is_empty() {
        notes.push("no group gives it".to_owned());
    } else if subject.derived.status != UserStatus::Deprovisioned {
        let names: Vec<String> = target.groups.iter().map(|(g, ..)| config.group_name(*g)).collect();
        notes.push(match names.as_slice() {
            [one] => format!("{one} gives it, and the person isn't a member"),
            all => format!("{} give it, and the person is in none of them", all.join(", ")),
        });
    }
    notes
}

fn account(subject: &Subject, target: &Target, app: &AppUser) -> Option<WhyAccount> {
    let wanted = app.wanted.as_ref()?;
    let attributes =
        wanted.attributes.iter().map(|(name, value)| attribute(subject, target, name, value)).collect();
    Some(WhyAccount {
        state: state_name(wanted.state),
        user_name: user_name(subject, target, wanted),
        attributes,
    })
}

fn attribute(subject: &Subject, target: &Target, name: &str, value: &Value) -> WhyAccountValue {
    let config = &subject.config;
    let facts = &subject.person.facts;
    let (_, cause) =
        account_value(config, facts, &subject.derived, &subject.linked, target, name, subject.as_of);
    let mapping = |item: ItemKey| target.mappings.iter().find(|m| m.item == item);
    let because = match cause {
        AccountCause::Individual => AccountReason::Individual,
        AccountCause::Groups(groups) => {
            AccountReason::Groups { groups: groups.iter().map(|g| config.group_name(*g)).collect() }
        }
        AccountCause::Group(group) => AccountReason::Group { group: config.group_name(group) },
        AccountCause::Mapping(item) => match mapping(item) {
            Some(m) => AccountReason::Mapping {
                expression: m.program.text().to_owned(),
                reads: reads::outbound(subject, target.app, m),
            },
            None => AccountReason::Nothing,
        },
        AccountCause::Kept(item) => match mapping(item) {
            Some(m) => AccountReason::Kept { expression: m.program.text().to_owned() },
            None => AccountReason::Nothing,
        },
        AccountCause::Former => AccountReason::Former,
        AccountCause::Nothing => AccountReason::Nothing,
    };
    WhyAccountValue { name: name.to_owned(), value: value.clone(), because }
}

fn user_name(subject: &Subject, target: &Target, wanted: &Wanted) -> WhyAccountValue {
    let because = match &target.user_name {
        Some(m) => AccountReason::Mapping {
            expression: m.program.text().to_owned(),
            reads: reads::outbound(subject, target.app, m),
        },
        None => AccountReason::Mapping { expression: "user.login".to_owned(), reads: Vec::new() },
    };
    WhyAccountValue { name: "userName".to_owned(), value: Value::from(wanted.user_name.as_str()), because }
}
