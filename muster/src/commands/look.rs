//! `muster users`, `groups`, `rules`, `apps`, `status`.

use anyhow::Result;
use clap::Args;
use comfy_table::Cell;
use muster_engine::model::UserStatus;
use muster_service::look::{UserFilter, UserView};
use serde_json::{Map, Value};

use crate::context::{Context, Exit};
use crate::output::{self, instant, number, number_or_empty};

/// How many a page of a list that is read whole has.
const PAGE: usize = 1_000;

/// Lists people, or shows one.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  muster users                                   the first hundred
  muster users smith                             whose login or any value begins so
  muster users --status DEPROVISIONED --all
  muster users --login jsmith@example.org        one person with groups, accounts and records")]
pub(crate) struct Users {
    /// Only those whose login or any profile value begins so
    search: Option<String>,
    /// Only of this status
    #[arg(long, value_name = "STATUS", value_parser = status)]
    status: Option<UserStatus>,
    /// Show this person
    #[arg(long, value_name = "LOGIN", conflicts_with_all = ["search", "status", "limit", "all", "after"])]
    login: Option<String>,
    #[command(flatten)]
    paging: Paging,
}

/// How much of a list.
#[derive(Debug, Args)]
pub(crate) struct Paging {
    /// At most so many
    #[arg(long, default_value_t = 100, value_name = "N")]
    pub(crate) limit: usize,
    /// All of them
    #[arg(long, conflicts_with = "limit")]
    pub(crate) all: bool,
    /// Go on behind this id
    #[arg(long, value_name = "ID")]
    pub(crate) after: Option<String>,
}

impl Paging {
    /// Reads pages until there are as many as asked for; also gives where more would begin.
    pub(crate) fn collect<T>(
        &self,
        page: impl Fn(Option<&str>, usize) -> muster_service::Result<muster_service::look::Page<T>>,
    ) -> Result<(Vec<T>, Option<String>)> {
        let limit = if self.all { usize::MAX } else { self.limit.max(1) };
        let mut found = Vec::new();
        let mut after = self.after.clone();
        loop {
            let read = page(after.as_deref(), PAGE.min(limit - found.len()))?;
            found.extend(read.items);
            after = read.next;
            if after.is_none() || found.len() >= limit {
                return Ok((found, after));
            }
        }
    }
}

/// Lists groups.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  muster groups\n  muster groups --json")]
pub(crate) struct Groups {}

/// Lists group rules.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  muster rules\n  muster rules --json")]
pub(crate) struct Rules {}

/// Lists apps with where their accounts stand.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  muster apps\n  muster apps --json")]
pub(crate) struct Apps {}

/// Shows where everything stands.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  muster status\n  muster status --json")]
pub(crate) struct Status {}

fn status(text: &str) -> Result<UserStatus, String> {
    UserStatus::parse(&text.to_uppercase()).ok_or_else(|| {
        "one of STAGED, PROVISIONED, ACTIVE, SUSPENDED, DEPROVISIONED, LOCKED_OUT, PASSWORD_EXPIRED, RECOVERY".to_owned()
    })
}

fn text<'a>(profile: &'a Map<String, Value>, name: &str) -> &'a str {
    profile.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn full_name(profile: &Map<String, Value>) -> String {
    match text(profile, "displayName") {
        "" => format!("{} {}", text(profile, "firstName"), text(profile, "lastName")).trim().to_owned(),
        name => name.to_owned(),
    }
}

impl Users {
    /// Runs it.
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit> {
        let muster = context.open()?;
        if let Some(login) = &self.login {
            return one(context, &muster, login);
        }
        let filter = UserFilter { status: self.status, search: self.search };
        let (users, next) = self.paging.collect(|after, limit| muster.users(&filter, after, limit))?;
        if context.json {
            context.print_json(&users)?;
            return Ok(Exit::Done);
        }
        let mut table = output::table(&["Login", "Name", "Status", "Department", "Title", "Id"]);
        for user in &users {
            let p = &user.profile;
            table.add_row([
                text(p, "login").to_owned(),
                full_name(p),
                user.status.clone(),
                text(p, "department").to_owned(),
                text(p, "title").to_owned(),
                user.id.clone(),
            ]);
        }
        context.out.table(&table)?;
        context.out.line(output::count(users.len() as u64, "person", "people"))?;
        if let Some(next) = next {
            let flag = context.data_dir_flag();
            context.out.line(format!("more: muster users --after {next}{flag} (or --all)"))?;
        }
        Ok(Exit::Done)
    }
}

fn one(context: &mut Context, muster: &muster_service::Muster, login: &str) -> Result<Exit> {
    let detail = muster.user(login)?;
    if context.json {
        context.print_json(&detail)?;
        return Ok(Exit::Done);
    }
    let UserView { id, status, created, last_updated, profile, .. } = &detail.user;
    context.out.line(format!(
        "{} ({id}), {status}, created {}, changed {}",
        full_name(profile),
        instant(created),
        instant(last_updated)
    ))?;
    let mut table = output::table(&["Attribute", "Value"]);
    for (name, value) in profile {
        let shown = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        table.add_row([name.clone(), shown]);
    }
    context.out.table(&table)?;
    let groups: Vec<&str> = detail.groups.iter().map(|g| g.profile.name.as_str()).collect();
    context.out.line(format!("groups: {}", groups.join(", ")))?;
    let mut table = output::table(&["App", "Status", "User name", "In line", "By group", "Id there"]);
    for account in &detail.accounts {
        table.add_row([
            account.app.name.clone(),
            account.status.to_owned(),
            account.credentials.user_name.clone().unwrap_or_default(),
            account.sync_state.to_owned(),
            account.group.clone().unwrap_or_default(),
            account.external_id.clone().unwrap_or_default(),
        ]);
    }
    context.out.table(&table)?;
    for record in &detail.records {
        context.out.line(format!(
            "{} has her as {} ({}), changed {} by plan {}",
            record.source.name,
            record.external_id,
            record.state,
            instant(&record.changed),
            record.plan
        ))?;
    }
    let flag = context.data_dir_flag();
    let login = text(profile, "login");
    context.out.line(format!("why all this is so: muster why {}{flag}", output::quoted(login)))?;
    Ok(Exit::Done)
}

impl Groups {
    /// Runs it.
    #[expect(clippy::unused_self, reason = "commands are alike")]
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit> {
        let groups = context.open()?.groups()?;
        if context.json {
            context.print_json(&groups)?;
            return Ok(Exit::Done);
        }
        let mut table = output::table(&["Group", "#Members", "#Apps", "Type", "Description"]);
        for group in &groups {
            let (members, apps) =
                group.embedded.map_or((0, 0), |e| (e.stats.users_count, e.stats.apps_count));
            let kind = serde_json::to_value(group.kind)?;
            let from = group.source.as_ref().map_or_else(String::new, |app| format!(" of {}", app.name));
            table.add_row([
                Cell::new(&group.profile.name),
                number(members),
                number(apps),
                Cell::new(format!("{}{from}", kind.as_str().unwrap_or_default())),
                Cell::new(group.profile.description.as_deref().unwrap_or_default()),
            ]);
        }
        context.out.table(&table)?;
        Ok(Exit::Done)
    }
}

impl Rules {
    /// Runs it.
    #[expect(clippy::unused_self, reason = "commands are alike")]
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit> {
        let rules = context.open()?.rules()?;
        if context.json {
            context.print_json(&rules)?;
            return Ok(Exit::Done);
        }
        let mut table = output::table(&["Rule", "Status", "When", "Groups"]);
        for rule in &rules {
            let status = serde_json::to_value(rule.status)?;
            let when =
                rule.conditions.pointer("/expression/value").and_then(Value::as_str).unwrap_or_default();
            table.add_row([
                rule.name.clone(),
                status.as_str().unwrap_or_default().to_owned(),
                when.trim().to_owned(),
                rule.groups.join(", "),
            ]);
        }
        context.out.table(&table)?;
        Ok(Exit::Done)
    }
}

impl Apps {
    /// Runs it.
    #[expect(clippy::unused_self, reason = "commands are alike")]
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit> {
        let apps = context.open()?.apps()?;
        if context.json {
            context.print_json(&apps)?;
            return Ok(Exit::Done);
        }
        let mut table =
            output::table(&["App", "Kind", "Status", "#Have it", "#In line", "#Not in line", "Groups"]);
        for app in &apps {
            let kind = serde_json::to_value(app.kind)?;
            table.add_row([
                Cell::new(&app.name),
                Cell::new(kind.as_str().unwrap_or_default()),
                Cell::new(app.status),
                number(app.accounts.assigned),
                number(app.accounts.in_line),
                number(app.accounts.dirty),
                Cell::new(app.groups.join(", ")),
            ]);
        }
        context.out.table(&table)?;
        for app in &apps {
            if let Some(last) = &app.expires {
                context.out.line(format!("{}: {last} is the last day", app.name))?;
            }
            if let Some(problem) = &app.problem {
                context.out.line(format!("{}: {problem}", app.name))?;
            }
        }
        Ok(Exit::Done)
    }
}

impl Status {
    /// Runs it.
    #[expect(clippy::unused_self, reason = "commands are alike")]
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit> {
        let status = context.open()?.status()?;
        if context.json {
            context.print_json(&status)?;
            return Ok(Exit::Done);
        }
        let flag = context.data_dir_flag();
        context.out.line(format!("{}, {}", status.org, instant(&status.now)))?;
        let by: Vec<String> = status
            .users_by_status
            .iter()
            .map(|(status, n)| format!("{} {status}", output::grouped(i128::from(*n))))
            .collect();
        let by = if by.is_empty() { String::new() } else { format!(" ({})", by.join(", ")) };
        context
            .out
            .line(format!("{}{by}", output::count(status.users.unsigned_abs(), "person", "people")))?;
        context.out.line(format!(
            "{}, {}",
            output::count(status.groups as u64, "group", "groups"),
            output::count(status.rules as u64, "rule in force", "rules in force")
        ))?;
        let mut table = output::table(&[
            "App",
            "#Have it",
            "#In line",
            "#Waiting",
            "#By hand",
            "#Failed",
            "#Orphans",
            "#Open tasks",
        ]);
        let or_empty = |n: i64| number_or_empty(n.unsigned_abs());
        for app in &status.apps {
            let a = app.accounts;
            table.add_row([
                Cell::new(&app.app.name),
                number(a.assigned),
                number(a.in_line),
                or_empty(a.waiting),
                or_empty(a.by_hand),
                or_empty(a.failed),
                or_empty(a.orphans),
                or_empty(app.open_tasks),
            ]);
        }
        context.out.table(&table)?;
        for app in &status.apps {
            if let Some(problem) = &app.problem {
                context.out.line(format!("{}: {problem}", app.app.name))?;
            }
        }
        let tasks: i64 = status.open_tasks.values().sum();
        if tasks > 0 {
            context.out.line(format!(
                "{}: muster tasks{flag}",
                output::count(tasks.unsigned_abs(), "open task", "open tasks")
            ))?;
        }
        for plan in &status.held_plans {
            context.out.line(format!("plan {plan} is held: muster plan {plan}{flag}"))?;
        }
        for plan in &status.unfinished_runs {
            context
                .out
                .line(format!("plan {plan} stands half way: muster apply {plan}{flag} goes on with it"))?;
        }
        if let Some(due) = &status.next_due {
            context.out.line(format!("dates next change something at {}", instant(due)))?;
        }
        if status.jobs.iter().any(|job| job.next.is_some() || job.last.is_some()) {
            let mut table = output::table(&["Job", "Next", "Last", "What came of it"]);
            for job in &status.jobs {
                let at = |at: &Option<String>| at.as_deref().map(instant).unwrap_or_default();
                let next = if job.running { "now".into() } else { at(&job.next) };
                table.add_row([
                    Cell::new(&job.name),
                    Cell::new(next),
                    Cell::new(at(&job.last)),
                    Cell::new(job.outcome.as_deref().unwrap_or_default()),
                ]);
            }
            context.out.table(&table)?;
        }
        let mib = status.database_bytes as f64 / f64::from(1 << 20);
        context.out.line(format!("database: {mib:.1} MiB"))?;
        Ok(Exit::Done)
    }
}
