//! A row that waits, on the wire.

use muster_service::look::{CandidateView, MatchView};
use serde::Serialize;
use utoipa::ToSchema;

/// Somebody a row may be about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MatchCandidate {
    /// The user's id.
    user_id: String,
    login: Option<String>,
    /// First and last name.
    name: String,
    /// How much she resembles the row, up to 100.
    score: u32,
    /// In what, and what speaks against it.
    reasons: Vec<String>,
}

/// A row of a source that waits until somebody says whose it is.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ImportMatch {
    /// Its key in the source.
    external_id: String,
    /// The source's id.
    app_id: String,
    /// `EXACT`: it names somebody; `PARTIAL`: it resembles somebody; `NEW`: nobody was found.
    kind: String,
    /// `OPEN` or `IGNORED`.
    state: String,
    /// Its line in the feed it came with.
    line: u64,
    /// What the feed says, by column.
    #[schema(value_type = Object)]
    values: serde_json::Map<String, serde_json::Value>,
    /// Who it may be, the likeliest first.
    candidates: Vec<MatchCandidate>,
    /// Ids of users it is known not to be.
    apart: Vec<String>,
    /// Since when it waits.
    since: String,
}

impl From<MatchView> for ImportMatch {
    fn from(view: MatchView) -> Self {
        let candidate = |c: CandidateView| MatchCandidate {
            user_id: c.id,
            login: c.login,
            name: c.name,
            score: c.score,
            reasons: c.reasons,
        };
        Self {
            external_id: view.external_id,
            app_id: view.app.id,
            kind: view.kind.to_owned(),
            state: view.state.to_owned(),
            line: view.line,
            values: view.values,
            candidates: view.candidates.into_iter().map(candidate).collect(),
            apart: view.apart,
            since: view.since,
        }
    }
}
