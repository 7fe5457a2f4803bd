//! `GET /api/v1/users/{userIdOrLogin}/linkedObjects/{relationshipName}` (Okta: listLinkedObjectsForUser).

use serde::Deserialize;
use utoipa::IntoParams;

use super::wire::LinkedUser;
use crate::base::page::limit_of;
use crate::base::{ApiError, Call, Paged, Path, Query, ReadErrors, Result};

const LIMIT: (usize, usize) = (1_000, 1_000);

/// Which of those at the end of a link.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct ListLinkedObjectsParams {
    /// Where the page begins: from the `next` link of the page before.
    after: Option<String>,
    /// How many, at most 1000.
    #[param(default = 1000, minimum = 1, maximum = 1000)]
    limit: Option<i64>,
}

/// Lists the users at the named end of a link: with the primary name whom the user's link leads to, one at most; with the
/// associated name everybody whose link leads to the user.
#[utoipa::path(
    get,
    path = "/api/v1/users/{userIdOrLogin}/linkedObjects/{relationshipName}",
    operation_id = "listLinkedObjectsForUser",
    tag = "UserLinkedObject",
    params(
        ("userIdOrLogin" = String, Path, description = "Id, login, or `me`"),
        ("relationshipName" = String, Path, description = "Name of either end"),
        ListLinkedObjectsParams
    ),
    responses((status = 200, body = Vec<LinkedUser>), ReadErrors)
)]
pub(crate) async fn list_linked_objects_for_user(
    call: Call,
    Path((user, name)): Path<(String, String)>,
    Query(params): Query<ListLinkedObjectsParams>,
) -> Result<Paged<LinkedUser>> {
    let limit = limit_of(params.limit, LIMIT)?;
    call.read(move |cx| {
        let view = cx.session.user_named(&cx.user_id(&user)?).map_err(ApiError::missing(&user, "User"))?;
        let missing = ApiError::missing(&name, "LinkedObject");
        let page =
            cx.session.linked_people(&view.id, &name, params.after.as_deref(), limit).map_err(missing)?;
        let mut query = vec![("limit", limit.to_string())];
        query.extend(params.after.map(|a| ("after", a)));
        let here = cx.url(&format!("/users/{}/linkedObjects/{name}", view.id));
        let users = page.items.iter().map(|user| LinkedUser::of(cx, user)).collect();
        Ok(Paged::new(users, &here, &query, page.next.as_deref()))
    })
    .await
}
