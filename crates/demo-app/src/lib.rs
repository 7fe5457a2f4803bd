//! A small real SCIM 2.0 application: users over HTTP, in memory or kept in a file.
//!
//! The demo provisions into it, and tests make it misbehave: a [`Faults`] script has it answer 429, hang, cut
//! connections, lie, and whatever else applications do. The path in between is real: TCP, HTTP, JSON.

mod faults;
mod service;
mod users;
mod wire;

use std::{
    collections::BTreeMap,
    io,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use serde_json::Value;
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

pub use faults::{Act, Faults, On, Rule, Which};
pub use service::Kind;

use crate::users::Users;

/// How often changes are written to the file.
const WRITE_EVERY: Duration = Duration::from_millis(500);
/// How long requests under way may take to end at shutdown.
const SHUTDOWN: Duration = Duration::from_secs(1);

/// How the application is set up.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where it listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The bearer token it accepts.
    pub token: String,
    /// Whether a user name can be taken only once, in whatever case.
    pub enforce_unique_user_names: bool,
    /// How many users it answers on a page at most.
    pub max_page: usize,
    /// The file the users are read from at the start and written to, shortly after each change and at shutdown.
    pub file: Option<PathBuf>,
    /// How it misbehaves.
    pub faults: Faults,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            token: "demo-token".to_owned(),
            enforce_unique_user_names: true,
            max_page: 200,
            file: None,
            faults: Faults::default(),
        }
    }
}

/// Why the application can't start or keep its users.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The address can't be listened on.
    #[error("can't listen on {0}")]
    Listen(SocketAddr, #[source] io::Error),
    /// The file can't be read.
    #[error("can't read the users in {}", .0.display())]
    Read(PathBuf, #[source] io::Error),
    /// The file can't be written.
    #[error("can't write the users to {}", .0.display())]
    Write(PathBuf, #[source] io::Error),
}

/// What all requests share.
struct Shared {
    config: Config,
    base_url: String,
    users: Mutex<Users>,
    requests: Mutex<BTreeMap<Kind, u64>>,
    stopping: watch::Receiver<bool>,
}

impl Shared {
    fn users(&self) -> MutexGuard<'_, Users> {
        self.users.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn requests(&self) -> MutexGuard<'_, BTreeMap<Kind, u64>> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes the users to the file, if there is one and something has changed.
    fn write(&self) -> Result<(), DemoError> {
        let Some(path) = &self.config.file else { return Ok(()) };
        let Some(document) = self.users().take_changed() else { return Ok(()) };
        users::write_file(path, &document).map_err(|source| DemoError::Write(path.clone(), source))
    }
}

/// The running application. It stops when dropped; [`DemoApp::shutdown`] also waits and writes the file.
pub struct DemoApp {
    /// Where it listens.
    pub addr: SocketAddr,
    /// The base URL of its SCIM service, such as `http://127.0.0.1:4711/scim/v2`.
    pub base_url: String,
    shared: Arc<Shared>,
    stop: watch::Sender<bool>,
    server: JoinHandle<()>,
    writer: JoinHandle<()>,
}

impl DemoApp {
    /// Starts it on the runtime of the caller.
    ///
    /// # Errors
    /// If the address can't be listened on or the file can't be read.
    pub async fn start(config: Config) -> Result<Self, DemoError> {
        let users = match &config.file {
            Some(path) => Users::read(path).map_err(|source| DemoError::Read(path.clone(), source))?,
            None => Users::default(),
        };
        let listen = |source| DemoError::Listen(config.listen, source);
        let listener = TcpListener::bind(config.listen).await.map_err(listen)?;
        let addr = listener.local_addr().map_err(listen)?;
        let base_url = format!("http://{addr}/scim/v2");
        let (stop, stopping) = watch::channel(false);
        let shared = Arc::new(Shared {
            config,
            base_url: base_url.clone(),
            users: Mutex::new(users),
            requests: Mutex::default(),
            stopping,
        });
        let server = tokio::spawn(wire::serve(listener, Arc::clone(&shared)));
        let writer = tokio::spawn(keep_written(Arc::clone(&shared)));
        Ok(Self { addr, base_url, shared, stop, server, writer })
    }

    /// All users, in the order they were created.
    pub fn users(&self) -> Vec<Value> {
        self.shared.users().all()
    }

    /// Since when the account of this user name has been inactive; `None`: it isn't.
    pub fn inactive_since(&self, user_name: &str) -> Option<Instant> {
        self.shared.users().inactive_since(user_name)
    }

    /// How many users there are.
    pub fn count(&self) -> usize {
        self.shared.users().count()
    }

    /// How many requests of a kind came in, those that failed too.
    pub fn requests(&self, kind: Kind) -> u64 {
        self.shared.requests().get(&kind).copied().unwrap_or_default()
    }

    /// How many requests came in.
    pub fn all_requests(&self) -> u64 {
        self.shared.requests().values().sum()
    }

    /// The script of faults, to change while it runs.
    pub fn faults(&self) -> &Faults {
        &self.shared.config.faults
    }

    /// Stops: no new connection, a moment for the requests under way, the users written to the file.
    ///
    /// # Errors
    /// If the file can't be written.
    pub async fn shutdown(mut self) -> Result<(), DemoError> {
        // Nobody listening any more is as good.
        let _ = self.stop.send(true);
        if tokio::time::timeout(SHUTDOWN, &mut self.server).await.is_err() {
            self.server.abort();
        }
        self.writer.abort();
        self.shared.write()
    }
}

async fn keep_written(shared: Arc<Shared>) {
    let mut stopping = shared.stopping.clone();
    while shared.config.file.is_some() && tokio::time::timeout(WRITE_EVERY, stopping.changed()).await.is_err()
    {
        let writing = Arc::clone(&shared);
        // A failure is told at shutdown, which writes again what isn't written.
        let _ = tokio::task::spawn_blocking(move || writing.write()).await;
    }
}
