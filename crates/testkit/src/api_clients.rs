//! Clients of the Management API by people who have nothing to do with us: Okta's own, and Schemathesis.

use std::{env, ffi::OsString, path::PathBuf, process::Command};

use crate::program::{Outcome, run};

/// How Schemathesis asks: the same requests every time, not too many, and none that ends its own token.
const SCHEMATHESIS: &[&str] = &[
    "--checks=not_a_server_error,status_code_conformance,content_type_conformance,\
     response_headers_conformance,response_schema_conformance",
    "--phases=examples,coverage,fuzzing",
    "--max-examples=20",
    "--suppress-health-check=all",
    "--generation-deterministic",
    "--workers=1",
    "--continue-on-failure",
    "--exclude-operation-id=revokeCurrentApiToken",
    "--exclude-operation-id=revokeApiToken",
    "--warnings=off",
];

/// Who calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApiClient {
    /// Okta's client for Python, in `python/walk.py`.
    Python,
    /// Okta's client for Node.js, in `node/walk.cjs`.
    Node,
    /// Okta's client for Go, in `go/`.
    Go,
    /// Schemathesis, which makes requests of what the OpenAPI document says and compares the answers with it.
    Schemathesis,
}

impl ApiClient {
    /// The variable that says where it is; `cargo xtask test` sees to it.
    pub fn variable(self) -> &'static str {
        match self {
            Self::Python => "MUSTER_TEST_OKTA_PYTHON",
            Self::Node => "MUSTER_TEST_OKTA_NODE",
            Self::Go => "MUSTER_TEST_OKTA_GO",
            Self::Schemathesis => "MUSTER_TEST_SCHEMATHESIS",
        }
    }

    /// Runs it against the server at `url` with a token; `None` if its variable isn't set.
    ///
    /// # Errors
    /// If it can't be started or hangs.
    pub fn call(self, url: &str, token: &str) -> anyhow::Result<Option<Outcome>> {
        let Some(found) = env::var_os(self.variable()) else { return Ok(None) };
        // What one run leaves behind is nothing to the next.
        let folder = tempfile::tempdir()?;
        let mut command = self.command(found, url, token);
        // Settings of whoever runs the tests don't count.
        for (name, _) in env::vars_os() {
            if name.to_string_lossy().starts_with("OKTA_") {
                command.env_remove(name);
            }
        }
        command
            .current_dir(folder.path())
            .env("NO_PROXY", "127.0.0.1")
            .env("OKTA_CLIENT_ORGURL", url)
            .env("OKTA_CLIENT_TOKEN", token)
            .env("OKTA_TESTING_TESTINGDISABLEHTTPSCHECK", "true");
        run(command).map(Some)
    }

    fn command(self, found: OsString, url: &str, token: &str) -> Command {
        let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        match self {
            Self::Python => {
                let mut command = Command::new(found);
                command.arg(here.join("python/walk.py"));
                command
            }
            Self::Node => {
                let mut command = Command::new("node");
                command.arg(here.join("node/walk.cjs")).env("NODE_PATH", found);
                command
            }
            Self::Go => Command::new(found),
            Self::Schemathesis => {
                let mut command = Command::new(found);
                command.arg("--config-file").arg(here.join("python/schemathesis.toml")).arg("run");
                command.arg(format!("{url}/openapi.json")).args(SCHEMATHESIS);
                command.arg("--header").arg(format!("Authorization: SSWS {token}"));
                command
            }
        }
    }
}
