//! An event as programs and people read it, from a line of the log.

use muster_engine::Config;
use muster_engine::model::{AppKey, GroupKey, IdKind, Millis, UserKey, public_id};
use muster_engine::outbound::AccountState;
use muster_engine::plan::{Changed, Effect};
use muster_store::log::LogBlock;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};

use crate::error::{Result, ServiceError};

/// Who did it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ActorView {
    /// Who, by name: actors have no ids of their own.
    pub id: String,
    /// `User`, or `SystemPrincipal` for what Muster does by itself.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The same name.
    pub alternate_id: String,
    /// The same name.
    pub display_name: String,
}

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutcomeView {
    /// `SUCCESS` or `FAILURE`.
    pub result: String,
    /// Why, where it failed.
    #[serde(default)]
    pub reason: Option<String>,
}

/// What it is about.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TargetView {
    /// Its public id.
    pub id: String,
    /// The kind of thing (`User`, `UserGroup`, `AppInstance`, `AppUser`).
    #[serde(rename = "type")]
    pub kind: String,
    /// The name by which programs know it (a login).
    pub alternate_id: Option<String>,
    /// The name by which people know it.
    pub display_name: Option<String>,
    /// What it was and is, where something changed: `from` and `to`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change_details: Option<Json>,
}

/// What led to it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DebugContext {
    /// `planId` and `plan`: the plan it belongs to, by public id and by the key that `muster plan` takes.
    pub debug_data: Map<String, Json>,
}

/// An event (Okta: `LogEvent`).
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EventView {
    /// A name for the event that no other event of the log has.
    pub uuid: String,
    /// When, by the org's clock.
    pub published: String,
    /// What happened, by Okta's names.
    pub event_type: String,
    /// The version of this form.
    pub version: &'static str,
    /// `INFO`, or `WARN` where something failed.
    pub severity: &'static str,
    /// What happened, in words.
    pub display_message: String,
    /// Who did it.
    pub actor: ActorView,
    /// How it ended.
    pub outcome: OutcomeView,
    /// What it is about.
    pub target: Vec<TargetView>,
    /// What led to it.
    pub debug_context: DebugContext,
    /// Its place in the log.
    pub position: i64,
}

impl EventView {
    /// Whether it is about this person.
    pub(super) fn is_about(&self, user: UserKey) -> bool {
        let id = public_id(IdKind::User, user.0);
        self.target.iter().any(|t| t.id == id)
    }
}

/// An event that was written with everything it says.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Whole {
    event_type: String,
    actor: String,
    outcome: OutcomeView,
    published: Millis,
    #[serde(default)]
    targets: Vec<WholeTarget>,
    #[serde(default)]
    plan: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WholeTarget {
    #[serde(rename = "type")]
    kind: String,
    id: String,
    #[serde(default)]
    display_name: Option<String>,
}

/// An effect of a plan on a person: actor, time and plan stand in the block.
#[derive(Deserialize)]
struct Compact {
    user: i64,
    login: String,
    #[serde(flatten)]
    effect: Effect,
}

/// Reads a line; `None` if it is of a kind that a later version wrote.
pub(super) fn read(
    config: &Config,
    block: &LogBlock,
    position: i64,
    line: &str,
) -> Result<Option<EventView>> {
    let json: Json =
        serde_json::from_str(line).map_err(|e| ServiceError::corrupt(format!("log event {position}"), e))?;
    if json.get("effect").is_some() {
        let compact = serde_json::from_value::<Compact>(json);
        return Ok(compact.ok().map(|c| from_effect(config, block, position, &c)));
    }
    Ok(serde_json::from_value::<Whole>(json).ok().map(|w| from_whole(block, position, w)))
}

fn from_whole(block: &LogBlock, position: i64, whole: Whole) -> EventView {
    let target = whole
        .targets
        .into_iter()
        .map(|t| TargetView {
            id: t.id,
            kind: t.kind,
            alternate_id: t.display_name.clone(),
            display_name: t.display_name,
            change_details: None,
        })
        .collect();
    let mut event = event(block, position, whole.event_type, &whole.actor, target);
    event.published = whole.published.to_string();
    if whole.outcome.result == "FAILURE" {
        event.severity = "WARN";
    }
    event.outcome = whole.outcome;
    if let Some(plan) = whole.plan {
        event.debug_context.debug_data.insert("planId".to_owned(), plan.into());
    }
    event
}

fn from_effect(config: &Config, block: &LogBlock, position: i64, line: &Compact) -> EventView {
    let user = TargetView {
        id: public_id(IdKind::User, line.user),
        kind: "User".to_owned(),
        alternate_id: Some(line.login.clone()),
        display_name: Some(line.login.clone()),
        change_details: changes(&line.effect).filter(|_| !is_of_account(&line.effect)),
    };
    let group = |g: GroupKey| named("UserGroup", public_id(IdKind::Group, g.0), config.group_name(g));
    let app = |a: AppKey| named("AppInstance", public_id(IdKind::App, a.0), config.app_name(a));
    let mut target = vec![user];
    match &line.effect {
        Effect::GroupAdded { group: g } | Effect::GroupRemoved { group: g } => target.push(group(*g)),
        Effect::AppAssigned { app: a, by } | Effect::AppRegained { app: a, by } => {
            target.push(app(*a));
            target.extend(by.map(group));
        }
        Effect::AppUnassigned { app: a } | Effect::AppKept { app: a, .. } | Effect::GraceEnded { app: a } => {
            target.push(app(*a));
        }
        Effect::AccountChanged { app: a, .. } => {
            target.push(TargetView { change_details: changes(&line.effect), ..app(*a) });
        }
        Effect::LinkChanged { link, from, to } => {
            let name = config.org.links.get(link).map_or_else(|| link.to_string(), |l| l.name.clone());
            target.push(named("LinkedObject", public_id(IdKind::Mapping, link.0), name));
            let person = |user: &UserKey| TargetView {
                id: public_id(IdKind::User, user.0),
                kind: "User".to_owned(),
                alternate_id: None,
                display_name: None,
                change_details: None,
            };
            target.extend(to.iter().chain(from).take(1).map(person));
        }
        Effect::UserCreated { .. } | Effect::StatusChanged { .. } | Effect::ProfileChanged { .. } => {}
    }
    event(block, position, line.effect.event_type().to_owned(), &block.actor, target)
}

fn named(kind: &str, id: String, name: String) -> TargetView {
    TargetView {
        id,
        kind: kind.to_owned(),
        alternate_id: Some(name.clone()),
        display_name: Some(name),
        change_details: None,
    }
}

fn is_of_account(effect: &Effect) -> bool {
    matches!(effect, Effect::AccountChanged { .. })
}

/// What was and what is.
fn changes(effect: &Effect) -> Option<Json> {
    let sides = |changes: &[Changed]| {
        let side = |value: fn(&Changed) -> Json| -> Map<String, Json> {
            changes.iter().map(|c| (c.attribute.clone(), value(c))).collect()
        };
        (side(|c| json!(c.from)), side(|c| json!(c.to)))
    };
    match effect {
        Effect::StatusChanged { from, to } => {
            Some(json!({ "from": { "status": from }, "to": { "status": to } }))
        }
        Effect::UserCreated { status, profile } => {
            Some(json!({ "from": {}, "to": { "status": status, "profile": profile } }))
        }
        Effect::ProfileChanged { changes } => {
            let (from, to) = sides(changes);
            Some(json!({ "from": from, "to": to }))
        }
        Effect::LinkChanged { from, to, .. } => {
            let side = |user: &Option<UserKey>| json!({ "linkedObject": user.map(|user| public_id(IdKind::User, user.0)) });
            Some(json!({ "from": side(from), "to": side(to) }))
        }
        Effect::AccountChanged { from: was, to: is, changes, .. } => {
            let (mut from, mut to) = sides(changes);
            if was != is {
                let state = |s: &AccountState| json!(s);
                from.insert("state".to_owned(), state(was));
                to.insert("state".to_owned(), state(is));
            }
            Some(json!({ "from": from, "to": to }))
        }
        _ => None,
    }
}

fn event(
    block: &LogBlock,
    position: i64,
    event_type: String,
    actor: &str,
    target: Vec<TargetView>,
) -> EventView {
    let mut debug_data = Map::new();
    if let Some(plan) = block.plan_key {
        debug_data.insert("planId".to_owned(), public_id(IdKind::Plan, plan).into());
        debug_data.insert("plan".to_owned(), plan.into());
    }
    let by_itself = matches!(actor, "provisioning" | "system");
    EventView {
        uuid: uuid(block.published, position),
        published: Millis(block.published).to_string(),
        display_message: in_words(&event_type).to_owned(),
        event_type,
        version: "0",
        severity: "INFO",
        actor: ActorView {
            id: actor.to_owned(),
            kind: if by_itself { "SystemPrincipal" } else { "User" },
            alternate_id: actor.to_owned(),
            display_name: actor.to_owned(),
        },
        outcome: OutcomeView { result: "SUCCESS".to_owned(), reason: None },
        target,
        debug_context: DebugContext { debug_data },
        position,
    }
}

/// The same event has the same name whenever it is read: a UUID of the free form (RFC 9562, version 8) of instant and
/// position.
fn uuid(published: i64, position: i64) -> String {
    let at = published as u64 & 0xFFFF_FFFF_FFFF;
    let place = position as u64;
    format!(
        "{:08x}-{:04x}-8{:03x}-8{:03x}-{:012x}",
        at >> 16,
        at & 0xFFFF,
        (place >> 60) & 0xFFF,
        (place >> 48) & 0xFFF,
        place & 0xFFFF_FFFF_FFFF
    )
}

fn in_words(event_type: &str) -> &str {
    match event_type {
        "user.lifecycle.create" => "Create user",
        "user.lifecycle.activate" => "Activate user",
        "user.lifecycle.deactivate" => "Deactivate user",
        "user.lifecycle.suspend" => "Suspend user",
        "user.lifecycle.unsuspend" => "Unsuspend user",
        "user.lifecycle.reactivate" => "Reactivate user",
        "user.account.lock" => "Lock user account",
        "user.account.unlock" => "Unlock user account",
        "user.account.expire_password" => "Expire password of user",
        "user.account.reset_password" => "Reset password of user",
        "user.account.update_profile" => "Update user profile",
        "user.linked_object.update" => "Link user to another",
        "group.user_membership.add" => "Add user to group",
        "group.user_membership.remove" => "Remove user from group",
        "group.lifecycle.create" => "Create group",
        "group.lifecycle.delete" => "Delete group",
        "group.profile.update" => "Update group",
        "group.user_membership.rule.trigger" => "Change group rule",
        "group.user_membership.rule.deactivated" => "Remove group rule",
        "group.application_assignment.add" => "Assign app to group",
        "group.application_assignment.update" => "Update assignment of app to group",
        "group.application_assignment.remove" => "Take app from group",
        "application.lifecycle.create" => "Create app",
        "application.lifecycle.update" => "Update app",
        "application.lifecycle.delete" => "Delete app",
        "application.user_membership.add" => "Assign app to user",
        "application.user_membership.remove" => "Take app from user",
        "application.user_membership.update" => "Change what is wanted of a user's account in an app",
        "application.provision.user.push" => "Create account in app",
        "application.provision.user.push_profile" => "Update account in app",
        "application.provision.user.deactivate" => "Deactivate account in app",
        "application.provision.user.reactivate" => "Reactivate account in app",
        "application.provision.user.delete" => "Delete account in app",
        "application.provision.user.sync" => "Link account found in app",
        "directory.mapping.update" => "Update mapping",
        "directory.linked_object.create" => "Change linked object definition",
        "directory.linked_object.delete" => "Remove linked object definition",
        "directory.user_profile.update" => "Update user schema or org settings",
        other => other,
    }
}
