//! A child process that serves on a port.

use std::{
    io::Read,
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};

/// How long a server may take to start.
const READY: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(20);

/// A port of the loopback interface nobody listens on. Somebody else may take it before it is used: whoever starts a
/// server on it tries again with another one.
///
/// # Errors
/// If there is none.
pub fn free_port() -> anyhow::Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free port")?;
    Ok(listener.local_addr()?.port())
}

/// A server as a child process. Dropping it ends that process, by its id, and waits for it.
#[derive(Debug)]
pub struct ServerProcess {
    /// Where it listens.
    pub addr: SocketAddr,
    child: Child,
}

impl ServerProcess {
    /// Starts the command which `command` makes for a port, and waits until something listens there.
    ///
    /// # Errors
    /// If it can't be started, ends by itself (with what it said), or doesn't listen in time.
    pub fn start(command: impl Fn(u16) -> Command) -> anyhow::Result<Self> {
        const ATTEMPTS: u32 = 3;
        let mut attempt = 1;
        loop {
            match Self::start_on(free_port()?, &command) {
                // Most likely somebody else took the port meanwhile.
                Err(_) if attempt < ATTEMPTS => attempt += 1,
                started => return started,
            }
        }
    }

    fn start_on(port: u16, command: &impl Fn(u16) -> Command) -> anyhow::Result<Self> {
        let mut command = command(port);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let child =
            command.spawn().with_context(|| format!("can't start {}", command.get_program().display()))?;
        let mut server = Self { addr: (Ipv4Addr::LOCALHOST, port).into(), child };
        let errors = server.child.stderr.take();
        let said = thread::spawn(move || last_words(errors));
        let started = Instant::now();
        while TcpStream::connect_timeout(&server.addr, POLL).is_err() {
            if let Some(status) = server.child.try_wait()? {
                let said = said.join().unwrap_or_default();
                bail!("{} ended with {status}: {said}", command.get_program().display());
            }
            if started.elapsed() > READY {
                bail!("{} doesn't listen on port {port} after {READY:?}", command.get_program().display());
            }
            thread::sleep(POLL);
        }
        // What has started goes on being read, so that the process never waits for us.
        Ok(server)
    }

    /// The id of the process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }
}

/// Reads to the end and keeps the last part.
fn last_words(from: Option<impl Read>) -> String {
    const KEPT: usize = 2000;
    let mut kept = Vec::new();
    let mut buffer = [0; 1024];
    let Some(mut from) = from else { return String::new() };
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        kept.extend_from_slice(buffer.get(..read).unwrap_or_default());
        kept.drain(..kept.len().saturating_sub(KEPT));
    }
    String::from_utf8_lossy(&kept).trim().to_owned()
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_why_a_server_did_not_start() {
        let failing = |_| {
            let mut command = Command::new("sh");
            command.args(["-c", "echo no licence >&2; exit 3"]);
            command
        };
        let error = ServerProcess::start(failing).unwrap_err().to_string();
        assert!(error.contains("no licence") && error.contains('3'), "{error}");
    }

    #[test]
    fn a_server_ends_with_its_handle() {
        let listening = |port: u16| {
            let mut command = Command::new("python3");
            command.args(["-m", "http.server", "--bind", "127.0.0.1", &port.to_string()]);
            command
        };
        let server = ServerProcess::start(listening).unwrap();
        let addr = server.addr;
        assert!(TcpStream::connect(addr).is_ok());
        drop(server);
        assert!(TcpStream::connect(addr).is_err());
    }
}
