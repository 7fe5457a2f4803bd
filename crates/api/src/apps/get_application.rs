//! `GET /api/v1/apps/{appId}` (Okta: getApplication).

use serde::Deserialize;
use utoipa::IntoParams;

use super::list_applications::embed_user;
use super::wire::{Application, read};
use crate::base::{Answer, Call, Path, Query, ReadErrors, Result};

/// What comes with it.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct GetApplicationParams {
    /// `user/{userId}`: that person's place in it comes along.
    expand: Option<String>,
}

/// Retrieves an application.
#[utoipa::path(
    get,
    path = "/api/v1/apps/{appId}",
    operation_id = "getApplication",
    tag = "Application",
    params(("appId" = String, Path, description = "Its id"), GetApplicationParams),
    responses((status = 200, body = Application), ReadErrors)
)]
pub(crate) async fn get_application(
    call: Call,
    Path(id): Path<String>,
    Query(params): Query<GetApplicationParams>,
) -> Result<Answer<Application>> {
    call.read(move |cx| {
        let mut found = [read(cx, &id)?];
        embed_user(cx, params.expand.as_deref(), &mut found)?;
        let [found] = found;
        Ok(Answer::ok(found))
    })
    .await
}
