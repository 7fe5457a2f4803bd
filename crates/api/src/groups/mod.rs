//! Groups (Okta: Group).

mod delete_group;
mod get_group;
mod list_group_apps;
mod list_group_users;
mod list_groups;
mod members;
pub(crate) mod wire;
mod write_group;

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::base::Shared;

/// The operations on groups.
pub(crate) fn routes() -> OpenApiRouter<Arc<Shared>> {
    OpenApiRouter::new()
        .routes(routes!(list_groups::list_groups, write_group::add_group))
        .routes(routes!(get_group::get_group, write_group::replace_group, delete_group::delete_group))
        .routes(routes!(list_group_users::list_group_users))
        .routes(routes!(list_group_apps::list_group_apps))
        .routes(routes!(members::assign_user_to_group, members::unassign_user_from_group))
}
