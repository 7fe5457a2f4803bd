//! Sessions and what becomes of their rows, on the wire.

use muster_engine::model::{IdKind, public_id};
use muster_service::{Loaded, SourceSession};
use serde::Serialize;
use utoipa::ToSchema;

use crate::base::call::Cx;

/// The plan that a session became.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct SessionPlan {
    /// Its id.
    id: String,
    /// Where it can be looked at, applied, discarded and undone.
    href: String,
}

/// A session (Okta: `IdentitySourceSession`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct IdentitySourceSession {
    /// Its id.
    pub(super) id: String,
    /// The source.
    identity_source_id: String,
    /// `CREATED` (no rows yet), `IN_PROGRESS` (it takes more), `TRIGGERED` (its import has begun, or a guard holds it),
    /// `COMPLETED`, `ERROR` (its plan was discarded or failed), `CLOSED` or `EXPIRED`.
    status: &'static str,
    /// Sessions tell changes alone.
    import_type: &'static str,
    /// When it was made.
    created: String,
    /// When something last came of it.
    last_updated: String,
    /// How many rows it was told.
    rows: u64,
    /// What its import became, unless nothing has changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    plan: Option<SessionPlan>,
}

impl IdentitySourceSession {
    pub(super) fn of(cx: &Cx<'_>, session: &SourceSession) -> Self {
        Self {
            id: public_id(IdKind::SourceSession, session.key),
            identity_source_id: public_id(IdKind::App, session.app.0),
            status: session.status.as_str(),
            import_type: "INCREMENTAL",
            created: session.created.to_string(),
            last_updated: session.updated.to_string(),
            rows: session.rows,
            plan: session.plan.map(|plan| {
                let id = public_id(IdKind::Plan, plan.0);
                SessionPlan { href: cx.url(&format!("/plans/{id}")), id }
            }),
        }
    }
}

/// A row that a session didn't take.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct RefusedRow {
    /// Its key.
    external_id: String,
    /// What is wrong with it.
    error_summary: String,
}

/// What became of the rows of a load.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct LoadedRows {
    /// How many the session took.
    accepted: usize,
    /// Those it didn't take.
    rejected: Vec<RefusedRow>,
    /// Names that no column of the source has: they were passed over.
    ignored: Vec<String>,
}

impl From<Loaded> for LoadedRows {
    fn from(loaded: Loaded) -> Self {
        let refused = |(external_id, error_summary)| RefusedRow { external_id, error_summary };
        Self {
            accepted: loaded.accepted,
            rejected: loaded.rejected.into_iter().map(refused).collect(),
            ignored: loaded.ignored,
        }
    }
}
