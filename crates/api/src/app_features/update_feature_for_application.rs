//! `PUT /api/v1/apps/{appId}/features/{featureName}` (Okta: updateFeatureForApplication).

use muster_service::edit::FeatureTerms;
use serde_json::Map;

use super::wire::{ApplicationFeature, Capabilities, Capability, PASSWORD, Switch, check_name, read};
use crate::base::{Answer, ApiError, Body, Call, Changed, Errors, Path, Result};

/// Sets what is provisioned to a SCIM application; what isn't named stays.
#[utoipa::path(
    put,
    path = "/api/v1/apps/{appId}/features/{featureName}",
    operation_id = "updateFeatureForApplication",
    tag = "ApplicationFeatures",
    params(
        ("appId" = String, Path, description = "The application's id"),
        ("featureName" = String, Path, description = "`USER_PROVISIONING`")
    ),
    request_body = Capabilities,
    responses((status = 200, body = ApplicationFeature), Errors)
)]
pub(crate) async fn update_feature_for_application(
    call: Call,
    Path((app, name)): Path<(String, String)>,
    Body(wanted): Body<Capabilities>,
) -> Result<Changed<ApplicationFeature>> {
    call.change(move |cx| {
        read(cx, &app)?;
        check_name(&name)?;
        let terms = terms(wanted)?;
        let report = cx.session.app_features_set(&cx.session.actor, &app, &terms, cx.options)?;
        cx.settle(report, || Ok(Answer::ok(read(cx, &app)?)))
    })
    .await
}

fn terms(wanted: Capabilities) -> Result<FeatureTerms> {
    let on = |capability: Option<Capability>| capability.and_then(|c| c.status).map(|s| s == Switch::Enabled);
    let update = wanted.update.unwrap_or_default();
    let mut extra = Map::new();
    if let Some(mut password) = update.password {
        if password.status.take() == Some(Switch::Enabled) {
            return Err(ApiError::invalid(
                "password",
                "password: Muster keeps no passwords, so it pushes none",
            ));
        }
        let kept = serde_json::to_value(password).unwrap_or_default();
        extra.insert(PASSWORD.to_owned(), kept);
    }
    Ok(FeatureTerms {
        create: on(wanted.create.and_then(|c| c.lifecycle_create)),
        update: on(update.profile),
        deactivate: on(update.lifecycle_deactivate),
        extra,
    })
}
