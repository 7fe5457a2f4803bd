//! `POST /api/v1/identity-sources/{identitySourceId}/sessions/{sessionId}/start-import` (Okta:
//! startImportFromIdentitySource).

use muster_service::ImportOptions;
use muster_service::plan::Quiet;
use serde::Deserialize;
use utoipa::IntoParams;

use super::SESSION;
use super::wire::IdentitySourceSession;
use crate::base::{Answer, ApiError, Call, Changed, Errors, Path, Query, Result};

/// How a session is imported.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct StartImportParams {
    /// Whether guards are waived; that takes the right ADMIN.
    #[serde(default)]
    #[param(default = false)]
    force: bool,
}

/// Imports what a session was told, as one delta: the plan that follows is applied before this answers, or held if a guard
/// stops it (409). With `preview=true` it is only shown, and the session stays open.
#[utoipa::path(
    post,
    path = "/api/v1/identity-sources/{identitySourceId}/sessions/{sessionId}/start-import",
    operation_id = "startImportFromIdentitySource",
    tag = "IdentitySource",
    params(
        ("identitySourceId" = String, Path, description = "The id of an app that is a source with a feed"),
        ("sessionId" = String, Path, description = "Its id"),
        StartImportParams
    ),
    responses((status = 200, body = IdentitySourceSession), Errors)
)]
pub(crate) async fn start_import_from_identity_source(
    call: Call,
    Path((source, id)): Path<(String, String)>,
    Query(params): Query<StartImportParams>,
) -> Result<Changed<IdentitySourceSession>> {
    call.change(move |cx| {
        let (session, options) = (cx.session, ImportOptions { force: params.force, ..cx.options });
        let missing = ApiError::missing(&id, SESSION);
        let report =
            session.source_session_start(&session.actor, &source, &id, options, &Quiet).map_err(&missing)?;
        cx.settle(report, || {
            let done = session.source_session(&source, &id).map_err(&missing)?;
            Ok(Answer::ok(IdentitySourceSession::of(cx, &done)))
        })
    })
    .await
}
