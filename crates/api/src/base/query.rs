//! What comes in the path and the query string.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use super::error::ApiError;

/// The query string; keys may repeat.
#[derive(Clone, Debug)]
pub(crate) struct Query<T>(pub(crate) T);

impl<T, S> FromRequestParts<S> for Query<T>
where
    T: DeserializeOwned + Send,
    S: Send + Sync,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let found = axum_extra::extract::Query::<T>::from_request_parts(parts, state).await;
        found.map(|q| Self(q.0)).map_err(|e| ApiError::invalid("query", e.to_string()))
    }
}

/// What the path names.
#[derive(Clone, Debug)]
pub(crate) struct Path<T>(pub(crate) T);

impl<T, S> FromRequestParts<S> for Path<T>
where
    T: DeserializeOwned + Send,
    S: Send + Sync,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let found = <axum::extract::Path<T> as FromRequestParts<S>>::from_request_parts(parts, state).await;
        found.map(|p| Self(p.0)).map_err(|e| ApiError::invalid("path", e.to_string()))
    }
}
