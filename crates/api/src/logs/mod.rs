//! The system log (Okta: `SystemLog`).

mod list_log_events;
mod wire;

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::base::Shared;

/// The operations on the log.
pub(crate) fn routes() -> OpenApiRouter<Arc<Shared>> {
    OpenApiRouter::new().routes(routes!(list_log_events::list_log_events))
}
