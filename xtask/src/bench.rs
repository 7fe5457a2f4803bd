//! `cargo xtask bench NAME`: each benchmark is an example of the crate it measures.

use anyhow::Context as _;
use clap::Subcommand;

use crate::{DONE, FAILED, metadata};

/// The benchmarks.
#[derive(Subcommand)]
pub(crate) enum Bench {
    /// Parse, compile and evaluate expressions
    Expr,
    /// Read and sort a feed
    Feed {
        /// Rows of the feed
        #[arg(long, default_value_t = 1_000_000)]
        rows: u64,
    },
    /// Change a rule, or everything, in an org that is peopled
    Change {
        /// How many people
        #[arg(long, default_value_t = 100_000)]
        users: u64,
    },
    /// Create people one at a time in a directory that has many
    Create {
        /// How many people are there already
        #[arg(long, default_value_t = 1_000_000)]
        users: u64,
    },
    /// Replay working days of an org and tell how much memory the server has after each
    Day {
        /// How many people
        #[arg(long, default_value_t = 5_000)]
        users: u64,
    },
    /// Create, read and search people over HTTP in a directory that has many
    Serve {
        /// How many people are there already
        #[arg(long, default_value_t = 1_000_000)]
        users: u64,
    },
    /// Deactivate people while an import and the filling of their applications run beside
    Leaver {
        /// How many people are there already
        #[arg(long, default_value_t = 50_000)]
        users: u64,
        /// How many of them leave
        #[arg(long, default_value_t = 200)]
        leavers: u64,
        /// How many people the feed changes or adds beside
        #[arg(long, default_value_t = 50_000)]
        import: u64,
    },
    /// Find people by rows of another source that were damaged as people damage data
    Matching,
    /// Import people into an empty directory, rules and assignments included
    Import {
        /// How many people
        #[arg(long, default_value_t = 100_000)]
        users: u64,
    },
}

/// Runs a benchmark and hands on its exit status.
pub(crate) fn run(bench: &Bench) -> anyhow::Result<u8> {
    let (package, example, arguments) = match bench {
        Bench::Expr => ("muster-expr", "bench", Vec::new()),
        Bench::Feed { rows } => ("muster-connectors", "bench_feed", vec!["--rows".into(), rows.to_string()]),
        Bench::Change { users } => {
            ("muster-service", "bench_change", vec!["--users".into(), users.to_string()])
        }
        Bench::Create { users } => {
            ("muster-service", "bench_create", vec!["--users".into(), users.to_string()])
        }
        Bench::Serve { users } => ("muster", "bench_serve", of_server(*users)?),
        Bench::Day { users } => ("muster", "bench_day", of_server(*users)?),
        Bench::Leaver { users, leavers, import } => {
            let mut arguments = of_server(*users)?;
            arguments.extend([
                "--leavers".into(),
                leavers.to_string(),
                "--import".into(),
                import.to_string(),
            ]);
            ("muster", "bench_leaver", arguments)
        }
        Bench::Matching => ("muster-service", "bench_matching", Vec::new()),
        Bench::Import { users } => {
            ("muster-service", "bench_import", vec!["--users".into(), users.to_string()])
        }
    };
    let status = metadata::cargo()
        .args(["run", "--release", "--quiet", "--package", package, "--example", example, "--"])
        .args(arguments)
        .status()
        .context("cargo can't be started; is it in the PATH?")?;
    Ok(if status.success() { DONE } else { FAILED })
}

fn of_server(users: u64) -> anyhow::Result<Vec<String>> {
    Ok(vec!["--binary".into(), build_server()?, "--users".into(), users.to_string()])
}

/// Builds the server as it is shipped and gives its path.
fn build_server() -> anyhow::Result<String> {
    let built = metadata::cargo().args(["build", "--release", "--quiet", "--bin", "muster"]).status();
    if !built.context("cargo can't be started; is it in the PATH?")?.success() {
        anyhow::bail!("the server can't be built; cargo's words are above");
    }
    let target = crate::metadata::Metadata::load()?.target_directory;
    Ok(target.join("release/muster").display().to_string())
}
