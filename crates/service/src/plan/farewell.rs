//! Who is told by mail that somebody has left.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;

use muster_engine::derive::{Derived, StatusCause};
use muster_engine::model::{AppKey, Millis, UserStatus};
use muster_engine::plan::{Diff, Effect};
use muster_engine::{Config, Value};
use muster_store::mail::{NewMail, enqueue};
use muster_store::{Tx, lookups};

use super::others;
use super::process::Frame;
use super::record::json;
use crate::clock::machine_now;
use crate::error::{Result, ServiceError};
use crate::why::At;

/// Somebody who leaves by a plan.
pub(super) struct Leaver {
    /// Her name and login.
    who: String,
    /// By whose word, if it is a source's.
    source: Option<(AppKey, Millis)>,
    /// The key of whoever is to be told.
    told: Option<String>,
    /// Apps she keeps for a while.
    keeps: Vec<(AppKey, Option<Millis>)>,
}

/// Somebody who leaves, if there is anybody to be told of it.
pub(super) fn leaver(frame: &Frame<'_>, login: &str, derived: &Derived, diff: &Diff) -> Option<Leaver> {
    let link = frame.config.links.get(frame.config.tell_link?)?;
    let leaves = |e: &Effect| matches!(e, Effect::StatusChanged { to: UserStatus::Deprovisioned, .. });
    if frame.dry || frame.undoes || !diff.effects.iter().any(leaves) {
        return None;
    }
    let text = |name: &str| {
        let value = frame.config.slot(name).and_then(|slot| derived.profile.get(slot));
        value.and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let name = format!("{} {}", text("firstName"), text("lastName"));
    let source = match derived.status_cause {
        StatusCause::Left { app, at, .. } => Some((app, at)),
        _ => None,
    };
    let keeps = diff.effects.iter().filter_map(|e| match e {
        Effect::AppKept { app, until } => Some((*app, *until)),
        _ => None,
    });
    Some(Leaver {
        who: if name.trim().is_empty() { login.to_owned() } else { format!("{} ({login})", name.trim()) },
        source,
        told: derived.links.iter().find(|(item, _)| *item == link.item).map(|(_, key)| key.clone()),
        keeps: keeps.collect(),
    })
}

/// Writes the mails, one for everybody who is told. Where nobody is linked, or she has left too, the admins are told.
pub(super) fn tell(tx: &mut dyn Tx, frame: &Frame<'_>, leavers: &[Leaver]) -> Result<()> {
    if leavers.is_empty() {
        return Ok(());
    }
    let addresses = addresses(tx, frame.config, leavers)?;
    let admins = &frame.config.org.settings.admins;
    let mut by_recipient: BTreeMap<&str, Vec<&Leaver>> = BTreeMap::new();
    for leaver in leavers {
        let address = leaver.told.as_ref().and_then(|key| addresses.get(key));
        for recipient in address.map_or(admins.as_slice(), std::slice::from_ref) {
            by_recipient.entry(recipient).or_default().push(leaver);
        }
    }
    let mails = by_recipient.into_iter().map(|(to, leavers)| mail(frame.config, to, &leavers));
    enqueue(tx, &mails.collect::<Result<Vec<_>>>()?)?;
    Ok(())
}

/// The e-mail addresses of whoever is linked and hasn't left, by the link's value.
fn addresses(tx: &mut dyn Tx, config: &Config, leavers: &[Leaver]) -> Result<HashMap<String, String>> {
    let Some(link) = config.tell_link.and_then(|at| config.links.get(at)) else { return Ok(HashMap::new()) };
    let keys: BTreeSet<String> = leavers.iter().filter_map(|l| l.told.clone()).collect();
    let people = others::found(tx, config, link.way, keys)?;
    let users: Vec<i64> = people.iter().map(|(_, user)| *user).collect();
    let mut found: HashMap<i64, String> = HashMap::new();
    for user in lookups::profiles_of(tx, &users)? {
        let profile = config
            .profile_from_json(&user.profile)
            .map_err(|e| ServiceError::corrupt(format!("profile of user {}", user.user_key), e))?;
        let email = config.slot("email").and_then(|slot| profile.get(slot)).and_then(Value::as_str);
        if let Some(email) = email
            && UserStatus::parse(&user.status).is_some_and(|s| !s.has_left())
        {
            found.insert(user.user_key, email.to_owned());
        }
    }
    Ok(people.into_iter().filter_map(|(key, user)| Some((key, found.get(&user)?.clone()))).collect())
}

fn mail(config: &Config, to: &str, leavers: &[&Leaver]) -> Result<NewMail> {
    let subject = match leavers {
        [one] => format!("{} has left", one.who),
        many => format!("{} people have left", many.len()),
    };
    let mut body = String::new();
    for leaver in leavers {
        let by = leaver.source.map_or_else(
            || "deactivated by an admin".to_owned(),
            |(app, at)| format!("{}, {}", config.app_name(app), At(at)),
        );
        let _ = writeln!(body, "{} has left ({by}). Access to applications ends.", leaver.who);
        for (app, until) in &leaver.keeps {
            let until = until.map_or_else(String::new, |until| format!(" until {}", At(until)));
            let _ = writeln!(body, "  {} stays open{until}.", config.app_name(*app));
        }
    }
    body.push_str("\nIf this is wrong, tell your administrator: it can be taken back as a whole.\n");
    Ok(NewMail { recipients: json("recipients", &[to])?, subject, body, created: machine_now() })
}
