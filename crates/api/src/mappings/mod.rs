//! Mappings between the profiles of users and of accounts (Okta: `ProfileMapping`).

mod get_profile_mapping;
mod list_profile_mappings;
mod update_profile_mapping;
mod wire;

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::base::Shared;

/// The operations on mappings.
pub(crate) fn routes() -> OpenApiRouter<Arc<Shared>> {
    OpenApiRouter::new().routes(routes!(list_profile_mappings::list_profile_mappings)).routes(routes!(
        get_profile_mapping::get_profile_mapping,
        update_profile_mapping::update_profile_mapping
    ))
}
