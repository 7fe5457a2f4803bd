//! `GET /api/v1/identity-sources/{identitySourceId}/sessions` (Okta: listIdentitySourceSessions).

use serde::Deserialize;
use utoipa::IntoParams;

use super::wire::IdentitySourceSession;
use crate::base::page::{encode, limit_of};
use crate::base::{Call, Paged, Path, Query, ReadErrors, Result};

const LIMIT: (usize, usize) = (50, 200);

/// Which sessions.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListSessionsParams {
    /// Where the page begins: from the `next` link of the page before.
    after: Option<String>,
    /// How many, at most 200.
    #[param(default = 50, minimum = 1, maximum = 200)]
    limit: Option<i64>,
}

/// Lists the sessions of a source, newest first.
#[utoipa::path(
    get,
    path = "/api/v1/identity-sources/{identitySourceId}/sessions",
    operation_id = "listIdentitySourceSessions",
    tag = "IdentitySource",
    params(("identitySourceId" = String, Path, description = "The id of an app that is a source with a feed"), ListSessionsParams),
    responses((status = 200, body = Vec<IdentitySourceSession>), ReadErrors)
)]
pub(crate) async fn list_identity_source_sessions(
    call: Call,
    Path(source): Path<String>,
    Query(params): Query<ListSessionsParams>,
) -> Result<Paged<IdentitySourceSession>> {
    let limit = limit_of(params.limit, LIMIT)?;
    call.read(move |cx| {
        let sessions = cx.session.source_sessions(&source, params.after.as_deref(), limit)?;
        let sessions: Vec<_> = sessions.iter().map(|s| IdentitySourceSession::of(cx, s)).collect();
        let next = sessions.last().filter(|_| sessions.len() == limit).map(|s| s.id.clone());
        let mut query = vec![("limit", limit.to_string())];
        query.extend(params.after.map(|a| ("after", a)));
        let here = cx.url(&format!("/identity-sources/{}/sessions", encode(&source)));
        Ok(Paged::new(sessions, &here, &query, next.as_deref()))
    })
    .await
}
