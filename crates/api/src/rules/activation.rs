//! Whether a group rule is ACTIVE: what activating and deactivating it share.

use muster_engine::RuleStatus;

use super::wire::read;
use crate::base::answer::Nothing;
use crate::base::{Answer, Call, Changed, Result};

/// Gives a rule the status, if it has another.
pub(super) async fn set(call: Call, id: String, status: RuleStatus) -> Result<Changed<Nothing>> {
    call.change(move |cx| {
        let rule = read(cx, &id, false)?;
        if rule.status == status {
            return Ok(Changed::Done(Answer::no_content()));
        }
        let report = cx.session.rule_status(&cx.session.actor, &rule.id, status, cx.options)?;
        cx.settle(report, || Ok(Answer::no_content()))
    })
    .await
}
