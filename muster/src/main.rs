//! The `muster` binary: command line and wiring.

mod cli;
mod commands;
mod context;
mod demo;
mod output;
mod plan_text;
mod progress;
mod serve;

use std::ffi::OsStr;
use std::process::ExitCode;

use clap::{ArgMatches, CommandFactory as _, FromArgMatches as _};
use muster_service::ServiceError;

use crate::cli::{Cli, Command};
use crate::context::{Context, Exit, Usage};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // Wrong usage ends here with status 2, help with 0.
    let matches = without_empty_variables(Cli::command()).get_matches();
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let json = cli.global.json;
    match run(cli, &matches) {
        Ok(exit) => exit.into(),
        Err(error) if is_broken_pipe(&error) => Exit::Done.into(),
        Err(error) => {
            let exit = exit_of(&error);
            output::error(&error, json);
            exit.into()
        }
    }
}

fn run(cli: Cli, matches: &ArgMatches) -> anyhow::Result<Exit> {
    let mut context = Context::new(cli.global)?;
    let context = &mut context;
    match cli.command {
        Command::Demo(c) => c.run(context),
        Command::Org(c) => c.run(context),
        Command::Import(c) => c.run(context),
        Command::Sync(c) => c.run(context),
        Command::Preview(c) => c.run(context),
        Command::Plans(c) => c.run(context),
        Command::Plan(c) => c.run(context),
        Command::Apply(c) => c.run(context),
        Command::Discard(c) => c.run(context),
        Command::Undo(c) => c.run(context),
        Command::Why(c) => c.run(context),
        Command::User(c) => c.run(context),
        Command::Group(c) => c.run(context),
        Command::Assign(c) => c.run(context),
        Command::Unassign(c) => c.run(context),
        Command::Users(c) => c.run(context),
        Command::Groups(c) => c.run(context),
        Command::Rules(c) => c.run(context),
        Command::Apps(c) => c.run(context),
        Command::Accounts(c) => c.run(context),
        Command::Matches(c) => c.run(context),
        Command::Match(c) => c.run(context),
        Command::Unlink(c) => c.run(context),
        Command::Tasks(c) => c.run(context),
        Command::Task(c) => c.run(context),
        Command::Log(c) => c.run(context),
        Command::Status(c) => c.run(context),
        Command::Notify(c) => c.run(context),
        Command::Serve(c) => c.run(context, matches.subcommand().map_or(matches, |(_, own)| own)),
        Command::Token(c) => c.run(context),
        Command::Completions(c) => c.run(context),
        Command::Man(c) => c.run(context),
        Command::Backup(c) => c.run(context),
        Command::Restore(c) => c.run(context),
        Command::Verify(c) => c.run(context),
    }
}

/// An environment variable that is empty counts as one that isn't set, as those who fill in templates expect.
fn without_empty_variables(command: clap::Command) -> clap::Command {
    let is_empty = |name: &OsStr| std::env::var_os(name).is_some_and(|value| value.is_empty());
    command
        .mut_args(|arg| if arg.get_env().is_some_and(is_empty) { arg.env(None::<&'static str>) } else { arg })
        .mut_subcommands(without_empty_variables)
}

fn exit_of(error: &anyhow::Error) -> Exit {
    if error.downcast_ref::<Usage>().is_some() {
        return Exit::Usage;
    }
    match error.downcast_ref::<ServiceError>() {
        Some(ServiceError::Held { .. }) => Exit::Held,
        _ => Exit::Failed,
    }
}

/// Whoever read our output has seen enough (`muster users | head`).
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|e| {
        e.downcast_ref::<std::io::Error>().is_some_and(|e| e.kind() == std::io::ErrorKind::BrokenPipe)
            || e.downcast_ref::<serde_json::Error>()
                .is_some_and(|e| e.io_error_kind() == Some(std::io::ErrorKind::BrokenPipe))
    })
}
