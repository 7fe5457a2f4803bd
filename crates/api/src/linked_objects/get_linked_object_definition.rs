//! `GET /api/v1/meta/schemas/user/linkedObjects/{linkedObjectName}` (Okta: getLinkedObjectDefinition).

use axum::Json;

use super::wire::LinkedObject;
use crate::base::{Call, Path, ReadErrors, Result};

/// Reads the definition of a link.
#[utoipa::path(
    get,
    path = "/api/v1/meta/schemas/user/linkedObjects/{linkedObjectName}",
    operation_id = "getLinkedObjectDefinition",
    tag = "LinkedObject",
    params(("linkedObjectName" = String, Path, description = "Name of either end")),
    responses((status = 200, body = LinkedObject), ReadErrors)
)]
pub(crate) async fn get_linked_object_definition(
    call: Call,
    Path(name): Path<String>,
) -> Result<Json<LinkedObject>> {
    call.read(move |cx| LinkedObject::read(cx, &name).map(Json)).await
}
