//! Installs what the tests need and isn't there: says what and why, and does nothing where all is in place.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};

use crate::metadata::{self, Metadata};

mod clients;

/// Something a Debian package brings.
struct Need {
    package: &'static str,
    why: &'static str,
    /// A command that succeeds where it is there, however it came there.
    probe: &'static [&'static str],
}

const NEEDS: &[Need] = &[
    Need {
        package: "python3-venv",
        why: "runs programs from PyPI: servers that connectors and mail are tested against, clients of the API",
        probe: &["python3", "-c", "import venv, ensurepip"],
    },
    Need {
        package: "nodejs",
        why: "runs Okta's client for Node.js against the Management API",
        probe: &["node", "--version"],
    },
    Need {
        package: "systemd",
        why: "checks the unit file that is shipped",
        probe: &["systemd-analyze", "--version"],
    },
    Need {
        package: "openssl",
        why: "makes the certificates that HTTPS is tested with",
        probe: &["openssl", "version"],
    },
    Need { package: "npm", why: "installs that client", probe: &["npm", "--version"] },
    Need {
        package: "golang-go",
        why: "builds Okta's client for Go, which runs against the Management API",
        probe: &["go", "version"],
    },
];

/// What the tests find in their environment.
#[derive(Debug, Default)]
pub(crate) struct Prepared {
    /// Variables with their values.
    pub(crate) variables: Vec<(&'static str, PathBuf)>,
}

/// Why the tests can't be run on this machine, told so that a person can help.
#[derive(Debug)]
pub(crate) struct Missing(pub(crate) String);

/// Sees to it that everything is there.
pub(crate) fn prepare(metadata: &Metadata) -> anyhow::Result<Result<Prepared, Missing>> {
    let missing: Vec<&Need> = NEEDS.iter().filter(|need| !succeeds(need.probe)).collect();
    if !missing.is_empty() {
        let Some(become_root) = become_root() else {
            let list: Vec<String> =
                missing.iter().map(|need| format!("  {:<16} {}", need.package, need.why)).collect();
            return Ok(Err(Missing(format!(
                "the tests need what isn't installed, and installing it takes root or sudo:\n{}\n\
                 install it with the system's package manager (on Debian: apt-get install {}) and run this again",
                list.join("\n"),
                missing.iter().map(|need| need.package).collect::<Vec<_>>().join(" ")
            ))));
        };
        install(&missing, become_root)?;
    }
    let mut prepared = Prepared::default();
    let (testkit, target) = (metadata::root().join("crates/testkit"), &metadata.target_directory);
    let requirements = testkit.join("requirements.txt");
    if requirements.is_file() {
        let venv = target.join("venv");
        make_venv(&venv, &requirements)?;
        let programs = [
            ("MUSTER_TEST_SCIM2_SERVER", "scim2-server"),
            ("MUSTER_TEST_SMTP_PYTHON", "python3"),
            ("MUSTER_TEST_SCHEMATHESIS", "schemathesis"),
            ("MUSTER_TEST_OKTA_PYTHON", "python3"),
        ];
        prepared.variables.extend(programs.map(|(name, program)| (name, venv.join("bin").join(program))));
    }
    let modules = clients::make_node_modules(&testkit.join("node"), &target.join("node"))?;
    prepared.variables.push(("MUSTER_TEST_OKTA_NODE", modules));
    let walk = clients::build_go(&testkit.join("go"), &target.join("go"))?;
    prepared.variables.push(("MUSTER_TEST_OKTA_GO", walk));
    Ok(Ok(prepared))
}

/// What to put before a command to run it as root; `None` where there is no way.
fn become_root() -> Option<&'static [&'static str]> {
    let apt = succeeds(&["apt-get", "--version"]);
    let id = Command::new("id").arg("-u").output().ok()?;
    if !apt {
        None
    } else if id.stdout.trim_ascii() == b"0" {
        Some(&[])
    } else if succeeds(&["sudo", "--non-interactive", "true"]) {
        Some(&["sudo", "--non-interactive"])
    } else {
        None
    }
}

fn install(missing: &[&Need], become_root: &[&str]) -> anyhow::Result<()> {
    for need in missing {
        eprintln!("installing {}: {}", need.package, need.why);
    }
    let apt_get = |arguments: &[&str]| {
        let line: Vec<&str> =
            [become_root, &["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"], arguments].concat();
        execute(Command::new(line[0]).args(&line[1..]))
    };
    apt_get(&["update", "--quiet"])?;
    let packages: Vec<&str> = missing.iter().map(|need| need.package).collect();
    apt_get(&[&["install", "--quiet", "--yes", "--no-install-recommends"], &packages[..]].concat())
}

/// Makes the virtual environment, unless it is there with exactly these requirements.
fn make_venv(venv: &Path, requirements: &Path) -> anyhow::Result<()> {
    let stamp = venv.join("requirements.installed");
    let wanted =
        fs::read(requirements).with_context(|| format!("{} can't be read", requirements.display()))?;
    if fs::read(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    eprintln!("installing the Python packages of {} into {}", requirements.display(), venv.display());
    execute(Command::new("python3").args(["-m", "venv", "--clear"]).arg(venv))?;
    execute(
        Command::new(venv.join("bin/pip")).args(["install", "--quiet", "--requirement"]).arg(requirements),
    )?;
    fs::write(&stamp, wanted).with_context(|| format!("{} can't be written", stamp.display()))
}

fn succeeds(line: &[&str]) -> bool {
    let [program, arguments @ ..] = line else { return false };
    let quiet = Command::new(program).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status();
    quiet.is_ok_and(|status| status.success())
}

fn execute(command: &mut Command) -> anyhow::Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let status = command.status().with_context(|| format!("{program} can't be started"))?;
    if !status.success() {
        bail!("{program} failed ({status}); its own words are above");
    }
    Ok(())
}
