//! Users (Okta: User, `UserLifecycle`).

mod activate_user;
mod create_user;
mod deactivate_user;
mod delete_user;
mod get_user;
mod list_user_groups;
mod list_users;
mod merge_user;
mod reactivate_user;
mod replace_user;
mod split_user;
mod suspend_user;
mod transition;
mod unlock_user;
mod unsuspend_user;
mod update_user;
mod updating;
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
            replace_user::replace_user,
            delete_user::delete_user
        ))
        .routes(routes!(list_user_groups::list_user_groups))
        .routes(routes!(activate_user::activate_user))
        .routes(routes!(deactivate_user::deactivate_user))
        .routes(routes!(suspend_user::suspend_user))
        .routes(routes!(unsuspend_user::unsuspend_user))
        .routes(routes!(reactivate_user::reactivate_user))
        .routes(routes!(unlock_user::unlock_user))
        .routes(routes!(merge_user::merge_user))
        .routes(routes!(split_user::split_user))
}
