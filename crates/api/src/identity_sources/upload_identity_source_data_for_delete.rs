//! `POST /api/v1/identity-sources/{identitySourceId}/sessions/{sessionId}/bulk-delete` (Okta:
//! uploadIdentitySourceDataForDelete).

use super::uploading::{ToldRecords, upload};
use super::wire::LoadedRows;
use crate::base::{Body, Call, Changed, Errors, Path, Result};

/// Tells a session who is gone. Nothing becomes of a key that the source doesn't know.
#[utoipa::path(
    post,
    path = "/api/v1/identity-sources/{identitySourceId}/sessions/{sessionId}/bulk-delete",
    operation_id = "uploadIdentitySourceDataForDelete",
    tag = "IdentitySource",
    params(
        ("identitySourceId" = String, Path, description = "The id of an app that is a source with a feed"),
        ("sessionId" = String, Path, description = "Its id")
    ),
    request_body = ToldRecords,
    responses((status = 202, body = LoadedRows), Errors)
)]
pub(crate) async fn upload_identity_source_data_for_delete(
    call: Call,
    Path(path): Path<(String, String)>,
    Body(told): Body<ToldRecords>,
) -> Result<Changed<LoadedRows>> {
    upload(call, path, told, true).await
}
