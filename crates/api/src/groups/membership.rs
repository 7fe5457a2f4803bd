//! Who is meant to be in which group: what adding and taking out a member share.

use super::wire::read;
use crate::base::call::Cx;
use crate::base::{ApiError, Result};

/// The ids of a group and a user, each by what a client calls it.
pub(super) fn both(cx: &Cx<'_>, group: &str, user: &str) -> Result<(String, String)> {
    let group = read(cx, group)?.id;
    let view = cx.session.user_named(&cx.user_id(user)?).map_err(ApiError::missing(user, "User"))?;
    Ok((group, view.id))
}
