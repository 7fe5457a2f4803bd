//! `GET /api/v1/meta/schemas/user/{schemaId}` (Okta: getUserSchema).

use super::user_schema::{check, schema};
use super::wire::ProfileSchema;
use crate::base::{Answer, Call, Path, ReadErrors, Result};

/// Retrieves the schema of users' profiles.
#[utoipa::path(
    get,
    path = "/api/v1/meta/schemas/user/{schemaId}",
    operation_id = "getUserSchema",
    tag = "Schema",
    params(("schemaId" = String, Path, description = "Id, or `default`")),
    responses((status = 200, body = ProfileSchema), ReadErrors)
)]
pub(crate) async fn get_user_schema(call: Call, Path(id): Path<String>) -> Result<Answer<ProfileSchema>> {
    check(&id)?;
    call.read(move |cx| Ok(Answer::ok(schema(cx, &id)?))).await
}
