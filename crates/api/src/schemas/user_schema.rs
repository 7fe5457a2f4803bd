//! The schema of users' profiles: what reading and changing it share.

use muster_engine::Config;
use muster_engine::model::schema::{AttributeDef, base_attributes};

use super::wire::ProfileSchema;
use crate::base::call::Cx;
use crate::base::{ApiError, Result};
use crate::users::wire::default_schema;

/// The attributes of the profile: base ones, custom ones.
pub(super) fn parts(config: &Config) -> (Vec<AttributeDef>, Vec<AttributeDef>) {
    let base = base_attributes();
    let all = config.attributes.iter().map(|a| a.def.clone());
    all.partition(|d| base.iter().any(|b| b.name == d.name))
}

/// The schema as it is now, by the id a client calls it.
pub(super) fn schema(cx: &Cx<'_>, id: &str) -> Result<ProfileSchema> {
    let (base, custom) = parts(&*cx.session.config()?);
    let path = if id == "default" {
        "/meta/schemas/user/default".to_owned()
    } else {
        format!("/meta/schemas/user/{id}")
    };
    ProfileSchema::of(cx, ("user", "User"), &path, (&base, &custom))
}

/// Refuses an id that is none of the one schema there is.
pub(super) fn check(id: &str) -> Result<()> {
    if id == "default" || id == default_schema() {
        Ok(())
    } else {
        Err(ApiError::not_found(id, "UserSchema"))
    }
}
