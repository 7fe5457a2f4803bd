//! Sessions in which programs tell a source what has changed (Okta: `IdentitySource`).

mod create_identity_source_session;
mod delete_identity_source_session;
mod get_identity_source_session;
mod list_identity_source_sessions;
mod start_import_from_identity_source;
mod upload_identity_source_data_for_delete;
mod upload_identity_source_data_for_upsert;
mod uploading;
mod wire;

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::base::Shared;

/// What Okta calls a session where it isn't found.
const SESSION: &str = "IdentitySourceSession";

/// The operations on sessions of identity sources.
pub(crate) fn routes() -> OpenApiRouter<Arc<Shared>> {
    OpenApiRouter::new()
        .routes(routes!(
            list_identity_source_sessions::list_identity_source_sessions,
            create_identity_source_session::create_identity_source_session
        ))
        .routes(routes!(
            get_identity_source_session::get_identity_source_session,
            delete_identity_source_session::delete_identity_source_session
        ))
        .routes(routes!(upload_identity_source_data_for_upsert::upload_identity_source_data_for_upsert))
        .routes(routes!(upload_identity_source_data_for_delete::upload_identity_source_data_for_delete))
        .routes(routes!(start_import_from_identity_source::start_import_from_identity_source))
}
