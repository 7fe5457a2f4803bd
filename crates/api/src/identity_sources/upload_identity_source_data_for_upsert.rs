//! `POST /api/v1/identity-sources/{identitySourceId}/sessions/{sessionId}/bulk-upsert` (Okta:
//! uploadIdentitySourceDataForUpsert).

use super::uploading::{ToldRecords, upload};
use super::wire::LoadedRows;
use crate::base::{Body, Call, Changed, Errors, Path, Result};

/// Tells a session of people who are new or have changed. Of several rows of one key the later ones count. A row that can't
/// be read as the source's columns isn't taken, and the answer says why; all others are.
#[utoipa::path(
    post,
    path = "/api/v1/identity-sources/{identitySourceId}/sessions/{sessionId}/bulk-upsert",
    operation_id = "uploadIdentitySourceDataForUpsert",
    tag = "IdentitySource",
    params(
        ("identitySourceId" = String, Path, description = "The id of an app that is a source with a feed"),
        ("sessionId" = String, Path, description = "Its id")
    ),
    request_body = ToldRecords,
    responses((status = 202, body = LoadedRows), Errors)
)]
pub(crate) async fn upload_identity_source_data_for_upsert(
    call: Call,
    Path(path): Path<(String, String)>,
    Body(told): Body<ToldRecords>,
) -> Result<Changed<LoadedRows>> {
    upload(call, path, told, false).await
}
