//! `muster backup`, `muster restore`, `muster verify`.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use muster_service::Muster;
use serde_json::json;

use super::finish;
use crate::context::{Context, Exit};
use crate::output;
use crate::progress::Bars;

/// Copies the store to a file.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  muster backup /backup/muster-2027-03-01.db
  muster backup \"/backup/muster-$(date +%F).db\" --json

It is a consistent copy, taken while servers and commands go on. The key that seals secrets (muster.key in the data
directory) isn't in it: keep a copy of it in another place.")]
pub(crate) struct Backup {
    /// The file to make; it must not be there yet
    file: PathBuf,
}

/// Puts a backup in place of the store.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  muster restore /backup/muster-2027-03-01.db --data-dir /srv/muster
  muster restore /backup/muster-2027-03-01.db --replace

Stop every Muster process on that store first. Afterwards each account is looked up in its application before anything
is done to it, since the applications went on.")]
pub(crate) struct Restore {
    /// The backup
    file: PathBuf,
    /// Put it in place of the store there is
    #[arg(long)]
    replace: bool,
}

/// Compares what is stored with what follows from facts and configuration.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  muster verify                    exit status 1 if anything differs; the plan that is shown mends it")]
pub(crate) struct Verify {}

impl Backup {
    /// Runs it.
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit> {
        let muster = context.open()?;
        let report = muster.backup(&context.actor, &self.file)?;
        if context.json {
            context.print_json(&json!({ "file": report.file, "bytes": report.bytes }))?;
        } else {
            context.out.line(format!("{} bytes in {}", report.bytes, report.file.display()))?;
            output::note("muster.key isn't in it: keep a copy of it in another place");
        }
        Ok(Exit::Done)
    }
}

impl Restore {
    /// Runs it.
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit> {
        let report = Muster::restore(&context.actor, &self.file, context.data_dir(), self.replace)?;
        if context.json {
            context.print_json(&json!({
                "file": report.file, "bytes": report.bytes, "accounts": report.accounts
            }))?;
        } else {
            let accounts = output::count(report.accounts, "account", "accounts");
            context.out.line(format!("restored; {accounts} to be looked up again in the applications"))?;
            output::note(&format!("go on with: muster sync{}, or muster serve", context.data_dir_flag()));
        }
        Ok(Exit::Done)
    }
}

impl Verify {
    /// Runs it.
    #[expect(clippy::unused_self, reason = "commands are alike")]
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit> {
        let muster = context.open()?;
        let report = muster.verify(&context.actor, &Bars::new())?;
        if report.counts.tally.changed > 0 {
            finish(context, &muster, &report, &[])?;
            return Ok(Exit::Failed);
        }
        let people = report.counts.tally.people;
        if context.json {
            context.print_json(&json!({ "users": people, "changed": 0 }))?;
        } else {
            context.out.line(format!("{}, all as they follow", output::count(people, "user", "users")))?;
        }
        Ok(Exit::Done)
    }
}
