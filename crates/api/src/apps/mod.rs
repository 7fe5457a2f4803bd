//! Applications (Okta: Application).

mod activate_application;
mod activation;
mod create_application;
mod deactivate_application;
mod delete_application;
mod get_application;
mod import_feed;
mod list_applications;
mod replace_application;
mod request;
pub(crate) mod wire;

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::base::Shared;

/// The operations on applications.
pub(crate) fn routes() -> OpenApiRouter<Arc<Shared>> {
    OpenApiRouter::new()
        .routes(routes!(list_applications::list_applications, create_application::create_application))
        .routes(routes!(
            get_application::get_application,
            replace_application::replace_application,
            delete_application::delete_application
        ))
        .routes(routes!(activate_application::activate_application))
        .routes(routes!(deactivate_application::deactivate_application))
        .routes(routes!(import_feed::import_feed))
}
