//! A plan on the wire.

use muster_engine::model::{IdKind, public_id};
use muster_engine::plan::{Finding, Limit};
use muster_service::plan::{Notes, PlanStatus, PlanView, RejectedRow};
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

/// The limit that a plan goes beyond: one of the two.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct FindingLimit {
    /// Per cent of those there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    percent: Option<u32>,
    /// So many, whatever the percentage.
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<u64>,
}

/// What plans before this one took, where it adds up.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct FindingWindow {
    /// Within how many hours.
    hours: u32,
    /// How much of `n` was taken before this plan.
    before: u64,
}

/// Why a plan is held, or would be.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PlanFinding {
    /// `people_end`, `app_lost`, `group_lost`, `value_lost`, `accounts_deleted`, `protected`, `self_lock_out`,
    /// `feed_empty`, `feed_cut`, `feed_keys`, `feed_unreadable` or `feed_undone`.
    kind: String,
    /// The same in words.
    message: String,
    /// Whether a person with the right may let it through.
    waivable: bool,
    /// How many people or accounts, with those before it where it adds up.
    #[serde(skip_serializing_if = "Option::is_none")]
    n: Option<u64>,
    /// Of how many, at the window's start where it adds up.
    #[serde(skip_serializing_if = "Option::is_none")]
    of: Option<u64>,
    /// The limit gone beyond.
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<FindingLimit>,
    /// What was taken before, where that matters.
    #[serde(skip_serializing_if = "Option::is_none")]
    window: Option<FindingWindow>,
    /// The application it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    app_id: Option<String>,
    /// The group it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    group_id: Option<String>,
    /// The attribute it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    attribute: Option<String>,
    /// The first of the people affected, by login.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    people: Vec<String>,
}

impl PlanFinding {
    fn of(finding: &Finding) -> Self {
        let limit = finding.limit.map(|limit| match limit {
            Limit::Percent(percent) => FindingLimit { percent: Some(percent), count: None },
            Limit::Count(count) => FindingLimit { percent: None, count: Some(count) },
        });
        let window = finding.window.map(|w| FindingWindow { hours: w.hours, before: w.before });
        Self {
            kind: finding.kind.as_str().to_owned(),
            message: finding.message.clone(),
            waivable: finding.waivable,
            n: finding.n,
            of: finding.of,
            limit,
            window,
            app_id: finding.app.map(|app| public_id(IdKind::App, app.0)),
            group_id: finding.group.map(|group| public_id(IdKind::Group, group.0)),
            attribute: finding.attribute.clone(),
            people: finding.people.clone(),
        }
    }
}

/// What a plan has to say besides its effects.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct PlanNotes {
    /// What guards found.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    findings: Vec<PlanFinding>,
    /// Rows of a feed that were left out (the first hundred): line, key and reason.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<Object>)]
    rejected: Vec<RejectedRow>,
    /// What couldn't be worked out for whom (the first hundred): login and reason.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<Vec<String>>)]
    problems: Vec<(String, String)>,
    /// Anything else, in sentences.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    remarks: Vec<String>,
}

impl PlanNotes {
    fn of(notes: &Notes) -> Self {
        Self {
            findings: notes.findings.iter().map(PlanFinding::of).collect(),
            rejected: notes.rejected.clone(),
            problems: notes.problems.clone(),
            remarks: notes.remarks.clone(),
        }
    }
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
    notes: PlanNotes,
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
            notes: PlanNotes::of(&view.notes),
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
