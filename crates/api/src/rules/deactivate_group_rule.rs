//! `POST /api/v1/groups/rules/{groupRuleId}/lifecycle/deactivate` (Okta: deactivateGroupRule).

use muster_engine::RuleStatus;

use super::activation::set;
use crate::base::answer::Nothing;
use crate::base::{Call, Changed, Errors, Path, Result};

/// Deactivates a group rule. Members it made stay members.
#[utoipa::path(
    post,
    path = "/api/v1/groups/rules/{groupRuleId}/lifecycle/deactivate",
    operation_id = "deactivateGroupRule",
    tag = "GroupRule",
    params(("groupRuleId" = String, Path, description = "Id or name")),
    responses((status = 204, description = "INACTIVE"), Errors)
)]
pub(crate) async fn deactivate_group_rule(call: Call, Path(id): Path<String>) -> Result<Changed<Nothing>> {
    set(call, id, RuleStatus::Inactive).await
}
