//! Errors as Okta writes them: one envelope, a code that programs go by, causes that people read.

use std::fmt::Write as _;

use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use muster_engine::model::{IdKind, PlanKey, public_id};
use muster_service::ServiceError;
use serde::Serialize;
use utoipa::{IntoResponses, ToSchema};

/// A cause of an error (Okta: `ErrorCause`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ErrorCause {
    /// What is wrong and where.
    pub(crate) error_summary: String,
    /// Why, for programs, where Okta says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    /// In which part of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    location_type: Option<&'static str>,
    /// Among what.
    #[serde(skip_serializing_if = "Option::is_none")]
    domain: Option<&'static str>,
}

/// The plan that a guard holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct HeldPlan {
    /// Its id.
    pub(crate) id: String,
    /// Where it can be looked at, applied and discarded.
    pub(crate) href: String,
}

/// An error (Okta: `Error`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Error)]
pub(crate) struct ErrorBody {
    /// The code that programs go by.
    #[schema(example = "E0000001")]
    pub(crate) error_code: String,
    /// What happened, in a sentence.
    pub(crate) error_summary: String,
    /// The same code.
    pub(crate) error_link: String,
    /// Names this very occurrence, as the server's log does.
    pub(crate) error_id: String,
    /// What is wrong and where.
    pub(crate) error_causes: Vec<ErrorCause>,
    /// The plan that a guard holds, where that is why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) plan: Option<HeldPlan>,
}

/// What any operation may answer instead of what was asked for.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "read by the OpenAPI document only")]
pub(crate) enum ReadErrors {
    /// The request can't be read or isn't valid.
    #[response(status = 400)]
    BadRequest(ErrorBody),
    /// No token, or none that is good.
    #[response(status = 401)]
    Unauthorized(ErrorBody),
    /// The token may not do this.
    #[response(status = 403)]
    Forbidden(ErrorBody),
    /// There is no such thing.
    #[response(status = 404)]
    NotFound(ErrorBody),
    /// Too many requests.
    #[response(status = 429)]
    TooMany(ErrorBody),
    /// The store can't be used for now: the cause says why.
    #[response(status = 503)]
    Unavailable(ErrorBody),
}

/// What any operation that changes something may answer besides.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "read by the OpenAPI document only")]
pub(crate) enum Errors {
    /// The request can't be read or isn't valid.
    #[response(status = 400)]
    BadRequest(ErrorBody),
    /// No token, or none that is good.
    #[response(status = 401)]
    Unauthorized(ErrorBody),
    /// The token may not do this, or it isn't allowed as things stand.
    #[response(status = 403)]
    Forbidden(ErrorBody),
    /// There is no such thing.
    #[response(status = 404)]
    NotFound(ErrorBody),
    /// A guard holds the plan, or it is there already.
    #[response(status = 409)]
    Conflict(ErrorBody),
    /// The object has another `ETag`.
    #[response(status = 412)]
    Precondition(ErrorBody),
    /// The body is too large.
    #[response(status = 413)]
    TooLarge(ErrorBody),
    /// Too many requests.
    #[response(status = 429)]
    TooMany(ErrorBody),
    /// The store can't be used for now: the cause says why.
    #[response(status = 503)]
    Unavailable(ErrorBody),
}

/// A failed operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ApiError {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) summary: String,
    pub(crate) causes: Vec<String>,
    pub(crate) held: Option<PlanKey>,
    /// Among what something of the body isn't unique.
    pub(crate) domain: Option<&'static str>,
}

/// The result of operations.
pub(crate) type Result<T, E = ApiError> = std::result::Result<T, E>;

impl ApiError {
    pub(crate) fn new(status: StatusCode, code: &'static str, summary: impl Into<String>) -> Self {
        Self { status, code, summary: summary.into(), causes: Vec::new(), held: None, domain: None }
    }

    /// E0000001: `what` names the object or field, `cause` says what is wrong with it.
    pub(crate) fn invalid(what: &str, cause: impl Into<String>) -> Self {
        Self {
            causes: vec![cause.into()],
            ..Self::new(StatusCode::BAD_REQUEST, "E0000001", format!("Api validation failed: {what}"))
        }
    }

    /// E0000003: the body can't be read.
    pub(crate) fn unreadable(cause: impl Into<String>) -> Self {
        Self {
            causes: vec![cause.into()],
            ..Self::new(StatusCode::BAD_REQUEST, "E0000003", "The request body was not well-formed.")
        }
    }

    /// E0000007: there is no `kind` (Okta's name of the type) of that id.
    pub(crate) fn not_found(id: &str, kind: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "E0000007", format!("Not found: Resource not found: {id} ({kind})"))
    }

    /// Says of what isn't there which kind of thing it should have been; any other error stays what it is.
    pub(crate) fn missing<'a>(id: &'a str, kind: &'a str) -> impl Fn(ServiceError) -> Self + 'a {
        move |error| match error {
            ServiceError::NotFound(_) => Self::not_found(id, kind),
            other => other.into(),
        }
    }

    /// E0000031: a filter or search that can't be read or answered.
    pub(crate) fn search(cause: impl Into<String>) -> Self {
        Self {
            causes: vec![cause.into()],
            ..Self::new(StatusCode::BAD_REQUEST, "E0000031", "Invalid search criteria.")
        }
    }

    /// E0000029: `after` isn't from a link of ours.
    pub(crate) fn cursor() -> Self {
        Self {
            causes: vec!["Invalid cursor.".to_owned()],
            ..Self::new(StatusCode::BAD_REQUEST, "E0000029", "Invalid paging request.")
        }
    }

    /// E0000127: the definition of a link can't be as it is, or one of its names is taken.
    pub(crate) fn linked_object(error: ServiceError) -> Self {
        let unique = matches!(error, ServiceError::Conflict(_));
        let told = Self::from(error);
        Self {
            causes: told.causes,
            domain: unique.then_some("linkedObjects"),
            ..Self::new(StatusCode::CONFLICT, "E0000127", "The linked object definition is not valid.")
        }
    }

    fn cause(&self, told: &str) -> ErrorCause {
        ErrorCause {
            error_summary: told.to_owned(),
            reason: self.domain.map(|_| "UNIQUE_CONSTRAINT"),
            location_type: self.domain.map(|_| "body"),
            domain: self.domain,
        }
    }

    fn because(mut self, cause: impl Into<String>) -> Self {
        self.causes.push(cause.into());
        self
    }

    /// The body, for a request that `id` names.
    pub(crate) fn body(&self, id: String) -> ErrorBody {
        ErrorBody {
            error_code: self.code.to_owned(),
            error_summary: self.summary.clone(),
            error_link: self.code.to_owned(),
            error_id: id,
            error_causes: self.causes.iter().map(|c| self.cause(c)).collect(),
            plan: self.held.map(|p| {
                let id = public_id(IdKind::Plan, p.0);
                HeldPlan { href: format!("/api/v1/plans/{id}"), id }
            }),
        }
    }
}

impl From<ServiceError> for ApiError {
    fn from(error: ServiceError) -> Self {
        use ServiceError as E;
        let told = error.to_string();
        if error.is_around_the_store() {
            tracing::error!(error = %told, "the store can't be used");
            return Self::new(StatusCode::SERVICE_UNAVAILABLE, "E0000010", "Service is in read only mode")
                .because(told);
        }
        match error {
            E::Invalid(_) => Self::invalid(field_of(&told).unwrap_or("request"), told.clone()),
            E::Criteria(_) => {
                Self::new(StatusCode::BAD_REQUEST, "E0000031", "Invalid search criteria.").because(told)
            }
            E::Cursor(_) => {
                Self::new(StatusCode::BAD_REQUEST, "E0000029", "Invalid paging request.").because(told)
            }
            E::Conflict(_) => Self::invalid(field_of(&told).unwrap_or("request"), told.clone()),
            E::Config(errors) => Self {
                causes: errors.iter().map(ToString::to_string).collect(),
                ..Self::invalid(errors.first().map_or("configuration", |e| e.kind.as_str()), told)
            },
            E::NotFound(_) => {
                Self::new(StatusCode::NOT_FOUND, "E0000007", "Not found: Resource not found").because(told)
            }
            E::Transition(refused) => match refused.code {
                "E0000001" => Self::invalid("user", told),
                "E0000007" => Self::new(StatusCode::NOT_FOUND, "E0000007", told),
                code => Self::new(StatusCode::FORBIDDEN, code, told),
            },
            E::Held { plan, findings } => Self {
                causes: findings.into_iter().map(|f| f.message).collect(),
                held: Some(plan),
                ..Self::new(
                    StatusCode::CONFLICT,
                    "E0000055",
                    "A guard holds the plan of this request; nothing has changed. Look at it, then apply or discard it.",
                )
            },
            E::Premise(_) => Self::new(StatusCode::CONFLICT, "E0000249", told),
            E::Forbidden(_) => Self::new(
                StatusCode::FORBIDDEN,
                "E0000023",
                "Operation failed because user profile is mastered under another system",
            )
            .because(told),
            E::Denied(_) => Self::new(
                StatusCode::FORBIDDEN,
                "E0000006",
                "You do not have permission to perform the requested action",
            )
            .because(told),
            E::Unauthorized(_) => Self::new(StatusCode::UNAUTHORIZED, "E0000011", "Invalid token provided"),
            E::Store(_) | E::Corrupt { .. } | E::Io { .. } => {
                tracing::error!(error = %told, "an operation failed");
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "E0000009", "Internal Server Error")
            }
        }
    }
}

/// The field a message begins with (`login: …`).
fn field_of(message: &str) -> Option<&str> {
    let (field, _) = message.split_once(": ")?;
    let is_name =
        !field.is_empty() && field.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.');
    is_name.then_some(field)
}

/// A name for an occurrence: random, so that it says nothing.
pub(crate) fn occurrence() -> String {
    let mut bytes = [0u8; 8];
    // Without randomness the name is merely not unique.
    let _ = aws_lc_rs::rand::fill(&mut bytes);
    bytes.iter().fold(String::from("oae"), |mut out, b| {
        // Writing to a string can't fail.
        let _ = write!(out, "{b:02x}");
        out
    })
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let body = self.body(occurrence());
        if self.status.is_server_error() {
            tracing::error!(error_id = body.error_id, code = self.code, "answered an error");
        }
        let held = body.plan.as_ref().and_then(|p| HeaderValue::from_str(&p.href).ok());
        let mut response = (self.status, axum::Json(body)).into_response();
        if let Some(href) = held {
            response.headers_mut().insert(axum::http::header::LOCATION, href);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_names_its_field_only_where_it_begins_with_one() {
        assert_eq!(field_of("login: it is taken"), Some("login"));
        assert_eq!(field_of("there is no group: x"), None);
        assert_eq!(field_of("nothing"), None);
    }
}
