//! The requests of SCIM, and its errors.

use muster_scim::{ListResponse, MEDIA_TYPE, ScimError, ScimType, User};
use reqwest::{
    Method, Url,
    header::{ACCEPT, CONTENT_TYPE},
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::ScimConfig;
use crate::{
    connector::{ConnectorError, ErrorKind},
    http::{self, Answer},
    settings::ConfigError,
};

/// The endpoint of users.
pub(super) struct Client {
    http: reqwest::Client,
    base: Url,
    token: SecretString,
    max_bytes: usize,
}

/// A successful answer.
pub(super) struct Answered(Answer);

impl Client {
    pub(super) fn new(config: &ScimConfig) -> Result<Self, ConfigError> {
        let (http, base) =
            http::connect(&config.base_url, config.allow_http, config.timeout, &config.user_agent)?;
        Ok(Self { http, base, token: config.token.clone(), max_bytes: config.max_answer_bytes })
    }

    /// `GET /Users` with these parameters (RFC 7644, section 3.4.2).
    pub(super) async fn list(
        &self,
        parameters: &[(&str, &str)],
    ) -> Result<(Answered, ListResponse), ConnectorError> {
        let mut url = self.url(None);
        let query: Vec<String> =
            parameters.iter().map(|(name, value)| format!("{name}={}", percent_encoded(value))).collect();
        url.set_query(Some(&query.join("&")));
        let answer = self.send(Method::GET, url, None).await.map_err(nothing_there)?;
        let list = answer.json()?.as_ref().and_then(ListResponse::from_json);
        let list =
            list.ok_or_else(|| answer.error(ErrorKind::Refused, "the answer isn't a list of SCIM 2.0"))?;
        Ok((answer, list))
    }

    /// `POST /Users` (RFC 7644, section 3.3).
    pub(super) async fn create(&self, user: &Value) -> Result<Answered, ConnectorError> {
        self.send(Method::POST, self.url(None), Some(user)).await.map_err(nothing_there)
    }

    /// A request about one user.
    pub(super) async fn user(
        &self,
        method: Method,
        id: &str,
        body: Option<&Value>,
    ) -> Result<Answered, ConnectorError> {
        self.send(method, self.url(Some(id)), body).await
    }

    fn url(&self, id: Option<&str>) -> Url {
        let mut url = self.base.clone();
        // A URL with a host, which the base has, always has a path.
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().push("Users").extend(id);
        }
        url
    }

    async fn send(&self, method: Method, url: Url, body: Option<&Value>) -> Result<Answered, ConnectorError> {
        let mut request = self
            .http
            .request(method, url)
            .bearer_auth(self.token.expose_secret())
            .header(ACCEPT, "application/scim+json, application/json;q=0.9");
        if let Some(body) = body {
            request = request.header(CONTENT_TYPE, MEDIA_TYPE).body(body.to_string());
        }
        let answer = http::send(request, self.max_bytes, &self.token).await?;
        if answer.status.is_success() {
            return Ok(Answered(answer));
        }
        let words = answer.error_json().and_then(|body| ScimError::from_json(answer.status.as_u16(), &body));
        let mut error = answer.failure(words.as_ref().map(|words| words.detail.as_str()));
        // Some services answer 400 where RFC 7644, section 3.3.1, asks for 409.
        if words.and_then(|words| words.scim_type) == Some(ScimType::Uniqueness) {
            error.kind = ErrorKind::Conflict;
        }
        Err(error)
    }
}

impl Answered {
    /// The body; an error if it isn't JSON, `None` if it is empty.
    pub(super) fn json(&self) -> Result<Option<Value>, ConnectorError> {
        self.0.json()
    }

    /// The user in the body; `None` if it is empty or holds something else.
    pub(super) fn user(&self) -> Result<Option<User>, ConnectorError> {
        Ok(self.json()?.and_then(User::from_json))
    }

    /// An error about this answer.
    pub(super) fn error(&self, kind: ErrorKind, words: &str) -> ConnectorError {
        self.0.error(kind, words)
    }
}

/// The endpoint itself isn't there.
fn nothing_there(error: ConnectorError) -> ConnectorError {
    match error.kind {
        ErrorKind::NotFound => {
            let message = format!("{error}; is the base URL that in front of `/Users`?");
            ConnectorError { kind: ErrorKind::Refused, message, ..error }
        }
        _ => error,
    }
}

/// Everything but letters, digits, `-`, `.`, `_` and `~` encoded, spaces too: not all services take `+` for a space.
fn percent_encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| {
            let is_plain = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
            if is_plain { char::from(byte).to_string() } else { format!("%{byte:02X}") }
        })
        .collect()
}
