//! `muster accounts`: people's places in apps.

use anyhow::Result;
use clap::{Args, ValueEnum};
use muster_service::look::{AccountFilter, SyncState};

use super::look::Paging;
use crate::context::{Context, Exit};
use crate::output;

/// Lists accounts in apps.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  muster accounts --app crm
  muster accounts --app crm --state failed         with what the app said
  muster accounts --login jsmith@example.org")]
pub(crate) struct Accounts {
    /// Only in this app
    #[arg(long, value_name = "NAME")]
    app: Option<String>,
    /// Only this person's
    #[arg(long, value_name = "LOGIN")]
    login: Option<String>,
    /// Only those that stand so
    #[arg(long, value_name = "STATE")]
    state: Option<State>,
    #[command(flatten)]
    paging: Paging,
}

/// How an account stands towards its app.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum State {
    /// The app holds what is wanted
    InLine,
    /// A worker will take it up
    Waiting,
    /// A worker has it
    Working,
    /// It failed and will be tried again
    Retrying,
    /// It failed until something changes
    Failed,
    /// A person has a task to do it
    ByHand,
}

impl From<State> for SyncState {
    fn from(state: State) -> Self {
        match state {
            State::InLine => Self::InLine,
            State::Waiting => Self::Waiting,
            State::Working => Self::Working,
            State::Retrying => Self::Retrying,
            State::Failed => Self::Failed,
            State::ByHand => Self::ByHand,
        }
    }
}

impl Accounts {
    /// Runs it.
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit> {
        let muster = context.open()?;
        let filter = AccountFilter { app: self.app, user: self.login, state: self.state.map(Into::into) };
        let (accounts, next) = self.paging.collect(|after, limit| muster.accounts(&filter, after, limit))?;
        if context.json {
            context.print_json(&accounts)?;
            return Ok(Exit::Done);
        }
        let mut table = output::table(&[
            "App",
            "User name",
            "Status",
            "In line",
            "By group",
            "Id there",
            "What the app says",
        ]);
        for account in &accounts {
            let task = account.sync.task.as_ref().map(|t| format!("task {}: {}", t.id, t.title));
            table.add_row([
                account.app.name.clone(),
                account.credentials.user_name.clone().unwrap_or_default(),
                account.status.to_owned(),
                account.sync_state.to_owned(),
                account.group.clone().unwrap_or_default(),
                account.external_id.clone().unwrap_or_default(),
                account.sync.error.clone().or(task).unwrap_or_default(),
            ]);
        }
        context.out.table(&table)?;
        context.out.line(output::count(accounts.len() as u64, "account", "accounts"))?;
        if let Some(next) = next {
            let flag = context.data_dir_flag();
            context.out.line(format!("more: the same with --after {next}{flag} (or --all)"))?;
        }
        Ok(Exit::Done)
    }
}
