//! The binary as a server in a directory of its own, commands run beside it, and a client.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

use reqwest::header::HeaderMap;
use serde_json::Value;

/// How long anything may take; no test depends on it but to fail.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Asks again and again until there is an answer.
#[track_caller]
pub(crate) fn eventually<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(began.elapsed() < PATIENCE, "{what}: not after {PATIENCE:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A directory, and what is run in it.
pub(crate) struct Place {
    dir: tempfile::TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.path().join("data")
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = self.bare(args);
        command.args(["--data-dir", "data"]);
        command
    }

    /// The same, without a word of where the data is.
    pub(crate) fn bare(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_muster"));
        command.current_dir(self.path()).args(args);
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("MUSTER_")) {
            command.env_remove(name);
        }
        command
    }

    /// Runs a command that must end so; gives what it printed and what it complained of.
    #[track_caller]
    pub(crate) fn run(&self, args: &[&str], status: i32) -> (String, String) {
        let output = self.command(args).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let (out, err) = (text(output.stdout), text(output.stderr));
        assert_eq!(output.status.code(), Some(status), "{args:?}: {out}\n{err}");
        (out, err)
    }

    #[track_caller]
    pub(crate) fn json(&self, args: &[&str]) -> Value {
        let args: Vec<&str> = args.iter().copied().chain(["--json"]).collect();
        serde_json::from_str(&self.run(&args, 0).0).unwrap()
    }

    /// Makes a token.
    pub(crate) fn token(&self, name: &str) -> String {
        self.run(&["token", "create", "--name", name], 0).0.trim().to_owned()
    }

    /// Starts the server on a free port.
    pub(crate) fn serve(&self, args: &[&str]) -> Server {
        self.serve_with(args, &[])
    }

    pub(crate) fn serve_with(&self, args: &[&str], env: &[(&str, &str)]) -> Server {
        let args: Vec<&str> = ["serve", "--listen", "127.0.0.1:0"].iter().chain(args).copied().collect();
        let mut command = self.command(&args);
        command.envs(env.iter().copied()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        Server::start(command)
    }
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// A running server; it is ended, by its id, when it is dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) base: String,
    log: Arc<Mutex<String>>,
    runtime: tokio::runtime::Runtime,
    client: reqwest::Client,
}

impl Server {
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let errors = BufReader::new(child.stderr.take().unwrap());
        let log = Arc::new(Mutex::new(String::new()));
        let (found, address) = mpsc::channel();
        let writing = Arc::clone(&log);
        std::thread::spawn(move || {
            for line in errors.lines().map_while(Result::ok) {
                writing.lock().unwrap().extend([line.as_str(), "\n"]);
                if line.contains("listening") {
                    let at = line.find("http").unwrap();
                    let url = line[at..].split('"').next().unwrap();
                    // The first one counts.
                    let _ = found.send(url.to_owned());
                }
            }
        });
        let Ok(base) = address.recv_timeout(PATIENCE) else {
            panic!("the server didn't start: {}", log.lock().unwrap());
        };
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        Self { child, base, log, runtime, client: client(&[]) }
    }

    /// The same, for a client that trusts these certificates alone.
    pub(crate) fn trusting(mut self, certificate: &str) -> Self {
        self.client = client(&[certificate]);
        self
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.base.split("//").nth(1).unwrap().parse().unwrap()
    }

    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// A request by this method with these headers and this body.
    pub(crate) fn try_request(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<String>,
    ) -> reqwest::Result<Answer> {
        let mut request = self.client.request(method.parse().unwrap(), format!("{}{path}", self.base));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body);
        }
        self.runtime.block_on(async {
            let answer = request.send().await?;
            let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
            Ok(Answer { status, headers, body: answer.text().await? })
        })
    }

    #[track_caller]
    pub(crate) fn request(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<String>,
    ) -> Answer {
        self.try_request(method, path, headers, body)
            .unwrap_or_else(|error| panic!("{error:?}: {}", self.log()))
    }

    #[track_caller]
    pub(crate) fn get(&self, path: &str) -> Answer {
        self.request("GET", path, &[], None)
    }

    /// A connection on which a request was begun: its head, and the first bytes of a body of `length`.
    pub(crate) fn begin(&self, head: &str, length: usize, body: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.addr()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let text = format!(
            "{head}\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        stream.write_all(text.as_bytes()).unwrap();
        stream
    }

    pub(crate) fn signal(&self, signal: &str) {
        let status = Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap();
        assert!(status.success());
    }

    /// Waits until the process has ended.
    #[track_caller]
    pub(crate) fn ended(&mut self) -> ExitStatus {
        let child = &mut self.child;
        eventually("the server ends", || child.try_wait().unwrap())
    }

    /// Stops it in the way it is meant to be stopped.
    #[track_caller]
    pub(crate) fn stop(mut self) -> String {
        self.signal("-TERM");
        let status = self.ended();
        assert_eq!(status.code(), Some(0), "{}", self.log());
        let server = &self;
        eventually("the log is read", || Some(server.log()).filter(|log| log.contains("stopped")))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn client(certificates: &[&str]) -> reqwest::Client {
    let certificates = certificates.iter().map(|pem| reqwest::Certificate::from_pem(pem.as_bytes()).unwrap());
    // Each request on a connection of its own, so that a new certificate is seen.
    let builder = reqwest::Client::builder().timeout(PATIENCE).pool_max_idle_per_host(0);
    builder.tls_certs_only(certificates).build().unwrap()
}

/// Everything up to the end of the connection.
pub(crate) fn read_all(mut stream: TcpStream) -> String {
    let mut bytes = Vec::new();
    // A connection that is cut off has ended, too.
    let _ = stream.read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// An org with a feed and one app that is worked in by hand.
pub(crate) const ORG: &str = r#"
[org]
name = "Small"
admins = ["it@small.example"]

[attributes.employeeNumber]
unique = true

[apps.hr]
kind = "csv"
[apps.hr.feed]
key = "number"
[apps.hr.feed.columns]
number = { required = true }
first = { required = true }
last = { required = true }
[apps.hr.source]
match_on = ["employeeNumber"]
[apps.hr.to_user]
login = 'String.toLowerCase(appuser.first + "." + appuser.last) + "@small.example"'
email = 'String.toLowerCase(appuser.first + "." + appuser.last) + "@small.example"'
firstName = 'appuser.first'
lastName = 'appuser.last'
employeeNumber = 'appuser.number'

[apps.keys]
kind = "manual"
groups = ["Everyone"]
[apps.keys.provisioning]
owner = "reception@small.example"
[apps.keys.to_app]
holder = 'user.firstName'
"#;

/// A feed with so many people.
pub(crate) fn feed(people: usize) -> String {
    let rows = (1..=people).map(|n| format!("{n},First{n},Last{n}\n"));
    std::iter::once("number,first,last\n".to_owned()).chain(rows).collect()
}
