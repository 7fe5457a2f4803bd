//! `muster sync`: accounts in applications are brought into line.

use std::time::Duration;

use anyhow::Result;
use clap::Args;
use muster_engine::model::{IdKind, Millis, public_id};
use muster_service::Muster;
use muster_service::look::{AccountFilter, SyncState};
use muster_service::provision::{AppProgress, AppReport, SyncOptions, SyncReport};
use serde_json::{Value, json};

use crate::context::{Context, Exit};
use crate::output::{self, number, number_or_empty};
use crate::progress::Bars;

/// Brings the accounts in the applications into line.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  muster sync                     all apps
  muster sync --app crm --timeout 30

Works until every account is in line, or all that is left waits (for a person, for a later attempt) or failed.
Can be stopped and started at any moment. Status 1 if accounts failed or an app can't be served.")]
pub(crate) struct Sync {
    /// Only this app
    #[arg(long, value_name = "NAME")]
    app: Option<String>,
    /// Stop after so many seconds at the latest
    #[arg(long, value_name = "SECONDS")]
    timeout: Option<u64>,
}

impl Sync {
    /// Runs it.
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit> {
        let muster = context.open()?;
        let config = muster.config()?;
        let app = self.app.as_deref().map(|a| muster.find_app(&config, a)).transpose()?;
        context.due(&muster)?;
        let options = SyncOptions { app, timeout: self.timeout.map(Duration::from_secs) };
        let bars = Bars::new();
        let report = muster.sync(&options, &bars)?;
        drop(bars);
        if context.json {
            context.print_json(&to_json(&report))?;
        } else {
            context.out.table(&table(&report))?;
        }
        Context::notify(&muster)?;
        let flag = context.data_dir_flag();
        let mut exit = Exit::Done;
        for app in &report.apps {
            if let Some(problem) = &app.problem {
                output::note(&format!("error: {}: {problem}", app.name));
                exit = Exit::Failed;
            }
            if app.failed > 0 {
                output::note(&format!(
                    "error: {}: {} refused; `muster accounts --app {} --state failed{flag}` tells why",
                    app.name,
                    output::count(app.failed, "account was", "accounts were"),
                    output::quoted(&app.name)
                ));
                exit = Exit::Failed;
            }
            if app.by_hand > 0 && !context.json {
                context.out.line(format!(
                    "{}: {} for a person: muster tasks --app {}{flag}",
                    app.name,
                    output::count(app.by_hand, "account waits", "accounts wait"),
                    output::quoted(&app.name)
                ))?;
            }
            if let Some(at) = app.next_attempt {
                let waiting = output::count(app.waiting, "account waits", "accounts wait");
                let why = last_error(&muster, &app.name)?.map_or_else(String::new, |e| format!(": {e}"));
                output::note(&format!(
                    "{}: {waiting} for another attempt, from {} on{why}",
                    app.name,
                    Millis(at)
                ));
            }
        }
        Ok(exit)
    }
}

/// What an app said last of an account that is to be tried again.
fn last_error(muster: &Muster, app: &str) -> Result<Option<String>> {
    let filter = AccountFilter {
        app: Some(app.to_owned()),
        state: Some(SyncState::Retrying),
        ..AccountFilter::default()
    };
    let page = muster.accounts(&filter, None, 1)?;
    Ok(page.items.into_iter().next().and_then(|account| account.sync.error))
}

/// What was done and where the apps stand; what there is none of in any app has no column.
pub(crate) fn table(report: &SyncReport) -> comfy_table::Table {
    type Column = (&'static str, fn(&AppReport) -> u64);
    let columns: [Column; 10] = [
        ("#created", |a| a.done.created),
        ("#linked", |a| a.done.linked),
        ("#updated", |a| a.done.updated),
        ("#disabled", |a| a.done.deactivated),
        ("#enabled", |a| a.done.reactivated),
        ("#deleted", |a| a.done.deleted),
        ("#in line", |a| a.in_line),
        ("#waiting", |a| a.waiting),
        ("#by hand", |a| a.by_hand),
        ("#failed", |a| a.failed),
    ];
    let used = |(name, n): &Column| *name == "#in line" || report.apps.iter().any(|a| n(a) > 0);
    let columns: Vec<Column> = columns.into_iter().filter(used).collect();
    let names: Vec<&str> = std::iter::once("App").chain(columns.iter().map(|c| c.0)).collect();
    let mut table = output::table(&names);
    for app in &report.apps {
        let cells = columns
            .iter()
            .map(|(name, n)| if *name == "#in line" { number(n(app)) } else { number_or_empty(n(app)) });
        table.add_row(std::iter::once(comfy_table::Cell::new(&app.name)).chain(cells));
    }
    table
}

fn done_json(done: &AppProgress) -> Value {
    json!({
        "broughtIntoLine": done.brought_into_line, "created": done.created, "linked": done.linked,
        "updated": done.updated, "deactivated": done.deactivated, "reactivated": done.reactivated,
        "deleted": done.deleted, "retries": done.retries,
    })
}

fn app_json(app: &AppReport) -> Value {
    json!({
        "id": public_id(IdKind::App, app.app.0), "name": app.name, "done": done_json(&app.done),
        "inLine": app.in_line, "waiting": app.waiting, "byHand": app.by_hand, "failed": app.failed,
        "nextAttempt": app.next_attempt.map(|at| Millis(at).to_string()), "problem": app.problem,
    })
}

/// The same for programs.
pub(crate) fn to_json(report: &SyncReport) -> Value {
    let total = report.total();
    json!({
        "apps": report.apps.iter().map(app_json).collect::<Vec<_>>(),
        "total": {
            "done": done_json(&total.done), "inLine": total.in_line, "waiting": total.waiting,
            "byHand": total.by_hand, "failed": total.failed,
        },
    })
}
