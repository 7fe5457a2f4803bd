//! Okta's clients for Node.js and Go, which tests run against the Management API.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

use super::execute;

/// Installs the packages of `from` into `into`, unless they are there just so; answers where they are.
pub(super) fn make_node_modules(from: &Path, into: &Path) -> anyhow::Result<PathBuf> {
    let files = ["package.json", "package-lock.json"];
    let modules = into.join("node_modules");
    let stamp = Stamp::of(into, from, &files)?;
    if stamp.holds() && modules.is_dir() {
        return Ok(modules);
    }
    eprintln!("installing the Node.js packages of {} into {}", from.display(), into.display());
    for file in files {
        fs::copy(from.join(file), into.join(file))
            .with_context(|| format!("{file} can't be copied into {}", into.display()))?;
    }
    // No package may run anything of its own while it is installed.
    let arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
    execute(Command::new("npm").args(arguments).current_dir(into))?;
    stamp.set()?;
    Ok(modules)
}

/// Builds the program of `from` into `into`, unless it is there just so; answers where it is.
pub(super) fn build_go(from: &Path, into: &Path) -> anyhow::Result<PathBuf> {
    let program = into.join("walk");
    let folder = || format!("{} can't be listed", from.display());
    let mut files =
        fs::read_dir(from).and_then(Iterator::collect::<Result<Vec<_>, _>>).with_context(folder)?;
    files.sort_by_key(fs::DirEntry::file_name);
    let stamp = Stamp::of(into, from, &files.iter().map(fs::DirEntry::file_name).collect::<Vec<_>>())?;
    if stamp.holds() && program.is_file() {
        return Ok(program);
    }
    eprintln!("building {} into {}; the first time takes minutes", from.display(), into.display());
    let mut build = Command::new("go");
    // The Go that is there builds it; it doesn't fetch another.
    build.args(["build", "-mod=readonly", "-ldflags=-s -w", "-o"]).arg(&program).env("GOTOOLCHAIN", "local");
    execute(build.arg(".").current_dir(from))?;
    stamp.set()?;
    Ok(program)
}

/// What something was made from, kept beside it.
struct Stamp {
    path: PathBuf,
    wanted: Vec<u8>,
}

impl Stamp {
    /// The stamp in the folder `into`, which is made, of these files of the folder `from`.
    fn of(into: &Path, from: &Path, files: &[impl AsRef<Path>]) -> anyhow::Result<Self> {
        fs::create_dir_all(into).with_context(|| format!("{} can't be made", into.display()))?;
        let mut wanted = Vec::new();
        for file in files {
            let path = from.join(file);
            wanted.extend(fs::read(&path).with_context(|| format!("{} can't be read", path.display()))?);
        }
        Ok(Self { path: into.join("made-from"), wanted })
    }

    fn holds(&self) -> bool {
        fs::read(&self.path).is_ok_and(|made| made == self.wanted)
    }

    fn set(&self) -> anyhow::Result<()> {
        fs::write(&self.path, &self.wanted)
            .with_context(|| format!("{} can't be written", self.path.display()))
    }
}
