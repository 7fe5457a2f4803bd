//! `muster demo`: the main job, from end to end.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;

use crate::context::{Context, Exit};
use crate::output::{Out, shell};

/// Where the demo's data is if nobody says otherwise.
const DATA_DIR: &str = "./muster-demo-data";

/// Runs the main job on shipped data, step by step.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  muster demo
  muster demo --data-dir /tmp/look-at-it

Three dated feeds of one organisation come in; accounts come to exist, change and go away in a small SCIM application
that the demo starts on a free loopback port; a damaged feed is held, forced and taken back. It needs no other server,
takes less than a minute and leaves its data directory behind to look around in.")]
pub(crate) struct Demo {}

impl Demo {
    /// Runs it.
    #[expect(clippy::unused_self, reason = "commands are alike")]
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit> {
        let asked = context.data_dir_or(DATA_DIR).to_owned();
        let dir = fresh(&asked);
        let mut out = if context.json { Out::silent() } else { Out::new() };
        if dir != asked {
            out.line(format!(
                "{} is there already; this run starts afresh in {}\n",
                shell(&asked),
                shell(&dir)
            ))?;
        }
        let outcome = crate::demo::run(&dir, &context.actor, &mut out)?;
        if context.json {
            context.print_json(&outcome)?;
        }
        for mismatch in &outcome.mismatches {
            crate::output::note(&format!("error: {mismatch}"));
        }
        Ok(if outcome.mismatches.is_empty() { Exit::Done } else { Exit::Failed })
    }
}

/// The directory itself if nothing is in it, else the first free one beside it.
fn fresh(asked: &Path) -> PathBuf {
    let free = |dir: &Path| match std::fs::read_dir(dir) {
        Ok(mut entries) => entries.next().is_none(),
        Err(_) => !dir.exists(),
    };
    if free(asked) {
        return asked.to_owned();
    }
    let beside = |n: u32| {
        let mut name = asked.components().as_path().as_os_str().to_owned();
        name.push(format!("-{n}"));
        PathBuf::from(name)
    };
    let mut n = 2;
    while !free(&beside(n)) {
        n += 1;
    }
    beside(n)
}
