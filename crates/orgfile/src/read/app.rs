//! Apps: sources, targets, their mappings and groups.

use std::collections::{BTreeMap, VecDeque};

use muster_engine::{
    App, Column, Confirm, Feed, ItemKind, Marked, MatchTier, Provisioning, PushWhen, Source, WhenTaken,
};
use serde_json::{Map, Value as Json};
use toml::de::DeValue;

use super::reader::{Entry, Reader, Table};
use super::{APP_GUARD, read_guard};
use crate::names::{
    ENCODINGS, EXACT, KINDS, LEAVE_AT, LEAVERS, MODES, NEW, PARTIAL, RETURNS, TAKEN, TYPES, UNASSIGNED, WHEN,
};
use crate::{AppEntry, AppGroupEntry, MappingEntry, OrgFile, Reference, Spot};

const APP: &[&str] = &[
    "label",
    "kind",
    "active",
    "expires",
    "warn_days",
    "feed",
    "source",
    "to_user",
    "provisioning",
    "settings",
    "secrets",
    "to_app",
    "groups",
    "guard",
    "extra",
];
const FEED: &[&str] = &[
    "key",
    "columns",
    "mode",
    "encoding",
    "delimiter",
    "date_format",
    "list_separator",
    "terminated",
    "deleted",
    "groups",
    "ignore_unknown_columns",
    "path",
];
const MARKED: &[&str] = &["column", "values"];
const COLUMN: &[&str] = &["type", "required", "names", "date_format"];
const SOURCE: &[&str] = &[
    "priority",
    "match_on",
    "match",
    "confirm",
    "on_leave",
    "on_return",
    "ends_person",
    "stage",
    "starts",
    "ends",
    "leave",
    "several",
    "schedule",
    "timezone",
];
const TIER: &[&str] = &["on"];
const CONFIRM: &[&str] = &["exact", "partial", "new", "partial_score", "check_names"];
const PROVISIONING: &[&str] = &[
    "enabled",
    "create",
    "update",
    "on_unassign",
    "disable_suspended",
    "before_start",
    "concurrency",
    "owner",
    "task_days",
    "rate_limit",
    "before_start_days",
    "grace_days",
    "leaver_grace_days",
    "delete_after_days",
    "keep_assignments",
    "protected_accounts",
    "combine",
];
const TO_USER: &[&str] = &["expression", "when", "taken"];
const TO_APP: &[&str] = &["expression", "when"];
const APP_GROUP: &[&str] = &["priority", "profile"];

/// The rank of a source that says none: it leads.
pub(crate) const FIRST: u32 = 1;

impl OrgFile {
    pub(super) fn read_apps(&mut self, reader: &mut Reader<'_>, root: &Table<'_, '_>) {
        for entry in reader.named(root, "apps") {
            let Some(table) = reader.table(&entry, APP) else { continue };
            self.spot(ItemKind::App, entry.name, entry.spot());
            let kind = reader.need(&table, "kind", "kind = \"csv\", \"scim\", \"manual\" or \"bookmark\"");
            let app = App {
                name: entry.name.to_owned(),
                label: reader.text(&table, "label").unwrap_or_default(),
                kind: kind.and_then(|kind| reader.word_of(&kind, KINDS)).unwrap_or_default(),
                inactive: !reader.flag(&table, "active").unwrap_or(true),
                expires: read_day(reader, &table, "expires"),
                warn_days: reader.whole(&table, "warn_days"),
                expired: false,
                feed: table.get("feed").and_then(|entry| read_feed(reader, &entry)),
                source: table.get("source").and_then(|entry| read_source(reader, &entry)),
                provisioning: table.get("provisioning").and_then(|entry| read_provisioning(reader, &entry)),
                settings: table.get("settings").map(|entry| reader.map_of(&entry)).unwrap_or_default(),
                secrets: read_secrets(reader, &table),
                guard: read_guard(reader, &table, APP_GUARD),
                extra: read_extra(reader, &table),
            };
            let app = AppEntry {
                app,
                to_user: self.read_mappings(reader, &table, entry.name, "to_user", TO_USER),
                to_app: self.read_mappings(reader, &table, entry.name, "to_app", TO_APP),
                groups: self.read_app_groups(reader, &table, entry.name),
            };
            self.apps.insert(entry.name.to_owned(), app);
        }
    }

    fn read_mappings(
        &mut self,
        reader: &mut Reader<'_>,
        app: &Table<'_, '_>,
        app_name: &str,
        way: &str,
        known: &[&str],
    ) -> BTreeMap<String, MappingEntry> {
        let mut mappings = BTreeMap::new();
        for entry in reader.named(app, way) {
            let (expression, options) = match entry.value {
                DeValue::Table(rows)
                    if !rows.is_empty() && !rows.keys().any(|k| TO_USER.contains(&&**k.get_ref())) =>
                {
                    reader.dotted(&entry);
                    continue;
                }
                DeValue::Table(_) => {
                    let Some(table) = reader.table(&entry, known) else { continue };
                    (reader.need(&table, "expression", "expression = '…'"), Some(table))
                }
                _ => (Some(entry.clone()), None),
            };
            let Some(expression) = expression else { continue };
            let spot = Spot { at: expression.value_at, path: entry.path.clone() };
            self.spot(ItemKind::Mapping, format!("{app_name}.{way}.{}", entry.name), spot);
            let option = options.as_ref();
            let several = option.is_some() && known.contains(&"taken");
            let mut texts = match expression.value {
                DeValue::Array(_) if several => {
                    reader.references_of(&expression).into_iter().map(|r| r.name).collect()
                }
                _ => reader.text_of(&expression).into_iter().collect::<VecDeque<String>>(),
            };
            let mapping = MappingEntry {
                expression: texts.pop_front().unwrap_or_default(),
                next: texts.into(),
                when: option.and_then(|t| reader.word(t, "when", WHEN)).unwrap_or(PushWhen::Always),
                taken: option.and_then(|t| reader.word(t, "taken", TAKEN)).unwrap_or(WhenTaken::Refuse),
            };
            mappings.insert(entry.name.to_owned(), mapping);
        }
        mappings
    }

    /// The groups of an app: a list of names, or a table by name with priority and values.
    fn read_app_groups(
        &mut self,
        reader: &mut Reader<'_>,
        app: &Table<'_, '_>,
        app_name: &str,
    ) -> Vec<AppGroupEntry> {
        let mut groups = Vec::new();
        let list = app.get("groups").filter(|entry| matches!(entry.value, DeValue::Array(_)));
        if let Some(list) = list {
            for group in reader.references_of(&list) {
                if groups.iter().any(|given: &AppGroupEntry| given.group.name == group.name) {
                    let reason = format!("names {:?} twice; take one out", group.name);
                    reader.fail(group.spot.at, &group.spot.path, reason);
                }
                groups.push(AppGroupEntry { group, priority: 0, profile: BTreeMap::new() });
            }
        } else {
            for entry in reader.named(app, "groups") {
                let Some(table) = reader.table(&entry, APP_GROUP) else { continue };
                groups.push(AppGroupEntry {
                    priority: reader.whole(&table, "priority").unwrap_or_default(),
                    profile: table.get("profile").map(|entry| reader.map_of(&entry)).unwrap_or_default(),
                    group: Reference { name: entry.name.to_owned(), spot: entry.spot() },
                });
            }
        }
        for given in &groups {
            self.spot(
                ItemKind::AppGroup,
                format!("{app_name}.{}", given.group.name),
                given.group.spot.clone(),
            );
        }
        groups
    }
}

/// A calendar day.
fn read_day(reader: &mut Reader<'_>, table: &Table<'_, '_>, name: &str) -> Option<String> {
    let entry = table.get(name)?;
    match entry.value {
        DeValue::Datetime(date) if date.date.is_some() && date.time.is_none() => Some(date.to_string()),
        _ => {
            reader.unfit(&entry, "a day without quotes, such as 2027-12-31");
            None
        }
    }
}

fn read_feed(reader: &mut Reader<'_>, entry: &Entry<'_, '_>) -> Option<Feed> {
    let table = reader.table(entry, FEED)?;
    let key =
        reader.need(&table, "key", "key = \"employee_number\", the column that never changes for a person");
    reader.need(&table, "columns", "[apps.….feed.columns] with a line such as employee_number = \"string\"");
    let mut columns = Vec::new();
    for column in reader.named(&table, "columns") {
        columns.push(read_column(reader, &column));
    }
    Some(Feed {
        key: key.and_then(|key| reader.text_of(&key)).unwrap_or_default(),
        mode: reader.word(&table, "mode", MODES).unwrap_or_default(),
        encoding: reader.word(&table, "encoding", ENCODINGS).unwrap_or_default(),
        delimiter: reader.character(&table, "delimiter"),
        date_format: reader.text(&table, "date_format"),
        list_separator: reader.character(&table, "list_separator"),
        terminated: table.get("terminated").and_then(|e| read_marked(reader, &e, "status", "terminated")),
        deleted: table.get("deleted").and_then(|e| read_marked(reader, &e, "op", "D")),
        groups: reader.text(&table, "groups"),
        columns,
        ignore_unknown_columns: reader.flag(&table, "ignore_unknown_columns").unwrap_or(false),
        path: reader.text(&table, "path"),
    })
}

/// A column and the values that mark a row, told by an example of both if they are missing.
fn read_marked(reader: &mut Reader<'_>, entry: &Entry<'_, '_>, column: &str, value: &str) -> Option<Marked> {
    let table = reader.table(entry, MARKED)?;
    let column = reader.need(&table, "column", &format!("column = {column:?}"))?;
    let column = reader.text_of(&column)?;
    let values = reader.need(&table, "values", &format!("values = [{value:?}]"))?;
    let values: Vec<String> = reader.references_of(&values).into_iter().map(|value| value.name).collect();
    Some(Marked { column, values })
}

fn read_column(reader: &mut Reader<'_>, entry: &Entry<'_, '_>) -> Column {
    let mut column = Column { name: entry.name.to_owned(), ..Column::default() };
    if matches!(entry.value, DeValue::String(_)) {
        column.kind = reader.word_of(entry, TYPES).unwrap_or_default();
    } else if let Some(table) = reader.table(entry, COLUMN) {
        column.kind = reader.word(&table, "type", TYPES).unwrap_or_default();
        column.required = reader.flag(&table, "required").unwrap_or(false);
        column.names = reader.texts(&table, "names").unwrap_or_default();
        column.date_format = reader.text(&table, "date_format");
    }
    column
}

fn read_source(reader: &mut Reader<'_>, entry: &Entry<'_, '_>) -> Option<Source> {
    let table = reader.table(entry, SOURCE)?;
    Some(Source {
        priority: reader.whole(&table, "priority").unwrap_or(FIRST),
        match_on: reader.texts(&table, "match_on").unwrap_or_default(),
        tiers: read_tiers(reader, &table),
        confirm: table.get("confirm").and_then(|entry| read_confirm(reader, &entry)).unwrap_or_default(),
        on_leave: reader.word(&table, "on_leave", LEAVERS).unwrap_or_default(),
        on_return: reader.word(&table, "on_return", RETURNS).unwrap_or_default(),
        ends_person: reader.flag(&table, "ends_person").unwrap_or(false),
        stage: reader.flag(&table, "stage").unwrap_or(false),
        starts: reader.text(&table, "starts"),
        ends: reader.text(&table, "ends"),
        leave: reader.word(&table, "leave", LEAVE_AT).unwrap_or_default(),
        several: reader.flag(&table, "several").unwrap_or(false),
        schedule: reader.text(&table, "schedule"),
        timezone: reader.text(&table, "timezone"),
    })
}

fn read_tiers(reader: &mut Reader<'_>, source: &Table<'_, '_>) -> Vec<MatchTier> {
    let mut tiers = Vec::new();
    for table in reader.tables(source, "match", TIER) {
        reader.need(&table, "on", "on = [\"firstName\", \"lastName\"]");
        tiers.push(MatchTier { on: reader.texts(&table, "on").unwrap_or_default() });
    }
    tiers
}

fn read_confirm(reader: &mut Reader<'_>, entry: &Entry<'_, '_>) -> Option<Confirm> {
    let table = reader.table(entry, CONFIRM)?;
    let default = Confirm::default();
    Some(Confirm {
        exact: reader.word(&table, "exact", EXACT).unwrap_or(default.exact),
        partial: reader.word(&table, "partial", PARTIAL).unwrap_or(default.partial),
        new: reader.word(&table, "new", NEW).unwrap_or(default.new),
        partial_score: reader.whole(&table, "partial_score").unwrap_or(default.partial_score),
        check_names: reader.flag(&table, "check_names").unwrap_or(default.check_names),
    })
}

fn read_provisioning(reader: &mut Reader<'_>, entry: &Entry<'_, '_>) -> Option<Provisioning> {
    let table = reader.table(entry, PROVISIONING)?;
    let default = Provisioning::default();
    Some(Provisioning {
        enabled: reader.flag(&table, "enabled").unwrap_or(default.enabled),
        create: reader.flag(&table, "create").unwrap_or(default.create),
        update: reader.flag(&table, "update").unwrap_or(default.update),
        on_unassign: reader.word(&table, "on_unassign", UNASSIGNED).unwrap_or(default.on_unassign),
        disable_suspended: reader.flag(&table, "disable_suspended").unwrap_or(default.disable_suspended),
        before_start: reader.flag(&table, "before_start").unwrap_or(default.before_start),
        concurrency: reader.whole(&table, "concurrency").unwrap_or(default.concurrency),
        owner: reader.text(&table, "owner").unwrap_or(default.owner),
        task_days: reader.whole(&table, "task_days").unwrap_or(default.task_days),
        rate_limit: reader.whole(&table, "rate_limit"),
        before_start_days: reader.whole(&table, "before_start_days"),
        grace_days: reader.whole(&table, "grace_days").unwrap_or_default(),
        leaver_grace_days: reader.whole(&table, "leaver_grace_days").unwrap_or_default(),
        delete_after_days: reader.whole(&table, "delete_after_days"),
        keep_assignments: reader.flag(&table, "keep_assignments").unwrap_or(default.keep_assignments),
        protected_accounts: read_protected(reader, &table),
        combine: reader.texts(&table, "combine").unwrap_or_default(),
    })
}

/// How many accounts of an app may be protected: each account that is worked on is compared with them.
const MOST_PROTECTED: usize = 1_000;

fn read_protected(reader: &mut Reader<'_>, provisioning: &Table<'_, '_>) -> Vec<String> {
    let names = reader.references(provisioning, "protected_accounts");
    if let Some(empty) = names.iter().find(|name| name.name.trim().is_empty()) {
        reader.fail(
            empty.spot.at,
            &empty.spot.path,
            "the user name is empty; give the account's, or take it out",
        );
    }
    if let Some(one_more) = names.get(MOST_PROTECTED) {
        let reason = format!("names too many; at most {MOST_PROTECTED} accounts can be protected");
        reader.fail(one_more.spot.at, &one_more.spot.path, reason);
    }
    names.into_iter().map(|name| name.name).collect()
}

/// What clients of the API say of an app and expect back, as they say it.
fn read_extra(reader: &mut Reader<'_>, app: &Table<'_, '_>) -> Map<String, Json> {
    let Some(entry) = app.get("extra") else { return Map::new() };
    let Some(text) = reader.text_of(&entry) else { return Map::new() };
    serde_json::from_str(&text).unwrap_or_else(|e| {
        let reason = format!("must be a JSON object within quotes, as the export writes it: {e}");
        reader.fail(entry.value_at, &entry.path, reason);
        Map::new()
    })
}

fn read_secrets(reader: &mut Reader<'_>, app: &Table<'_, '_>) -> BTreeMap<String, String> {
    let mut secrets = BTreeMap::new();
    for entry in reader.named(app, "secrets") {
        if let Some(reference) = read_reference(reader, &entry) {
            secrets.insert(entry.name.to_owned(), reference);
        }
    }
    secrets
}

/// Secrets are given by reference: what stands in a file ends up in repositories and backups.
pub(super) fn read_reference(reader: &mut Reader<'_>, entry: &Entry<'_, '_>) -> Option<String> {
    let reference = reader.text_of(entry)?;
    if is_reference(&reference) {
        return Some(reference);
    }
    let reason = "a secret is given by reference: \"env:NAME\" for an environment variable or \"file:PATH\" for a \
                  file; if what stands here is the secret itself, take it out and change it";
    reader.fail(entry.value_at, &entry.path, reason);
    None
}

fn is_reference(text: &str) -> bool {
    let variable = |name: &str| {
        name.chars().next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    text.strip_prefix("env:").is_some_and(variable)
        || text.strip_prefix("file:").is_some_and(|path| !path.trim().is_empty())
        || text.strip_prefix("sealed:").is_some_and(|number| number.parse::<i64>().is_ok())
}
