//! `muster matches`, `match`, `unlink`: rows of sources that wait until somebody says whose they are.

use anyhow::Result;
use clap::{Args, Subcommand};
use muster_service::edit::{MatchBulk, MatchDecision, Verdict};
use muster_service::look::MatchView;

use super::finish;
use crate::cli::Change;
use crate::context::{Context, Exit, Usage};
use crate::output;

/// How many rows are read at once.
const PAGE: usize = 500;

/// Lists rows that wait until somebody says whose they are.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  muster matches
  muster matches --app hr --json

EXACT names somebody but may not be linked by itself, PARTIAL resembles somebody, NEW is nobody's who is known.
An IGNORED row is left alone until it changes.")]
pub(crate) struct Matches {
    /// Only of this source
    #[arg(long, value_name = "NAME")]
    app: Option<String>,
}

/// Says whose rows are.
#[derive(Debug, Subcommand)]
pub(crate) enum Match {
    /// Link rows to their likeliest candidates
    Confirm(Confirm),
    /// Link a row to a person
    Link(Link),
    /// Create somebody new for rows
    New(New),
    /// Leave rows alone until they change
    Ignore(Rows),
    /// Ask again about rows that were ignored
    Reopen(Rows),
}

/// Rows by key.
#[derive(Debug, Args)]
pub(crate) struct Rows {
    /// The source
    #[arg(long, value_name = "NAME")]
    app: String,
    /// The rows' keys, as `muster matches` shows them
    #[arg(required = true, value_name = "KEY")]
    keys: Vec<String>,
    #[command(flatten)]
    change: Change,
}

/// Links rows to their likeliest candidates.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  muster match confirm --app hr 10734 10735
  muster match confirm --app hr --all-exact --preview        rows that name one person, who bears the same name
  muster match confirm --app hr --all-best --min-score 95    rows with one candidate ahead of all others")]
pub(crate) struct Confirm {
    /// The source
    #[arg(long, value_name = "NAME")]
    app: String,
    /// The rows' keys, as `muster matches` shows them
    #[arg(value_name = "KEY", required_unless_present_any = ["all_exact", "all_best"])]
    keys: Vec<String>,
    /// All rows that name exactly one person, who bears the same name
    #[arg(long, conflicts_with_all = ["keys", "all_best"])]
    all_exact: bool,
    /// All rows with one candidate ahead of all others
    #[arg(long, conflicts_with = "keys", requires = "min_score")]
    all_best: bool,
    /// The least score of the best candidate
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=100))]
    min_score: Option<u32>,
    #[command(flatten)]
    change: Change,
}

/// Links a row to a person.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  muster match link --app hr 10734 jsmith@example.org")]
pub(crate) struct Link {
    /// The source
    #[arg(long, value_name = "NAME")]
    app: String,
    /// The row's key
    key: String,
    /// The person's login or id
    login: String,
    #[command(flatten)]
    change: Change,
}

/// Creates somebody new for rows.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  muster match new --app hr 10734\n  muster match new --app hr --all    those that nobody was found for"
)]
pub(crate) struct New {
    /// The source
    #[arg(long, value_name = "NAME")]
    app: String,
    /// The rows' keys, as `muster matches` shows them
    #[arg(value_name = "KEY", required_unless_present = "all")]
    keys: Vec<String>,
    /// All rows that nobody was found for
    #[arg(long, conflicts_with = "keys")]
    all: bool,
    #[command(flatten)]
    change: Change,
}

/// Takes a source's record from a person it isn't about.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  muster unlink jsmith@example.org --app hr --preview

The row waits from then on (`muster matches`), and is never hers again by itself.")]
pub(crate) struct Unlink {
    /// Her login or id
    login: String,
    /// The source
    #[arg(long, value_name = "NAME")]
    app: String,
    /// Which record, if she has several there
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    #[command(flatten)]
    change: Change,
}

impl Matches {
    /// Runs it.
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit> {
        let muster = context.open()?;
        let config = muster.config()?;
        let apps = match self.app {
            Some(app) => vec![app],
            None => config.sources.iter().map(|s| config.app_name(s.app)).collect(),
        };
        let mut rows: Vec<MatchView> = Vec::new();
        for app in &apps {
            let mut after = None;
            loop {
                let page = muster.matches(app, after.as_deref(), PAGE)?;
                rows.extend(page.items);
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
        }
        if context.json {
            context.print_json(&rows)?;
            return Ok(Exit::Done);
        }
        let mut table =
            output::table(&["Source", "Key", "Why", "State", "Row", "Score", "Candidate", "Because"]);
        for row in &rows {
            let best = row.candidates.iter().map(|c| c.score.to_string());
            let who = row.candidates.iter().map(|c| match &c.login {
                Some(login) => format!("{} ({login})", c.name),
                None => c.name.clone(),
            });
            let why = row.candidates.iter().map(|c| c.reasons.join(", "));
            let lines = |all: Vec<String>| all.join("\n");
            let values: Vec<String> =
                row.values.iter().map(|(name, value)| format!("{name} {value}")).collect();
            table.add_row([
                row.app.name.clone(),
                row.external_id.clone(),
                row.kind.to_owned(),
                row.state.to_owned(),
                values.join(", "),
                lines(best.collect()),
                lines(who.collect()),
                lines(why.collect()),
            ]);
        }
        context.out.table(&table)?;
        context.out.line(output::count(rows.len() as u64, "row", "rows"))?;
        if !rows.is_empty() {
            let flag = context.data_dir_flag();
            context.out.line(format!(
                "say whose they are: muster match confirm, link, new or ignore --app NAME KEY{flag}"
            ))?;
        }
        Ok(Exit::Done)
    }
}

fn each(keys: Vec<String>, verdict: &Verdict) -> Vec<MatchDecision> {
    keys.into_iter().map(|external_id| MatchDecision { external_id, verdict: verdict.clone() }).collect()
}

impl Match {
    /// Runs it.
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit> {
        let (app, change, what) = match self {
            Self::Confirm(c) => {
                let all = match (c.all_exact, c.all_best, c.min_score) {
                    (true, _, None) => Err(MatchBulk::Exact),
                    (_, true, Some(least)) => Err(MatchBulk::Best(least)),
                    (false, false, None) => Ok(each(c.keys, &Verdict::Best)),
                    _ => return Err(Usage("--min-score belongs to --all-best".to_owned()).into()),
                };
                (c.app, c.change, all)
            }
            Self::Link(c) => (c.app, c.change, Ok(each(vec![c.key], &Verdict::Link(c.login)))),
            Self::New(c) if c.all => (c.app, c.change, Err(MatchBulk::New)),
            Self::New(c) => (c.app, c.change, Ok(each(c.keys, &Verdict::New))),
            Self::Ignore(c) => (c.app, c.change, Ok(each(c.keys, &Verdict::Ignore))),
            Self::Reopen(c) => (c.app, c.change, Ok(each(c.keys, &Verdict::Reopen))),
        };
        let muster = context.open()?;
        let report = match what {
            Ok(decisions) => muster.matches_decide(&context.actor, &app, &decisions, change.into())?,
            Err(bulk) => muster.matches_decide_all(&context.actor, &app, bulk, change.into())?,
        };
        finish(context, &muster, &report, &[])
    }
}

impl Unlink {
    /// Runs it.
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit> {
        let muster = context.open()?;
        let report =
            muster.unlink(&context.actor, &self.login, &self.app, self.key.as_deref(), self.change.into())?;
        finish(context, &muster, &report, &[])
    }
}
