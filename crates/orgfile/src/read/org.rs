//! What holds for the org as a whole.

use muster_engine::{ItemKind, MailSettings, Retention};

use super::app::read_reference;
use super::reader::{Entry, Reader, Table};
use super::{GUARD, read_guard};
use crate::OrgFile;
use crate::names::MAIL_TLS;

const ORG: &[&str] = &[
    "name",
    "timezone",
    "admins",
    "legal_hold",
    "tell_leaver",
    "postpone_days",
    "guard",
    "protected_users",
    "mail",
    "retention",
];
const MAIL: &[&str] = &["smtp", "password", "from", "tls", "ca", "digest_minutes"];
const RETENTION: &[&str] = &["log", "undo", "plans", "feeds", "tasks", "mail"];

/// How many people may be protected: each change of anybody is compared with them.
const MOST_PROTECTED: usize = 100;

impl OrgFile {
    pub(super) fn read_org(&mut self, reader: &mut Reader<'_>, root: &Table<'_, '_>) {
        let Some(entry) = root.get("org") else { return };
        self.spot(ItemKind::Org, "org", entry.spot());
        let Some(table) = reader.table(&entry, ORG) else { return };
        let settings = &mut self.settings;
        if let Some(name) = reader.text(&table, "name") {
            settings.name = name;
        }
        if let Some(timezone) = reader.text(&table, "timezone") {
            settings.timezone = timezone;
        }
        if let Some(admins) = reader.texts(&table, "admins") {
            settings.admins = admins;
        }
        settings.legal_hold = reader.text(&table, "legal_hold");
        settings.tell_leaver = reader.text(&table, "tell_leaver");
        if let Some(days) = reader.whole(&table, "postpone_days") {
            settings.postpone_days = days;
        }
        if let Some(guard) = read_guard(reader, &table, GUARD) {
            settings.guard = guard;
        }
        self.protected_users = reader.references(&table, "protected_users");
        if let Some(one_more) = self.protected_users.get(MOST_PROTECTED) {
            let reason = format!("names too many; at most {MOST_PROTECTED} people can be protected");
            reader.fail(one_more.spot.at, &one_more.spot.path, reason);
        }
        if let Some(mail) = table.get("mail").and_then(|entry| read_mail(reader, &entry)) {
            settings.mail = mail;
        }
        if let Some(retention) = table.get("retention").and_then(|entry| read_retention(reader, &entry)) {
            settings.retention = retention;
        }
    }
}

fn read_mail(reader: &mut Reader<'_>, entry: &Entry<'_, '_>) -> Option<MailSettings> {
    let table = reader.table(entry, MAIL)?;
    let default = MailSettings::default();
    let password = table.get("password").and_then(|entry| read_reference(reader, &entry));
    Some(MailSettings {
        smtp: reader.text(&table, "smtp").unwrap_or(default.smtp),
        password: password.unwrap_or(default.password),
        from: reader.text(&table, "from").unwrap_or(default.from),
        tls: reader.word(&table, "tls", MAIL_TLS).unwrap_or(default.tls),
        ca: reader.text(&table, "ca").unwrap_or(default.ca),
        digest_minutes: reader.whole(&table, "digest_minutes").unwrap_or(default.digest_minutes),
    })
}

fn read_retention(reader: &mut Reader<'_>, entry: &Entry<'_, '_>) -> Option<Retention> {
    let table = reader.table(entry, RETENTION)?;
    let default = Retention::default();
    Some(Retention {
        log: reader.whole(&table, "log").unwrap_or(default.log),
        undo: reader.whole(&table, "undo").unwrap_or(default.undo),
        plans: reader.whole(&table, "plans").unwrap_or(default.plans),
        feeds: reader.whole(&table, "feeds").unwrap_or(default.feeds),
        tasks: reader.whole(&table, "tasks").unwrap_or(default.tasks),
        mail: reader.whole(&table, "mail").unwrap_or(default.mail),
    })
}
