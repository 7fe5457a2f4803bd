//! The server's settings: a flag counts before the environment, that before the file, that before the default.

mod file;
mod flags;
mod values;

use std::fmt::Display;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;
use clap::ArgMatches;
use clap::parser::ValueSource;
use serde::Serialize;

use self::file::File;
pub(crate) use self::flags::Flags;
pub(crate) use self::values::LogFormat;
use self::values::{LogLevel, Seconds, Size, Switch};
use crate::context::{DATA_DIR, Usage, host_name};

/// The settings that hold.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// Where the data is, if anybody says so.
    pub(crate) data_dir: Option<PathBuf>,
    /// Where to listen.
    pub(crate) listen: SocketAddr,
    /// HTTPS by these files.
    pub(crate) tls: Option<TlsFiles>,
    /// The address by which clients reach the server.
    pub(crate) public_url: Option<String>,
    /// How the log looks.
    pub(crate) log_format: LogFormat,
    /// How much is logged.
    pub(crate) log_level: tracing::level_filters::LevelFilter,
    /// The largest body of a request.
    pub(crate) body_limit: usize,
    /// How long a request may take.
    pub(crate) request_timeout: Duration,
    /// How long a client may take to send the head of a request.
    pub(crate) header_timeout: Duration,
    /// How many connections are served at once.
    pub(crate) max_connections: usize,
    /// How long what is under way may take to end.
    pub(crate) stop_timeout: Duration,
    /// API requests a minute and token.
    pub(crate) api_rate_limit: u32,
    /// Whether accounts are brought into line here.
    pub(crate) workers: bool,
    /// Whether what is due by time is done here.
    pub(crate) scheduler: bool,
    /// What this server is called.
    pub(crate) node: String,
}

/// Where the certificate and its key are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TlsFiles {
    /// The certificate with its chain.
    pub(crate) cert: PathBuf,
    /// Its private key.
    pub(crate) key: PathBuf,
}

/// A setting and where its value comes from, as `--print-config` shows it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Shown {
    /// Its name.
    pub(crate) name: &'static str,
    /// Its value; none: not set.
    pub(crate) value: Option<String>,
    /// Where it comes from.
    pub(crate) from: String,
}

/// Chooses for each setting the value that counts, and notes where it comes from.
struct Choice<'a> {
    matches: &'a ArgMatches,
    file: Option<&'a Path>,
    shown: Vec<Shown>,
}

impl Choice<'_> {
    fn optional<T: Display>(
        &mut self,
        name: &'static str,
        given: Option<T>,
        in_file: Option<T>,
        default: Option<T>,
    ) -> Option<T> {
        let (value, from) = if given.is_some() {
            let id = name.replace('-', "_");
            let from = match self.matches.value_source(&id) {
                Some(ValueSource::EnvVariable) => format!("MUSTER_{}", id.to_uppercase()),
                _ => format!("--{name}"),
            };
            (given, from)
        } else if in_file.is_some() {
            (in_file, self.file.map_or_else(String::new, |path| path.display().to_string()))
        } else {
            (default, "default".to_owned())
        };
        self.shown.push(Shown { name, value: value.as_ref().map(T::to_string), from });
        value
    }

    fn value<T: Display + Clone>(
        &mut self,
        name: &'static str,
        given: Option<T>,
        in_file: Option<T>,
        default: T,
    ) -> T {
        self.optional(name, given, in_file, Some(default.clone())).unwrap_or(default)
    }

    fn path(
        &mut self,
        name: &'static str,
        given: Option<PathBuf>,
        in_file: Option<PathBuf>,
    ) -> Option<PathBuf> {
        let shown = |path: &PathBuf| path.display().to_string();
        self.optional(name, given.as_ref().map(shown), in_file.as_ref().map(shown), None);
        given.or(in_file)
    }
}

impl Settings {
    /// The settings that hold, and where each comes from. `flags` is what `matches` gave.
    ///
    /// # Errors
    /// If the file can't be used, or settings contradict each other.
    pub(crate) fn resolve(
        flags: Flags,
        matches: &ArgMatches,
        named: Option<&Path>,
        data_dir: Option<&Path>,
    ) -> Result<(Self, Vec<Shown>)> {
        let file = File::read(named, data_dir.unwrap_or(Path::new(DATA_DIR)))?;
        let mut choice = Choice { matches, file: file.path.as_deref(), shown: Vec::new() };
        let f = file.flags;
        let data_dir = choice.path("data-dir", data_dir.map(Path::to_owned), file.data_dir);
        let listen = choice.value("listen", flags.listen, f.listen, SocketAddr::from(([127, 0, 0, 1], 8080)));
        let cert = choice.path("tls-cert", flags.tls_cert, f.tls_cert);
        let key = choice.path("tls-key", flags.tls_key, f.tls_key);
        let tls = match (cert, key) {
            (Some(cert), Some(key)) => Some(TlsFiles { cert, key }),
            (None, None) => None,
            _ => {
                return Err(Usage(
                    "--tls-cert and --tls-key go together: give both for HTTPS, or neither for HTTP"
                        .to_owned(),
                )
                .into());
            }
        };
        let public_url = choice.optional("public-url", flags.public_url, f.public_url, None);
        let settings = Self {
            data_dir,
            listen,
            tls,
            public_url: public_url.map(|url| checked_url(&url)).transpose()?,
            log_format: choice.value("log-format", flags.log_format, f.log_format, LogFormat::Text),
            log_level: choice.value("log-level", flags.log_level, f.log_level, LogLevel::Info).into(),
            body_limit: choice.value("body-limit", flags.body_limit, f.body_limit, Size(10 << 20)).0 as usize,
            request_timeout: choice
                .value("request-timeout", flags.request_timeout, f.request_timeout, Seconds(60))
                .into(),
            header_timeout: choice
                .value("header-timeout", flags.header_timeout, f.header_timeout, Seconds(10))
                .into(),
            max_connections: choice
                .value("max-connections", flags.max_connections, f.max_connections, 1024)
                .max(1) as usize,
            stop_timeout: choice
                .value("stop-timeout", flags.stop_timeout, f.stop_timeout, Seconds(10))
                .into(),
            api_rate_limit: choice
                .value("api-rate-limit", flags.api_rate_limit, f.api_rate_limit, 60_000)
                .max(1),
            workers: choice.value("workers", flags.workers, f.workers, Switch::On) == Switch::On,
            scheduler: choice.value("scheduler", flags.scheduler, f.scheduler, Switch::On) == Switch::On,
            node: choice.value("node", flags.node, f.node, host_name()),
        };
        Ok((settings, choice.shown))
    }
}

/// A URL that links can begin with: no slash at its end.
fn checked_url(url: &str) -> Result<String> {
    let trimmed = url.trim_end_matches('/');
    let host = trimmed.strip_prefix("https://").or_else(|| trimmed.strip_prefix("http://"));
    match host {
        Some(host) if !host.is_empty() && !host.contains(['?', '#', ' ']) => Ok(trimmed.to_owned()),
        _ => Err(Usage(format!(
            "public-url: {url:?} isn't the beginning of links; write it like https://muster.example.org"
        ))
        .into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_url_has_a_scheme_and_a_host() {
        assert_eq!(checked_url("https://m.example.org/").unwrap(), "https://m.example.org");
        for wrong in ["m.example.org", "https://", "ftp://x", "https://x/?a=b", ""] {
            assert!(checked_url(wrong).is_err(), "{wrong}");
        }
    }
}
