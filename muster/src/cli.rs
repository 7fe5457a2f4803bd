//! What can be typed.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::commands;

const EXAMPLES: &str = "\
Examples:
  muster demo                                     the whole of it on shipped data, in under a minute
  muster org apply org.toml --preview             what an org file would change
  muster org apply org.toml
  muster import --app hr roster.csv --preview     what a feed would do, person by person
  muster import --app hr roster.csv
  muster preview --at 2027-03-01                  what dates will have brought by then
  muster sync                                     bring the accounts in the applications into line
  muster why jsmith@example.org --app crm         why somebody has an application, or hasn't
  muster plans; muster undo 17                    what was done; take it back as a whole
  muster serve                                    the always-on server

Exit status: 0 done (also a preview), 1 failed, 2 wrong usage, 3 held by a guard.";

/// Identity lifecycle and provisioning: preview, explain and undo any change.
#[derive(Debug, Parser)]
#[command(name = "muster", version, after_help = EXAMPLES, max_term_width = 110, propagate_version = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Flags that every command takes, before or after its name.
#[derive(Debug, Args)]
pub(crate) struct Global {
    /// The directory of the embedded database [default: ./muster-data]
    #[arg(long, global = true, value_name = "DIR", env = "MUSTER_DATA_DIR", conflicts_with = "database_url")]
    pub(crate) data_dir: Option<PathBuf>,
    /// A database server in its place (postgres://…)
    #[arg(long, global = true, value_name = "URL", env = "MUSTER_DATABASE_URL", hide_env_values = true)]
    pub(crate) database_url: Option<String>,
    /// Print one JSON document, for programs
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

/// Whether and how a change is made.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Change {
    /// Only say what would happen; the plan that is shown can be applied later by `muster apply`
    #[arg(long)]
    pub(crate) preview: bool,
    /// Waive guards that count (never protected objects or a feed that can't be read), for this plan only
    #[arg(long)]
    pub(crate) force: bool,
}

/// Whether a change is made: for changes that guards may hold, but that aren't forced from here.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Preview {
    /// Only say what would happen; the plan that is shown can be applied later by `muster apply`
    #[arg(long)]
    pub(crate) preview: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the main job on shipped data of a real organisation's shape, step by step
    Demo(commands::demo::Demo),
    /// The configuration as a file
    #[command(subcommand)]
    Org(commands::org::Org),
    /// Bring people in from a feed
    Import(commands::import::Import),
    /// Bring the accounts in the applications into line
    Sync(commands::sync::Sync),
    /// Show what dates will have brought by a day in the future
    Preview(commands::preview::Preview),
    /// List plans, newest first
    Plans(commands::plans::Plans),
    /// Show a plan: what it does, to whom
    Plan(commands::plans::Show),
    /// Apply a plan that was held or previewed
    Apply(commands::plans::Apply),
    /// Discard a plan that was held or previewed
    Discard(commands::plans::Discard),
    /// Take an applied plan back as a whole
    Undo(commands::plans::Undo),
    /// Explain why somebody has a group, an app, a value, or hasn't
    Why(commands::why::Why),
    /// Change people by hand
    #[command(subcommand)]
    User(commands::user::User),
    /// Change groups by hand
    #[command(subcommand)]
    Group(commands::group::Group),
    /// Give an app to a person or to a group's members
    Assign(commands::assign::Assign),
    /// Take an app back that was assigned directly
    Unassign(commands::assign::Unassign),
    /// List people, or show one
    Users(commands::look::Users),
    /// List groups
    Groups(commands::look::Groups),
    /// List group rules
    Rules(commands::look::Rules),
    /// List apps with where their accounts stand
    Apps(commands::look::Apps),
    /// List accounts in apps
    Accounts(commands::accounts::Accounts),
    /// List rows of sources that wait until somebody says whose they are
    Matches(commands::matches::Matches),
    /// Say whose rows are that wait
    #[command(subcommand)]
    Match(commands::matches::Match),
    /// Take a source's record from a person it isn't about
    Unlink(commands::matches::Unlink),
    /// List tasks that wait for a person
    Tasks(commands::tasks::Tasks),
    /// Say what became of a task
    #[command(subcommand)]
    Task(commands::tasks::Task),
    /// Show the system log
    Log(commands::log::Log),
    /// Show where everything stands
    Status(commands::look::Status),
    /// Mail the owners of new tasks
    Notify(commands::tasks::Notify),
    /// Run the server
    Serve(Box<crate::serve::Serve>),
    /// API tokens for programs that talk to the server
    #[command(subcommand)]
    Token(commands::token::Token),
    /// Print what a shell needs to complete commands
    Completions(commands::pages::Completions),
    /// Write the manual pages
    Man(commands::pages::Man),
    /// Copy the store to a file while everything runs
    Backup(commands::backup::Backup),
    /// Put a backup in place of the store
    Restore(commands::backup::Restore),
    /// Compare what is stored with what follows from facts and configuration
    Verify(commands::backup::Verify),
}
