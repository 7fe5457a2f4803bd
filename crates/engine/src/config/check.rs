//! Settings that nothing is derived from: when an app is imported, where its feed lies, how fast it is called, how
//! mails leave.

use super::ConfigError;
use crate::model::{App, AttributeType, Column, Feed, FeedMode, ItemKey, ItemKind, Org, OrgSettings};
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

/// How long before an app's last day its owner can be warned.
const MOST_WARN_DAYS: u32 = 3650;

/// What is wrong with the last day of an app.
fn expiry(app: &App) -> Option<String> {
    let Some(last) = &app.expires else {
        let without = app.warn_days.is_some();
        return without
            .then(|| "warn_days says how long before `expires`, and there is no such day".to_owned());
    };
    if app.target().is_none() {
        return Some(
            "expires is the last day on which people have it, and they have no accounts there".to_owned(),
        );
    }
    if app.warn_days.is_some_and(|days| days > MOST_WARN_DAYS) {
        return Some(format!("warn_days is too long; at most {MOST_WARN_DAYS}"));
    }
    let told = app.expiry(&jiff::tz::TimeZone::UTC);
    told.is_none().then(|| format!("expires is {last:?}, which is no day; give one such as 2027-12-31"))
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
    reasons.extend(expiry(app));
    if app.provisioning.as_ref().is_some_and(|p| p.rate_limit == Some(0)) {
        let reason = "provisioning.rate_limit is 0; give the calls a minute, at least 1, or leave it out";
        reasons.push(reason.to_owned());
    }
    reasons
}

/// What is wrong with how a feed is read.
pub(super) fn feed(feed: &Feed) -> Vec<String> {
    let mut reasons = Vec::new();
    if let Some(c) = feed.delimiter.filter(|c| !c.is_ascii() || matches!(c, '"' | '\n' | '\r' | '\0')) {
        let reason =
            format!("feed.delimiter is {c:?}; give one ASCII character such as \",\", \";\" or a tab");
        reasons.push(reason);
    }
    let names: Vec<&str> = feed.columns.iter().map(|c| c.name.as_str()).collect();
    let needed = std::iter::once((feed.key.as_str(), "key"))
        .chain(feed.terminated.iter().map(|t| (t.column.as_str(), "terminated.column")))
        .chain(feed.groups.iter().map(|column| (column.as_str(), "groups")));
    for (name, what) in needed.filter(|(name, _)| !names.contains(name)) {
        let hint = crate::suggest::did_you_mean(name, names.iter().copied());
        reasons.push(format!("feed.{what} names the column {name:?}, which isn't among its columns{hint}"));
    }
    let kind = |name: &String| feed.columns.iter().find(|c| c.name == *name).map(|c| c.kind);
    if let Some(name) = &feed.groups
        && kind(name).is_some_and(|k| !matches!(k, AttributeType::String | AttributeType::StringArray))
    {
        reasons.push(format!(
            "feed.groups names the column {name:?}, which holds no names: give it type = \"string-array\", or \"string\" \
             where everybody is in one group"
        ));
    }
    // A record would say "changed" or "new" and be another one each time.
    if let Some(deleted) = feed.deleted.as_ref().filter(|d| names.contains(&d.column.as_str())) {
        reasons.push(format!(
            "feed.deleted.column names the column {:?}, which says what a row is and nothing of the person: take it out of \
             columns",
            deleted.column
        ));
    }
    for column in &feed.columns {
        reasons.extend(column_names(feed, column));
        if column.date_format.is_some()
            && !matches!(column.kind, AttributeType::Date | AttributeType::DateTime)
        {
            reasons.push(format!(
                "feed.columns.{} has a date_format and isn't a date: give it type = \"date\"",
                column.name
            ));
        }
    }
    if feed.mode == FeedMode::Delta && feed.path.as_ref().is_some_and(|path| path.contains('*')) {
        reasons.push(
            "feed.path has a * and feed.mode is \"delta\": only the newest file would be taken, and what the others say \
             would be lost; give one path, or send deltas one by one"
                .to_owned(),
        );
    }
    reasons
}

/// What is wrong with the other names of a column: one that may be another column's as well tells nothing.
fn column_names<'f>(feed: &'f Feed, column: &'f Column) -> impl Iterator<Item = String> + 'f {
    let fold = |name: &str| name.trim().to_lowercase();
    let others = move |name: &str| {
        let same = |other: &&Column| {
            std::iter::once(&other.name).chain(&other.names).any(|own| fold(own) == fold(name))
        };
        feed.columns.iter().filter(|other| other.name != column.name).find(same)
    };
    column.names.iter().filter_map(move |name| {
        if name.trim().is_empty() {
            return Some(format!("feed.columns.{} has an empty name among its names", column.name));
        }
        others(name).map(|other| {
            format!("feed.columns: {name:?} may be the column {:?} as well as {:?}", column.name, other.name)
        })
    })
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
