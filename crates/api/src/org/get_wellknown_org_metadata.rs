//! `GET /.well-known/okta-organization` (Okta: getWellknownOrgMetadata).

use std::sync::Arc;

use axum::extract::State;
use muster_engine::model::{IdKind, public_id};
use serde::Serialize;
use utoipa::ToSchema;

use crate::base::{Answer, Href, Shared};

/// What the metadata links to.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct OrgLinks {
    organization: Href,
}

/// What anybody may know of the org (Okta: `WellKnownOrgMetadata`).
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct WellKnownOrgMetadata {
    id: String,
    /// `v1`: there are no sign-in policies, so clients don't ask for any.
    pipeline: &'static str,
    #[schema(value_type = Object)]
    settings: serde_json::Value,
    #[serde(rename = "_links")]
    links: OrgLinks,
}

/// Tells what anybody may know of the org; needs no token.
#[utoipa::path(
    get,
    path = "/.well-known/okta-organization",
    operation_id = "getWellknownOrgMetadata",
    tag = "Org",
    security(()),
    responses((status = 200, body = WellKnownOrgMetadata))
)]
pub(crate) async fn get_wellknown_org_metadata(
    State(shared): State<Arc<Shared>>,
) -> Answer<WellKnownOrgMetadata> {
    let organization = Href::to(shared.public_url.clone().unwrap_or_else(|| "/".to_owned()));
    Answer::ok(WellKnownOrgMetadata {
        id: public_id(IdKind::Org, 1),
        pipeline: "v1",
        settings: serde_json::json!({ "analyticsCollectionEnabled": false, "omEnabled": false }),
        links: OrgLinks { organization },
    })
}
