//! What is around the store goes wrong: it is told, nothing is lost, and all goes on when the cause is gone.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use muster_store::{OpenOptions, Store};
use serde_json::{Value, json};

use crate::support::{Answer, Place, Server, eventually};

/// A server with a token.
struct Told<'a> {
    server: &'a Server,
    authorization: String,
}

impl<'a> Told<'a> {
    fn new(server: &'a Server, token: &str) -> Self {
        Self { server, authorization: format!("SSWS {token}") }
    }

    fn create(&self, login: &str) -> Answer {
        let profile = json!({ "login": login, "email": login, "firstName": "A", "lastName": "B" });
        let body = json!({ "profile": profile }).to_string();
        self.server.request("POST", "/api/v1/users", &[("authorization", &self.authorization)], Some(body))
    }

    fn post(&self, path: &str) -> Answer {
        self.server.request("POST", path, &[("authorization", &self.authorization)], None)
    }

    fn logins(&self) -> Vec<String> {
        let answer =
            self.server.request("GET", "/api/v1/users", &[("authorization", &self.authorization)], None);
        assert_eq!(answer.status, 200, "{answer:?}");
        let users = answer.json();
        users.as_array().unwrap().iter().map(|u| u["profile"]["login"].as_str().unwrap().to_owned()).collect()
    }
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").unwrap().uid() == 0
}

fn cause(answer: &Answer) -> String {
    answer.json()["errorCauses"][0]["errorSummary"].as_str().unwrap_or_default().to_owned()
}

/// A file system in memory, gone with this.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(at: &Path, megabytes: u32) -> Option<Self> {
        std::fs::create_dir_all(at).unwrap();
        let size = format!("size={megabytes}m");
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(at).status().ok()?;
        mounted.success().then(|| Self(at.to_owned()))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Whatever still looks at it is gone soon.
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk_is_told_and_nothing_acknowledged_is_lost() {
    let place = Place::new();
    let Some(disk) = is_root().then(|| SmallDisk::mount(&place.data(), 24)).flatten() else {
        eprintln!("skipped: mounting a small disk takes root");
        return;
    };
    let token = place.token("first");
    let server = place.serve(&["--workers", "off"]);
    let told = Told::new(&server, &token);
    assert_eq!(told.create("before@example.org").status, 200);
    let ballast = disk.0.join("ballast");
    // All that is left; the last write that doesn't fit is expected.
    let _ = Command::new("dd")
        .args(["if=/dev/zero", "bs=64k", &format!("of={}", ballast.display())])
        .stderr(Stdio::null())
        .status();
    let mut kept = vec!["before@example.org".to_owned()];
    let refused = (0..5_000).find_map(|n| {
        let login = format!("u{n}@example.org");
        let answer = told.create(&login);
        if answer.status == 200 {
            kept.push(login);
            return None;
        }
        Some(answer)
    });
    let refused = refused.expect("the disk was never full");
    assert_eq!(refused.status, 503, "{refused:?}");
    assert!(cause(&refused).contains("no space is left"), "{refused:?}");
    let first: Vec<String> = kept.iter().take(200).cloned().collect();
    assert_eq!(told.logins(), first, "who was acknowledged is there, and nobody else");
    std::fs::remove_file(&ballast).unwrap();
    assert_eq!(told.create("after@example.org").status, 200);
    kept.push("after@example.org".to_owned());
    server.stop();
    assert_eq!(place.json(&["verify"])["users"], kept.len());
}

#[test]
fn a_directory_that_cant_be_written_is_told_and_works_once_it_can() {
    const NOBODY: u32 = 65_534;
    if !is_root() {
        eprintln!("skipped: becoming nobody takes root");
        return;
    }
    let dir = tempfile::Builder::new().permissions(std::fs::Permissions::from_mode(0o755)).tempdir().unwrap();
    let (binary, data) = (dir.path().join("muster"), dir.path().join("data"));
    std::fs::copy(env!("CARGO_BIN_EXE_muster"), &binary).unwrap();
    std::fs::create_dir(&data).unwrap();
    let run = |args: &[&str]| {
        let mut command = Command::new("setpriv");
        command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups"]).arg(&binary).args(args);
        command.arg("--data-dir").arg(&data).env_clear().stdin(Stdio::null());
        let ran = command.output().unwrap();
        (ran.status.success(), String::from_utf8_lossy(&ran.stderr).into_owned())
    };
    let create = ["token", "create", "--name", "first"];
    let (done, words) = run(&create);
    assert!(!done && words.contains(&data.display().to_string()), "{words}");
    chown(&data, Some(NOBODY), Some(NOBODY)).unwrap();
    assert_eq!(run(&create), (true, String::new()));
    // The database alone is taken away.
    let database = data.join("muster.db");
    std::fs::set_permissions(&database, std::fs::Permissions::from_mode(0o444)).unwrap();
    chown(&database, Some(0), Some(0)).unwrap();
    let (done, words) = run(&["token", "create", "--name", "second"]);
    assert!(
        !done && words.contains("may read and write it") || words.contains("check the permissions"),
        "{words}"
    );
    chown(&database, Some(NOBODY), Some(NOBODY)).unwrap();
    for file in std::fs::read_dir(&data).unwrap() {
        // The log of writes took over what the database could do.
        std::fs::set_permissions(file.unwrap().path(), std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    assert_eq!(run(&["token", "create", "--name", "second"]), (true, String::new()));
}

#[test]
fn a_write_waits_for_a_lock_that_another_process_holds() {
    let place = Place::new();
    let token = place.token("first");
    let server = place.serve(&["--workers", "off"]);
    let told = Told::new(&server, &token);
    assert_eq!(told.create("a@example.org").status, 200);
    let store = Store::open(place.data(), &OpenOptions::default()).unwrap();
    let answer = std::thread::scope(|scope| {
        let (locked, is_locked) = std::sync::mpsc::channel();
        let told = &told;
        let waiting = scope.spawn(move || {
            is_locked.recv().unwrap();
            told.create("b@example.org")
        });
        store
            .write(|_| {
                locked.send(()).unwrap();
                std::thread::sleep(std::time::Duration::from_millis(700));
                Ok(())
            })
            .unwrap();
        waiting.join().unwrap()
    });
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(told.logins(), ["a@example.org", "b@example.org"]);
}

#[test]
fn a_damaged_file_is_told_and_a_restore_brings_it_back() {
    let place = Place::new();
    let token = place.token("first");
    let server = place.serve(&["--workers", "off"]);
    assert_eq!(Told::new(&server, &token).create("a@example.org").status, 200);
    place.run(&["backup", "copy.db"], 0);
    server.stop();
    let file = place.data().join("muster.db");
    let mut bytes = std::fs::read(&file).unwrap();
    // Everything behind the first page: the file is still taken for a database.
    for byte in bytes.iter_mut().skip(4096) {
        *byte = 0xA5;
    }
    std::fs::write(&file, &bytes).unwrap();
    let (_, words) = place.run(&["users"], 1);
    assert!(words.contains("damaged") && words.contains("backup"), "{words}");
    let ran = place.command(&["serve", "--listen", "127.0.0.1:0"]).stdin(Stdio::null()).output().unwrap();
    let words = String::from_utf8_lossy(&ran.stderr);
    assert!(!ran.status.success() && words.contains("damaged"), "{words}");
    place.run(&["restore", "copy.db", "--replace"], 0);
    let server = place.serve(&["--workers", "off"]);
    assert_eq!(Told::new(&server, &token).logins(), ["a@example.org"]);
}

#[test]
fn a_clock_that_jumps_back_loses_no_word_and_no_event() {
    let place = Place::new();
    let at = |clock: &str| [("MUSTER_CLOCK", clock.to_owned())];
    let ran = |clock: &str, args: &[&str]| {
        let output = place.command(args).envs(at(clock)).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let (noon, morning) = ("2027-03-01T12:00:00Z+", "2027-03-01T06:00:00Z+");
    let token = ran(noon, &["token", "create", "--name", "first"]).trim().to_owned();
    let server = place.serve_with(&["--workers", "off"], &[("MUSTER_CLOCK", noon)]);
    let told = Told::new(&server, &token);
    assert_eq!(told.create("a@example.org").status, 200);
    assert_eq!(told.post("/api/v1/users/a@example.org/lifecycle/deactivate").status, 200);
    server.stop();

    let server = place.serve_with(&["--workers", "off"], &[("MUSTER_CLOCK", morning)]);
    let told = Told::new(&server, &token);
    // What is said now counts, though what was said before bears a later time.
    assert_eq!(told.post("/api/v1/users/a@example.org/lifecycle/activate").status, 200);
    let user =
        server.request("GET", "/api/v1/users/a@example.org", &[("authorization", &told.authorization)], None);
    assert_eq!(user.json()["status"], "ACTIVE");
    let mut path = "/api/v1/logs?since=2000-01-01T00:00:00Z&limit=1".to_owned();
    let mut seen: Vec<String> = Vec::new();
    eventually("the log ends", || {
        let page = server.request("GET", &path, &[("authorization", &told.authorization)], None);
        let events: Value = page.json();
        let next = page.headers.get_all("link").iter().map(|l| l.to_str().unwrap().to_owned());
        let next = next.into_iter().rfind(|l| l.ends_with("rel=\"next\"")).unwrap();
        path = next.split('>').next().unwrap().split("/api/").nth(1).map(|p| format!("/api/{p}")).unwrap();
        let events = events.as_array().unwrap();
        seen.extend(events.iter().map(|e| e["eventType"].as_str().unwrap().to_owned()));
        events.is_empty().then_some(())
    });
    for wanted in ["user.lifecycle.create", "user.lifecycle.deactivate", "user.lifecycle.reactivate"] {
        assert_eq!(seen.iter().filter(|e| *e == wanted).count(), 1, "{wanted}: {seen:?}");
    }
    server.stop();
    let verified: Value = serde_json::from_str(&ran(morning, &["verify", "--json"])).unwrap();
    assert_eq!((&verified["users"], &verified["changed"]), (&json!(1), &json!(0)));
}
