//! What is stored against what was derived: the effects, and the rows to write.

use std::collections::BTreeMap;

use muster_expr::Value;
use serde::Deserialize;

use super::effect::{Changed, Effect};
use crate::config::Config;
use crate::derive::{AppScope, AppUser, Derived, GroupCause, Wanted};
use crate::model::{App, AppKey, AppKind, GroupKey, ItemKey, OnUnassign, UserKey, UserStatus};
use crate::outbound::AccountState;

/// An account row as stored.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StoredApp {
    /// How the person has the app; `None`: she hasn't (any more).
    pub scope: Option<AppScope>,
    /// What was wanted last, as [`Wanted::to_json`] wrote it; `None`: nothing ever.
    pub wanted: Option<String>,
    /// Whether there ever was work in the app for it.
    pub asked: bool,
}

/// What is stored of a person's derived state.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stored {
    /// Her status; `None`: she isn't known yet.
    pub status: Option<UserStatus>,
    /// The profile, by the slots of the present configuration.
    pub profile: Vec<Value>,
    /// Values of attributes that are gone.
    pub gone: Vec<(String, Value)>,
    /// Her groups, sorted.
    pub groups: Vec<GroupKey>,
    /// Her links, in the order of the configuration.
    pub links: Vec<(ItemKey, String)>,
    /// Her rows in apps.
    pub apps: BTreeMap<AppKey, StoredApp>,
}

/// An account row to write.
#[derive(Clone, Debug, PartialEq)]
pub struct AccountWrite {
    /// The app.
    pub app: AppKey,
    /// How she has it now.
    pub scope: Option<AppScope>,
    /// Whether how she has it changes (also: that she has it at all).
    pub assignment_changed: bool,
    /// What is wanted now; `None`: nothing, and nothing ever was.
    pub wanted: Option<String>,
    /// The state of that.
    pub state: AccountState,
    /// Whether it differs from what was wanted before, so that there is work to do.
    pub work: bool,
    /// Whether the work takes something away.
    pub takes_away: bool,
}

/// The difference for one person.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Diff {
    /// The effects.
    pub effects: Vec<Effect>,
    /// Groups joined.
    pub groups_added: Vec<GroupKey>,
    /// Groups left.
    pub groups_removed: Vec<GroupKey>,
    /// Links to write (also those whose value changes).
    pub links_put: Vec<(ItemKey, String)>,
    /// Links to remove.
    pub links_removed: Vec<ItemKey>,
    /// Account rows to write.
    pub accounts: Vec<AccountWrite>,
    /// Attributes whose value changes.
    pub attributes: Vec<usize>,
    /// Whether she has left, now or before.
    pub left: bool,
}

impl Diff {
    /// Whether nothing derived changes.
    pub fn is_empty(&self) -> bool {
        self.effects.is_empty()
            && self.links_put.is_empty()
            && self.links_removed.is_empty()
            && self.accounts.is_empty()
    }
}

/// Compares. Without `detail` the effect of a person who comes to be known leaves her profile out, which a plan that is
/// only counted doesn't need.
pub fn diff(config: &Config, stored: &Stored, derived: &Derived, detail: bool) -> Diff {
    let mut out = Diff { left: derived.status.has_left(), ..Diff::default() };
    match stored.status {
        None => {
            let profile =
                if detail { profile_object(config, &derived.profile) } else { serde_json::Value::Null };
            out.effects.push(Effect::UserCreated { status: derived.status, profile });
            out.attributes = (0..derived.profile.len())
                .filter(|&s| derived.profile.get(s).is_some_and(|v| !v.is_null()))
                .collect();
        }
        Some(from) => {
            if from != derived.status {
                out.effects.push(Effect::StatusChanged { from, to: derived.status });
            }
            diff_profile(config, stored, derived, &mut out);
        }
    }
    diff_groups(stored, derived, &mut out);
    diff_links(config, stored, derived, &mut out);
    diff_apps(config, stored, derived, &mut out);
    out
}

/// The profile as clients write it.
fn profile_object(config: &Config, profile: &[Value]) -> serde_json::Value {
    let known = config.attributes.iter().zip(profile).filter(|(_, v)| !v.is_null());
    let members = known.map(|(a, v)| (a.def.name.clone(), serde_json::to_value(v).unwrap_or_default()));
    serde_json::Value::Object(members.collect())
}

fn diff_profile(config: &Config, stored: &Stored, derived: &Derived, out: &mut Diff) {
    let mut changes = Vec::new();
    for (slot, to) in derived.profile.iter().enumerate() {
        let from = stored.profile.get(slot).unwrap_or(Value::NULL);
        if from != to {
            out.attributes.push(slot);
            changes.push(Changed {
                attribute: config.attribute_name(slot).to_owned(),
                from: from.clone(),
                to: to.clone(),
            });
        }
    }
    changes.extend(stored.gone.iter().map(|(name, from)| Changed {
        attribute: name.clone(),
        from: from.clone(),
        to: Value::Null,
    }));
    if !changes.is_empty() {
        out.effects.push(Effect::ProfileChanged { changes });
    }
}

fn diff_groups(stored: &Stored, derived: &Derived, out: &mut Diff) {
    let now: Vec<GroupKey> = derived.groups.iter().map(|(g, _): &(GroupKey, GroupCause)| *g).collect();
    out.groups_removed = stored.groups.iter().filter(|g| now.binary_search(g).is_err()).copied().collect();
    out.groups_added = now.into_iter().filter(|g| stored.groups.binary_search(g).is_err()).collect();
    out.effects.extend(out.groups_removed.iter().map(|&group| Effect::GroupRemoved { group }));
    out.effects.extend(out.groups_added.iter().map(|&group| Effect::GroupAdded { group }));
}

fn diff_links(config: &Config, stored: &Stored, derived: &Derived, out: &mut Diff) {
    for (item, value) in &derived.links {
        if !stored.links.iter().any(|(i, v)| i == item && v == value) {
            out.links_put.push((*item, value.clone()));
        }
    }
    for (item, _) in &stored.links {
        if !derived.links.iter().any(|(i, _)| i == item) {
            out.links_removed.push(*item);
        }
    }
    // Those of an attribute change with it, which is told there.
    for link in config.links.iter().filter(|link| link.is_said()) {
        let leads = |links: &[(ItemKey, String)]| -> Option<UserKey> {
            let (_, key) = links.iter().find(|(item, _)| *item == link.item)?;
            key.parse().ok().map(UserKey)
        };
        let (from, to) = (leads(&stored.links), leads(&derived.links));
        if from != to {
            out.effects.push(Effect::LinkChanged { link: link.item, from, to });
        }
    }
}

fn diff_apps(config: &Config, stored: &Stored, derived: &Derived, out: &mut Diff) {
    for (app, row) in &stored.apps {
        if !derived.apps.iter().any(|a| a.app == *app) {
            let decided = derived.former.iter().find(|(a, _)| a == app).map(|(_, state)| *state);
            lost(config, *app, row, decided, out);
        }
    }
    for app in &derived.apps {
        had_or_got(config, app, stored.apps.get(&app.app), out);
    }
}

/// She has the app no longer. `decided`: what becomes of the account, where that was noted when she lost it.
fn lost(config: &Config, app: AppKey, row: &StoredApp, decided: Option<AccountState>, out: &mut Diff) {
    let action = match config.app(app) {
        Some(App { kind: AppKind::Bookmark, .. }) | None => OnUnassign::Nothing,
        Some(app) => app.provisioning.as_ref().map_or(OnUnassign::Nothing, |p| p.on_unassign),
    };
    let before = row.wanted.as_deref().and_then(parse);
    let from = before.as_ref().map_or(AccountState::Absent, |w| w.state);
    let to = match action {
        _ if from == AccountState::Absent => from,
        OnUnassign::Nothing => from,
        _ if decided.is_some() => decided.unwrap_or(from),
        OnUnassign::Delete => AccountState::Absent,
        OnUnassign::Deactivate | OnUnassign::Task => AccountState::Inactive,
    };
    // An account that was taken away before keeps what was decided then, but for one whose time is over now.
    if row.scope.is_none() && (decided != Some(AccountState::Absent) || from == to) {
        return;
    }
    match row.scope {
        None => {}
        Some(AppScope::Grace) => out.effects.push(Effect::GraceEnded { app }),
        Some(_) => out.effects.push(Effect::AppUnassigned { app }),
    }
    if from != to {
        out.effects.push(Effect::AccountChanged { app, from, to, changes: Vec::new() });
    }
    out.accounts.push(AccountWrite {
        app,
        scope: None,
        assignment_changed: row.scope.is_some(),
        wanted: before.map(|w| Wanted { state: to, ..w }.to_json()),
        state: to,
        work: from != to,
        takes_away: true,
    });
}

/// She has the app, new or as before.
fn had_or_got(config: &Config, app: &AppUser, row: Option<&StoredApp>, out: &mut Diff) {
    let bookmark = config.app(app.app).is_some_and(|a| a.kind == AppKind::Bookmark);
    let had = row.and_then(|r| r.scope);
    let stored_text = row.and_then(|r| r.wanted.as_deref());
    let mut text = app.wanted.as_ref().map(Wanted::to_json);
    let assignment_changed = had != Some(app.scope);
    // A value that is set only once from now on must be kept, even if it is the one wanted already.
    let keeps = !app.keeps.is_empty();
    // What was a bookmark and is an application now holds none of the accounts.
    let unasked = !bookmark && app.wanted.is_some() && row.is_some_and(|r| !r.asked);
    if text.as_deref() == stored_text && !assignment_changed && !keeps && !unasked {
        return;
    }
    let before = stored_text.and_then(parse);
    let from = before.as_ref().map_or(AccountState::Absent, |w| w.state);
    let to = match (&app.wanted, &before) {
        (Some(w), _) => w.state,
        // Assigned, but her status gives her no account (any more).
        (None, Some(w)) if w.state == AccountState::Active => AccountState::Inactive,
        (None, _) => from,
    };
    if let (None, Some(w)) = (&app.wanted, &before) {
        text = Some(Wanted { state: to, ..w.clone() }.to_json());
    }
    let by = match app.scope {
        AppScope::Group(g) => Some(g),
        AppScope::Direct | AppScope::Grace => None,
    };
    let (was, is) = (had == Some(AppScope::Grace), app.scope == AppScope::Grace);
    if had.is_none() {
        out.effects.push(Effect::AppAssigned { app: app.app, by });
    }
    if is && !was {
        out.effects.push(Effect::AppKept { app: app.app, until: app.until });
    } else if was && !is {
        out.effects.push(Effect::AppRegained { app: app.app, by });
    }
    let work = text.as_deref() != stored_text || unasked;
    if !work && !assignment_changed && !keeps {
        return;
    }
    if work {
        let changes = match &app.wanted {
            Some(wanted) if from != AccountState::Absent => changes(before.as_ref(), wanted),
            _ => Vec::new(),
        };
        out.effects.push(Effect::AccountChanged { app: app.app, from, to, changes });
    }
    out.accounts.push(AccountWrite {
        app: app.app,
        scope: Some(app.scope),
        assignment_changed,
        wanted: text,
        state: to,
        work: work && !bookmark,
        takes_away: work && from == AccountState::Active && to != AccountState::Active,
    });
}

fn changes(before: Option<&Wanted>, after: &Wanted) -> Vec<Changed> {
    let Some(before) = before else { return Vec::new() };
    let old: BTreeMap<&str, &Value> = before.attributes.iter().map(|(n, v)| (&**n, v)).collect();
    let new: BTreeMap<&str, &Value> = after.attributes.iter().map(|(n, v)| (&**n, v)).collect();
    let mut out = Vec::new();
    if before.user_name != after.user_name {
        out.push(Changed {
            attribute: "userName".to_owned(),
            from: Value::from(before.user_name.as_str()),
            to: Value::from(after.user_name.as_str()),
        });
    }
    let mut names: Vec<&str> = old.keys().chain(new.keys()).copied().collect();
    names.sort_unstable();
    names.dedup();
    for name in names {
        let from = old.get(name).copied().unwrap_or(Value::NULL);
        let to = new.get(name).copied().unwrap_or(Value::NULL);
        if from != to {
            out.push(Changed { attribute: name.to_owned(), from: from.clone(), to: to.clone() });
        }
    }
    out
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WantedText {
    state: AccountState,
    user_name: String,
    attributes: BTreeMap<String, Value>,
}

fn parse(text: &str) -> Option<Wanted> {
    let w: WantedText = serde_json::from_str(text).ok()?;
    Some(Wanted {
        state: w.state,
        user_name: w.user_name,
        attributes: w.attributes.into_iter().map(|(n, v)| (n.into(), v)).collect(),
    })
}

impl Wanted {
    /// Reads what [`Wanted::to_json`] wrote.
    pub fn from_json(text: &str) -> Option<Self> {
        parse(text)
    }
}
