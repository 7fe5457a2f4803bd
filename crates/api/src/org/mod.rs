//! The org: what anybody may know of it, and where everything stands.

mod get_status;
mod get_wellknown_org_metadata;

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::base::Shared;

/// The operations on the org.
pub(crate) fn routes() -> OpenApiRouter<Arc<Shared>> {
    OpenApiRouter::new()
        .routes(routes!(get_wellknown_org_metadata::get_wellknown_org_metadata))
        .routes(routes!(get_status::get_status))
}
