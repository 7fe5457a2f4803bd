//! Users (Okta: User, `UserLifecycle`).

mod create_user;
mod delete_user;
mod get_user;
mod lifecycle;
mod list_user_groups;
mod list_users;
mod update_user;
pub(crate) mod wire;

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::base::Shared;

/// The operations on users.
pub(crate) fn routes() -> OpenApiRouter<Arc<Shared>> {
    OpenApiRouter::new()
        .routes(routes!(list_users::list_users, create_user::create_user))
        .routes(routes!(
            get_user::get_user,
            update_user::update_user,
            update_user::replace_user,
            delete_user::delete_user
        ))
        .routes(routes!(list_user_groups::list_user_groups))
        .routes(routes!(lifecycle::activate_user))
        .routes(routes!(lifecycle::deactivate_user))
        .routes(routes!(lifecycle::suspend_user))
        .routes(routes!(lifecycle::unsuspend_user))
        .routes(routes!(lifecycle::reactivate_user))
        .routes(routes!(lifecycle::unlock_user))
}
