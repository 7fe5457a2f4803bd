//! `POST /api/v1/users/{id}/split`.

use muster_engine::model::{AppKey, IdKind, public_id};
use serde::Deserialize;
use utoipa::ToSchema;

use super::wire::{User, read};
use crate::base::{ApiError, Body, Call, Changed, Errors, Path, Result};

/// A user's record in a source.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SourceRecord {
    /// Id or name of the source.
    app_id: String,
    /// The record's key there.
    external_id: String,
}

/// What is somebody else's.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SplitUserRequest {
    /// The records that are somebody else's.
    records: Vec<SourceRecord>,
    /// Ids or names of the apps whose accounts are.
    #[serde(default)]
    apps: Vec<String>,
}

/// Makes two users of one who are two people: some of her records become somebody new, who is answered. Undoing the plan
/// makes them one again.
#[utoipa::path(
    post,
    path = "/api/v1/users/{id}/split",
    operation_id = "splitUser",
    tag = "User",
    params(("id" = String, Path, description = "Id, login, or `me`")),
    request_body = SplitUserRequest,
    responses((status = 200, body = User), Errors)
)]
pub(crate) async fn split_user(
    call: Call,
    Path(id): Path<String>,
    Body(request): Body<SplitUserRequest>,
) -> Result<Changed<User>> {
    call.change(move |cx| {
        let config = cx.session.config()?;
        let app = |name: &String| cx.session.find_app(&config, name);
        let mut records: Vec<(AppKey, String)> = Vec::with_capacity(request.records.len());
        for record in &request.records {
            records.push((app(&record.app_id)?, record.external_id.clone()));
        }
        let accounts = request.apps.iter().map(app).collect::<std::result::Result<Vec<_>, _>>()?;
        let Some((source, key)) = records.first().cloned() else {
            return Err(ApiError::invalid("records", "records: The field cannot be left blank"));
        };
        let user = cx.user_id(&id)?;
        let report = cx.session.user_split(&cx.session.actor, &user, &records, &accounts, cx.options)?;
        cx.settle(report, || {
            let new = cx.session.user_of_record(source, &key)?;
            Ok(read(cx, &public_id(IdKind::User, new.0))?.answer())
        })
    })
    .await
}
