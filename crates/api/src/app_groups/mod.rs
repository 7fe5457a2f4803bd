//! Groups' assignments to applications (Okta: `ApplicationGroups`).

mod assign_group_to_application;
mod get_application_group_assignment;
mod list_application_group_assignments;
mod unassign_application_from_group;
mod update_group_assignment_to_application;
mod wire;

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::base::Shared;

/// The operations on group assignments.
pub(crate) fn routes() -> OpenApiRouter<Arc<Shared>> {
    OpenApiRouter::new()
        .routes(routes!(list_application_group_assignments::list_application_group_assignments))
        .routes(routes!(
            get_application_group_assignment::get_application_group_assignment,
            assign_group_to_application::assign_group_to_application,
            update_group_assignment_to_application::update_group_assignment_to_application,
            unassign_application_from_group::unassign_application_from_group
        ))
}
