//! `muster why`: causes.

use anyhow::Result;
use clap::Args;
use muster_service::why::WhyAbout;

use crate::context::{Context, Exit};

/// Explains why somebody has a group, an app, a value, or hasn't.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  muster why jsmith@example.org                          everything she has
  muster why jsmith --group Sales                        why she is in it, or why not
  muster why jsmith --app crm                            why she has it, or why not, and her account there
  muster why jsmith --attribute department --json        where it comes from, and who else could give it and doesn't
  muster why jsmith --status                             which word about her counts")]
pub(crate) struct Why {
    /// Her login or id; the part before the @ will do where it names one person
    login: String,
    /// This group
    #[arg(long, value_name = "NAME")]
    group: Option<String>,
    /// This app
    #[arg(long, value_name = "NAME")]
    app: Option<String>,
    /// This attribute
    #[arg(long, value_name = "NAME")]
    attribute: Option<String>,
    /// Her status
    #[arg(long)]
    status: bool,
}

impl Why {
    /// Runs it.
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit> {
        let muster = context.open()?;
        let about =
            WhyAbout { group: self.group, app: self.app, attribute: self.attribute, status: self.status };
        let why = muster.why(&self.login, &about)?;
        if context.json {
            context.print_json(&why)?;
        } else {
            for line in why.lines() {
                context.out.line(line)?;
            }
        }
        Ok(Exit::Done)
    }
}
