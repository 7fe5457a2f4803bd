//! Groups (Okta: Group).

mod add_group;
mod assign_user_to_group;
mod delete_group;
mod get_group;
mod list_group_apps;
mod list_group_users;
mod list_groups;
mod membership;
mod replace_group;
mod request;
mod unassign_user_from_group;
pub(crate) mod wire;

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::base::Shared;

/// The operations on groups.
pub(crate) fn routes() -> OpenApiRouter<Arc<Shared>> {
    OpenApiRouter::new()
        .routes(routes!(list_groups::list_groups, add_group::add_group))
        .routes(routes!(get_group::get_group, replace_group::replace_group, delete_group::delete_group))
        .routes(routes!(list_group_users::list_group_users))
        .routes(routes!(list_group_apps::list_group_apps))
        .routes(routes!(
            assign_user_to_group::assign_user_to_group,
            unassign_user_from_group::unassign_user_from_group
        ))
}
