//! What operations answer.

use axum::Json;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::plans::wire::Plan;

/// An answer: a status, headers, and perhaps a body.
#[derive(Debug)]
pub(crate) struct Answer<T> {
    status: StatusCode,
    headers: HeaderMap,
    body: Option<T>,
}

impl<T> Answer<T> {
    /// 200 with a body.
    pub(crate) fn ok(body: T) -> Self {
        Self { status: StatusCode::OK, headers: HeaderMap::new(), body: Some(body) }
    }

    /// 201 with a body.
    pub(crate) fn created(body: T) -> Self {
        Self { status: StatusCode::CREATED, ..Self::ok(body) }
    }

    /// 202 with a body.
    pub(crate) fn accepted(body: T) -> Self {
        Self { status: StatusCode::ACCEPTED, ..Self::ok(body) }
    }

    /// With a header; one that can't be written is left out.
    #[must_use]
    pub(crate) fn with(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.append(name, value);
        }
        self
    }
}

impl<T: Serialize> IntoResponse for Answer<T> {
    fn into_response(self) -> Response {
        match self.body {
            Some(body) => (self.status, self.headers, Json(body)).into_response(),
            None => (self.status, self.headers).into_response(),
        }
    }
}

/// What a change answers: what was asked for once it is done, or the plan if only that was wanted (`?preview=true`).
#[derive(Debug)]
pub(crate) enum Changed<T> {
    /// It is done.
    Done(Answer<T>),
    /// It was only previewed.
    Planned(Box<Plan>),
}

/// Nothing: `{}` on the wire, as Okta answers lifecycle operations.
#[derive(Clone, Copy, Debug, Default, Serialize, utoipa::ToSchema)]
pub(crate) struct Empty {}

/// No body at all.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Nothing;

impl Answer<Nothing> {
    /// 204.
    pub(crate) fn no_content() -> Self {
        Self { status: StatusCode::NO_CONTENT, headers: HeaderMap::new(), body: None }
    }

    /// 202 without a body.
    pub(crate) fn nothing_yet() -> Self {
        Self { status: StatusCode::ACCEPTED, ..Self::no_content() }
    }
}

impl<T: Serialize> IntoResponse for Changed<T> {
    fn into_response(self) -> Response {
        match self {
            Self::Done(answer) => answer.into_response(),
            Self::Planned(plan) => Json(plan).into_response(),
        }
    }
}
