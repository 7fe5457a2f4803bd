//! Whether an application is ACTIVE: what activating and deactivating it share.

use super::wire::{KIND, missing};
use crate::base::answer::Empty;
use crate::base::{Answer, Call, Changed, Result};

/// Makes an application ACTIVE or INACTIVE.
pub(super) async fn activate(call: Call, id: String, active: bool) -> Result<Changed<Empty>> {
    call.change(move |cx| {
        let report = cx.session.app_activate(&cx.session.actor, &id, active, cx.options);
        cx.settle(report.map_err(missing(&id, KIND))?, || Ok(Answer::ok(Empty {})))
    })
    .await
}
