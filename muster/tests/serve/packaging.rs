//! What is shipped beside the binary, held against the binary.

use std::collections::BTreeSet;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::{Place, Server};

fn packaging(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../packaging").join(file)
}

/// Every name in an expression of Prometheus' language that names a metric of ours or of the process.
fn metric_names(expression: &str) -> BTreeSet<String> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    expression
        .split(|c| !is_name(c))
        .filter(|w| w.starts_with("muster_") || w.starts_with("process_"))
        .map(|w| w.strip_suffix("_bucket").unwrap_or(w).to_owned())
        .collect()
}

#[test]
fn the_dashboard_shows_metrics_that_there_are() {
    let text = std::fs::read_to_string(packaging("grafana-dashboard.json")).unwrap();
    let dashboard: Value = serde_json::from_str(&text).unwrap();
    let mut shown = BTreeSet::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        for target in panel["targets"].as_array().unwrap() {
            shown.extend(metric_names(target["expr"].as_str().unwrap()));
        }
    }
    for variable in dashboard["templating"]["list"].as_array().unwrap() {
        shown.extend(metric_names(variable["query"].as_str().unwrap()));
    }
    assert!(shown.len() > 10, "{shown:?}");
    let place = Place::new();
    let server = place.serve(&[]);
    // What isn't counted yet is described all the same; one request shows the others.
    server.get("/healthz");
    let text = server.get("/metrics").body;
    let sources: String = ["mod", "store", "process"]
        .iter()
        .map(|f| Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("src/serve/metrics/{f}.rs")))
        .map(|f| std::fs::read_to_string(f).unwrap())
        .collect();
    for name in &shown {
        let there = text.contains(name.as_str()) || sources.contains(&format!("\"{name}\""));
        assert!(there, "/metrics has no {name}");
    }
}

#[test]
fn the_unit_is_one_that_systemd_takes() {
    let unit = std::fs::read_to_string(packaging("muster.service")).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("muster.service");
    let here = unit.replace("/usr/local/bin/muster", env!("CARGO_BIN_EXE_muster"));
    std::fs::write(&file, here).unwrap();
    let ran = Command::new("systemd-analyze").arg("verify").arg(&file).output().unwrap();
    let told = String::from_utf8_lossy(&ran.stderr);
    let ours: Vec<&str> = told.lines().filter(|l| l.contains("muster.service")).collect();
    assert!(ran.status.success() && ours.is_empty(), "{told}");
}

/// As in a container: nobody's user, a root that can't be written, one directory for data.
#[test]
fn it_runs_as_nobody_on_a_read_only_tree() {
    const NOBODY: u32 = 65_534;
    let root = std::os::unix::fs::MetadataExt::uid(&std::fs::metadata("/proc/self").unwrap()) == 0;
    if !root {
        // Not root already: the other tests show that.
        return;
    }
    // A temporary directory is its maker's alone.
    let dir = tempfile::Builder::new().permissions(std::fs::Permissions::from_mode(0o755)).tempdir().unwrap();
    let (tree, data) = (dir.path().join("tree"), dir.path().join("data"));
    std::fs::create_dir_all(&tree).unwrap();
    std::fs::create_dir_all(&data).unwrap();
    let binary = tree.join("muster");
    std::fs::copy(env!("CARGO_BIN_EXE_muster"), &binary).unwrap();
    std::fs::set_permissions(&binary, std::fs::Permissions::from_mode(0o555)).unwrap();
    std::fs::set_permissions(&tree, std::fs::Permissions::from_mode(0o555)).unwrap();
    chown(&data, Some(NOBODY), Some(NOBODY)).unwrap();
    let as_nobody = |args: &[&str]| {
        let mut command = Command::new("setpriv");
        command
            .args(["--reuid", "65534", "--regid", "65534", "--clear-groups", "--no-new-privs"])
            .arg(&binary)
            .args(args)
            .arg("--data-dir")
            .arg(&data)
            .current_dir(&tree)
            .env_clear()
            .env("TMPDIR", "/nowhere")
            .stdin(Stdio::null());
        command
    };
    let mut serve = as_nobody(&["serve", "--listen", "127.0.0.1:0"]);
    serve.stdout(Stdio::null()).stderr(Stdio::piped());
    let server = Server::start(serve);
    assert_eq!(server.get("/readyz").status, 200);
    let token = as_nobody(&["token", "create", "--name", "first"]).output().unwrap();
    assert!(token.status.success(), "{}", String::from_utf8_lossy(&token.stderr));
    let bearer = format!("SSWS {}", String::from_utf8(token.stdout).unwrap().trim());
    let users = server.request("GET", "/api/v1/users", &[("authorization", &bearer)], None);
    assert_eq!((users.status, users.body.as_str()), (200, "[]"));
}
