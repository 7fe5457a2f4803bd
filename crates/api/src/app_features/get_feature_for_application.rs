//! `GET /api/v1/apps/{appId}/features/{featureName}` (Okta: getFeatureForApplication).

use super::wire::{ApplicationFeature, check_name, read};
use crate::base::{Answer, Call, Path, ReadErrors, Result};

/// Retrieves what is provisioned to a SCIM application.
#[utoipa::path(
    get,
    path = "/api/v1/apps/{appId}/features/{featureName}",
    operation_id = "getFeatureForApplication",
    tag = "ApplicationFeatures",
    params(
        ("appId" = String, Path, description = "The application's id"),
        ("featureName" = String, Path, description = "`USER_PROVISIONING`")
    ),
    responses((status = 200, body = ApplicationFeature), ReadErrors)
)]
pub(crate) async fn get_feature_for_application(
    call: Call,
    Path((app, name)): Path<(String, String)>,
) -> Result<Answer<ApplicationFeature>> {
    call.read(move |cx| {
        let found = read(cx, &app)?;
        check_name(&name)?;
        Ok(Answer::ok(found))
    })
    .await
}
