//! Settings that nothing is derived from: when an app is imported, where its feed lies, how fast it is called, how
//! mails leave.

use super::ConfigError;
use crate::model::{App, ItemKey, ItemKind, Org, OrgSettings};
use crate::schedule::Schedule;

/// What is wrong with the settings of an org and its apps.
pub(super) fn settings(org: &Org) -> Vec<ConfigError> {
    let error = |kind, key, place, reason| ConfigError { kind, key, place, reason };
    let mut errors = Vec::new();
    if let Err(reason) = of_org(&org.settings) {
        let key = org.settings_key.unwrap_or_default();
        errors.push(error(ItemKind::Org, key, "org".to_owned(), reason));
    }
    for (key, app) in &org.apps {
        let place = format!("app {:?}", app.name);
        let wrong = of_app(&org.settings, app);
        errors.extend(wrong.into_iter().map(|r| error(ItemKind::App, ItemKey(key.0), place.clone(), r)));
    }
    errors
}

fn of_org(settings: &OrgSettings) -> Result<(), String> {
    if settings.mail.digest_minutes == 0 {
        return Err("mail.digest_minutes is 0; give the minutes between two digests, at least 1".to_owned());
    }
    settings.mail.server().map(drop)
}

fn of_app(org: &OrgSettings, app: &App) -> Vec<String> {
    let mut reasons = Vec::new();
    let path = app.feed.as_ref().and_then(|feed| feed.path.as_deref());
    if let Some(path) = path {
        reasons.extend(feed_path(path).err());
    }
    if let Some(source) = &app.source {
        match &source.schedule {
            Some(_) if path.is_none() => reasons.push(
                "source.schedule says when it is imported, and nothing says from where: give feed.path"
                    .to_owned(),
            ),
            Some(schedule) => {
                let zone = source.timezone.as_ref().unwrap_or(&org.timezone);
                reasons
                    .extend(Schedule::parse(schedule, zone).err().map(|e| format!("source.schedule: {e}")));
            }
            None => {}
        }
        if let Some(zone) = &source.timezone
            && let Err(e) = jiff::tz::TimeZone::get(zone)
        {
            reasons.push(format!("source.timezone: the time zone {zone:?} is unknown: {e}"));
        }
    }
    if app.provisioning.as_ref().is_some_and(|p| p.rate_limit == Some(0)) {
        let reason = "provisioning.rate_limit is 0; give the calls a minute, at least 1, or leave it out";
        reasons.push(reason.to_owned());
    }
    reasons
}

fn feed_path(path: &str) -> Result<(), String> {
    let (folder, name) = path.rsplit_once('/').unwrap_or_default();
    // Servers and commands run in different folders.
    if !path.starts_with('/') {
        Err(format!("feed.path is {path:?}; give the whole path, from / on"))
    } else if name.is_empty() {
        Err(format!(
            "feed.path is {path:?}, a folder; name the file, with * for what varies (/srv/hr/people-*.csv)"
        ))
    } else if folder.contains('*') {
        Err(format!("feed.path is {path:?}; a * may stand in its last part only"))
    } else {
        Ok(())
    }
}
