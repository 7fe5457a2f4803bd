//! The answer in words, for somebody who knows neither the configuration nor its language.

use std::fmt;

use muster_engine::Value;
use muster_engine::model::RuleStatus;

use super::answer::{
    AccountReason, LinkReason, MemberReason, Read, RuleAnswer, Since, StatusReason, ValueReason, Why,
    WhyAccountValue, WhyApp, WhyAttribute, WhyGroup, WhyLink, WhyStatus, WhyStep,
};
use crate::look::{SyncState, SyncView};

/// A value as people read it.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        other => serde_json::to_string(other).unwrap_or_default(),
    }
}

/// The plan, by number and in words.
pub(super) fn by_plan(since: &Since) -> String {
    match &since.plan {
        Some(plan) => format!("with plan {} ({}, by {})", plan.id, plan.what, plan.by),
        None => "with a plan that is no longer known".to_owned(),
    }
}

fn on(since: &Since) -> String {
    match &since.plan {
        Some(plan) => format!("on {} with plan {} ({})", since.at, plan.id, plan.what),
        None => format!("on {}", since.at),
    }
}

fn reads(reads: &[Read]) -> String {
    let all: Vec<String> = reads.iter().map(|r| format!("{} = {}", r.name, shown(&r.value))).collect();
    all.join(", ")
}

/// One line: an expression is often written over several.
fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

struct Lines(Vec<String>);

impl Lines {
    fn add(&mut self, depth: usize, text: impl AsRef<str>) {
        self.0.push(format!("{}{}", "  ".repeat(depth), text.as_ref()));
    }

    fn heading(&mut self, text: &str) {
        if !self.0.is_empty() {
            self.0.push(String::new());
        }
        self.0.push(text.to_owned());
    }
}

impl Why {
    /// The answer in lines of text.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Lines(Vec::new());
        lines.heading(&match (&self.login, &self.name) {
            (Some(login), Some(name)) => format!("{login} ({name}), as of {}", self.as_of),
            (Some(one), None) | (None, Some(one)) => format!("{one}, as of {}", self.as_of),
            (None, None) => format!("{}, as of {}", self.id, self.as_of),
        });
        for note in &self.notes {
            lines.add(1, format!("Note: {note}."));
        }
        if let Some(status) = &self.status {
            tell_status(&mut lines, status);
        }
        if !self.attributes.is_empty() {
            lines.heading("Attributes");
            self.attributes.iter().for_each(|a| tell_attribute(&mut lines, a));
        }
        if !self.links.is_empty() {
            lines.heading("Links");
            self.links.iter().for_each(|l| tell_link(&mut lines, l));
        }
        if !self.groups.is_empty() {
            lines.heading("Groups");
            self.groups.iter().for_each(|g| tell_group(&mut lines, 1, g));
        }
        if !self.apps.is_empty() {
            lines.heading("Apps");
            self.apps.iter().for_each(|a| tell_app(&mut lines, a));
        }
        lines.0
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lines().iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

fn tell_status(lines: &mut Lines, status: &WhyStatus) {
    lines.heading("Status");
    let since = status.since.map_or_else(String::new, |at| format!(" since {at}"));
    lines.add(1, format!("{}{since}", status.status));
    lines.add(
        2,
        match &status.because {
            StatusReason::Source { source, record, said, staged } => {
                let staged =
                    if *staged { "; people of this source wait until an admin activates them" } else { "" };
                format!("{source} says so: record {record}, living, {}{staged}", on(said))
            }
            StatusReason::Begins { source, record, begins } => {
                format!("{source} has the person from {begins} on: record {record}")
            }
            StatusReason::Returned { source, record, said } => format!(
                "{source} had let the person go and has her again: record {record}, {}; an admin has to bring her back",
                on(said)
            ),
            StatusReason::Left { source, record, said, action } => {
                format!("{source} let the person go: record {record} ended {}, which {action}", on(said))
            }
            StatusReason::Admin { said } => format!("an admin said so on {}, {}", said.at, by_plan(said)),
            StatusReason::Nobody => "no source has this person and no admin has said anything".to_owned(),
        },
    );
    status.others.iter().for_each(|other| lines.add(2, format!("besides: {other}")));
}

fn tell_link(lines: &mut Lines, link: &WhyLink) {
    let other = link.login.as_ref().or(link.id.as_ref()).map_or("nobody who is known", String::as_str);
    lines.add(1, format!("{}: {other}", link.name));
    lines.add(
        2,
        match &link.because {
            LinkReason::Attribute { attribute, matches, value } => {
                format!("whoever has the {matches} that {attribute} holds, {}", shown(value))
            }
            LinkReason::Admin { said: Some(said) } => {
                format!("an admin said so on {}, {}", said.at, by_plan(said))
            }
            LinkReason::Admin { said: None } => "an admin said so".to_owned(),
        },
    );
}

fn tell_attribute(lines: &mut Lines, attribute: &WhyAttribute) {
    if attribute.value.is_null() {
        lines.add(1, format!("{} has no value", attribute.name));
        attribute.notes.iter().for_each(|note| lines.add(2, note));
    } else {
        lines.add(1, format!("{} = {}", attribute.name, shown(&attribute.value)));
        lines.add(
            2,
            match &attribute.because {
                ValueReason::Source(m) => {
                    let read = if m.reads.is_empty() { flat(&m.expression) } else { reads(&m.reads) };
                    format!("from {read} of {} record {}, imported {}", m.source, m.record, on(&m.imported))
                }
                ValueReason::Kept { source, .. } => {
                    format!("{source} gave it when its record came; it stays")
                }
                ValueReason::Admin { said } => format!("set by an admin on {}, {}", said.at, by_plan(said)),
                ValueReason::Generated => "generated: a number of her own, which she keeps".to_owned(),
                ValueReason::Nothing => "by nothing that can be told".to_owned(),
            },
        );
        if let ValueReason::Source(m) = &attribute.because {
            // A mapping that only copies a column is told by the column.
            let copies = |column: &Read| m.expression.trim().ends_with(&format!(".{}", column.name));
            if !matches!(m.reads.as_slice(), [column] if copies(column)) {
                lines.add(2, format!("by {}", flat(&m.expression)));
            }
        }
        attribute.notes.iter().for_each(|note| lines.add(2, note));
        if let Some(since) = &attribute.since {
            lines.add(2, format!("so since {}, {}", since.at, by_plan(since)));
        }
    }
    for loser in &attribute.losers {
        lines.add(2, format!("not {} ({}): {}", shown(&loser.value), loser.source, loser.because));
    }
}

fn tell_group(lines: &mut Lines, depth: usize, group: &WhyGroup) {
    let since = group.since.as_ref();
    let told = since.map_or_else(String::new, |s| format!(" since {}, {}", s.at, by_plan(s)));
    if group.member {
        lines.add(depth, format!("member of {}{told}", group.name));
    } else {
        lines.add(depth, format!("not a member of {}", group.name));
    }
    let said = |said: &Option<Since>| {
        said.as_ref().map_or_else(String::new, |s| format!(" on {}, {}", s.at, by_plan(s)))
    };
    match &group.because {
        MemberReason::Everyone => lines.add(depth + 1, "everybody is"),
        MemberReason::Manual { said: s } => lines.add(depth + 1, format!("added by hand{}", said(s))),
        MemberReason::Imported { app, record } => {
            lines.add(depth + 1, format!("imported from {app}: record {record:?} names it"));
        }
        MemberReason::Kept { rule, said: s } => {
            lines.add(depth + 1, format!("kept from rule {rule:?}, which is no longer in force,{}", said(s)));
        }
        MemberReason::Rule { .. } | MemberReason::Nothing => {}
    }
    group.rules.iter().for_each(|rule| tell_rule(lines, depth + 1, rule));
    group.notes.iter().for_each(|note| lines.add(depth + 1, note));
}

fn tell_rule(lines: &mut Lines, depth: usize, rule: &RuleAnswer) {
    let name = &rule.name;
    if rule.status != RuleStatus::Active {
        let why = match rule.status {
            RuleStatus::Invalid => "refers to something that is gone",
            _ => "is deactivated",
        };
        lines.add(depth, format!("rule {name:?} would fill it, but {why}"));
        return;
    }
    let verdict = match rule.holds {
        Some(true) => "holds",
        Some(false) => "doesn't hold",
        None => "fills it too",
    };
    lines.add(depth, format!("rule {name:?} {verdict}: {}", flat(&rule.expression)));
    if let Some(excepted) = &rule.excepted {
        lines.add(depth + 1, excepted);
    }
    rule.deciding.iter().for_each(|step| tell_step(lines, depth + 1, rule, step));
}

fn tell_step(lines: &mut Lines, depth: usize, rule: &RuleAnswer, step: &WhyStep) {
    let text = flat(&step.text);
    let mut told = String::new();
    // The whole condition stands in the line above already.
    if text != flat(&rule.expression) {
        told.push_str(&text);
        match &step.value {
            Some(Value::Bool(true)) => told.push_str(" holds"),
            Some(Value::Bool(false)) => told.push_str(" doesn't hold"),
            Some(value) => told = format!("{told} is {}", shown(value)),
            None => {}
        }
    }
    if !step.reads.is_empty() {
        let joint = if told.is_empty() { "" } else { ": " };
        told = format!("{told}{joint}{}", reads(&step.reads));
    }
    if let Some(error) = &step.error {
        told = format!("{told} ({error})");
    }
    if !told.is_empty() {
        lines.add(depth, told);
    }
}

fn tell_app(lines: &mut Lines, app: &WhyApp) {
    if app.assigned {
        let since =
            app.since.as_ref().map_or_else(String::new, |s| format!(" since {}, {}", s.at, by_plan(s)));
        lines.add(1, format!("has {}{since}", app.name));
        match (&app.group, app.priority) {
            (Some(group), Some(priority)) => {
                lines.add(2, format!("as a member of {group} (priority {priority})"));
            }
            (Some(group), None) => lines.add(2, format!("as a member of {group}")),
            (None, _) => {
                let until = app.until.map_or_else(String::new, |at| format!(" until {at}"));
                lines.add(2, format!("assigned to this person by hand{until}"));
            }
        }
        if !app.also.is_empty() {
            lines.add(2, format!("given too by {}", app.also.join(", ")));
        }
    } else {
        lines.add(1, format!("hasn't {}", app.name));
    }
    app.notes.iter().for_each(|note| lines.add(2, note));
    if let Some(account) = &app.account {
        lines.add(2, format!("account {}, to be {}", shown(&account.user_name.value), account.state));
        account.attributes.iter().for_each(|a| tell_account_value(lines, a));
    }
    if let Some(sync) = &app.sync {
        tell_sync(lines, app, sync);
    }
    app.groups.iter().for_each(|group| tell_group(lines, 2, group));
}

fn tell_account_value(lines: &mut Lines, value: &WhyAccountValue) {
    let why = match &value.because {
        AccountReason::Individual => "set on the person's own assignment".to_owned(),
        AccountReason::Group { group } => format!("given by {group}"),
        AccountReason::Groups { groups } => format!("given by {} together", groups.join(", ")),
        AccountReason::Mapping { expression, reads: read } if read.is_empty() => {
            format!("by {}", flat(expression))
        }
        AccountReason::Mapping { reads: read, .. } => format!("from {}", reads(read)),
        AccountReason::Kept { .. } => "given when the account came; it stays".to_owned(),
        AccountReason::Former => "given before the person lost the app".to_owned(),
        AccountReason::Nothing => "nothing gives it".to_owned(),
    };
    lines.add(3, format!("{} = {}: {why}", value.name, shown(&value.value)));
}

fn tell_sync(lines: &mut Lines, app: &WhyApp, sync: &SyncView) {
    let words = |error: &Option<String>| error.as_ref().map_or_else(String::new, |e| format!(": {e}"));
    let what = match sync.state {
        SyncState::InLine if app.assigned => format!("{} holds exactly that", app.name),
        SyncState::InLine => format!("the account in {} was taken away as set", app.name),
        SyncState::Waiting => {
            format!("{} isn't told yet: a worker will take it up (`muster sync`)", app.name)
        }
        SyncState::Working => format!("{} is being told right now", app.name),
        SyncState::Retrying => {
            let at = sync.next_attempt.as_deref().unwrap_or("later");
            format!(
                "{} is told again at {at} (attempt {}){}",
                app.name,
                sync.attempts + 1,
                words(&sync.error)
            )
        }
        SyncState::Failed => format!("{} refused it{}", app.name, words(&sync.error)),
        SyncState::ByHand => "waits for a person who does it by hand".to_owned(),
    };
    lines.add(2, what);
    if let Some(task) = &sync.task {
        let owner = task.owner.as_ref().map_or_else(String::new, |o| format!(", for {o}"));
        lines.add(3, format!("task {}: {}{owner}", task.key, task.title));
    }
}
