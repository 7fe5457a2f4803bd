//! HTTP as all connectors use it: one constructor of clients, answers of limited size, and what a failure means.

use std::{error::Error, time::Duration};

use jiff::fmt::rfc2822;
use reqwest::{
    Client, Method, RequestBuilder, Response, StatusCode, Url,
    header::{CONTENT_TYPE, DATE, HeaderMap, LOCATION, RETRY_AFTER},
    redirect,
};
use secrecy::{ExposeSecret as _, SecretString};

use crate::{
    connector::{ConnectorError, ErrorKind},
    settings::ConfigError,
};

/// How long a connection may take to open.
const CONNECT: Duration = Duration::from_secs(10);
/// How long an application can make us wait at most, by one answer.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 60 * 60);
/// A token of fewer bytes isn't looked for in what an application answers.
const SHORTEST_SECRET: usize = 4;
/// How much of an answer that isn't understood is told.
const EXCERPT: usize = 80;

/// Reads the base URL of an application and makes the client for it. Redirects aren't followed: the token is for the
/// URL which was configured. `http:` is accepted only for this machine, unless `allow_http`.
pub(crate) fn connect(
    base_url: &str,
    allow_http: bool,
    timeout: Duration,
    user_agent: &str,
) -> Result<(Client, Url), ConfigError> {
    let invalid = |reason: String| ConfigError::invalid("base_url", reason);
    let mut url =
        Url::parse(base_url.trim()).map_err(|error| invalid(format!("`{base_url}` isn't a URL: {error}")))?;
    let host = url.host_str().unwrap_or_default();
    let is_loopback = match host.trim_matches(['[', ']']).parse::<std::net::IpAddr>() {
        Ok(address) => address.is_loopback(),
        Err(_) => host.eq_ignore_ascii_case("localhost"),
    };
    match url.scheme() {
        "https" => {}
        "http" if is_loopback || allow_http => {}
        "http" => {
            let reason =
                "the token would be sent in the clear: use https, or set `allow_http` if the network is safe";
            return Err(invalid(reason.to_owned()));
        }
        other => return Err(invalid(format!("must begin with https://, not {other}:"))),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(invalid("must not hold a user or password: these belong into the secret".to_owned()));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(invalid("must end with the path of the service, without `?` and `#`".to_owned()));
    }
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(&path);
    let mut builder = Client::builder()
        .redirect(redirect::Policy::none())
        .timeout(timeout)
        .connect_timeout(CONNECT.min(timeout))
        .user_agent(user_agent);
    if is_loopback {
        // A proxy of the environment is for what is outside.
        builder = builder.no_proxy();
    }
    let client =
        builder.build().map_err(|error| invalid(format!("no client can be made: {}", chain(&error))))?;
    Ok((client, url))
}

/// An answer, read to its end or to the limit.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    headers: HeaderMap,
    /// The body, or why there is none.
    body: Result<Vec<u8>, String>,
    /// What was asked, for messages: method and URL without query.
    asked: String,
    is_write: bool,
    /// What no message may repeat, whatever the application says.
    secret: SecretString,
}

/// Sends a request, once, and reads the answer, of `max_bytes` at most.
/// `secret` is what it was sent with; no error repeats it.
pub(crate) async fn send(
    request: RequestBuilder,
    max_bytes: usize,
    secret: &SecretString,
) -> Result<Answer, ConnectorError> {
    let (client, request) = request.build_split();
    let request = request.map_err(|error| {
        let message = format!("the request can't be made: {}", chain(&error.without_url()));
        ConnectorError::new(ErrorKind::Refused, message)
    })?;
    let is_write = !matches!(*request.method(), Method::GET | Method::HEAD);
    let mut url = request.url().clone();
    url.set_query(None);
    let asked = format!("{} {url}", request.method());
    let response = client.execute(request).await.map_err(|error| {
        let error = error.without_url();
        // What wasn't connected to has done nothing; what was may have.
        let kind = if is_write && !error.is_connect() { ErrorKind::Unknown } else { ErrorKind::Later(None) };
        ConnectorError::new(kind, format!("{asked}: {}", chain(&error)))
    })?;
    let (status, headers) = (response.status(), response.headers().clone());
    let body = read(response, max_bytes).await;
    Ok(Answer { status, headers, body, asked, is_write, secret: secret.clone() })
}

async fn read(mut response: Response, max_bytes: usize) -> Result<Vec<u8>, String> {
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(None) => return Ok(body),
            Ok(Some(chunk)) if body.len() + chunk.len() > max_bytes => {
                return Err(format!("the answer has more than {max_bytes} bytes"));
            }
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Err(error) => return Err(format!("the answer broke off: {}", chain(&error.without_url()))),
        }
    }
}

impl Answer {
    /// The body of a successful answer as JSON, `None` if it is empty. An answer that can't be read leaves it unknown
    /// whether a write was done.
    pub(crate) fn json(&self) -> Result<Option<serde_json::Value>, ConnectorError> {
        let unreadable = |what: &str| {
            let kind = if self.is_write { ErrorKind::Unknown } else { ErrorKind::Later(None) };
            self.error(kind, what)
        };
        let body = self.body.as_ref().map_err(|reason| unreadable(reason))?;
        if body.iter().all(u8::is_ascii_whitespace) {
            return Ok(None);
        }
        match serde_json::from_slice(body) {
            Ok(value) => Ok(Some(value)),
            Err(_) => Err(unreadable(&format!("expected JSON, but {}", self.what_came()))),
        }
    }

    /// The body of a failed answer as JSON, if it is JSON.
    pub(crate) fn error_json(&self) -> Option<serde_json::Value> {
        serde_json::from_slice(self.body.as_ref().ok()?).ok()
    }

    /// What a failed answer means; `words` are the application's own, if they can be read.
    pub(crate) fn failure(&self, words: Option<&str>) -> ConnectorError {
        let kind = match self.status.as_u16() {
            401 | 403 | 405 | 407 | 501 | 300..=399 => ErrorKind::Refused,
            // A page for people is what a server says who doesn't know the URL at all.
            404 if self.is_html() => ErrorKind::Refused,
            404 | 410 => ErrorKind::NotFound,
            409 => ErrorKind::Conflict,
            429 => ErrorKind::Later(self.retry_after()),
            // Without a time to wait it may come from something in front of the application which lost its answer.
            503 if !self.is_write || self.retry_after().is_some() => ErrorKind::Later(self.retry_after()),
            500..=599 if self.is_write => ErrorKind::Unknown,
            // These say that the request wasn't taken up.
            408 | 425 | 500..=599 => ErrorKind::Later(None),
            _ => ErrorKind::Rejected,
        };
        let words = match (words, self.headers.get(LOCATION).and_then(|to| to.to_str().ok())) {
            (Some(words), _) => words.to_owned(),
            (None, Some(to)) if self.status.is_redirection() => {
                format!("it redirects to {to}: is the base URL right?")
            }
            _ => self.what_came(),
        };
        self.error(kind, &words)
    }

    /// An error about this answer.
    pub(crate) fn error(&self, kind: ErrorKind, words: &str) -> ConnectorError {
        let message = format!("{} answered {}: {}", self.asked, self.status, self.without_secret(words));
        ConnectorError { kind, message, status: Some(self.status.as_u16()) }
    }

    /// How long the application asks to wait (RFC 9110, section 10.2.3). A date is taken against the answer's own
    /// `Date`, so that no clock has to agree with another.
    fn retry_after(&self) -> Option<Duration> {
        let header = |name| self.headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
        let value = header(RETRY_AFTER)?;
        let wait = if let Ok(seconds) = value.parse() {
            Duration::from_secs(seconds)
        } else {
            let (until, now) = (rfc2822::parse(value).ok()?, rfc2822::parse(header(DATE)?).ok()?);
            Duration::try_from(now.duration_until(&until)).unwrap_or_default()
        };
        Some(wait.min(LONGEST_WAIT))
    }

    fn content_type(&self) -> &str {
        self.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("no content type")
    }

    fn is_html(&self) -> bool {
        self.content_type().to_ascii_lowercase().contains("html")
    }

    /// A text of the application without what it was sent: some repeat the request.
    fn without_secret(&self, text: &str) -> String {
        match self.secret.expose_secret() {
            // So short a one is no secret, and every word has it in it.
            secret if secret.len() < SHORTEST_SECRET => text.to_owned(),
            secret => text.replace(secret, "•••"),
        }
    }

    /// The beginning of a body that wasn't understood.
    fn what_came(&self) -> String {
        match &self.body {
            Err(reason) => reason.clone(),
            Ok(body) if body.is_empty() => "nothing more was said".to_owned(),
            Ok(body) => {
                let text = self.without_secret(&String::from_utf8_lossy(body));
                let text: String = text.chars().take(EXCERPT).collect();
                let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
                format!("{} came: {text}", self.content_type())
            }
        }
    }
}

/// An error with its causes, each told once.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_safe_urls_are_taken() {
        let try_url = |url: &str, allow| {
            connect(url, allow, Duration::from_secs(1), "test")
                .map(|(_, url)| url.to_string())
                .map_err(|e| e.to_string())
        };
        assert_eq!(try_url("https://example.org/scim/v2/", false).unwrap(), "https://example.org/scim/v2");
        for loopback in ["http://127.0.0.1:80/x", "http://[::1]/x", "http://LOCALHOST/x"] {
            assert!(try_url(loopback, false).is_ok(), "{loopback}");
        }
        assert!(try_url("http://example.org", false).unwrap_err().contains("allow_http"));
        assert!(try_url("http://example.org", true).is_ok());
        for bad in
            ["ftp://example.org", "example.org", "https://a:b@example.org", "https://example.org/?a=b", ""]
        {
            assert!(try_url(bad, true).is_err(), "{bad}");
        }
    }

    fn answer(status: u16, headers: &[(&'static str, &str)], body: &str, is_write: bool) -> Answer {
        let headers = headers.iter().map(|(k, v)| ((*k).parse().unwrap(), v.parse().unwrap())).collect();
        let status = StatusCode::from_u16(status).unwrap();
        Answer {
            status,
            headers,
            body: Ok(body.as_bytes().to_vec()),
            asked: "PUT https://x/y".into(),
            is_write,
            secret: SecretString::from("s3cret"),
        }
    }

    #[test]
    fn no_message_repeats_the_secret() {
        let told =
            answer(400, &[("content-type", "text/plain")], "who is Bearer s3cret?", true).failure(None);
        assert!(!told.message.contains("s3cret") && told.message.contains("who is Bearer •••?"), "{told}");
        let told = answer(400, &[], "", true).failure(Some("bad token s3cret"));
        assert!(told.message.ends_with("bad token •••"), "{told}");
        let told = answer(302, &[("location", "https://x/?t=s3cret")], "", true).failure(None);
        assert!(!told.message.contains("s3cret"), "{told}");
    }

    #[test]
    fn waiting_is_read_as_seconds_and_as_a_date() {
        let date = ("date", "Wed, 21 Oct 2026 07:28:00 GMT");
        for (headers, expected) in [
            (vec![("retry-after", "7")], Some(7)),
            (vec![("retry-after", "Wed, 21 Oct 2026 07:29:30 GMT"), date], Some(90)),
            (vec![("retry-after", "Wed, 21 Oct 2026 07:20:00 GMT"), date], Some(0)),
            (vec![("retry-after", "99999999999")], Some(86400)),
            (vec![("retry-after", "soon"), date], None),
            (vec![date], None),
        ] {
            let expected = ErrorKind::Later(expected.map(Duration::from_secs));
            assert_eq!(answer(429, &headers, "", true).failure(None).kind, expected, "{headers:?}");
        }
    }

    #[test]
    fn a_status_means_what_it_may_have_done() {
        let later = ErrorKind::Later(None);
        for (status, write, read) in [
            (302, ErrorKind::Refused, ErrorKind::Refused),
            (400, ErrorKind::Rejected, ErrorKind::Rejected),
            (401, ErrorKind::Refused, ErrorKind::Refused),
            (404, ErrorKind::NotFound, ErrorKind::NotFound),
            (409, ErrorKind::Conflict, ErrorKind::Conflict),
            (422, ErrorKind::Rejected, ErrorKind::Rejected),
            (429, later, later),
            (500, ErrorKind::Unknown, later),
            (502, ErrorKind::Unknown, later),
            (503, ErrorKind::Unknown, later),
        ] {
            assert_eq!(answer(status, &[], "", true).failure(None).kind, write, "{status}");
            assert_eq!(answer(status, &[], "", false).failure(None).kind, read, "{status}");
        }
        let html = answer(404, &[("content-type", "text/html")], "<html>\n  <p>", true).failure(None);
        assert_eq!(html.kind, ErrorKind::Refused);
        assert_eq!(html.message, "PUT https://x/y answered 404 Not Found: text/html came: <html> <p>");
        let moved = answer(301, &[("location", "https://z/")], "", false).failure(None);
        assert!(moved.message.contains("redirects to https://z/"), "{}", moved.message);
    }
}
