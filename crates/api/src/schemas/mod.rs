//! Schemas and types of users and groups (Okta: Schema, `UserType`).

mod create_user_type;
mod get_group_schema;
mod get_user_schema;
mod get_user_type;
mod list_user_types;
mod property;
mod update_user_profile;
mod user_schema;
mod wire;

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::base::Shared;

/// The operations on schemas and types.
pub(crate) fn routes() -> OpenApiRouter<Arc<Shared>> {
    OpenApiRouter::new()
        .routes(routes!(get_user_schema::get_user_schema, update_user_profile::update_user_profile))
        .routes(routes!(get_group_schema::get_group_schema))
        .routes(routes!(list_user_types::list_user_types, create_user_type::create_user_type))
        .routes(routes!(get_user_type::get_user_type))
}
