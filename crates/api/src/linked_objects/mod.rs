//! Links from one user to another (Okta: `LinkedObject`, `UserLinkedObject`).

mod assign_linked_object_value_for_primary;
mod create_linked_object_definition;
mod delete_linked_object_definition;
mod delete_linked_object_for_user;
mod get_linked_object_definition;
mod list_linked_object_definitions;
mod list_linked_objects_for_user;
mod request;
mod wire;

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::base::Shared;

/// The operations on definitions of links and on their values.
pub(crate) fn routes() -> OpenApiRouter<Arc<Shared>> {
    OpenApiRouter::new()
        .routes(routes!(
            list_linked_object_definitions::list_linked_object_definitions,
            create_linked_object_definition::create_linked_object_definition
        ))
        .routes(routes!(
            get_linked_object_definition::get_linked_object_definition,
            delete_linked_object_definition::delete_linked_object_definition
        ))
        .routes(routes!(
            list_linked_objects_for_user::list_linked_objects_for_user,
            delete_linked_object_for_user::delete_linked_object_for_user
        ))
        .routes(routes!(assign_linked_object_value_for_primary::assign_linked_object_value_for_primary))
}
