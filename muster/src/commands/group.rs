//! `muster group`: groups, by hand.

use anyhow::Result;
use clap::{Args, Subcommand};

use super::assign::Until;
use super::finish;
use crate::cli::Change;
use crate::context::{Context, Exit};

/// Groups, by hand.
#[derive(Debug, Subcommand)]
pub(crate) enum Group {
    /// Create a group
    Create(Create),
    /// Add a person; that beats an exclusion
    Add(Add),
    /// Take a person out; if a rule gives her the group, she is excluded from then on
    Remove(Remove),
}

/// Creates a group.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  muster group create \"Project Blue\" --description \"Until the end of May\"

An org file that is applied later removes groups it doesn't know: take `muster org export` to begin with.")]
pub(crate) struct Create {
    /// Its unique name
    name: String,
    /// What it is for
    #[arg(long, default_value = "", hide_default_value = true)]
    description: String,
    #[command(flatten)]
    change: Change,
}

/// Adds a person.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  muster group add \"Project Blue\" jsmith@example.org
  muster group add \"Project Blue\" jsmith@example.org --until 2027-05-31     to the end of that day")]
pub(crate) struct Add {
    #[command(flatten)]
    member: Member,
    /// The last day, or an instant (2027-05-31T12:00:00Z)
    #[arg(long, value_name = "DATE")]
    until: Option<Until>,
}

/// Takes a person out.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  muster group remove \"Project Blue\" jsmith@example.org --preview")]
pub(crate) struct Remove {
    #[command(flatten)]
    member: Member,
}

/// A person and a group.
#[derive(Debug, Args)]
pub(crate) struct Member {
    /// The group's name or id
    group: String,
    /// Her login or id
    login: String,
    #[command(flatten)]
    change: Change,
}

impl Group {
    /// Runs it.
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit> {
        let muster = context.open()?;
        let actor = context.actor.clone();
        let report = match self {
            Self::Create(c) => muster.group_create(&actor, &c.name, &c.description, c.change.into())?,
            Self::Add(Add { member: c, until }) => {
                let zone = muster.config()?.org.settings.timezone.clone();
                let until = until.map(|until| until.millis(&zone)).transpose()?;
                muster.group_add(&actor, &c.group, &c.login, until, c.change.into())?
            }
            Self::Remove(Remove { member: c }) => {
                muster.group_remove(&actor, &c.group, &c.login, c.change.into())?
            }
        };
        finish(context, &muster, &report, &[])
    }
}
