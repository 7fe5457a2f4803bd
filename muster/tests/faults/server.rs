//! The data directory, the server on it, and the command line beside it.

use std::io::Write as _;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::apps::{Apps, TOKEN};
use crate::numbers::Numbers;

const ORG: &str = r#"
[org]
name = "Faults"
admins = ["it@faults.example"]
# People come and go all the time here, each change by itself.
guard = { window_hours = 0 }

[attributes.employeeNumber]
unique = true

[groups]
"Sales" = "Who sells"
"Cooks" = "Whoever is put in"

[rules."Sales by department"]
when = 'user.department == "Sales"'
groups = ["Sales"]

[apps.hr]
kind = "csv"

[apps.hr.feed]
key = "number"

[apps.hr.feed.columns]
number = { required = true }
last = { required = true }
department = "string"

[apps.hr.source]
match_on = ["employeeNumber"]

[apps.hr.to_user]
login = { expression = '"hr." + appuser.number + "@faults.example"' }
email = '"hr." + appuser.number + "@faults.example"'
firstName = '"Hr"'
lastName = 'appuser.last'
displayName = '"Hr " + appuser.last'
department = 'appuser.department'
employeeNumber = 'appuser.number'
"#;

/// People in the feed that is imported beside the server.
const FEED: u64 = 150;

/// A data directory with an org.
pub(crate) struct Place {
    dir: tempfile::TempDir,
    address: SocketAddr,
}

impl Place {
    pub(crate) fn new(apps: &Apps) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap();
        let place = Self { dir: tempfile::tempdir().unwrap(), address };
        let org = place.dir.path().join("org.toml");
        std::fs::write(&org, format!("{ORG}{}", apps.org())).unwrap();
        place.run(&["org", "apply", org.to_str().unwrap()]);
        place
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_muster"));
        command
            .args(arguments)
            .arg("--data-dir")
            .arg(self.data())
            .env("MUSTER_FAULTS_TOKEN", TOKEN)
            .stdin(Stdio::null());
        command
    }

    /// Runs a command that must succeed and gives what it printed.
    pub(crate) fn run(&self, arguments: &[&str]) -> String {
        let ran = self.command(arguments).output().unwrap();
        assert!(ran.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&ran.stderr));
        String::from_utf8(ran.stdout).unwrap()
    }

    pub(crate) fn token(&self) -> String {
        self.run(&["token", "create", "--name", "faults"]).trim().to_owned()
    }

    pub(crate) fn status(&self) -> Value {
        serde_json::from_str(&self.run(&["status", "--json"])).unwrap()
    }

    /// Whether nothing is left to be done in any application.
    pub(crate) fn is_in_line(&self) -> bool {
        let status = self.status();
        let apps = status["apps"].as_array().unwrap();
        let runs = status["unfinishedRuns"].as_array().unwrap();
        runs.is_empty() && apps.iter().all(|app| app["accounts"]["dirty"] == 0)
    }

    /// Imports a feed that changes a little each time, over and over; some imports are killed half way. Gives how many
    /// were begun.
    pub(crate) fn import_until(&self, stop: &AtomicBool, mut numbers: Numbers) -> u64 {
        let file = self.dir.path().join("feed.csv");
        let mut departments: Vec<u64> = (0..FEED).map(|_| numbers.below(3)).collect();
        let mut begun = 0;
        while !stop.load(Ordering::Relaxed) {
            for _ in 0..5 {
                let who = numbers.below(FEED) as usize;
                departments[who] = numbers.below(3);
            }
            write_feed(&file, &departments);
            let mut import = self.command(&["import", "--app", "hr", file.to_str().unwrap(), "--force"]);
            let mut import = import.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            begun += 1;
            if numbers.below(3) == 0 {
                std::thread::sleep(Duration::from_millis(numbers.below(300)));
                // It may be over already.
                let _ = import.kill();
            }
            import.wait().unwrap();
        }
        // The last one is whole.
        write_feed(&file, &departments);
        self.run(&["import", "--app", "hr", file.to_str().unwrap(), "--force"]);
        begun + 1
    }

    /// How many people the feed has.
    pub(crate) fn feed_size() -> u64 {
        FEED
    }
}

fn write_feed(file: &Path, departments: &[u64]) {
    let mut out = std::fs::File::create(file).unwrap();
    writeln!(out, "number,last,department").unwrap();
    for (n, department) in departments.iter().enumerate() {
        let department = ["Sales", "Finance", "Production"][*department as usize];
        writeln!(out, "{n},Name{n},{department}").unwrap();
    }
}

/// The server's process.
pub(crate) struct Server {
    child: Child,
}

impl Server {
    /// Starts it and waits until it accepts connections.
    pub(crate) fn start(place: &Place) -> Self {
        let address = place.address().to_string();
        let mut command = place.command(&["serve", "--listen", &address, "--api-rate-limit", "1000000"]);
        let log =
            std::fs::File::options().create(true).append(true).open(place.dir.path().join("log")).unwrap();
        let mut child = command.stdout(Stdio::null()).stderr(log).spawn().unwrap();
        let begun = Instant::now();
        while TcpStream::connect(place.address()).is_err() {
            if let Some(status) = child.try_wait().unwrap() {
                let log = std::fs::read_to_string(place.dir.path().join("log")).unwrap_or_default();
                let last: Vec<&str> = log.lines().rev().take(20).collect();
                panic!("the server ended ({status}): {last:#?}");
            }
            assert!(begun.elapsed() < Duration::from_secs(60), "the server doesn't listen");
            std::thread::sleep(Duration::from_millis(10));
        }
        Self { child }
    }

    /// kill -9.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to end and waits until it has.
    pub(crate) fn stop(mut self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        assert!(self.child.wait().unwrap().success(), "the server didn't end well");
    }
}
