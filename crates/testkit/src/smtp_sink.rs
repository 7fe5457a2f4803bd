//! A mail server that keeps what it is sent: `aiosmtpd`, with a script of refusals.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use anyhow::Context as _;

use crate::process::ServerProcess;

/// The variable with the path of a Python that has `aiosmtpd` and `trustme`.
const VARIABLE: &str = "MUSTER_TEST_SMTP_PYTHON";
const SCRIPT: &str = include_str!("smtp_sink.py");

/// How the sink's connections are encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SinkTls {
    /// Not at all.
    None,
    /// By STARTTLS, and nothing is taken before.
    StartTls,
    /// From the first byte.
    Implicit,
}

/// A mail that came in.
#[derive(Clone, Debug)]
pub struct SunkMail {
    /// Who it was sent to, by the envelope.
    pub to: Vec<String>,
    /// Whether the connection was encrypted.
    pub encrypted: bool,
    /// Who had signed in.
    pub user: Option<String>,
    /// The message itself.
    pub text: String,
}

/// A running mail server. Names of recipients ask for refusals: `refused@…`, `busy-N@…` (not now, N times), `lost-N@…`
/// (taken, but the answer is lost, N times).
#[derive(Debug)]
pub struct SmtpSink {
    /// The port of 127.0.0.1 on which it listens.
    pub port: u16,
    folder: PathBuf,
    process: ServerProcess,
}

impl SmtpSink {
    /// Starts it with a folder of its own; who signs in as whom, if it asks for that. `None` if the variable
    /// `MUSTER_TEST_SMTP_PYTHON` isn't set, which `cargo xtask test` sees to.
    ///
    /// # Errors
    /// If it can't be started.
    pub fn start(folder: &Path, tls: SinkTls, login: Option<(&str, &str)>) -> anyhow::Result<Option<Self>> {
        let Some(python) = env::var_os(VARIABLE).map(PathBuf::from) else { return Ok(None) };
        let script = folder.join("smtp_sink.py");
        fs::create_dir_all(folder)?;
        fs::write(&script, SCRIPT)?;
        let tls = match tls {
            SinkTls::None => "none",
            SinkTls::StartTls => "starttls",
            SinkTls::Implicit => "implicit",
        };
        let process = ServerProcess::start(|port| {
            let mut command = Command::new(&python);
            command.arg(&script).args(["--port", &port.to_string(), "--tls", tls, "--folder"]).arg(folder);
            if let Some((user, password)) = login {
                command.args(["--user", user, "--password", password]);
            }
            command
        })
        .with_context(|| format!("{VARIABLE} is {}", python.display()))?;
        Ok(Some(Self { port: process.addr.port(), folder: folder.to_owned(), process }))
    }

    /// The certificate of the authority that the sink's own is signed by.
    pub fn authority(&self) -> PathBuf {
        self.folder.join("ca.pem")
    }

    /// What came in so far, in order.
    ///
    /// # Errors
    /// If it can't be read.
    pub fn mails(&self) -> anyhow::Result<Vec<SunkMail>> {
        let mut paths = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "json") {
                paths.push(path);
            }
        }
        paths.sort();
        paths.iter().map(|path| mail(path)).collect()
    }

    /// The id of its process.
    pub fn process_id(&self) -> u32 {
        self.process.id()
    }
}

fn mail(path: &Path) -> anyhow::Result<SunkMail> {
    let mail: serde_json::Value = serde_json::from_slice(&fs::read(path)?)?;
    let text = |name: &str| mail[name].as_str().map(str::to_owned);
    let to = mail["to"].as_array().into_iter().flatten();
    Ok(SunkMail {
        to: to.filter_map(|one| one.as_str().map(str::to_owned)).collect(),
        encrypted: mail["encrypted"] == true,
        user: text("user"),
        text: text("text").context("a mail without text")?,
    })
}
