//! `cargo xtask check`: what the compiler can't see but the architecture rests on.

mod crates;
mod files;

use crate::metadata::{self, Metadata};
use crate::{DONE, FAILED};

/// What the checks found.
#[derive(Debug, Default, PartialEq, Eq)]
struct Findings {
    /// Make the check fail.
    errors: Vec<String>,
    /// Are only shown.
    warnings: Vec<String>,
}

impl Findings {
    fn error(&mut self, text: impl Into<String>) {
        self.errors.push(text.into());
    }

    fn warning(&mut self, text: impl Into<String>) {
        self.warnings.push(text.into());
    }
}

/// Runs all checks and tells what was found.
pub(crate) fn run() -> anyhow::Result<u8> {
    let metadata = Metadata::load()?;
    let mut findings = Findings::default();
    crates::check(&metadata, &mut findings);
    files::check_sizes(&metadata::root(), &mut findings)?;
    files::check_migrations(&metadata::root().join("crates/store/src/migrations"), &mut findings)?;
    for warning in &findings.warnings {
        println!("warning: {warning}");
    }
    for error in &findings.errors {
        println!("error: {error}");
    }
    let (errors, warnings) = (findings.errors.len(), findings.warnings.len());
    let verdict = if errors == 0 { "ok" } else { "FAILED" };
    println!("check: {verdict}, {errors} errors, {warnings} warnings");
    Ok(if errors == 0 { DONE } else { FAILED })
}
