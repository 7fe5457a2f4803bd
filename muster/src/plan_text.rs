//! Plans as people and programs read them.

use anyhow::Result;
use comfy_table::Cell;
use muster_engine::config::Config;
use muster_engine::model::{AppKey, GroupKey, IdKind, ItemKey, Millis, UserKey, public_id};
use muster_engine::outbound::AccountState;
use muster_engine::plan::{Changed, Effect, Finding, Tally};
use muster_service::Muster;
use muster_service::plan::{Candidate, Counts, Notes, PlanReport, PlanStatus, PlanView, Trigger};
use serde_json::{Map, Value, json};

use crate::context::{Context, Exit};
use crate::output::{self, count, number};

/// How many examples are shown of what is left out or couldn't be worked out.
const EXAMPLES: usize = 10;

/// The exit status that a report stands for.
pub(crate) fn exit(report: &PlanReport) -> Exit {
    match report.status {
        PlanStatus::Held => Exit::Held,
        PlanStatus::Failed | PlanStatus::Stopped => Exit::Failed,
        _ => Exit::Done,
    }
}

/// What a plan does, as rows of what and how many; nothing that is none.
pub(crate) fn rows(config: &Config, counts: &Counts) -> Vec<(String, u64)> {
    let t = &counts.tally;
    let mut rows: Vec<(String, u64)> = Vec::new();
    let mut row = |what: &str, n: u64| {
        if n > 0 {
            rows.push((what.to_owned(), n));
        }
    };
    let (added, changed, removed) = counts.items;
    row("configuration items added", added);
    row("configuration items changed", changed);
    row("configuration items removed", removed);
    if let Some(feed) = &counts.feed {
        row("rows in the feed", feed.rows);
        row("rows unchanged", feed.unchanged);
        row("rows of people who had left before", feed.left_before);
        row("rows left out", feed.rejected);
        let gone = if feed.delta { "people whose record is gone" } else { "people without a row any more" };
        row(gone, feed.gone);
        row("rows that waited to be confirmed already", feed.waiting);
        row("rows that are ignored", feed.ignored);
        row("people without a row, not called gone", feed.withheld);
    }
    let m = &counts.matches;
    row("rows to be confirmed: they name somebody", m.exact);
    row("rows to be confirmed: they resemble somebody", m.partial);
    row("rows to be confirmed: nobody was found", m.new);
    row("rows ignored from now on", m.ignored);
    row("rows that wait no more", m.settled);
    row("people created", t.created);
    row("people whose profile changes", t.updated);
    row("people deactivated", t.deactivated);
    row("people suspended", t.suspended);
    row("people who wait for their start again", t.sent_back);
    row("people back", t.reactivated);
    row("memberships begun", t.memberships_added);
    row("memberships ended", Tally::total(&t.memberships_removed));
    for (attribute, n) in &t.values_lost {
        row(&format!("people who have no {attribute} any more"), *n);
    }
    let apps: [(&str, &std::collections::BTreeMap<AppKey, u64>); 7] = [
        ("given to people", &t.assigned),
        ("taken from people", &t.unassigned),
        ("accounts to create", &t.accounts_created),
        ("accounts to update", &t.accounts_updated),
        ("accounts to disable", &t.accounts_deactivated),
        ("accounts to enable again", &t.accounts_reactivated),
        ("accounts to delete", &t.accounts_deleted),
    ];
    let mut named: Vec<(String, usize, u64)> = Vec::new();
    for (at, (what, map)) in apps.iter().enumerate() {
        for (app, n) in *map {
            named.push((format!("{}: {what}", config.app_name(*app)), at, *n));
        }
    }
    named.sort_by(|a, b| (a.0.split(':').next(), a.1).cmp(&(b.0.split(':').next(), b.1)));
    for (what, _, n) in named {
        row(&what, n);
    }
    row("values left alone, changed since", counts.changed_since);
    rows
}

/// The same as a table.
pub(crate) fn table(config: &Config, counts: &Counts, heading: &str) -> comfy_table::Table {
    let mut table = output::table(&[heading, "#Count"]);
    for (what, n) in rows(config, counts) {
        table.add_row([Cell::new(what), number(n)]);
    }
    table
}

/// What a plan does, in a few words.
pub(crate) fn in_brief(counts: &Counts) -> String {
    let t = &counts.tally;
    let sum = |map: &std::collections::BTreeMap<AppKey, u64>| Tally::total(map);
    let accounts = sum(&t.accounts_created)
        + sum(&t.accounts_updated)
        + sum(&t.accounts_deactivated)
        + sum(&t.accounts_reactivated)
        + sum(&t.accounts_deleted);
    let items = counts.items.0 + counts.items.1 + counts.items.2;
    let parts = [
        (items, "item", "items"),
        (t.created, "created", "created"),
        (t.updated, "updated", "updated"),
        (t.deactivated, "deactivated", "deactivated"),
        (t.suspended, "suspended", "suspended"),
        (t.reactivated, "back", "back"),
        (t.memberships_added, "membership begun", "memberships begun"),
        (Tally::total(&t.memberships_removed), "membership ended", "memberships ended"),
        (accounts, "account", "accounts"),
    ];
    let told: Vec<String> =
        parts.iter().filter(|(n, ..)| *n > 0).map(|(n, one, many)| count(*n, one, many)).collect();
    if told.is_empty() { "nothing changes".to_owned() } else { told.join(", ") }
}

/// Prints what came of a proposal, and what to do next.
pub(crate) fn print_report(context: &mut Context, muster: &Muster, report: &PlanReport) -> Result<()> {
    let config = muster.config()?;
    let flag = context.data_dir_flag();
    let Some(plan) = report.plan else {
        return context.out.line("nothing to do: it is so already");
    };
    let would = matches!(report.status, PlanStatus::Planned | PlanStatus::Held);
    let heading = if would { "Would be" } else { "Done" };
    let rows = table(&config, &report.counts, heading);
    if rows.row_count() == 0 {
        context.out.line(if would { "nothing would change" } else { "nothing changes for anybody" })?;
    } else {
        context.out.table(&rows)?;
    }
    if would && !report.sample.is_empty() {
        let mut table = output::table(&["Who", "What"]);
        for user in report.sample.iter().take(EXAMPLES) {
            let told: Vec<String> = user.effects.iter().map(|e| effect(&config, e)).collect();
            table.add_row([user.login.clone(), told.join("\n")]);
        }
        context.out.table(&table)?;
        let more = report.counts.tally.changed.saturating_sub(EXAMPLES.min(report.sample.len()) as u64);
        if more > 0 {
            let people = count(more, "more person", "more people");
            context.out.line(format!("and {people}: muster plan {plan} --effects{flag}"))?;
        }
    }
    print_notes(context, &report.notes, report.status)?;
    match report.status {
        PlanStatus::Planned if matches!(muster.plan(plan)?.trigger, Trigger::Ahead { .. }) => {
            let told = "nothing of it happens before; dates take effect by themselves";
            context.out.line(format!("plan {plan} only shows that day, {told}: muster plan {plan}{flag}"))
        }
        PlanStatus::Planned => {
            context.out.line(format!("plan {plan} is only shown; apply it: muster apply {plan}{flag}"))
        }
        PlanStatus::Held => {
            // What keeps a command from being done belongs where errors do.
            let why: Vec<&str> = report.notes.findings.iter().map(|f| f.message.as_str()).collect();
            output::note(&format!(
                "error: plan {plan} is held, nothing of it has happened: {}\n  look:    muster plan {plan}{flag}\n  \
                 apply:   muster apply {plan}{flag}\n  discard: muster discard {plan}{flag}",
                why.join("; ")
            ));
            Ok(())
        }
        PlanStatus::Applied => {
            context.out.line(format!("plan {plan} is applied; take it back: muster undo {plan}{flag}"))?;
            let accounts = &report.counts.tally;
            let any = [
                &accounts.accounts_created,
                &accounts.accounts_updated,
                &accounts.accounts_deactivated,
                &accounts.accounts_reactivated,
                &accounts.accounts_deleted,
            ];
            if any.iter().any(|m| !m.is_empty()) {
                context.out.line(format!("bring the accounts into line: muster sync{flag}"))?;
            }
            Ok(())
        }
        status => context.out.line(format!("plan {plan} is {}", status.as_str())),
    }
}

/// Prints findings, rows left out, problems and remarks.
pub(crate) fn print_notes(context: &mut Context, notes: &Notes, status: PlanStatus) -> Result<()> {
    if !notes.findings.is_empty() {
        context.out.line(match status {
            PlanStatus::Planned => "this would be held by a guard:",
            PlanStatus::Held => "held by a guard:",
            _ => "guards found, and it was let through:",
        })?;
        for finding in &notes.findings {
            let hard = if finding.waivable { "" } else { " (--force doesn't waive this)" };
            context.out.line(format!("  - {}{hard}", finding.message))?;
            if !finding.people.is_empty() {
                let more = finding.n.is_some_and(|n| n > finding.people.len() as u64);
                let more = if more { " …" } else { "" };
                context.out.line(format!("    {}{more}", finding.people.join(", ")))?;
            }
        }
    }
    let rejected = notes.rejected.iter().map(|r| {
        let key = r.key.as_ref().map_or_else(String::new, |k| format!(" ({k})"));
        format!("line {}{key}: {}", r.line, r.reason)
    });
    section(context, "rows left out:", rejected.collect())?;
    let asked = notes.asked.iter().map(|a| {
        let best = a.candidates.first().map_or_else(
            || "nobody was found".to_owned(),
            |c| format!("{} of 100: {}", c.score, c.reasons.join(", ")),
        );
        format!("line {} ({}): {best}", a.line, a.key)
    });
    section(context, "to be confirmed (`muster matches` lists them):", asked.collect())?;
    let problems = notes.problems.iter().map(|(login, reason)| format!("{login}: {reason}"));
    section(context, "couldn't be worked out:", problems.collect())?;
    section(context, "to know:", notes.remarks.clone())
}

fn section(context: &mut Context, heading: &str, lines: Vec<String>) -> Result<()> {
    if lines.is_empty() {
        return Ok(());
    }
    context.out.line(heading)?;
    let more = lines.len().saturating_sub(EXAMPLES);
    for line in lines.into_iter().take(EXAMPLES) {
        context.out.line(format!("  - {line}"))?;
    }
    if more > 0 {
        context.out.line(format!("  … and {more} more"))?;
    }
    Ok(())
}

fn state(state: AccountState) -> &'static str {
    match state {
        AccountState::Active => "active",
        AccountState::Inactive => "disabled",
        AccountState::Absent => "none",
    }
}

/// One effect, in words.
pub(crate) fn effect(config: &Config, effect: &Effect) -> String {
    match effect {
        Effect::UserCreated { status, .. } => format!("is created, {status}"),
        Effect::StatusChanged { from, to } => format!("status {from} -> {to}"),
        Effect::ProfileChanged { changes } => changed(changes),
        Effect::LinkChanged { link, from, to } => {
            let person = |user: &Option<UserKey>| {
                user.map_or_else(|| "nobody".to_owned(), |user| public_id(IdKind::User, user.0))
            };
            format!("{}: {} -> {}", link_name(config, *link), person(from), person(to))
        }
        Effect::GroupAdded { group } => format!("+ group {}", config.group_name(*group)),
        Effect::GroupRemoved { group } => format!("- group {}", config.group_name(*group)),
        Effect::AppAssigned { app, by } => {
            let by = by.map_or_else(String::new, |g| format!(" (by {})", config.group_name(g)));
            format!("+ app {}{by}", config.app_name(*app))
        }
        Effect::AppUnassigned { app } => format!("- app {}", config.app_name(*app)),
        Effect::AppKept { app, until } => {
            let until =
                until.map_or_else(String::new, |until| format!(" until {}", muster_service::why::At(until)));
            format!("- app {}, but keeps it{until}", config.app_name(*app))
        }
        Effect::AppRegained { app, by } => {
            let by = by.map_or_else(String::new, |g| format!(" (by {})", config.group_name(g)));
            format!("+ app {} again{by}", config.app_name(*app))
        }
        Effect::GraceEnded { app } => format!("- app {} (its time is over)", config.app_name(*app)),
        Effect::AccountChanged { app, from, to, changes } => {
            let name = config.app_name(*app);
            if from == to {
                format!("account in {name}: {}", changed(changes))
            } else {
                format!("account in {name}: {} -> {}", state(*from), state(*to))
            }
        }
    }
}

fn link_name(config: &Config, link: ItemKey) -> String {
    config.org.links.get(&link).map_or_else(|| format!("link {link}"), |link| link.name.clone())
}

fn changed(changes: &[Changed]) -> String {
    let value = |v: &muster_engine::Value| serde_json::to_string(v).unwrap_or_default();
    let told = changes.iter().map(|c| format!("{} {} -> {}", c.attribute, value(&c.from), value(&c.to)));
    told.collect::<Vec<_>>().join(", ")
}

/// One effect for programs: keys as names and public ids.
pub(crate) fn effect_json(config: &Config, user: i64, login: &str, effect: &Effect) -> Value {
    let mut json = serde_json::to_value(effect).unwrap_or_default();
    if let Value::Object(fields) = &mut json {
        if let Some(Value::Number(app)) = fields.get("app") {
            let name = config.app_name(AppKey(app.as_i64().unwrap_or_default()));
            fields.insert("app".to_owned(), json!(name));
        }
        for field in ["group", "by"] {
            if let Some(Value::Number(group)) = fields.get(field) {
                let name = config.group_name(GroupKey(group.as_i64().unwrap_or_default()));
                fields.insert(field.to_owned(), json!(name));
            }
        }
        if let Effect::LinkChanged { link, from, to } = effect {
            fields.insert("link".to_owned(), json!(link_name(config, *link)));
            for (field, user) in [("from", from), ("to", to)] {
                if let Some(user) = user {
                    fields.insert(field.to_owned(), json!(public_id(IdKind::User, user.0)));
                }
            }
        }
        fields.insert("userId".to_owned(), json!(public_id(IdKind::User, user)));
        fields.insert("login".to_owned(), json!(login));
    }
    json
}

/// A plan for programs. Every command that makes or shows a plan answers in this form.
pub(crate) fn to_json(config: &Config, view: &PlanView) -> Value {
    let mut trigger = serde_json::to_value(&view.trigger).unwrap_or_default();
    if let Value::Object(fields) = &mut trigger {
        if let Trigger::Import { app, .. } = &view.trigger {
            fields.insert("app".to_owned(), json!(config.app_name(*app)));
        }
        fields.insert("description".to_owned(), json!(view.trigger.describe()));
    }
    json!({
        "id": view.id,
        "status": view.status,
        "trigger": trigger,
        "actor": view.actor,
        "created": Millis(view.created).to_string(),
        "applied": view.applied.map(|at| Millis(at).to_string()),
        "counts": counts_json(config, &view.counts),
        "notes": notes_json(config, &view.notes),
        "undoOf": view.undo_of,
        "successor": view.successor,
    })
}

fn counts_json(config: &Config, counts: &Counts) -> Value {
    let mut json = serde_json::to_value(counts).unwrap_or_default();
    let Value::Object(fields) = &mut json else { return json };
    for (field, value) in fields.iter_mut() {
        let Value::Object(map) = value else { continue };
        if matches!(field.as_str(), "feed" | "values_lost" | "matches") {
            continue;
        }
        let named: Map<String, Value> = map
            .iter()
            .map(|(key, n)| {
                let key = key.parse().unwrap_or_default();
                let name = if ["memberships_removed", "groups_lost"].contains(&field.as_str()) {
                    config.group_name(GroupKey(key))
                } else {
                    config.app_name(AppKey(key))
                };
                (name, n.clone())
            })
            .collect();
        *map = named;
    }
    let (added, changed, removed) = counts.items;
    fields.insert("items".to_owned(), json!({ "added": added, "changed": changed, "removed": removed }));
    json
}

/// A finding for programs: keys as names.
fn finding_json(config: &Config, finding: &Finding) -> Value {
    let mut json = serde_json::to_value(finding).unwrap_or_default();
    if let Value::Object(fields) = &mut json {
        if let Some(app) = finding.app {
            fields.insert("app".to_owned(), json!(config.app_name(app)));
        }
        if let Some(group) = finding.group {
            fields.insert("group".to_owned(), json!(config.group_name(group)));
        }
    }
    json
}

fn notes_json(config: &Config, notes: &Notes) -> Value {
    let findings: Vec<Value> = notes.findings.iter().map(|f| finding_json(config, f)).collect();

    let problems = notes.problems.iter().map(|(login, reason)| json!({ "login": login, "reason": reason }));
    let candidate = |c: &Candidate| {
        let id = public_id(IdKind::User, c.user.0);
        json!({ "userId": id, "score": c.score, "reasons": c.reasons })
    };
    let asked = notes.asked.iter().map(|a| {
        let candidates: Vec<Value> = a.candidates.iter().map(candidate).collect();
        json!({ "externalId": a.key, "line": a.line, "kind": a.kind, "candidates": candidates })
    });
    json!({
        "findings": findings,
        "rejected": notes.rejected,
        "problems": problems.collect::<Vec<_>>(),
        "asked": asked.collect::<Vec<_>>(),
        "remarks": notes.remarks,
    })
}

/// What came of a proposal, for programs; `id` is null where there was nothing to do.
pub(crate) fn report_json(muster: &Muster, report: &PlanReport) -> Result<Value> {
    let config = muster.config()?;
    match report.plan {
        Some(plan) => Ok(to_json(&config, &muster.plan(plan)?)),
        None => Ok(json!({
            "id": null, "status": report.status, "trigger": null, "created": null, "applied": null,
            "counts": counts_json(&config, &report.counts), "notes": notes_json(&config, &report.notes),
        })),
    }
}
