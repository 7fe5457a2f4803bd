//! `POST /api/v1/groups/rules/{groupRuleId}/lifecycle/activate` (Okta: activateGroupRule).

use muster_engine::RuleStatus;

use super::activation::set;
use crate::base::answer::Nothing;
use crate::base::{Call, Changed, Errors, Path, Result};

/// Activates a group rule: whoever fits becomes a member.
#[utoipa::path(
    post,
    path = "/api/v1/groups/rules/{groupRuleId}/lifecycle/activate",
    operation_id = "activateGroupRule",
    tag = "GroupRule",
    params(("groupRuleId" = String, Path, description = "Id or name")),
    responses((status = 204, description = "ACTIVE"), Errors)
)]
pub(crate) async fn activate_group_rule(call: Call, Path(id): Path<String>) -> Result<Changed<Nothing>> {
    set(call, id, RuleStatus::Active).await
}
