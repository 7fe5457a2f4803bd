//! `GET /api/v1/logs` (Okta: listLogEvents).

use muster_engine::Millis;
use muster_query::Filter;
use muster_service::look::LogQuery;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::wire::LogEvent;
use crate::base::{ApiError, Call, Paged, Query, ReadErrors, Result};

/// How many events a page has unless said otherwise, and at most.
const LIMIT: (usize, usize) = (100, 1_000);
/// How far back a list begins unless said otherwise.
const WEEK_MS: i64 = 7 * 86_400_000;

/// Which way a list goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
enum SortOrder {
    /// The oldest first.
    #[default]
    #[serde(alias = "ascending", alias = "asc")]
    Ascending,
    /// The newest first.
    #[serde(alias = "descending", alias = "desc")]
    Descending,
}

/// Which events.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct ListLogEventsParams {
    /// Published then or later; seven days before `until` unless said otherwise.
    #[param(format = DateTime)]
    since: Option<String>,
    /// Published before; without it the list goes on as events come (ascending only).
    #[param(format = DateTime)]
    until: Option<String>,
    /// Where the page begins: from the `next` link of the page before.
    after: Option<String>,
    /// A SCIM filter over an event's fields: `eventType eq "user.lifecycle.create"`.
    filter: Option<String>,
    /// Up to ten keywords, all of which must occur.
    q: Option<String>,
    /// How many, at most 1000.
    #[param(default = 100, minimum = 0, maximum = 1000)]
    limit: Option<i64>,
    /// Which way.
    #[serde(default)]
    #[param(inline, default = "ASCENDING")]
    sort_order: SortOrder,
}

fn instant(name: &str, text: Option<&str>) -> Result<Option<Millis>> {
    text.map(|t| {
        t.parse::<jiff::Timestamp>().map(|t| Millis(t.as_millisecond())).map_err(|_| {
            ApiError::invalid(name, format!("{name}: it must be a time such as 2027-03-01T00:00:00.000Z"))
        })
    })
    .transpose()
}

impl ListLogEventsParams {
    fn query(&self, now: Millis) -> Result<LogQuery> {
        let (default, most) = LIMIT;
        let limit = match self.limit {
            None => default,
            Some(n) => usize::try_from(n)
                .map_err(|_| ApiError::invalid("limit", "limit: it must be from 0 to 1000"))?
                .min(most),
        };
        let until = instant("until", self.until.as_deref())?;
        let since = instant("since", self.since.as_deref())?;
        let after =
            self.after.as_deref().map(|a| a.parse::<i64>().map_err(|_| ApiError::cursor())).transpose()?;
        let filter = self
            .filter
            .as_deref()
            .filter(|f| !f.trim().is_empty())
            .map(|f| Filter::parse(f).map_err(|e| ApiError::search(format!("filter: {e}"))))
            .transpose()?;
        let words = self.q.as_deref().unwrap_or_default().split_whitespace();
        Ok(LogQuery {
            since: Some(since.unwrap_or(Millis(until.unwrap_or(now).0 - WEEK_MS))),
            until,
            after,
            filter,
            keywords: words.map(str::to_owned).collect(),
            descending: self.sort_order == SortOrder::Descending,
            limit,
        })
    }

    /// What the links repeat.
    fn pairs(&self, limit: usize) -> Vec<(&'static str, String)> {
        let order = (self.sort_order == SortOrder::Descending).then(|| "DESCENDING".to_owned());
        let given = [
            ("since", self.since.clone()),
            ("until", self.until.clone()),
            ("filter", self.filter.clone()),
            ("q", self.q.clone()),
            ("sortOrder", order),
            ("after", self.after.clone()),
        ];
        let mut pairs: Vec<_> = given.into_iter().filter_map(|(n, v)| Some((n, v?))).collect();
        pairs.push(("limit", limit.to_string()));
        pairs
    }
}

/// Lists events. Ascending without `until` it is a poll: there always is a next link, events come in the order in which
/// they were committed, and none is missed or repeated.
#[utoipa::path(
    get,
    path = "/api/v1/logs",
    operation_id = "listLogEvents",
    tag = "SystemLog",
    params(ListLogEventsParams),
    responses((status = 200, body = Vec<LogEvent>), ReadErrors)
)]
pub(crate) async fn list_log_events(
    call: Call,
    Query(params): Query<ListLogEventsParams>,
) -> Result<Paged<LogEvent>> {
    call.read(move |cx| {
        let query = params.query(cx.session.now())?;
        let page = cx.session.log_query(&query)?;
        let events = page.events.into_iter().map(LogEvent::from).collect();
        let next = page.next.map(|n| n.to_string());
        let mut pairs = params.pairs(query.limit);
        if next.is_some() {
            // A position says more than a time.
            pairs.retain(|(name, _)| *name != "since" || params.after.is_none());
        }
        Ok(Paged::new(events, &cx.url("/logs"), &pairs, next.as_deref()))
    })
    .await
}
