//! `scim2-server`, a SCIM 2.0 server in Python by people who have nothing to do with us.

use std::{env, path::PathBuf, process::Command};

use anyhow::Context;

use crate::process::ServerProcess;

/// The variable with the path of its executable.
const VARIABLE: &str = "MUSTER_TEST_SCIM2_SERVER";
const TOKEN: &str = "token-of-scim2-server";

/// A running `scim2-server`, with users in memory.
#[derive(Debug)]
pub struct Scim2Server {
    /// The URL in front of `/Users`.
    pub base_url: String,
    /// The bearer token it accepts.
    pub token: &'static str,
    process: ServerProcess,
}

impl Scim2Server {
    /// Starts it; `None` if the variable `MUSTER_TEST_SCIM2_SERVER` doesn't hold the path of its executable, which
    /// `cargo xtask test` sees to.
    ///
    /// # Errors
    /// If it can't be started.
    pub fn start() -> anyhow::Result<Option<Self>> {
        let Some(path) = env::var_os(VARIABLE).map(PathBuf::from) else { return Ok(None) };
        let process = ServerProcess::start(|port| {
            let mut command = Command::new(&path);
            command.args(["--port", &port.to_string(), "--bearer-token", TOKEN]);
            command
        })
        .with_context(|| format!("{VARIABLE} is {}", path.display()))?;
        let base_url = format!("http://{}/v2", process.addr);
        Ok(Some(Self { base_url, token: TOKEN, process }))
    }

    /// The id of its process.
    pub fn process_id(&self) -> u32 {
        self.process.id()
    }
}
