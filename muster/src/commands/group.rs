//! `muster group`: groups, by hand.

use anyhow::Result;
use clap::{Args, Subcommand};

use super::finish;
use crate::cli::Change;
use crate::context::{Context, Exit};

/// Groups, by hand.
#[derive(Debug, Subcommand)]
pub(crate) enum Group {
    /// Create a group
    Create(Create),
    /// Add a person; that beats an exclusion
    Add(Member),
    /// Take a person out; if a rule gives her the group, she is excluded from then on
    Remove(Member),
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

/// A person and a group.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  muster group add \"Project Blue\" jsmith@example.org
  muster group remove \"Project Blue\" jsmith@example.org --preview")]
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
            Self::Add(c) => muster.group_add(&actor, &c.group, &c.login, c.change.into())?,
            Self::Remove(c) => muster.group_remove(&actor, &c.group, &c.login, c.change.into())?,
        };
        finish(context, &muster, &report, &[])
    }
}
