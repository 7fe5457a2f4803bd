//! What is provisioned to an application (Okta: `ApplicationFeatures`).

mod get_feature_for_application;
mod list_features_for_application;
mod update_feature_for_application;
mod wire;

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::base::Shared;

/// The operations on features.
pub(crate) fn routes() -> OpenApiRouter<Arc<Shared>> {
    OpenApiRouter::new().routes(routes!(list_features_for_application::list_features_for_application)).routes(
        routes!(
            get_feature_for_application::get_feature_for_application,
            update_feature_for_application::update_feature_for_application
        ),
    )
}
