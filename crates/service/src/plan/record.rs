//! What a plan leaves behind: its row, its log, its inverse, its tasks.

use muster_engine::Config;
use muster_engine::model::{IdKind, Item, ItemChange, ItemKind, Millis, PlanKey, public_id};
use muster_engine::plan::{Effect, UserEffects};
use muster_store::plans::{self, PlanBlock, PlanRow};
use muster_store::{Tx, block, log};
use serde::{Deserialize, Serialize};

use super::process::Outcome;
use super::stream::BEFORE;
use super::{Counts, Notes, PlanStatus, Proposal};
use crate::error::{Result, ServiceError};
use crate::events::{Event, EventOutcome, EventTarget};

/// The kind of the blocks that hold the effects of a plan that isn't applied.
pub(crate) const EFFECTS: &str = "EFFECTS";

/// An effect as one line of the log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct EffectLine {
    pub(crate) user: i64,
    pub(crate) login: String,
    #[serde(flatten)]
    pub(crate) effect: Effect,
}

/// What a plan was judged on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Premises {
    pub(crate) config_version: i64,
    pub(crate) digest: String,
}

/// A configuration item in a plan's changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct StoredItem {
    kind: ItemKind,
    key: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
}

/// A plan's changes as they are kept to be applied later.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct StoredChanges {
    source: super::stream::Source,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    items: Vec<StoredItem>,
    /// App, name, reference, sealed value in hexadecimal digits.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    secrets: Vec<(i64, String, String, Vec<u8>)>,
}

pub(crate) fn json<T: Serialize>(what: &str, value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|e| ServiceError::corrupt(what, e))
}

/// The plan's changes, to keep.
pub(crate) fn changes_json(proposal: &Proposal) -> Result<String> {
    let items = proposal
        .items
        .iter()
        .map(|c| StoredItem { kind: c.kind, key: c.key.0, body: c.item.as_ref().map(Item::to_json) })
        .collect();
    let secrets = proposal
        .secrets
        .iter()
        .map(|s| (s.app.0, s.name.clone(), s.reference.clone(), s.sealed.clone()))
        .collect();
    json("changes", &StoredChanges { source: proposal.source.clone(), items, secrets })
}

/// The proposal a plan row was made from.
pub(crate) fn proposal_of(row: &PlanRow) -> Result<Proposal> {
    let bad = |e: &dyn std::fmt::Display| ServiceError::corrupt(format!("plan {}", row.plan_key), e);
    let trigger = serde_json::from_str(&row.trigger).map_err(|e| bad(&e))?;
    let text = row.changes.as_deref().ok_or_else(|| bad(&"it has no changes"))?;
    let changes: StoredChanges = serde_json::from_str(text).map_err(|e| bad(&e))?;
    let mut items = Vec::new();
    for stored in changes.items {
        let item = stored.body.map(|b| Item::from_json(stored.kind, &b)).transpose().map_err(|e| bad(&e))?;
        items.push(ItemChange { kind: stored.kind, key: muster_engine::model::ItemKey(stored.key), item });
    }
    Ok(Proposal {
        trigger,
        source: changes.source,
        items,
        secrets: changes
            .secrets
            .into_iter()
            .map(|(app, name, reference, sealed)| super::SecretChange {
                app: muster_engine::model::AppKey(app),
                name,
                reference,
                sealed,
            })
            .collect(),
        undo_of: row.undo_of.map(PlanKey),
        preview: false,
        force: row.force,
    })
}

/// What a plan row was judged on.
pub(crate) fn premises_of(row: &PlanRow) -> Premises {
    serde_json::from_str(&row.premises).unwrap_or_default()
}

/// A row for a plan.
pub(crate) fn plan_row(
    plan: PlanKey,
    status: PlanStatus,
    proposal: &Proposal,
    actor: &str,
    at: Millis,
    counts: &Counts,
    notes: &Notes,
    premises: &Premises,
) -> Result<PlanRow> {
    Ok(PlanRow {
        plan_key: plan.0,
        status: status.as_str().to_owned(),
        trigger: json("trigger", &proposal.trigger)?,
        trigger_key: proposal.key(),
        actor: actor.to_owned(),
        created: at.0,
        as_of: at.0,
        applied: (status == PlanStatus::Applied).then_some(at.0),
        premises: json("premises", premises)?,
        changes: Some(changes_json(proposal)?),
        counts: json("counts", counts)?,
        notes: json("notes", notes)?,
        config_version: Some(premises.config_version),
        successor: None,
        undo_of: proposal.undo_of.map(|p| p.0),
        force: proposal.force,
    })
}

/// Effects as lines, one each.
pub(crate) fn effect_lines(effects: &[UserEffects]) -> Result<Vec<String>> {
    #[derive(Serialize)]
    struct Line<'a> {
        user: i64,
        login: &'a str,
        #[serde(flatten)]
        effect: &'a Effect,
    }
    let mut lines = Vec::with_capacity(effects.iter().map(|u| u.effects.len()).sum());
    for user in effects {
        for effect in &user.effects {
            lines.push(json("effect", &Line { user: user.user.0, login: &user.login, effect })?);
        }
    }
    Ok(lines)
}

fn key_range(users: impl Iterator<Item = i64>) -> (i64, i64) {
    let mut range: Option<(i64, i64)> = None;
    for user in users {
        range = Some(range.map_or((user, user), |(a, b)| (a.min(user), b.max(user))));
    }
    range.unwrap_or_default()
}

/// Writes the log and the inverse of a chunk.
pub(crate) fn write_history(
    tx: &mut dyn Tx,
    plan: PlanKey,
    actor: &str,
    at: Millis,
    no: i64,
    outcome: &Outcome,
) -> Result<()> {
    let lines = effect_lines(&outcome.effects)?;
    let (first_key, last_key) = key_range(outcome.effects.iter().map(|u| u.user.0));
    let events = log::Events {
        published: at.0,
        plan_key: Some(plan.0),
        actor: actor.to_owned(),
        first_key,
        last_key,
        lines,
    };
    log::append(tx, &events)?;
    if outcome.befores.is_empty() {
        return Ok(());
    }
    let lines = outcome.befores.iter().map(|b| json("inverse", b)).collect::<Result<Vec<_>>>()?;
    let (first_key, last_key) = key_range(outcome.befores.iter().map(|b| b.user.0));
    let count = lines.len() as i64;
    let body = block::pack(lines)?;
    plans::put_blocks(
        tx,
        &[PlanBlock { plan_key: plan.0, kind: BEFORE.to_owned(), no, first_key, last_key, count, body }],
    )?;
    Ok(())
}

/// Writes the effects of a plan that isn't applied.
pub(crate) fn write_effects(tx: &mut dyn Tx, plan: PlanKey, no: i64, effects: &[UserEffects]) -> Result<()> {
    let lines = effect_lines(effects)?;
    if lines.is_empty() {
        return Ok(());
    }
    let (first_key, last_key) = key_range(effects.iter().map(|u| u.user.0));
    let count = lines.len() as i64;
    let body = block::pack(lines)?;
    plans::put_blocks(
        tx,
        &[PlanBlock { plan_key: plan.0, kind: EFFECTS.to_owned(), no, first_key, last_key, count, body }],
    )?;
    Ok(())
}

/// The event of a changed configuration item.
pub(crate) fn item_event(
    config: &Config,
    old: &Config,
    change: &ItemChange,
    actor: &str,
    at: Millis,
    plan: PlanKey,
) -> Event {
    let before = old.org.get(change.kind, change.key);
    let (event_type, kind, id) = match (change.kind, before.is_some(), change.item.is_some()) {
        (ItemKind::Group, false, _) => ("group.lifecycle.create", "UserGroup", IdKind::Group),
        (ItemKind::Group, true, true) => ("group.profile.update", "UserGroup", IdKind::Group),
        (ItemKind::Group, true, false) => ("group.lifecycle.delete", "UserGroup", IdKind::Group),
        (ItemKind::App, false, _) => ("application.lifecycle.create", "AppInstance", IdKind::App),
        (ItemKind::App, true, true) => ("application.lifecycle.update", "AppInstance", IdKind::App),
        (ItemKind::App, true, false) => ("application.lifecycle.delete", "AppInstance", IdKind::App),
        (ItemKind::Rule, _, true) => ("group.user_membership.rule.trigger", "GroupRule", IdKind::GroupRule),
        (ItemKind::Rule, _, false) => {
            ("group.user_membership.rule.deactivated", "GroupRule", IdKind::GroupRule)
        }
        (ItemKind::AppGroup, false, _) => ("group.application_assignment.add", "AppGroup", IdKind::Group),
        (ItemKind::AppGroup, true, true) => {
            ("group.application_assignment.update", "AppGroup", IdKind::Group)
        }
        (ItemKind::AppGroup, true, false) => {
            ("group.application_assignment.remove", "AppGroup", IdKind::Group)
        }
        (ItemKind::Mapping, ..) => ("directory.mapping.update", "Mapping", IdKind::Mapping),
        (ItemKind::Link, _, true) => ("directory.linked_object.create", "LinkedObject", IdKind::Mapping),
        (ItemKind::Link, _, false) => ("directory.linked_object.delete", "LinkedObject", IdKind::Mapping),
        (ItemKind::Attribute | ItemKind::Org, ..) => {
            ("directory.user_profile.update", "Schema", IdKind::Mapping)
        }
    };
    let name = match (&change.item, &before) {
        (Some(item), _) => item.name(&config.org),
        (None, Some(item)) => item.name(&old.org),
        (None, None) => String::new(),
    };
    Event {
        event_type,
        actor: actor.to_owned(),
        outcome: EventOutcome::success(),
        published: at,
        targets: vec![EventTarget { kind, id: public_id(id, change.key.0), display_name: Some(name) }],
        plan: Some(public_id(IdKind::Plan, plan.0)),
    }
}
