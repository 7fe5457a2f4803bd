//! One file a group of commands.

pub(crate) mod accounts;
pub(crate) mod assign;
pub(crate) mod backup;
pub(crate) mod demo;
pub(crate) mod group;
pub(crate) mod import;
pub(crate) mod log;
pub(crate) mod look;
pub(crate) mod matches;
pub(crate) mod org;
pub(crate) mod pages;
pub(crate) mod plans;
pub(crate) mod preview;
pub(crate) mod sync;
pub(crate) mod tasks;
pub(crate) mod token;
pub(crate) mod user;
pub(crate) mod why;

use anyhow::Result;
use muster_service::Muster;
use muster_service::plan::PlanReport;
use serde_json::Value;

use crate::context::{Context, Exit};
use crate::plan_text;

/// Tells what came of a change, as text or as the plan's JSON document with what else there is to say.
pub(crate) fn finish(
    context: &mut Context,
    muster: &Muster,
    report: &PlanReport,
    more: &[(&str, Value)],
) -> Result<Exit> {
    let applied = report.status == muster_service::plan::PlanStatus::Applied;
    if context.json {
        let mut json = plan_text::report_json(muster, report)?;
        if let Value::Object(fields) = &mut json {
            fields.extend(more.iter().map(|(k, v)| ((*k).to_owned(), v.clone())));
        }
        context.print_json(&json)?;
    } else {
        plan_text::print_report(context, muster, report)?;
    }
    if applied {
        Context::notify(muster)?;
    }
    Ok(plan_text::exit(report))
}
