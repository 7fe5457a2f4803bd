//! Chores around the project: `cargo xtask test`, `cargo xtask check`, `cargo xtask bench NAME`.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool speaks to people")]

mod bench;
mod check;
mod install;
mod metadata;
mod test;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Everything passed.
const DONE: u8 = 0;
/// Something was found wrong.
const FAILED: u8 = 1;
/// Something is missing on this machine, or the command was used wrongly (as clap has it).
const UNUSABLE: u8 = 2;

/// Chores around Muster.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", after_help = EXIT_STATUS)]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

const EXIT_STATUS: &str = "Exit status: 0 all is well, 1 something failed, 2 something is missing on this machine \
                           or the usage is wrong.";

#[derive(Subcommand)]
enum Chore {
    /// Install what the tests need, run all of them, then the checks
    ///
    /// Says what it installs and why before it does so. Debian packages need root or sudo; without, it prints what to
    /// install and exits with status 2. Python packages go into a virtual environment in the target folder.
    Test,
    /// Check the architecture: which crate may use which, sizes of files, numbers of migrations, banned crates
    Check,
    /// Run a benchmark in a release build
    ///
    /// Prints each figure as one JSON object a line on standard output, with its name, value, unit, floor,
    /// ratio to the floor and peak memory, and a table for people on standard error.
    #[command(arg_required_else_help = true)]
    Bench {
        #[command(subcommand)]
        name: bench::Bench,
    },
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().chore {
        Chore::Test => test::run(),
        Chore::Check => check::run(),
        Chore::Bench { name } => bench::run(&name),
    };
    match outcome {
        Ok(status) => ExitCode::from(status),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(FAILED)
        }
    }
}
