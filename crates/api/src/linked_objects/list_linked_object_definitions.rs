//! `GET /api/v1/meta/schemas/user/linkedObjects` (Okta: listLinkedObjectDefinitions).

use super::wire::LinkedObject;
use crate::base::{Call, Paged, ReadErrors, Result};

/// Lists all definitions of links, by primary name.
#[utoipa::path(
    get,
    path = "/api/v1/meta/schemas/user/linkedObjects",
    operation_id = "listLinkedObjectDefinitions",
    tag = "LinkedObject",
    responses((status = 200, body = Vec<LinkedObject>), ReadErrors)
)]
pub(crate) async fn list_linked_object_definitions(call: Call) -> Result<Paged<LinkedObject>> {
    call.read(move |cx| {
        let links = cx.session.links()?.into_iter().map(|link| LinkedObject::of(cx, link)).collect();
        Ok(Paged::new(links, &cx.url("/meta/schemas/user/linkedObjects"), &[], None))
    })
    .await
}
