//! `GET /api/v1/users/{id}/why`.

use muster_service::why::WhyAbout;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::base::{Answer, Call, Path, Query, ReadErrors, Result};

/// What to explain; everything if nothing is named.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ExplainUserParams {
    /// A group, by id or name: why she is in it, or why not.
    group: Option<String>,
    /// An app, by id or name: why she has it, or why not.
    app: Option<String>,
    /// An attribute: why it has its value, or none.
    attribute: Option<String>,
    /// The lifecycle status: which word about her counts.
    status: Option<bool>,
}

/// Explains a user: from which source, through which rule, since when she has what she has.
#[utoipa::path(
    get,
    path = "/api/v1/users/{id}/why",
    operation_id = "explainUser",
    tag = "Plan",
    params(("id" = String, Path, description = "Id, login, or `me`"), ExplainUserParams),
    responses((status = 200, body = Object), ReadErrors)
)]
pub(crate) async fn explain_user(
    call: Call,
    Path(id): Path<String>,
    Query(params): Query<ExplainUserParams>,
) -> Result<Answer<serde_json::Value>> {
    call.read(move |cx| {
        let about = WhyAbout {
            group: params.group,
            app: params.app,
            attribute: params.attribute,
            status: params.status.unwrap_or(false),
        };
        let why = cx.session.why(&cx.user_id(&id)?, &about)?;
        Ok(Answer::ok(serde_json::to_value(why).unwrap_or_default()))
    })
    .await
}
