//! `PUT /api/v1/apps/{appId}` (Okta: replaceApplication).

use serde_json::{Map, Value as Json};

use super::request::draft;
use super::wire::{Application, catalogue_name, entry, read};
use crate::base::{Answer, ApiError, Body, Call, Changed, Errors, Path, Result};

/// Replaces what clients may say of an application. Its name and its status stay.
#[utoipa::path(
    put,
    path = "/api/v1/apps/{appId}",
    operation_id = "replaceApplication",
    tag = "Application",
    params(("appId" = String, Path, description = "Its id")),
    request_body = Object,
    responses((status = 200, body = Application), Errors)
)]
pub(crate) async fn replace_application(
    call: Call,
    Path(id): Path<String>,
    Body(mut body): Body<Map<String, Json>>,
) -> Result<Changed<Application>> {
    call.change(move |cx| {
        let app = entry(cx, &id)?.app;
        let name = catalogue_name(&app);
        if body.get("name").and_then(Json::as_str).is_some_and(|n| n != name) {
            return Err(ApiError::invalid("name", format!("name: it stays {name:?}")));
        }
        if let Some(name) = app.extra.get("name") {
            body.insert("name".to_owned(), name.clone());
        } else {
            body.remove("name");
        }
        let new = draft(body, app.kind)?;
        let report = cx.session.app_replace(&cx.session.actor, &id, &new, cx.options)?;
        cx.settle(report, || Ok(Answer::ok(read(cx, &id)?)))
    })
    .await
}
