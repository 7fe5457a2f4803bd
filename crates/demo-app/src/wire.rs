//! HTTP: reading requests, writing answers, and the faults that are about the connection.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{ConnectInfo, Query, State, connect_info::Connected},
    http::{HeaderMap, Method, Response, Uri, header},
    serve::{IncomingStream, Listener},
};
use muster_scim::{MEDIA_TYPE, ScimError, ScimType};
use serde_json::Value;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
};

use crate::{
    Shared,
    faults::Act,
    service::{self, Answer, Kind, Request},
};

const PREFIX: &str = "/scim/v2";
const HTML: &str =
    "<!DOCTYPE html><html><head><title>Sign in</title></head><body>Please sign in.</body></html>";

/// Serves until told to stop.
pub(crate) async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let mut stopping = shared.stopping.clone();
    let router = Router::new().fallback(answer).with_state(shared);
    let service = router.into_make_service_with_connect_info::<Cut>();
    let stopped = async move {
        // An error means that the application was dropped.
        let _ = stopping.wait_for(|stop| *stop).await;
    };
    // It never ends with an error.
    let _ = axum::serve(CuttableListener(listener), service).with_graceful_shutdown(stopped).await;
}

async fn answer(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    method: Method,
    uri: Uri,
    Query(query): Query<Vec<(String, String)>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let path: Vec<String> = uri
        .path()
        .strip_prefix(PREFIX)
        .unwrap_or_default()
        .split('/')
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
        .collect();
    let kind =
        if is_authorized(&shared, &headers) { kind(&method, &path, &query) } else { Kind::Unauthorized };
    *shared.requests().entry(kind).or_default() += 1;
    let parsed = if body.is_empty() { Ok(Value::Null) } else { serde_json::from_slice(&body) };
    let is_readable = parsed.is_ok();
    let body: Value = parsed.unwrap_or_default();
    let struck = shared.config.faults.strike(kind, user_name(&shared, kind, &path, &body).as_deref());
    let request = Request {
        kind,
        path,
        query,
        body,
        ignore_paging: struck == Some(Act::IgnorePaging),
        ignore_filter: struck == Some(Act::IgnoreFilter),
    };
    let work = || {
        if is_readable || kind == Kind::Unauthorized {
            service::serve(&mut shared.users(), &shared.config, &shared.base_url, &request)
        } else {
            Answer::error(&ScimError::bad_request(ScimType::InvalidSyntax, "the body isn't JSON"))
        }
    };
    match struck {
        None | Some(Act::IgnorePaging | Act::IgnoreFilter) => respond(work()),
        Some(Act::Status { status, retry_after, detail }) => {
            let mut response = respond(Answer::error(&ScimError::new(status, detail)));
            if let Some(value) = retry_after.and_then(|text| text.parse().ok()) {
                response.headers_mut().insert(header::RETRY_AFTER, value);
            }
            response
        }
        Some(Act::Slow(time)) => {
            wait(&shared, time).await;
            respond(work())
        }
        Some(Act::WorkThenSlow(time)) => {
            let done = work();
            wait(&shared, time).await;
            respond(done)
        }
        Some(Act::Cut) => {
            cut.set(CUT_ALL);
            Response::default()
        }
        Some(Act::WorkThenCut) => {
            work();
            cut.set(CUT_ALL);
            Response::default()
        }
        Some(Act::CutMidBody) => {
            let done = work();
            cut.set(CUT_BODY);
            respond(done)
        }
        Some(Act::Html) => with_body(200, "text/html; charset=utf-8", Body::from(HTML)),
        Some(Act::NoId) => {
            let mut done = work();
            if let Some(Value::Object(object)) = &mut done.body {
                object.remove("id");
            }
            respond(done)
        }
        Some(Act::Lie) => {
            let done = work();
            if let Some((id, before)) = &done.changed {
                shared.users().put(id, before.clone());
            }
            respond(done)
        }
        Some(Act::RejectUserName { detail, .. }) => {
            respond(Answer::error(&ScimError::bad_request(ScimType::InvalidValue, detail)))
        }
    }
}

fn is_authorized(shared: &Shared, headers: &HeaderMap) -> bool {
    let sent = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (scheme, token) = sent.split_once(' ').unwrap_or_default();
    scheme.eq_ignore_ascii_case("Bearer") && token.trim() == shared.config.token
}

fn kind(method: &Method, path: &[String], query: &[(String, String)]) -> Kind {
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    match (method.as_str(), path.as_slice()) {
        ("GET", ["Users"]) if query.iter().any(|(name, _)| name.eq_ignore_ascii_case("filter")) => Kind::Find,
        ("GET", ["Users"]) => Kind::List,
        ("POST", ["Users"]) => Kind::Create,
        ("GET", ["Users", _]) => Kind::Get,
        ("PUT", ["Users", _]) => Kind::Replace,
        ("PATCH", ["Users", _]) => Kind::Patch,
        ("DELETE", ["Users", _]) => Kind::Delete,
        (
            "GET",
            ["ServiceProviderConfig" | "ResourceTypes" | "Schemas"] | ["ResourceTypes" | "Schemas", _],
        ) => Kind::Discovery,
        _ => Kind::Other,
    }
}

/// Whom a request that changes something is about.
fn user_name(shared: &Shared, kind: Kind, path: &[String], body: &Value) -> Option<String> {
    let sent = || Some(body.get("userName")?.as_str()?.to_owned());
    let held = || Some(shared.users().get(path.get(1)?)?.user_name()?.to_owned());
    if kind.is_write() { sent().or_else(held) } else { None }
}

/// Waits, but not longer than the application runs.
async fn wait(shared: &Shared, time: Duration) {
    let mut stopping = shared.stopping.clone();
    // Either end of the waiting will do.
    let _ = tokio::time::timeout(time, stopping.wait_for(|stop| *stop)).await;
}

fn respond(answer: Answer) -> Response<Body> {
    let Some(body) = answer.body else {
        let mut response = Response::default();
        *response.status_mut() = status(answer.status);
        return response;
    };
    let location = body.get("meta").and_then(|meta| meta.get("location")?.as_str()?.parse().ok());
    let mut response = with_body(answer.status, MEDIA_TYPE, Body::from(body.to_string()));
    if let Some(location) = location.filter(|_| answer.status == 201) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

fn with_body(code: u16, content_type: &'static str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status(code);
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static(content_type));
    response
}

fn status(code: u16) -> axum::http::StatusCode {
    axum::http::StatusCode::from_u16(code).unwrap_or(axum::http::StatusCode::INTERNAL_SERVER_ERROR)
}

const CUT_ALL: u8 = 1;
const CUT_BODY: u8 = 2;

/// The knife at a connection: what has been set cuts the next thing written.
#[derive(Clone, Default)]
struct Cut(Arc<AtomicU8>);

impl Cut {
    fn set(&self, how: u8) {
        self.0.store(how, Ordering::SeqCst);
    }
}

struct CuttableListener(TcpListener);

impl Listener for CuttableListener {
    type Io = CuttableStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            match self.0.accept().await {
                Ok((stream, addr)) => return (CuttableStream { stream, cut: Cut::default() }, addr),
                // Out of file handles, or gone before it was accepted.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

impl Connected<IncomingStream<'_, CuttableListener>> for Cut {
    fn connect_info(stream: IncomingStream<'_, CuttableListener>) -> Self {
        stream.io().cut.clone()
    }
}

struct CuttableStream {
    stream: TcpStream,
    cut: Cut,
}

impl AsyncRead for CuttableStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for CuttableStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let cut = self.cut.0.load(Ordering::SeqCst);
        if cut == CUT_ALL {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        if cut == CUT_BODY {
            // Answers are written in one piece, head and body; half of the body, or of a lone head, still goes out.
            let head = buf.windows(4).position(|four| four == b"\r\n\r\n").map_or(0, |at| at + 4);
            let whole = if head == buf.len() { 0 } else { head };
            let part = buf.get(..whole + (buf.len() - whole) / 2).unwrap_or(buf);
            let written = Pin::new(&mut self.stream).poll_write(cx, part);
            if written.is_ready() {
                self.cut.set(CUT_ALL);
            }
            return written;
        }
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
