//! Accepting connections: one loop for HTTP and HTTPS, bounded in number and in patience.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use muster_api::Secure;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tower::ServiceExt as _;

use super::stop::stopped;

/// How long the two sides may take to agree on TLS.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// The pause after a connection couldn't be accepted, mostly for want of file handles.
const PAUSE: Duration = Duration::from_millis(100);
/// The most bytes of a request's head.
const HEAD: usize = 64 << 10;

/// Serves connections.
pub(super) struct Listener {
    /// Where they come in.
    pub(super) tcp: TcpListener,
    /// TLS, if spoken.
    pub(super) tls: Option<watch::Receiver<Arc<ServerConfig>>>,
    /// What answers.
    pub(super) router: Router,
    /// How long a client may take for the head of a request.
    pub(super) header_timeout: Duration,
    /// How many connections there are at most.
    pub(super) max_connections: usize,
}

impl Listener {
    /// Serves until it is told to stop, then lets the requests under way end for as long as `grace`.
    pub(super) async fn serve(self, stop: watch::Receiver<bool>, grace: Duration) {
        let places = Arc::new(Semaphore::new(self.max_connections));
        let graceful = GracefulShutdown::new();
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new())
            .header_read_timeout(self.header_timeout)
            .max_header_size(HEAD)
            .keep_alive(true);
        let stopping = stopped(stop);
        tokio::pin!(stopping);
        loop {
            // Whoever comes when all places are taken waits in the system's queue.
            let next = async {
                let place = Arc::clone(&places).acquire_owned().await.map_err(io::Error::other)?;
                Ok::<_, io::Error>((self.tcp.accept().await?, place))
            };
            let ((stream, peer), place) = tokio::select! {
                () = &mut stopping => break,
                next = next => match next {
                    Ok(next) => next,
                    Err(error) => {
                        tracing::warn!(%error, "a connection couldn't be accepted");
                        tokio::time::sleep(PAUSE).await;
                        continue;
                    }
                },
            };
            let connection = Connection {
                http: http.clone(),
                tls: self.tls.as_ref().map(|tls| TlsAcceptor::from(Arc::clone(&tls.borrow()))),
                router: self.router.clone(),
                watcher: graceful.watcher(),
                peer,
            };
            tokio::spawn(async move {
                connection.serve(stream).await;
                drop(place);
            });
        }
        drop(self.tcp);
        if tokio::time::timeout(grace, graceful.shutdown()).await.is_err() {
            tracing::warn!("requests were still under way when the time to stop was over; they are cut off");
        }
    }
}

/// A connection.
struct Connection {
    http: http1::Builder,
    tls: Option<TlsAcceptor>,
    router: Router,
    watcher: Watcher,
    peer: SocketAddr,
}

impl Connection {
    async fn serve(self, stream: TcpStream) {
        // Answers are written whole; waiting for more to send with them only delays them.
        let _ = stream.set_nodelay(true);
        let Some(tls) = self.tls.clone() else { return self.speak(stream).await };
        match tokio::time::timeout(HANDSHAKE, tls.accept(stream)).await {
            Ok(Ok(stream)) => self.speak(stream).await,
            Ok(Err(error)) => tracing::debug!(%error, "TLS wasn't agreed on"),
            Err(_) => tracing::debug!("TLS wasn't agreed on in time"),
        }
    }

    async fn speak(self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
        let Self { http, tls, router, watcher, peer } = self;
        let secure = tls.map(|_| Secure);
        let service = service_fn(move |request: Request<Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(peer));
            if let Some(secure) = secure {
                request.extensions_mut().insert(secure);
            }
            let answer = router.clone().oneshot(request);
            async move { Ok::<_, Infallible>(answer.await.unwrap_or_else(|never| match never {})) }
        });
        let connection = watcher.watch(http.serve_connection(TokioIo::new(stream), service));
        if let Err(error) = connection.await {
            // A client that went away, took too long or spoke something else: nothing to be done about it here.
            tracing::debug!(%error, "a connection ended early");
        }
    }
}
