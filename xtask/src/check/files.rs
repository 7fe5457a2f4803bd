//! Sizes of source files and numbers of migrations.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::Findings;

/// A longer file is worth splitting.
const LONG: usize = 500;

/// A longer file has to be split.
const TOO_LONG: usize = 700;

/// Looks for source files that have grown too long.
pub(super) fn check_sizes(root: &Path, findings: &mut Findings) -> anyhow::Result<()> {
    let mut files = Vec::new();
    for folder in ["crates", "muster", "xtask", "fuzz"] {
        find_sources(&root.join(folder), &mut files)?;
    }
    files.sort();
    for file in files {
        let text = fs::read_to_string(&file).with_context(|| format!("{} can't be read", file.display()))?;
        let (lines, name) = (text.lines().count(), file.strip_prefix(root).unwrap_or(&file).display());
        if lines > TOO_LONG {
            findings.error(format!(
                "{name} has {lines} lines, {TOO_LONG} at most; split it by what its parts are for"
            ));
        } else if lines > LONG {
            findings.warning(format!("{name} has {lines} lines, it should have {LONG} at most"));
        }
    }
    Ok(())
}

fn find_sources(folder: &Path, files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    if !folder.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(folder).with_context(|| format!("{} can't be listed", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() && path.file_name().is_some_and(|name| name != "target") {
            find_sources(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    Ok(())
}

/// Looks whether migrations are numbered 1, 2, 3 and so on, each number once (or once an engine).
pub(super) fn check_migrations(folder: &Path, findings: &mut Findings) -> anyhow::Result<()> {
    if !folder.is_dir() {
        return Ok(());
    }
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("{} can't be listed", folder.display()))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "sql") {
            names.extend(path.file_name().map(|name| name.to_string_lossy().into_owned()));
        }
    }
    names.sort();
    check_names(&names, findings);
    Ok(())
}

fn check_names(names: &[String], findings: &mut Findings) {
    let mut titles: BTreeMap<u32, &str> = BTreeMap::new();
    for name in names {
        let number = name.split_once('_').and_then(|(number, _)| number.parse::<u32>().ok());
        let Some(number) = number else {
            findings.error(format!("migration {name} has no number; name it like 0001_directory.sql"));
            continue;
        };
        // One text for both databases, or NAME.sqlite.sql beside NAME.postgres.sql.
        let title = name.split('.').next().unwrap_or(name);
        let engine = name.split('.').count() == 3;
        match titles.insert(number, title) {
            Some(other) if other != title || !engine => {
                findings.error(format!(
                    "migrations {other} and {name} have the same number; renumber the newer one"
                ));
            }
            _ => {}
        }
    }
    for (expected, (number, title)) in (1..).zip(&titles) {
        if *number != expected {
            findings.error(format!("migration {title} should have number {expected}; numbers have no gaps"));
            break;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(names: &[&str]) -> Vec<String> {
        let mut findings = Findings::default();
        check_names(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>(), &mut findings);
        findings.errors
    }

    #[test]
    fn migrations_are_numbered_without_gaps() {
        assert_eq!(
            errors(&["0001_a.sql", "0002_b.postgres.sql", "0002_b.sqlite.sql", "0003_c.sql"]),
            [""; 0]
        );
        assert!(
            errors(&["0001_a.sql", "0003_c.sql"])[0].starts_with("migration 0003_c should have number 2")
        );
        assert!(errors(&["0000_a.sql"])[0].starts_with("migration 0000_a should have number 1"));
        assert!(errors(&["0001_a.sql", "0001_b.sql"])[0].contains("have the same number"));
        assert!(errors(&["0001_a.sqlite.sql", "0001_b.postgres.sql"])[0].contains("have the same number"));
        assert!(errors(&["first.sql"])[0].contains("has no number"));
    }
}
