//! The Management API (Okta's shapes on the wire), one file an operation, and its OpenAPI document.
//!
//! A face: it holds no rules. An operation reads what was asked for, makes one call of the service, and writes the answer;
//! `docs/ADDING-AN-OPERATION.md` shows how to add one.

mod app_connections;
mod app_features;
mod app_groups;
mod app_users;
mod apps;
mod base;
mod document;
mod groups;
mod identity_sources;
mod linked_objects;
mod logs;
mod mappings;
mod matches;
mod org;
mod plans;
mod rules;
mod schemas;
mod tasks;
mod tokens;
mod users;
mod values;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{StatusCode, Uri};
use axum::routing::get;
use muster_service::Door;
use utoipa_axum::router::OpenApiRouter;

pub use base::call::Secure;
use base::limits::{Limits, limit};
use base::{ApiError, Shared};

/// How the API is served.
#[derive(Clone, Debug)]
pub struct ApiOptions {
    /// The way to the service.
    pub door: Door,
    /// The address under which clients reach the server, if it isn't the one they name.
    pub public_url: Option<String>,
    /// Requests a minute and token.
    pub rate_limit: u32,
    /// The most bytes of a request's body.
    pub body_limit: usize,
}

fn operations() -> OpenApiRouter<Arc<Shared>> {
    OpenApiRouter::with_openapi(document::base())
        .merge(users::routes())
        .merge(groups::routes())
        .merge(rules::routes())
        .merge(schemas::routes())
        .merge(linked_objects::routes())
        .merge(mappings::routes())
        .merge(logs::routes())
        .merge(plans::routes())
        .merge(tasks::routes())
        .merge(tokens::routes())
        .merge(org::routes())
        .merge(apps::routes())
        .merge(app_users::routes())
        .merge(app_groups::routes())
        .merge(app_connections::routes())
        .merge(app_features::routes())
        .merge(matches::routes())
        .merge(identity_sources::routes())
}

/// The OpenAPI document, as it comes from the handlers.
pub fn openapi() -> utoipa::openapi::OpenApi {
    parts().1
}

fn parts() -> (Router<Arc<Shared>>, utoipa::openapi::OpenApi) {
    let (routes, mut document) = operations().split_for_parts();
    document::add_previews(&mut document);
    (routes, document)
}

/// The API below `/api/v1`, `/openapi.json` and `/.well-known/okta-organization`; anything else answers 404 as Okta does.
pub fn router(options: ApiOptions) -> Router {
    let limits = Limits::new(options.rate_limit);
    let shared = Arc::new(Shared::new(options.door, options.public_url, limits));
    let (routes, document) = parts();
    let document = Arc::new(document);
    routes
        .method_not_allowed_fallback(method_not_allowed)
        .fallback(not_found)
        .layer(axum::middleware::from_fn_with_state(shared.clone(), limit))
        .layer(DefaultBodyLimit::max(options.body_limit))
        .with_state(shared)
        .route("/openapi.json", get(move || async move { axum::Json(document.as_ref().clone()) }))
}

async fn not_found(uri: Uri) -> ApiError {
    ApiError::not_found(uri.path(), "path")
}

async fn method_not_allowed() -> ApiError {
    ApiError::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "E0000022",
        "The endpoint does not support the provided HTTP method",
    )
}
