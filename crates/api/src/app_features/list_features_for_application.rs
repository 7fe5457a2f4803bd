//! `GET /api/v1/apps/{appId}/features` (Okta: listFeaturesForApplication).

use super::wire::{ApplicationFeature, read};
use crate::base::{Call, Paged, Path, ReadErrors, Result};

/// Lists what is provisioned to a SCIM application.
#[utoipa::path(
    get,
    path = "/api/v1/apps/{appId}/features",
    operation_id = "listFeaturesForApplication",
    tag = "ApplicationFeatures",
    params(("appId" = String, Path, description = "The application's id")),
    responses((status = 200, body = Vec<ApplicationFeature>), ReadErrors)
)]
pub(crate) async fn list_features_for_application(
    call: Call,
    Path(app): Path<String>,
) -> Result<Paged<ApplicationFeature>> {
    call.read(move |cx| {
        let found = read(cx, &app)?;
        Ok(Paged::new(vec![found], &cx.url(&format!("/apps/{app}/features")), &[], None))
    })
    .await
}
