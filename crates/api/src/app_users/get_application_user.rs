//! `GET /api/v1/apps/{appId}/users/{userId}` (Okta: getApplicationUser).

use serde::Deserialize;
use utoipa::IntoParams;

use super::wire::{AppUser, embed, find};
use crate::base::{Answer, Call, Path, Query, ReadErrors, Result};

/// What comes with her.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct GetApplicationUserParams {
    /// `user`: the person comes along.
    expand: Option<String>,
}

/// Retrieves a person's place in an application.
#[utoipa::path(
    get,
    path = "/api/v1/apps/{appId}/users/{userId}",
    operation_id = "getApplicationUser",
    tag = "ApplicationUsers",
    params(
        ("appId" = String, Path, description = "The application's id"),
        ("userId" = String, Path, description = "The person's id or login"),
        GetApplicationUserParams
    ),
    responses((status = 200, body = AppUser), ReadErrors)
)]
pub(crate) async fn get_application_user(
    call: Call,
    Path((app, user)): Path<(String, String)>,
    Query(params): Query<GetApplicationUserParams>,
) -> Result<Answer<AppUser>> {
    call.read(move |cx| {
        let mut found = [AppUser::of(cx, find(cx, &app, &cx.user_id(&user)?)?)];
        embed(cx, params.expand.as_deref(), &mut found)?;
        let [found] = found;
        Ok(Answer::ok(found))
    })
    .await
}
