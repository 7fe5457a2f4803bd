//! From one status to another: what the operations on the life of a user share (Okta: `UserLifecycle`).

use muster_engine::model::Transition;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::base::answer::Empty;
use crate::base::{Answer, Call, Changed, Result};

/// How a transition is made.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct LifecycleParams {
    /// Whether she, or an admin, is mailed.
    #[serde(default, rename = "sendEmail")]
    _send_email: Option<bool>,
}

/// Makes a transition of a user.
pub(super) async fn transition(call: Call, id: String, transition: Transition) -> Result<Changed<Empty>> {
    call.change(move |cx| {
        let id = cx.user_id(&id)?;
        let report = cx.session.user_transition(&cx.session.actor, &id, transition, cx.options)?;
        cx.settle(report, || Ok(Answer::ok(Empty {})))
    })
    .await
}
