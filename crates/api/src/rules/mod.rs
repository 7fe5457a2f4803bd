//! Group rules (Okta: `GroupRule`).

mod activate_group_rule;
mod activation;
mod create_group_rule;
mod deactivate_group_rule;
mod delete_group_rule;
mod get_group_rule;
mod list_group_rules;
mod replace_group_rule;
mod request;
mod wire;

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::base::Shared;

/// The operations on group rules.
pub(crate) fn routes() -> OpenApiRouter<Arc<Shared>> {
    OpenApiRouter::new()
        .routes(routes!(list_group_rules::list_group_rules, create_group_rule::create_group_rule))
        .routes(routes!(
            get_group_rule::get_group_rule,
            replace_group_rule::replace_group_rule,
            delete_group_rule::delete_group_rule
        ))
        .routes(routes!(activate_group_rule::activate_group_rule))
        .routes(routes!(deactivate_group_rule::deactivate_group_rule))
}
