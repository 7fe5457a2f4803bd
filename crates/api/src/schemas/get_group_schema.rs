//! `GET /api/v1/meta/schemas/group/default` (Okta: getGroupSchema).

use muster_engine::model::schema::AttributeDef;

use super::wire::ProfileSchema;
use crate::base::{Answer, Call, ReadErrors, Result};

/// Retrieves the schema of groups' profiles.
#[utoipa::path(
    get,
    path = "/api/v1/meta/schemas/group/default",
    operation_id = "getGroupSchema",
    tag = "Schema",
    responses((status = 200, body = ProfileSchema), ReadErrors)
)]
pub(crate) async fn get_group_schema(call: Call) -> Result<Answer<ProfileSchema>> {
    call.read(move |cx| {
        let text = |name: &str, most| AttributeDef {
            name: name.to_owned(),
            max_length: Some(most),
            required: name == "name",
            ..AttributeDef::default()
        };
        let base = [text("name", 255), text("description", 1_024)];
        let path = "/meta/schemas/group/default";
        Ok(Answer::ok(ProfileSchema::of(cx, ("group", "Okta group"), path, (&base, &[]))?))
    })
    .await
}
