//! `GET /api/v1/meta/types/user` (Okta: listUserTypes).

use super::wire::{UserType, the_one};
use crate::base::{Call, Paged, ReadErrors, Result};

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
