//! The server's process.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// A running server; killed when it is dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
}

/// Makes a token.
pub(crate) fn token(binary: &Path, dir: &Path) -> Result<String> {
    let made =
        Command::new(binary).args(["token", "create", "--name", "bench", "--data-dir"]).arg(dir).output()?;
    if !made.status.success() {
        bail!("no token: {}", String::from_utf8_lossy(&made.stderr));
    }
    Ok(String::from_utf8(made.stdout)?.trim().to_owned())
}

impl Server {
    /// Starts it with these arguments and variables, and waits until it listens.
    pub(crate) fn start_with(
        binary: &Path,
        dir: &Path,
        arguments: &[&str],
        variables: &[(&str, &str)],
    ) -> Result<Self> {
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let child = Command::new(binary)
            .args(["serve", "--log-level", "error", "--api-rate-limit", "100000000"])
            .args(arguments)
            .args(["--listen", &address.to_string(), "--data-dir"])
            .arg(dir)
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let server = Self { child, address };
        let begun = Instant::now();
        while TcpStream::connect(address).is_err() {
            if begun.elapsed() > Duration::from_secs(30) {
                bail!("the server doesn't listen");
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(server)
    }

    /// The most memory it has had.
    pub(crate) fn peak_megabytes(&self) -> Result<f64> {
        self.figure("VmHWM:")
    }

    /// The memory it has.
    pub(crate) fn megabytes(&self) -> Result<f64> {
        self.figure("VmRSS:")
    }

    fn figure(&self, name: &str) -> Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let figure = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or("0");
        Ok(figure.trim().trim_end_matches(" kB").trim().parse::<f64>()? / 1024.0)
    }

    /// Asks it to end and waits until it has.
    pub(crate) fn stop(&mut self) -> Result<()> {
        Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
