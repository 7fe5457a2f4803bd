//! People's places in applications (Okta: `ApplicationUsers`).

mod assign_user_to_application;
mod get_application_user;
mod list_application_users;
mod unassign_user_from_application;
mod update_application_user;
pub(crate) mod wire;

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::base::Shared;

/// The operations on app users.
pub(crate) fn routes() -> OpenApiRouter<Arc<Shared>> {
    OpenApiRouter::new()
        .routes(routes!(
            list_application_users::list_application_users,
            assign_user_to_application::assign_user_to_application
        ))
        .routes(routes!(
            get_application_user::get_application_user,
            update_application_user::update_application_user,
            unassign_user_from_application::unassign_user_from_application
        ))
}
