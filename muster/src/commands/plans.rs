//! `muster plans`, `plan`, `apply`, `discard`, `undo`.

use anyhow::Result;
use clap::Args;
use comfy_table::Cell;
use muster_engine::model::{IdKind, Millis, PlanKey, key_of};
use serde_json::{Value, json};

use super::finish;
use crate::cli::Change;
use crate::context::{Context, Exit};
use crate::output::{self, number};
use crate::plan_text;
use crate::progress::Bars;

/// How many effects are shown unless all are asked for.
const SHOWN: usize = 50;

/// Lists plans, newest first.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  muster plans
  muster plans --limit 200 --json
  muster plans --before 120              the next page")]
pub(crate) struct Plans {
    /// At most so many
    #[arg(long, default_value_t = 30, value_name = "N")]
    limit: usize,
    /// Only those before this one
    #[arg(long, value_name = "ID", value_parser = plan_key)]
    before: Option<PlanKey>,
}

/// Shows a plan.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  muster plan 17
  muster plan 17 --effects               all effects, not only the first 50
  muster plan 17 --json                  with all effects if --effects is given")]
pub(crate) struct Show {
    /// The plan
    #[arg(value_parser = plan_key)]
    id: PlanKey,
    /// All effects
    #[arg(long)]
    effects: bool,
}

/// Applies a plan that was held or previewed.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  muster apply 17

The plan is worked out anew. If it would do something else now than what was shown, nothing is done, and a new plan
shows what it would do.")]
pub(crate) struct Apply {
    /// The plan
    #[arg(value_parser = plan_key)]
    id: PlanKey,
    /// Waive guards that count, for a previewed plan that they would hold
    #[arg(long)]
    force: bool,
}

/// Discards a plan that was held or previewed.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  muster discard 17")]
pub(crate) struct Discard {
    /// The plan
    #[arg(value_parser = plan_key)]
    id: PlanKey,
}

/// Takes an applied plan back as a whole.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  muster undo 17 --preview
  muster undo 17

What somebody has changed since stays as it is and is told. Undoing is a plan itself and can be undone.")]
pub(crate) struct Undo {
    /// The plan
    #[arg(value_parser = plan_key)]
    id: PlanKey,
    #[command(flatten)]
    change: Change,
}

fn plan_key(text: &str) -> Result<PlanKey, String> {
    let key = text.parse().ok().or_else(|| key_of(IdKind::Plan, text));
    key.map(PlanKey).ok_or_else(|| "a plan is named by its number; `muster plans` lists them".to_owned())
}

impl Plans {
    /// Runs it.
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit> {
        let muster = context.open()?;
        let plans = muster.plans(self.before, self.limit)?;
        if context.json {
            let config = muster.config()?;
            let all: Vec<Value> = plans.iter().map(|p| plan_text::to_json(&config, p)).collect();
            context.print_json(&all)?;
            return Ok(Exit::Done);
        }
        let mut table = output::table(&["#Plan", "Status", "Created", "What", "By", "Does"]);
        for plan in &plans {
            table.add_row([
                number(plan.id),
                Cell::new(plan.status.as_str()),
                Cell::new(output::instant(&Millis(plan.created).to_string())),
                Cell::new(plan.trigger.describe()),
                Cell::new(&plan.actor),
                Cell::new(plan_text::in_brief(&plan.counts)),
            ]);
        }
        context.out.table(&table)?;
        if plans.len() == self.limit
            && let Some(last) = plans.last()
        {
            let flag = context.data_dir_flag();
            context.out.line(format!("older ones: muster plans --before {}{flag}", last.id))?;
        }
        Ok(Exit::Done)
    }
}

impl Show {
    /// Runs it.
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit> {
        let muster = context.open()?;
        let config = muster.config()?;
        let view = muster.plan(self.id)?;
        let (id, flag) = (self.id, context.data_dir_flag());
        if !context.json {
            let done = view.applied.map_or_else(String::new, |at| {
                format!(", applied {}", output::instant(&Millis(at).to_string()))
            });
            context.out.line(format!(
                "plan {id}: {}, {}, by {}, created {}{done}",
                view.trigger.describe(),
                view.status.as_str(),
                view.actor,
                output::instant(&Millis(view.created).to_string())
            ))?;
            if let Some(undone) = view.undo_of {
                context.out.line(format!("it takes plan {undone} back"))?;
            }
            if let Some(next) = view.successor {
                context.out.line(format!("plan {next} has taken its place"))?;
            }
            context.out.table(&plan_text::table(&config, &view.counts, "Counts"))?;
            plan_text::print_notes(context, &view.notes, view.status)?;
        }
        let limit = if self.effects { usize::MAX } else { SHOWN };
        let mut shown: Vec<Value> = Vec::new();
        let mut printed = 0;
        let mut from = None;
        let mut more = false;
        // A page at a time: a big plan has more effects than fit into memory twice.
        loop {
            let page = muster.plan_effects(id, from)?;
            let mut table = output::table(&["Who", "What"]);
            for (user, login, effect) in &page.effects {
                if printed == limit {
                    more = true;
                    break;
                }
                printed += 1;
                if context.json {
                    shown.push(plan_text::effect_json(&config, *user, login, effect));
                } else {
                    table.add_row([login.clone(), plan_text::effect(&config, effect)]);
                }
            }
            if table.row_count() > 0 {
                context.out.table(&table)?;
            }
            from = page.next;
            if more || from.is_none() {
                break;
            }
        }
        if context.json {
            let mut json = plan_text::to_json(&config, &view);
            if let Value::Object(fields) = &mut json {
                fields.insert("effects".to_owned(), Value::Array(shown));
                fields.insert("moreEffects".to_owned(), json!(more));
            }
            context.print_json(&json)?;
        } else if more {
            context.out.line(format!("and more: muster plan {id} --effects{flag}"))?;
        }
        Ok(Exit::Done)
    }
}

impl Apply {
    /// Runs it.
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit> {
        let muster = context.open()?;
        context.due(&muster)?;
        let bars = Bars::new();
        let report = muster.apply_plan(&context.actor, self.id, self.force, &bars)?;
        drop(bars);
        finish(context, &muster, &report, &[])
    }
}

impl Discard {
    /// Runs it.
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit> {
        let muster = context.open()?;
        muster.discard_plan(&context.actor, self.id)?;
        if context.json {
            let json = plan_text::to_json(&*muster.config()?, &muster.plan(self.id)?);
            context.print_json(&json)?;
        } else {
            context.out.line(format!("plan {} is discarded", self.id))?;
        }
        Ok(Exit::Done)
    }
}

impl Undo {
    /// Runs it.
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit> {
        let muster = context.open()?;
        let bars = Bars::new();
        let report = muster.undo(&context.actor, self.id, self.change.into(), &bars)?;
        drop(bars);
        finish(context, &muster, &report, &[])
    }
}
