//! Accounts in apps that a person has lost, and how long she keeps such an app.

use std::borrow::Cow;

use jiff::ToSpan as _;
use jiff::tz::TimeZone;
use muster_expr::Value;

use super::env::{RecordEnv, UserEnv};
use super::{AppUser, earlier};
use crate::config::Config;
use crate::facts::Facts;
use crate::model::{AppKey, Millis, OnUnassign};
use crate::outbound::AccountState;

/// The accounts of apps she has lost of which it was noted what becomes of them.
pub(super) fn derive_former(
    env: &UserEnv<'_>,
    facts: &Facts,
    apps: &[AppUser],
    due: &mut Option<Millis>,
) -> Vec<(AppKey, AccountState)> {
    let mut out = Vec::new();
    let mut hold = None;
    for (app, former) in facts.formers() {
        let Some(target) = env.config.target(app).filter(|_| !apps.iter().any(|a| a.app == app)) else {
            continue;
        };
        let Some(delete_at) = former.delete_at else { continue };
        // It is the app's present word that deletes.
        let deletes = target.provisioning.on_unassign == OnUnassign::Delete
            || target.provisioning.delete_after_days.is_some();
        let mut held = || *hold.get_or_insert_with(|| on_hold(env.config, facts, env.profile, env.as_of));
        let state = match delete_at > env.as_of {
            _ if !deletes => AccountState::Inactive,
            true => {
                earlier(due, Some(delete_at));
                AccountState::Inactive
            }
            false if held() => AccountState::Inactive,
            false => AccountState::Absent,
        };
        out.push((app, state));
    }
    out
}

/// Whether a person's accounts must not be deleted. What an admin said counts first; else it is enough that any source
/// has said so in any record, even one that has ended: that nobody speaks of it any more doesn't lift a hold.
pub fn on_hold(config: &Config, facts: &Facts, profile: &[Value], as_of: Millis) -> bool {
    let Some(slot) = config.hold_slot else { return false };
    let holds = |value: &Value| *value == Value::Bool(true);
    if let Some((value, _)) = facts.profile(config.attribute_name(slot)) {
        return holds(value);
    }
    profile.get(slot).is_some_and(holds)
        || facts.records().any(|(app, _, record, _)| {
            let Some(source) = config.source(app) else { return false };
            let env = RecordEnv {
                config,
                record: &record.values,
                app: &source.properties,
                user: facts.user,
                as_of,
            };
            let value = source.mapping(slot).and_then(|m| m.program.eval(&env).ok());
            value.is_some_and(|v| holds(&v.into_value()))
        })
}

/// The zone in which a person's days are counted: her own, else that of the source that speaks of her, else the org's.
pub fn zone_of<'a>(config: &'a Config, profile: &[Value], source: Option<AppKey>) -> Cow<'a, TimeZone> {
    let own = config.zone_slot.and_then(|slot| profile.get(slot)).and_then(Value::as_str);
    if let Some(zone) = own.and_then(|name| TimeZone::get(name).ok()) {
        return Cow::Owned(zone);
    }
    let source = source.and_then(|app| config.source(app)).and_then(|s| s.zone.as_ref());
    Cow::Borrowed(source.unwrap_or(&config.zone))
}

/// The first instant of the day so many days from the one an instant lies in.
pub fn days_from(at: Millis, days: i64, zone: &TimeZone) -> Millis {
    let day = jiff::Timestamp::from_millisecond(at.0)
        .ok()
        .and_then(|at| at.to_zoned_datetime(zone.clone()).date().checked_add(days.days()).ok());
    let begins = day.and_then(|day| super::env::instant(&day.to_string(), zone));
    Millis(begins.unwrap_or(if days < 0 { i64::MIN } else { i64::MAX }))
}
