//! How answers look: tables and sentences for people, one JSON document for programs; errors on standard error.

use std::fmt::Display;
use std::io::{self, Write};
use std::path::Path;

use anyhow::Result;
use comfy_table::{Cell, CellAlignment, ContentArrangement, Table, presets};
use serde::Serialize;
use serde_json::json;

/// Standard output. Writing to it can fail (a closed pipe, a full disk), which `println!` would panic over.
#[derive(Debug)]
pub(crate) struct Out {
    silent: bool,
}

impl Out {
    /// Standard output.
    pub(crate) fn new() -> Self {
        Self { silent: false }
    }

    /// Nowhere: for text that a program didn't ask for.
    pub(crate) fn silent() -> Self {
        Self { silent: true }
    }

    /// A line, or several.
    pub(crate) fn line(&mut self, text: impl Display) -> Result<()> {
        if !self.silent {
            writeln!(io::stdout().lock(), "{text}")?;
        }
        Ok(())
    }

    /// Text as it is.
    pub(crate) fn raw(&mut self, text: &str) -> Result<()> {
        if !self.silent {
            io::stdout().lock().write_all(text.as_bytes())?;
        }
        Ok(())
    }

    /// A table.
    pub(crate) fn table(&mut self, table: &Table) -> Result<()> {
        for line in table.lines() {
            self.line(line.trim_end())?;
        }
        Ok(())
    }

    /// One JSON document.
    pub(crate) fn json<T: Serialize>(&mut self, value: &T) -> Result<()> {
        if self.silent {
            return Ok(());
        }
        let mut out = io::stdout().lock();
        serde_json::to_writer_pretty(&mut out, value)?;
        writeln!(out)?;
        Ok(())
    }
}

/// An empty table. Columns whose name begins with `#` hold counts, aligned to the right.
pub(crate) fn table(columns: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_BORDERS_ONLY).set_content_arrangement(ContentArrangement::Dynamic);
    let cells = columns.iter().map(|c| match c.strip_prefix('#') {
        Some(name) => Cell::new(name).set_alignment(CellAlignment::Right),
        None => Cell::new(c),
    });
    table.set_header(cells);
    table
}

/// A cell with a count.
pub(crate) fn number(n: impl TryInto<i128>) -> Cell {
    let text = n.try_into().map(grouped).unwrap_or_default();
    Cell::new(text).set_alignment(CellAlignment::Right)
}

/// A cell with a count that is left empty for none.
pub(crate) fn number_or_empty(n: u64) -> Cell {
    if n == 0 { Cell::new("") } else { number(n) }
}

/// A number with its thousands set apart.
pub(crate) fn grouped(n: i128) -> String {
    let digits = n.unsigned_abs().to_string();
    let mut text = String::new();
    if n < 0 {
        text.push('-');
    }
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A count with the word for what is counted.
pub(crate) fn count(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(i128::from(n)), if n == 1 { one } else { many })
}

/// A path as a shell takes it.
pub(crate) fn shell(path: &Path) -> String {
    quoted(&path.display().to_string())
}

/// A word as a shell takes it.
pub(crate) fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-@:+=,".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

/// An instant as people read it: without the noise of a whole day or second.
pub(crate) fn instant(iso: &str) -> String {
    let short = iso.strip_suffix("T00:00:00.000Z").map(str::to_owned);
    short.unwrap_or_else(|| iso.get(..16).map_or_else(|| iso.to_owned(), |day| day.replace('T', " ")))
}

/// Something worth knowing that isn't the answer.
pub(crate) fn note(text: &str) {
    // Where standard error is closed there is nobody to tell.
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// An error with its causes; as JSON too, for programs.
pub(crate) fn error(error: &anyhow::Error, json: bool) {
    let mut text = error.to_string();
    for cause in error.chain().skip(1) {
        let cause = cause.to_string();
        // Many errors carry their cause in their own words already.
        if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    note(&format!("error: {text}"));
    if json {
        // A program that waits for one document gets one.
        let _ = Out::new().json(&json!({ "error": text }));
    }
}
