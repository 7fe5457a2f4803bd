//! `GET /api/v1/users/{id}/groups` (Okta: listUserGroups).

use crate::base::{Call, Paged, Path, ReadErrors, Result};
use crate::groups::wire::Group;

/// Lists all groups a user is in, `Everyone` included.
#[utoipa::path(
    get,
    path = "/api/v1/users/{id}/groups",
    operation_id = "listUserGroups",
    tag = "User",
    params(("id" = String, Path, description = "Id, login, or `me`")),
    responses((status = 200, body = Vec<Group>), ReadErrors)
)]
pub(crate) async fn list_user_groups(call: Call, Path(id): Path<String>) -> Result<Paged<Group>> {
    call.read(move |cx| {
        let detail = cx.session.user(&cx.user_id(&id)?)?;
        let here = cx.url(&format!("/users/{}/groups", detail.user.id));
        let groups = detail.groups.into_iter().map(|g| Group::of(cx, g)).collect();
        Ok(Paged::new(groups, &here, &[("limit", "200".to_owned())], None))
    })
    .await
}
