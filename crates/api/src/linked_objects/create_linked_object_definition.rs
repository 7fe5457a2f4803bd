//! `POST /api/v1/meta/schemas/user/linkedObjects` (Okta: createLinkedObjectDefinition).

use super::request::{LinkedObjectRequest, refused};
use super::wire::LinkedObject;
use crate::base::{Answer, Body, Call, Changed, Errors, Result};

/// Defines a link whose values are said by hand. Values that were said under an earlier definition of the same name count
/// again.
#[utoipa::path(
    post,
    path = "/api/v1/meta/schemas/user/linkedObjects",
    operation_id = "createLinkedObjectDefinition",
    tag = "LinkedObject",
    request_body = LinkedObjectRequest,
    responses((status = 201, body = LinkedObject), Errors)
)]
pub(crate) async fn create_linked_object_definition(
    call: Call,
    Body(request): Body<LinkedObjectRequest>,
) -> Result<Changed<LinkedObject>> {
    let link = request.read()?;
    call.change(move |cx| {
        let report = cx.session.link_define(&cx.session.actor, &link, cx.options).map_err(refused)?;
        cx.settle(report, || Ok(Answer::created(LinkedObject::read(cx, &link.name)?)))
    })
    .await
}
