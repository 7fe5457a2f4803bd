//! Signals of the system: stop, stop at once, read the certificate again.

use anyhow::{Context as _, Result};
use tokio::sync::{mpsc, watch};

/// The exit status of a server that was told twice to stop.
const AT_ONCE: u8 = 1;

/// What the system tells the server.
pub(super) struct Signals {
    /// Becomes true when the server is to stop.
    pub(super) stop: watch::Receiver<bool>,
    /// The certificate is to be read again.
    pub(super) reload: mpsc::Receiver<()>,
}

impl Signals {
    /// Listens from now on. A second signal to stop ends the process where it stands: nothing acknowledged is lost, and
    /// what was under way is taken up again at the next start.
    ///
    /// # Errors
    /// If signals can't be listened to.
    pub(super) fn listen() -> Result<Self> {
        let (stopping, stop) = watch::channel(false);
        let (reloading, reload) = mpsc::channel(1);
        let mut incoming = Incoming::new().context("listening to signals")?;
        tokio::spawn(async move {
            loop {
                match incoming.next().await {
                    // One that waits already is enough.
                    Signal::Reload => drop(reloading.try_send(())),
                    Signal::Stop if *stopping.borrow() => {
                        tracing::warn!("told to stop a second time: stopping at once");
                        std::process::exit(i32::from(AT_ONCE));
                    }
                    Signal::Stop => {
                        tracing::info!("told to stop: finishing what is under way");
                        stopping.send_replace(true);
                    }
                }
            }
        });
        Ok(Self { stop, reload })
    }
}

enum Signal {
    Stop,
    #[cfg_attr(not(unix), expect(dead_code, reason = "there is no SIGHUP elsewhere"))]
    Reload,
}

#[cfg(unix)]
struct Incoming {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
    hangup: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Incoming {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.terminate.recv() => Signal::Stop,
            _ = self.interrupt.recv() => Signal::Stop,
            _ = self.hangup.recv() => Signal::Reload,
        }
    }
}

#[cfg(not(unix))]
struct Incoming;

#[cfg(not(unix))]
impl Incoming {
    #[expect(clippy::unnecessary_wraps, reason = "as on Unix")]
    fn new() -> std::io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) -> Signal {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        Signal::Stop
    }
}

/// Waits until the server is to stop.
pub(super) async fn stopped(mut stop: watch::Receiver<bool>) {
    // Whoever could tell being gone means the same.
    let _ = stop.wait_for(|stop| *stop).await;
}
