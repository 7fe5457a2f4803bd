//! Applications (Okta: Application).

mod create_application;
mod delete_application;
mod get_application;
mod lifecycle;
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
        .routes(routes!(lifecycle::activate_application))
        .routes(routes!(lifecycle::deactivate_application))
}
