//! `DELETE /api/v1/meta/schemas/user/linkedObjects/{linkedObjectName}` (Okta: deleteLinkedObjectDefinition).

use crate::base::answer::Nothing;
use crate::base::{Answer, ApiError, Call, Changed, Errors, Path, Result};

/// Takes the definition of a link away. Rules that read it become INVALID. A definition of the same name brings the values
/// that were said by hand back.
#[utoipa::path(
    delete,
    path = "/api/v1/meta/schemas/user/linkedObjects/{linkedObjectName}",
    operation_id = "deleteLinkedObjectDefinition",
    tag = "LinkedObject",
    params(("linkedObjectName" = String, Path, description = "Name of either end")),
    responses((status = 204, description = "Taken away"), Errors)
)]
pub(crate) async fn delete_linked_object_definition(
    call: Call,
    Path(name): Path<String>,
) -> Result<Changed<Nothing>> {
    call.change(move |cx| {
        let missing = ApiError::missing(&name, "LinkedObject");
        let report = cx.session.link_undefine(&cx.session.actor, &name, cx.options).map_err(missing)?;
        cx.settle(report, || Ok(Answer::no_content()))
    })
    .await
}
