//! `GET /api/v1/mappings/{mappingId}` (Okta: getProfileMapping).

use super::wire::{Between, ProfileMapping};
use crate::base::{Answer, Call, Path, ReadErrors, Result};

/// Retrieves a profile mapping with what it maps.
#[utoipa::path(
    get,
    path = "/api/v1/mappings/{mappingId}",
    operation_id = "getProfileMapping",
    tag = "ProfileMapping",
    params(("mappingId" = String, Path, description = "Id")),
    responses((status = 200, body = ProfileMapping), ReadErrors)
)]
pub(crate) async fn get_profile_mapping(
    call: Call,
    Path(id): Path<String>,
) -> Result<Answer<ProfileMapping>> {
    call.read(move |cx| {
        let config = cx.session.config()?;
        let between = Between::find(&config, &id)?;
        Ok(Answer::ok(ProfileMapping::of(cx, &config, between, true)))
    })
    .await
}
