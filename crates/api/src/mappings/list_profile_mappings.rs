//! `GET /api/v1/mappings` (Okta: listProfileMappings).

use serde::Deserialize;
use utoipa::IntoParams;

use super::wire::{Between, ProfileMapping};
use crate::base::page::limit_of;
use crate::base::{ApiError, Call, Paged, Query, ReadErrors, Result};

const LIMIT: (usize, usize) = (20, 200);

/// Which mappings.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct ListProfileMappingsParams {
    /// Where the page begins: from the `next` link of the page before.
    after: Option<String>,
    /// How many, at most 200.
    #[param(default = 20, minimum = 1, maximum = 200)]
    limit: Option<i64>,
    /// Only from this user type or app.
    source_id: Option<String>,
    /// Only to this user type or app.
    target_id: Option<String>,
}

/// Lists profile mappings, without what they map.
#[utoipa::path(
    get,
    path = "/api/v1/mappings",
    operation_id = "listProfileMappings",
    tag = "ProfileMapping",
    params(ListProfileMappingsParams),
    responses((status = 200, body = Vec<ProfileMapping>), ReadErrors)
)]
pub(crate) async fn list_profile_mappings(
    call: Call,
    Query(params): Query<ListProfileMappingsParams>,
) -> Result<Paged<ProfileMapping>> {
    let limit = limit_of(params.limit, LIMIT)?;
    call.read(move |cx| {
        let config = cx.session.config()?;
        let mut all: Vec<ProfileMapping> =
            Between::all(&config).into_iter().map(|b| ProfileMapping::of(cx, &config, b, false)).collect();
        let is = |wanted: &Option<String>, id: &str| wanted.as_deref().is_none_or(|w| w == id);
        all.retain(|m| is(&params.source_id, &m.source.id) && is(&params.target_id, &m.target.id));
        if let Some(after) = &params.after {
            let at = all.iter().position(|m| m.id == *after).ok_or_else(ApiError::cursor)?;
            all.drain(..=at);
        }
        let more = all.len() > limit;
        all.truncate(limit);
        let next = all.last().filter(|_| more).map(|m| m.id.clone());
        let mut query = vec![("limit", limit.to_string())];
        let given = [("sourceId", params.source_id), ("targetId", params.target_id), ("after", params.after)];
        query.extend(given.into_iter().filter_map(|(name, value)| Some((name, value?))));
        Ok(Paged::new(all, &cx.url("/mappings"), &query, next.as_deref()))
    })
    .await
}
