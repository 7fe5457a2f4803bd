//! Rows of sources that wait until somebody says whose they are. Okta has them in its console only.

mod decide_matches;
mod list_matches;
mod unlink_user;
mod wire;

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::base::Shared;

/// The operations on rows that wait.
pub(crate) fn routes() -> OpenApiRouter<Arc<Shared>> {
    OpenApiRouter::new()
        .routes(routes!(list_matches::list_matches))
        .routes(routes!(decide_matches::decide_matches))
        .routes(routes!(unlink_user::unlink_user))
}
