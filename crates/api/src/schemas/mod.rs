//! Schemas and types of users and groups (Okta: Schema, `UserType`).

mod get_group_schema;
mod property;
mod user_schema;
mod user_types;

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::base::Shared;

/// The operations on schemas and types.
pub(crate) fn routes() -> OpenApiRouter<Arc<Shared>> {
    OpenApiRouter::new()
        .routes(routes!(user_schema::get_user_schema, user_schema::update_user_profile))
        .routes(routes!(get_group_schema::get_group_schema))
        .routes(routes!(user_types::list_user_types, user_types::create_user_type))
        .routes(routes!(user_types::get_user_type))
}
