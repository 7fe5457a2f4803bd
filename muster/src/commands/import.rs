//! `muster import`: people come in from a feed.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use muster_engine::model::FeedMode;

use super::finish;
use crate::cli::Change;
use crate::context::{Context, Exit};
use crate::progress::Bars;

/// Brings people in from a feed.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  muster import --app hr roster.csv --preview    who would come, change and leave, and what follows from it
  muster import --app hr roster.csv.gz
  muster import --app hr roster.csv --force      where a guard holds it and you have seen what it takes away
  muster import --app hr                         from where the app's feed.path says that it lies
  muster import --app hr changes.csv --delta     a feed that tells changes alone

A full feed tells everybody: who has no row any more is gone. In a delta a missing row means nothing. Rows that can't be used are left out and told.
The file is kept in the store, so a plan that was shown or held can be applied without it (muster apply ID).")]
pub(crate) struct Import {
    /// The app whose feed it is
    #[arg(long, value_name = "NAME")]
    app: String,
    /// The feed: CSV, as it is or compressed by gzip; if not given, the one that the app's feed.path leads to
    file: Option<PathBuf>,
    /// The feed tells changes alone: a missing row means nothing [default: what the app's feed.mode says]
    #[arg(long, conflicts_with = "full")]
    delta: bool,
    /// The feed tells everybody: who has no row is gone
    #[arg(long)]
    full: bool,
    #[command(flatten)]
    change: Change,
}

impl Import {
    /// Runs it.
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit> {
        let muster = context.open()?;
        if !self.change.preview {
            context.due(&muster)?;
        }
        let file = match self.file {
            Some(file) => file,
            None => muster.feed_of_source(&self.app)?,
        };
        let bars = Bars::new();
        let mode = match (self.delta, self.full) {
            (true, _) => Some(FeedMode::Delta),
            (_, true) => Some(FeedMode::Full),
            _ => None,
        };
        let what = muster_service::Import::new(&self.app, mode);
        let report = muster.import_file(&context.actor, what, &file, self.change.into(), &bars)?;
        drop(bars);
        finish(context, &muster, &report, &[])
    }
}
