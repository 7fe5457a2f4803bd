//! `muster org`: the configuration as a file.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::{Args, Subcommand};
use serde_json::json;

use super::finish;
use crate::cli::Change;
use crate::context::{Context, Exit};
use crate::output;
use crate::progress::Bars;

/// The configuration as a file.
#[derive(Debug, Subcommand)]
pub(crate) enum Org {
    /// Make the org what a file says; what isn't in the file goes
    Apply(Apply),
    /// Print the org as a file
    Export(Export),
}

/// Makes the org what a file says.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  muster org apply org.toml --preview
  muster org apply org.toml
  muster org apply org.toml --force      where a guard holds it and you have seen what it takes away")]
pub(crate) struct Apply {
    /// The file; docs/org-file.md describes it
    file: PathBuf,
    #[command(flatten)]
    change: Change,
}

/// Prints the org as a file.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  muster org export > org.toml
  muster org export --json               the same text as { \"toml\": … }")]
pub(crate) struct Export {}

impl Org {
    /// Runs it.
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit> {
        match self {
            Self::Apply(c) => c.run(context),
            Self::Export(c) => c.run(context),
        }
    }
}

impl Apply {
    fn run(self, context: &mut Context) -> Result<Exit> {
        let file = self.file.display().to_string();
        let text = std::fs::read_to_string(&self.file).with_context(|| {
            format!("the org file {file} can't be read; name a TOML file as docs/org-file.md describes it")
        })?;
        if !context.data_dir().join("muster.db").exists()
            && let Err(errors) = muster_orgfile::parse(&text)
        {
            // A file with mistakes founds no store.
            let lines: Vec<String> = errors.iter().map(|e| format!("{file}:{e}")).collect();
            anyhow::bail!("nothing was changed:\n{}", lines.join("\n"));
        }
        let muster = context.open_or_create()?;
        if !self.change.preview {
            context.due(&muster)?;
        }
        let bars = Bars::new();
        let applied = muster.org_apply(&context.actor, &file, &text, self.change.into(), &bars)?;
        drop(bars);
        if !context.json && !applied.items.is_empty() {
            let mut table = output::table(&["", "Kind", "Name"]);
            for (kind, name, sign) in &applied.items {
                table.add_row([sign.to_string(), kind.as_str().to_owned(), name.clone()]);
            }
            context.out.table(&table)?;
        }
        let word = |sign: char| match sign {
            '+' => "new",
            '~' => "changed",
            _ => "gone",
        };
        let items: Vec<_> = applied
            .items
            .iter()
            .map(|(kind, name, sign)| json!({ "kind": kind.as_str(), "name": name, "change": word(*sign) }))
            .collect();
        finish(context, &muster, &applied.report, &[("items", json!(items))])
    }
}

impl Export {
    #[expect(clippy::unused_self, reason = "commands are alike")]
    fn run(self, context: &mut Context) -> Result<Exit> {
        let text = context.open()?.org_export()?;
        if context.json {
            context.print_json(&json!({ "toml": text }))?;
        } else {
            context.out.raw(&text)?;
        }
        Ok(Exit::Done)
    }
}
