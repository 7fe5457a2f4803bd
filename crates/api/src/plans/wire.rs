//! A plan on the wire.

use muster_engine::model::{IdKind, public_id};
use muster_service::plan::{PlanStatus, PlanView};
use serde::Serialize;
use utoipa::ToSchema;

use crate::base::Href;
use crate::base::call::Cx;

/// Where a plan can be gone on with.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct PlanLinks {
    /// Itself.
    #[serde(rename = "self")]
    this: Href,
    /// What it does, person by person.
    effects: Href,
    /// Applies it, while it is previewed or held.
    #[serde(skip_serializing_if = "Option::is_none")]
    apply: Option<Href>,
    /// Discards it, while it is previewed or held.
    #[serde(skip_serializing_if = "Option::is_none")]
    discard: Option<Href>,
    /// Takes it back, once it is applied.
    #[serde(skip_serializing_if = "Option::is_none")]
    undo: Option<Href>,
}

/// A plan: what is to be changed, what follows from it, and where it stands.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Plan {
    /// The public id.
    pub(crate) id: String,
    /// The key that `muster plan` takes.
    key: i64,
    /// `PLANNED`, `HELD`, `APPLYING`, `APPLIED`, `STOPPED`, `UNDONE`, `DISCARDED`, `SUPERSEDED` or `FAILED`.
    status: String,
    /// What made it: `kind` and what it is about.
    #[schema(value_type = Object)]
    trigger: serde_json::Value,
    /// The same in words.
    description: String,
    /// Who asked for it.
    actor: String,
    /// When it was made.
    created: String,
    /// When it was applied.
    applied: Option<String>,
    /// What it does, counted.
    #[schema(value_type = Object)]
    counts: serde_json::Value,
    /// What guards found, which rows were left out, what couldn't be worked out.
    #[schema(value_type = Object)]
    notes: serde_json::Value,
    /// The plan it undoes.
    undo_of: Option<String>,
    /// The plan that took its place.
    successor: Option<String>,
    /// Where it can be gone on with.
    #[serde(rename = "_links")]
    links: PlanLinks,
}

impl Plan {
    /// A plan as the caller sees it.
    pub(crate) fn of(cx: &Cx<'_>, view: &PlanView) -> Self {
        let id = public_id(IdKind::Plan, view.id);
        let href = |tail: &str| cx.url(&format!("/plans/{id}{tail}"));
        let open = matches!(view.status, PlanStatus::Planned | PlanStatus::Held);
        let done = matches!(view.status, PlanStatus::Applied | PlanStatus::Stopped);
        let json = |value: Result<serde_json::Value, _>| value.unwrap_or_default();
        Self {
            key: view.id,
            status: view.status.as_str().to_owned(),
            trigger: json(serde_json::to_value(&view.trigger)),
            description: view.trigger.describe(),
            actor: view.actor.clone(),
            created: muster_engine::Millis(view.created).to_string(),
            applied: view.applied.map(|at| muster_engine::Millis(at).to_string()),
            counts: json(serde_json::to_value(&view.counts)),
            notes: json(serde_json::to_value(&view.notes)),
            undo_of: view.undo_of.map(|p| public_id(IdKind::Plan, p)),
            successor: view.successor.map(|p| public_id(IdKind::Plan, p)),
            links: PlanLinks {
                this: Href::to(href("")),
                effects: Href::to(href("/effects")),
                apply: open.then(|| Href::post(href("/apply"))),
                discard: open.then(|| Href::post(href("/discard"))),
                undo: done.then(|| Href::post(href("/undo"))),
            },
            id,
        }
    }
}
