//! `muster preview`: a day in the future.

use anyhow::Result;
use clap::Args;

use super::finish;
use crate::context::{Context, Exit};
use crate::progress::Bars;

/// Shows what dates will have brought by a day: people, groups, apps, and what each application would be told.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  muster preview --at 2027-03-01                    the beginning of that day in the org's time zone
  muster preview --at 2027-03-01T09:00+01:00
  muster preview --at 2027-03-01 --json; muster plan ID --effects

Everybody for whom a date comes until then is derived as of that instant from what is known today: start and end dates,
ends of assignments, rules that read dates. Feeds that are still to come aren't known. Nothing of it happens now; the
plan that is shown can't be applied, since dates take effect by themselves. For a change of today, use --preview with the
command that makes it.")]
pub(crate) struct Preview {
    /// The day, or an instant
    #[arg(long, value_name = "DATE")]
    at: String,
}

impl Preview {
    /// Runs it.
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit> {
        let muster = context.open()?;
        let bars = Bars::new();
        let report = muster.ahead(&context.actor, &self.at, &bars)?;
        drop(bars);
        finish(context, &muster, &report, &[])
    }
}
