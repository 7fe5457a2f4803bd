//! `muster.toml`: the settings in a file.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use muster_engine::suggest::did_you_mean;
use serde::Deserialize;

use super::flags::{self, Flags};
use crate::context::Usage;

/// The name of the file in the data directory.
const NAME: &str = "muster.toml";

/// The settings in a file, and where it is.
#[derive(Debug, Default)]
pub(super) struct File {
    pub(super) path: Option<PathBuf>,
    /// Where the data is; only a file that is named can say so.
    pub(super) data_dir: Option<PathBuf>,
    pub(super) flags: Flags,
}

/// What is a flag of all commands.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct OfAll {
    data_dir: Option<PathBuf>,
}

/// Its name in the file.
const DATA_DIR: &str = "data-dir";

impl File {
    /// Reads the file that is named, which must be there, or the data directory's, which may be.
    ///
    /// # Errors
    /// If it can't be read, holds an unknown key, or a value that is none.
    pub(super) fn read(named: Option<&Path>, data_dir: &Path) -> Result<Self> {
        let path = named.map_or_else(|| data_dir.join(NAME), Path::to_owned);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound && named.is_none() => {
                return Ok(Self::default());
            }
            Err(error) => return Err(error).with_context(|| format!("reading {}", path.display())),
        };
        let (OfAll { mut data_dir }, mut flags) =
            parse(&text).map_err(|(line, what)| Usage(format!("{}:{line}: {what}", path.display())))?;
        if data_dir.is_some() && named.is_none() {
            return Err(Usage(format!(
                "{}: data-dir: the file was found by the directory it is in; name it by --config to have it say where \
                 the data is",
                path.display()
            ))
            .into());
        }
        // A file's paths are meant from where it stands.
        let folder = path.parent().unwrap_or(Path::new(""));
        for file in [&mut flags.tls_cert, &mut flags.tls_key, &mut data_dir].into_iter().flatten() {
            *file = folder.join(&*file);
        }
        Ok(Self { path: Some(path), data_dir, flags })
    }
}

/// The settings in a text; else the line and what is wrong there.
fn parse(text: &str) -> Result<(OfAll, Flags), (usize, String)> {
    let line_of = |at: usize| text.get(..at).map_or(1, |before| before.matches('\n').count() + 1);
    let wrong = |error: toml::de::Error| {
        (error.span().map_or(1, |span| line_of(span.start)), error.message().to_owned())
    };
    let table = toml::de::DeTable::parse(text).map_err(wrong)?;
    let mut names = flags::names();
    names.push(DATA_DIR.to_owned());
    for key in table.get_ref().keys() {
        let name = key.get_ref().as_ref();
        if !names.iter().any(|known| known == name) {
            let hint = did_you_mean(name, names.iter().map(String::as_str));
            return Err((line_of(key.span().start), format!("there is no setting {name:?}{hint}")));
        }
    }
    Ok((toml::from_str(text).map_err(wrong)?, toml::from_str(text).map_err(wrong)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_is_none_is_refused_with_its_line_and_the_nearest() {
        let (line, what) = parse("# settings\nworkers = \"off\"\nlisen = \"127.0.0.1:1\"\n").unwrap_err();
        assert_eq!(line, 3);
        assert!(what.contains("lisen") && what.contains("did you mean \"listen\""), "{what}");
        let (line, _) = parse("\nbody-limit = 0\n").unwrap_err();
        assert_eq!(line, 2);
        assert!(parse("workers = \"perhaps\"").unwrap_err().1.contains("perhaps"));
        assert!(parse("listen = 8080").is_err());
        assert!(parse("listen = ").is_err());
    }

    #[test]
    fn every_setting_can_be_in_the_file() {
        let values = |name: &str| match name {
            "listen" => "\"[::1]:80\"",
            "log-format" => "\"json\"",
            "log-level" => "\"warn\"",
            "workers" | "scheduler" => "\"on\"",
            "body-limit" => "\"1m\"",
            "tls-cert" | "tls-key" | "public-url" | "node" => "\"x\"",
            _ => "7",
        };
        for name in flags::names() {
            parse(&format!("{name} = {}", values(&name))).unwrap();
        }
    }
}
