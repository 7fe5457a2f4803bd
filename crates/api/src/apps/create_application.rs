//! `POST /api/v1/apps` (Okta: createApplication).

use serde::Deserialize;
use serde_json::{Map, Value as Json};
use utoipa::IntoParams;

use super::request::{draft, kind_of};
use super::wire::{Application, read};
use crate::base::{Answer, Body, Call, Changed, Errors, Query, Result};

/// How an application is created.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct CreateApplicationParams {
    /// Whether it is active at once.
    #[serde(default = "yes")]
    #[param(default = true)]
    activate: bool,
}

fn yes() -> bool {
    true
}

/// Creates an application: a bookmark, or a SCIM 2.0 application. The latter comes with mappings; its accounts are
/// provisioned once its connection has an address and a token and is activated.
#[utoipa::path(
    post,
    path = "/api/v1/apps",
    operation_id = "createApplication",
    tag = "Application",
    params(CreateApplicationParams),
    request_body = Object,
    responses((status = 200, body = Application), Errors)
)]
pub(crate) async fn create_application(
    call: Call,
    Query(params): Query<CreateApplicationParams>,
    Body(body): Body<Map<String, Json>>,
) -> Result<Changed<Application>> {
    let kind = kind_of(&body)?;
    let new = draft(body, kind)?;
    call.change(move |cx| {
        let (report, id) = cx.session.app_create(&cx.session.actor, &new, params.activate, cx.options)?;
        cx.settle(report, || Ok(Answer::ok(read(cx, &id)?)))
    })
    .await
}
