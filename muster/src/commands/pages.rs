//! `muster completions`, `muster man`: help for shells and for `man`, from the command line's own description.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::{Args, Command, CommandFactory as _};
use clap_complete::Shell;
use serde_json::json;

use crate::cli::Cli;
use crate::context::{Context, Exit};
use crate::output;

/// Prints what a shell needs to complete commands.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  muster completions bash > /etc/bash_completion.d/muster
  muster completions zsh > ~/.zfunc/_muster
  muster completions fish > ~/.config/fish/completions/muster.fish")]
pub(crate) struct Completions {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

/// Writes the manual pages: one a command.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  muster man --out /usr/local/share/man/man1")]
pub(crate) struct Man {
    /// The directory, made if it isn't there
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

impl Completions {
    /// Runs it.
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "muster", &mut script);
        context.out.raw(&String::from_utf8_lossy(&script))?;
        Ok(Exit::Done)
    }
}

impl Man {
    /// Runs it.
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit> {
        std::fs::create_dir_all(&self.out).with_context(|| format!("making {}", self.out.display()))?;
        // `help` repeats every command; it has no page of its own.
        let mut command = Cli::command().disable_help_subcommand(true);
        command.build();
        let written = write_pages(&command, &self.out)?;
        if context.json {
            context.print_json(&json!({ "folder": self.out, "pages": written }))?;
        } else {
            context.out.line(format!(
                "{} written to {}",
                output::count(written, "page", "pages"),
                self.out.display()
            ))?;
        }
        Ok(Exit::Done)
    }
}

/// Writes the page of a command and those of the commands below it; gives how many.
fn write_pages(command: &Command, folder: &Path) -> Result<u64> {
    let page = clap_mangen::Man::new(command.clone());
    let path = folder.join(page.get_filename());
    let mut text = Vec::new();
    page.render(&mut text)?;
    std::fs::write(&path, text).with_context(|| format!("writing {}", path.display()))?;
    let mut written = 1;
    for below in command.get_subcommands().filter(|below| !below.is_hide_set()) {
        written += write_pages(below, folder)?;
    }
    Ok(written)
}
