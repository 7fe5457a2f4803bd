//! Whether a provisioning connection is used: what activating and deactivating it share.

use muster_service::edit::ConnectionTerms;

use super::wire::scim;
use crate::base::answer::Nothing;
use crate::base::{Answer, Call, Changed, Result};

/// Turns the connection of an app on or off.
pub(super) async fn switch(call: Call, app: String, enabled: bool) -> Result<Changed<Nothing>> {
    call.change(move |cx| {
        scim(cx, &app)?;
        let terms = ConnectionTerms { enabled: Some(enabled), ..ConnectionTerms::default() };
        let report = cx.session.app_connection_set(&cx.session.actor, &app, &terms, cx.options)?;
        cx.settle(report, || Ok(Answer::no_content()))
    })
    .await
}
