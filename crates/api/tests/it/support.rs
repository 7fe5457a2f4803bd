//! A server on a free port, and a client that has its token.

use std::sync::Arc;

use muster_api::{ApiOptions, router};
use muster_service::{Actor, Door, Muster, NewToken, Right};
use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode};
use secrecy::ExposeSecret as _;
use serde_json::Value as Json;
use tokio::runtime::Runtime;

/// An answer, read whole.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Json,
}

impl Reply {
    /// The address of a relation of the `Link` headers.
    pub(crate) fn link(&self, rel: &str) -> Option<String> {
        let end = format!(">; rel=\"{rel}\"");
        let mut links = self.headers.get_all("link").iter().filter_map(|v| v.to_str().ok());
        links.find_map(|l| l.strip_prefix('<')?.strip_suffix(&end).map(str::to_owned))
    }

    /// Fails with the body unless the status is this one.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        self
    }

    /// Fails unless it is an error of this status and code.
    #[track_caller]
    pub(crate) fn refused(self, status: u16, code: &str) -> Self {
        let reply = self.expect(status);
        assert_eq!(reply.body["errorCode"], code, "{}", reply.body);
        assert!(reply.body["errorCauses"].is_array() && reply.body["errorId"].is_string());
        reply
    }
}

/// A server with a store of its own.
pub(crate) struct Server {
    pub(crate) muster: Arc<Muster>,
    pub(crate) admin: Actor,
    runtime: Runtime,
    client: reqwest::Client,
    pub(crate) base: String,
    pub(crate) token: String,
    _dir: Option<tempfile::TempDir>,
}

impl Server {
    /// Starts one over an empty org.
    pub(crate) fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let muster = Muster::open(dir.path(), true, None).unwrap();
        Self { _dir: Some(dir), ..Self::serve(muster, "first") }
    }

    /// Starts one over the store in a folder, at an instant.
    pub(crate) fn over(dir: &std::path::Path, clock: &str) -> Self {
        Self::serve(Muster::open(dir, true, Some(clock)).unwrap(), clock)
    }

    fn serve(muster: Muster, token_name: &str) -> Self {
        let muster = Arc::new(muster);
        let admin = Actor::operator("test");
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let options = ApiOptions {
            door: Door::new(muster.clone()),
            public_url: None,
            rate_limit: 100_000,
            body_limit: 1 << 20,
        };
        runtime.spawn(async move { axum::serve(listener, router(options)).await });
        let token = token(&muster, &admin, token_name, Right::Admin);
        Self { muster, admin, runtime, client: reqwest::Client::new(), base, token, _dir: None }
    }

    /// Another token.
    pub(crate) fn token(&self, name: &str, right: Right) -> String {
        token(&self.muster, &self.admin, name, right)
    }

    /// The absolute address of a path below `/api/v1`.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}/api/v1{path}", self.base)
    }

    /// One request; `path` is below `/api/v1`, or a whole address from a link.
    pub(crate) fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Json>,
        headers: &[(&str, &str)],
    ) -> Reply {
        let url = if path.starts_with("http") { path.to_owned() } else { self.url(path) };
        let mut request = self.client.request(method, url);
        if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("authorization")) {
            request = request.header("authorization", format!("SSWS {}", self.token));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        self.answer(request)
    }

    /// A POST of a text of a media type.
    pub(crate) fn post_text(&self, path: &str, kind: &str, text: impl Into<reqwest::Body>) -> Reply {
        let request = self.client.post(self.url(path)).header("content-type", kind).body(text);
        self.answer(request.header("authorization", format!("SSWS {}", self.token)))
    }

    fn answer(&self, request: reqwest::RequestBuilder) -> Reply {
        self.runtime.block_on(async move {
            let response = request.send().await.unwrap();
            let (status, headers) = (response.status(), response.headers().clone());
            let text = response.text().await.unwrap();
            let body = if text.is_empty() { Json::Null } else { serde_json::from_str(&text).unwrap() };
            Reply { status, headers, body }
        })
    }

    pub(crate) fn get(&self, path: &str) -> Reply {
        self.send(Method::GET, path, None, &[])
    }

    pub(crate) fn post(&self, path: &str, body: &Json) -> Reply {
        self.send(Method::POST, path, Some(body), &[])
    }

    pub(crate) fn put(&self, path: &str, body: &Json) -> Reply {
        self.send(Method::PUT, path, Some(body), &[])
    }

    /// A POST without a body.
    pub(crate) fn call(&self, path: &str) -> Reply {
        self.send(Method::POST, path, None, &[])
    }

    pub(crate) fn delete(&self, path: &str) -> Reply {
        self.send(Method::DELETE, path, None, &[])
    }

    /// Where applications run that people get accounts in.
    pub(crate) fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    /// Creates a user and gives her id.
    pub(crate) fn user(&self, login: &str) -> String {
        let profile = serde_json::json!({
            "login": login, "email": login, "firstName": "Ann", "lastName": login.split('@').next()
        });
        let body = serde_json::json!({ "profile": profile, "credentials": { "password": { "value": "Abcd1234!" } } });
        let reply = self.post("/users", &body).expect(200);
        reply.body["id"].as_str().unwrap().to_owned()
    }
}

fn token(muster: &Muster, admin: &Actor, name: &str, right: Right) -> String {
    let new = NewToken { name: name.to_owned(), right, expires: None, user: None };
    muster.token_create(admin, &new).unwrap().1.expose_secret().to_owned()
}
