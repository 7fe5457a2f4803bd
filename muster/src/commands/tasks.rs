//! `muster tasks`, `task`, `notify`: what waits for a person.

use anyhow::{Result, bail};
use clap::{Args, Subcommand};
use muster_engine::model::{IdKind, key_of, public_id};
use muster_service::tasks::{Task as Found, TaskFilter};
use serde_json::{Value, json};

use crate::context::{Context, Exit};
use crate::output::{self, instant};

/// Lists tasks that wait for a person.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  muster tasks
  muster tasks --app front-door --limit 20
  muster tasks --owner reception@example.org
  muster tasks --all                       also those that are done")]
pub(crate) struct Tasks {
    /// Only about this app
    #[arg(long, value_name = "NAME")]
    app: Option<String>,
    /// Only of this owner
    #[arg(long, value_name = "ADDRESS")]
    owner: Option<String>,
    /// Also those that are done
    #[arg(long)]
    all: bool,
    /// At most so many
    #[arg(long, default_value_t = 200, value_name = "N")]
    limit: usize,
}

/// What became of a task.
#[derive(Debug, Subcommand)]
pub(crate) enum Task {
    /// Record that tasks were done
    Done(Ids),
    /// Have what failed tried again by the next `muster sync`
    Retry(Ids),
}

/// Tasks by id.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  muster task done tsk0a1B2c3D4e5F6g7H8\n  muster task retry tsk0a1B2c3D4e5F6g7H8"
)]
pub(crate) struct Ids {
    /// The tasks, as `muster tasks` names them
    #[arg(required = true, value_name = "ID", value_parser = task_key)]
    ids: Vec<i64>,
}

/// Mails the owners of new tasks.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  muster notify

One mail an owner, as a file in DIR/mail. Imports, syncs and applied plans do it by themselves.")]
pub(crate) struct Notify {}

fn task_key(text: &str) -> Result<i64, String> {
    let key = key_of(IdKind::Task, text).or_else(|| text.parse().ok());
    key.ok_or_else(|| "a task is named by its id; `muster tasks` lists them".to_owned())
}

impl Tasks {
    /// Runs it.
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit> {
        let muster = context.open()?;
        let config = muster.config()?;
        let app = self.app.as_deref().map(|a| muster.find_app(&config, a)).transpose()?;
        let filter =
            TaskFilter { app, owner: self.owner, limit: Some(self.limit.max(1)), ..TaskFilter::default() };
        let mut tasks = muster.tasks(&filter)?;
        if self.all && tasks.len() < self.limit {
            let rest = Some(self.limit - tasks.len());
            tasks.extend(muster.tasks(&TaskFilter { done: true, limit: rest, ..filter })?);
        }
        let app_name = |t: &Found| t.app.map(|a| config.app_name(a));
        if context.json {
            let all: Vec<Value> = tasks.iter().map(|t| to_json(t, app_name(t).as_deref())).collect();
            context.print_json(&all)?;
            return Ok(Exit::Done);
        }
        let mut table = output::table(&["Task", "App", "What", "Owner", "Due", "Done"]);
        for task in &tasks {
            let owner = task.owner.clone().unwrap_or_else(|| config.org.settings.admins.join(", "));
            let done = task.done.map(|at| {
                format!("{} {}", instant(&at.to_string()), task.done_by.as_deref().unwrap_or_default())
            });
            table.add_row([
                task.id(),
                app_name(task).unwrap_or_default(),
                task.title.clone(),
                owner,
                task.due.map(|at| instant(&at.to_string())).unwrap_or_default(),
                done.unwrap_or_default(),
            ]);
        }
        context.out.table(&table)?;
        context.out.line(output::count(tasks.len() as u64, "task", "tasks"))?;
        if !tasks.is_empty() {
            let flag = context.data_dir_flag();
            context.out.line(format!("when one is done: muster task done ID{flag}"))?;
        }
        Ok(Exit::Done)
    }
}

fn to_json(task: &Found, app: Option<&str>) -> Value {
    json!({
        "id": task.id(), "key": task.key, "kind": task.kind, "title": task.title, "what": task.what(),
        "app": app,
        "userId": task.user.map(|u| public_id(IdKind::User, u.0)),
        "plan": task.plan,
        "owner": task.owner,
        "created": task.created.to_string(),
        "due": task.due.map(|at| at.to_string()),
        "notified": task.notified.map(|at| at.to_string()),
        "done": task.done.map(|at| at.to_string()),
        "doneBy": task.done_by,
    })
}

impl Task {
    /// Runs it.
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit> {
        let muster = context.open()?;
        match self {
            Self::Done(ids) => {
                let done = muster.task_done(&context.actor, &ids.ids)?;
                if context.json {
                    context.print_json(
                        &json!({ "done": done.done, "already": done.already, "overtaken": done.overtaken }),
                    )?;
                } else {
                    context.out.line(format!("{} done", output::count(done.done as u64, "task", "tasks")))?;
                    if done.already > 0 {
                        context.out.line(format!(
                            "{} done before",
                            output::count(done.already as u64, "was", "were")
                        ))?;
                    }
                    if done.overtaken > 0 {
                        let n = output::count(done.overtaken as u64, "account", "accounts");
                        context.out.line(format!("more is wanted of {n} since: there are new tasks"))?;
                    }
                }
                Context::notify(&muster)?;
            }
            Self::Retry(ids) => {
                let n = muster.retry(&context.actor, &ids.ids)?;
                if context.json {
                    context.print_json(&json!({ "retried": n }))?;
                } else {
                    let flag = context.data_dir_flag();
                    context.out.line(format!("{n} to be tried again: muster sync{flag}"))?;
                }
            }
        }
        Ok(Exit::Done)
    }
}

impl Notify {
    /// Runs it.
    #[expect(clippy::unused_self, reason = "commands are alike")]
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit> {
        let muster = context.open()?;
        let report = muster.notify_now()?;
        if context.json {
            context.print_json(&json!({
                "mails": report.mails, "tasks": report.tasks, "withoutOwner": report.without_owner,
                "failed": report.failed, "waiting": report.waiting, "to": report.to,
            }))?;
        } else {
            let mails = output::count(report.mails as u64, "mail", "mails");
            let tasks = output::count(report.tasks as u64, "new task", "new tasks");
            context.out.line(format!("{mails} about {tasks} sent to {}", report.to))?;
            if report.without_owner > 0 {
                context.out.line(format!(
                    "nobody can be told of {}: give the apps an owner, or the org admins, in the org file",
                    output::count(report.without_owner as u64, "task", "tasks")
                ))?;
            }
        }
        if let Some(first) = report.failed.first() {
            bail!("{} couldn't be sent: {first}", output::count(report.failed.len() as u64, "mail", "mails"));
        }
        Ok(Exit::Done)
    }
}
