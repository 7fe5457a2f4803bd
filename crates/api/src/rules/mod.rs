//! Group rules (Okta: `GroupRule`).

mod delete_group_rule;
mod get_group_rule;
mod lifecycle;
mod list_group_rules;
mod wire;
mod write_group_rule;

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::base::Shared;

/// The operations on group rules.
pub(crate) fn routes() -> OpenApiRouter<Arc<Shared>> {
    OpenApiRouter::new()
        .routes(routes!(list_group_rules::list_group_rules, write_group_rule::create_group_rule))
        .routes(routes!(
            get_group_rule::get_group_rule,
            write_group_rule::replace_group_rule,
            delete_group_rule::delete_group_rule
        ))
        .routes(routes!(lifecycle::activate_group_rule))
        .routes(routes!(lifecycle::deactivate_group_rule))
}
