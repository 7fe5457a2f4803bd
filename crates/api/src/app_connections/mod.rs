//! The provisioning connection of an application (Okta: `ApplicationConnections`).

mod activate_default_connection;
mod activation;
mod deactivate_default_connection;
mod get_default_connection;
mod update_default_connection;
pub(crate) mod wire;

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::base::Shared;

/// The operations on provisioning connections.
pub(crate) fn routes() -> OpenApiRouter<Arc<Shared>> {
    OpenApiRouter::new()
        .routes(routes!(
            get_default_connection::get_default_provisioning_connection_for_application,
            update_default_connection::update_default_provisioning_connection_for_application
        ))
        .routes(routes!(
            activate_default_connection::activate_default_provisioning_connection_for_application
        ))
        .routes(routes!(
            deactivate_default_connection::deactivate_default_provisioning_connection_for_application
        ))
}
