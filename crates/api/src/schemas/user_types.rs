//! `GET` and `POST /api/v1/meta/types/user`, `GET /api/v1/meta/types/user/{typeId}` (Okta: listUserTypes, createUserType,
//! getUserType). There is one type, which everybody has.

use serde::Serialize;
use utoipa::ToSchema;

use crate::base::call::Cx;
use crate::base::{Answer, ApiError, Call, Changed, Errors, Href, Paged, Path, ReadErrors, Result};
use crate::users::wire::{default_schema, default_type};

/// What belongs to a user type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct UserTypeLinks {
    schema: Href,
    #[serde(rename = "self")]
    this: Href,
}

/// A user type (Okta: `UserType`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UserType {
    /// The public id.
    id: String,
    display_name: &'static str,
    name: &'static str,
    description: &'static str,
    created: Option<String>,
    last_updated: Option<String>,
    default: bool,
    #[serde(rename = "_links")]
    links: UserTypeLinks,
}

fn the_one(cx: &Cx<'_>) -> Result<UserType> {
    let born = cx.session.group_view("Everyone")?.created;
    Ok(UserType {
        id: default_type(),
        display_name: "User",
        name: "user",
        description: "The profile of every user",
        created: born.clone(),
        last_updated: born,
        default: true,
        links: UserTypeLinks {
            schema: Href::to(cx.url(&format!("/meta/schemas/user/{}", default_schema()))),
            this: Href::to(cx.url(&format!("/meta/types/user/{}", default_type()))),
        },
    })
}

/// Lists user types.
#[utoipa::path(
    get,
    path = "/api/v1/meta/types/user",
    operation_id = "listUserTypes",
    tag = "UserType",
    responses((status = 200, body = Vec<UserType>), ReadErrors)
)]
pub(crate) async fn list_user_types(call: Call) -> Result<Paged<UserType>> {
    call.read(move |cx| Ok(Paged::new(vec![the_one(cx)?], &cx.url("/meta/types/user"), &[], None))).await
}

/// Refuses: everybody is of the default type.
#[utoipa::path(
    post,
    path = "/api/v1/meta/types/user",
    operation_id = "createUserType",
    tag = "UserType",
    responses((status = 200, body = UserType), Errors)
)]
pub(crate) async fn create_user_type(call: Call) -> Result<Changed<UserType>> {
    call.change(move |_| {
        let cause =
            "name: everybody is of the default user type here; add custom attributes to its schema instead";
        Err(ApiError::invalid("name", cause))
    })
    .await
}

/// Retrieves a user type.
#[utoipa::path(
    get,
    path = "/api/v1/meta/types/user/{typeId}",
    operation_id = "getUserType",
    tag = "UserType",
    params(("typeId" = String, Path, description = "Id, or `default`")),
    responses((status = 200, body = UserType), ReadErrors)
)]
pub(crate) async fn get_user_type(call: Call, Path(id): Path<String>) -> Result<Answer<UserType>> {
    if id != "default" && id != default_type() {
        return Err(ApiError::not_found(&id, "CVDType"));
    }
    call.read(move |cx| Ok(Answer::ok(the_one(cx)?))).await
}
