//! From text to an [`OrgFile`], every mistake told at once.

pub(crate) mod app;
mod org;
mod reader;

use std::collections::BTreeMap;

use muster_engine::model::schema::{AttributeDef, base_attributes};
use muster_engine::{
    AttributeType, GuardLimits, GuardSettings, ItemKind, LinkDef, LinkKeys, OrgSettings, RuleStatus, Value,
};
use toml::de::{DeTable, DeValue};

use crate::error::{OrgFileError, Source, Span};
use crate::names::TYPES;
use crate::{GroupEntry, OrgFile, RuleEntry, Spot};
use reader::{Entry, Reader, Table};

const PARTS: &[&str] = &["org", "attributes", "links", "groups", "rules", "apps"];
const GUARD: &[&str] = &[
    "percent",
    "minimum",
    "count",
    "feed_percent",
    "window_hours",
    "people",
    "apps",
    "groups",
    "attributes",
    "deletions",
];
const APP_GUARD: &[&str] = &["percent", "minimum", "count", "feed_percent", "deletions"];
const LIMITS: &[&str] = &["percent", "minimum", "count"];
const ATTRIBUTE: &[&str] = &[
    "type",
    "title",
    "required",
    "unique",
    "indexed",
    "sources",
    "generate",
    "enum",
    "pattern",
    "min_length",
    "max_length",
    "minimum",
    "maximum",
];
const LINK: &[&str] = &[
    "attribute",
    "matches",
    "title",
    "description",
    "associated",
    "associated_title",
    "associated_description",
];
const GROUP: &[&str] = &["description", "protected", "guard"];
const RULE: &[&str] = &["when", "groups", "except_users", "except_groups", "active"];

/// Reads a file.
///
/// # Errors
/// All mistakes found, in the order of the file. A text that isn't TOML has only those that make it so.
pub fn parse(text: &str) -> Result<OrgFile, Vec<OrgFileError>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (root, mistakes) = DeTable::parse_recoverable(text);
    if !mistakes.is_empty() {
        return Err(not_toml(text, &mistakes));
    }
    let mut file = OrgFile {
        text: text.to_owned(),
        spots: BTreeMap::new(),
        settings: OrgSettings::default(),
        protected_users: Vec::new(),
        attributes: BTreeMap::new(),
        links: BTreeMap::new(),
        groups: BTreeMap::new(),
        rules: BTreeMap::new(),
        apps: BTreeMap::new(),
    };
    let mut reader = Reader::new(text);
    let root = Table::root(root.get_ref());
    reader.check_keys(&root, PARTS);
    file.read_org(&mut reader, &root);
    file.read_attributes(&mut reader, &root);
    file.read_links(&mut reader, &root);
    file.read_groups(&mut reader, &root);
    file.read_rules(&mut reader, &root);
    file.read_apps(&mut reader, &root);
    let mut errors = reader.errors;
    if errors.is_empty() {
        return Ok(file);
    }
    errors.sort_by_key(|error| error.position);
    Err(errors)
}

/// The first mistake of each line: those after it only follow from it.
fn not_toml(text: &str, mistakes: &[toml::de::Error]) -> Vec<OrgFileError> {
    let source = Source::new(text);
    let mut errors: Vec<OrgFileError> = mistakes
        .iter()
        .map(|mistake| {
            let at = mistake.span().map(Span::from).unwrap_or_default();
            let reason = format!("this isn't TOML: {}", mistake.message().replace('\n', ", "));
            source.error(at, "", reason)
        })
        .collect();
    errors.sort_by_key(|error| error.position);
    errors.dedup_by_key(|error| error.position.map(|position| position.line));
    errors
}

impl OrgFile {
    fn spot(&mut self, kind: ItemKind, name: impl Into<String>, spot: Spot) {
        self.spots.insert((kind, name.into()), spot);
    }

    fn read_attributes(&mut self, reader: &mut Reader<'_>, root: &Table<'_, '_>) {
        let base = base_attributes();
        for entry in reader.named(root, "attributes") {
            let known = base.iter().find(|def| def.name == entry.name);
            let start = known
                .cloned()
                .unwrap_or_else(|| AttributeDef { name: entry.name.to_owned(), ..AttributeDef::default() });
            let def = read_attribute(reader, &entry, start);
            self.spot(ItemKind::Attribute, entry.name, entry.spot());
            self.attributes.insert(def.name.clone(), def);
        }
    }

    fn read_links(&mut self, reader: &mut Reader<'_>, root: &Table<'_, '_>) {
        for entry in reader.named(root, "links") {
            let Some(table) = reader.table(&entry, LINK) else { continue };
            let mut need = |name, example| {
                reader.need(&table, name, example).and_then(|e| reader.text_of(&e)).unwrap_or_default()
            };
            let of_attributes = table.get("attribute").is_some() || table.get("matches").is_some();
            let keys = of_attributes.then(|| LinkKeys {
                attribute: need(
                    "attribute",
                    "attribute = \"managerId\", the attribute that holds the other's key",
                ),
                matches: need(
                    "matches",
                    "matches = \"employeeNumber\", the attribute by which the other is found",
                ),
            });
            let mut text = |name| reader.text(&table, name).unwrap_or_default();
            let link = LinkDef {
                name: entry.name.to_owned(),
                title: text("title"),
                description: text("description"),
                associated: text("associated"),
                associated_title: text("associated_title"),
                associated_description: text("associated_description"),
                keys,
            };
            self.spot(ItemKind::Link, entry.name, entry.spot());
            self.links.insert(entry.name.to_owned(), link);
        }
    }

    fn read_groups(&mut self, reader: &mut Reader<'_>, root: &Table<'_, '_>) {
        for entry in reader.named(root, "groups") {
            let mut group = GroupEntry {
                description: String::new(),
                protected: false,
                guard: GuardLimits::default(),
                spot: entry.spot(),
            };
            if let DeValue::String(text) = entry.value {
                group.description = text.clone().into_owned();
            } else if let Some(table) = reader.table(&entry, GROUP) {
                group.description = reader.text(&table, "description").unwrap_or_default();
                group.protected = reader.flag(&table, "protected").unwrap_or(false);
                group.guard = read_limits(reader, &table, "guard");
            }
            self.spot(ItemKind::Group, entry.name, entry.spot());
            self.groups.insert(entry.name.to_owned(), group);
        }
    }

    fn read_rules(&mut self, reader: &mut Reader<'_>, root: &Table<'_, '_>) {
        for entry in reader.named(root, "rules") {
            let Some(table) = reader.table(&entry, RULE) else { continue };
            let when = reader.need(&table, "when", "when = 'user.department == \"Sales\"'");
            let at = when.as_ref().map_or(entry.at, |when| when.value_at);
            self.spot(ItemKind::Rule, entry.name, Spot { at, path: entry.path.clone() });
            let groups = reader.need(&table, "groups", "groups = [\"Sales\"], the groups it fills");
            let rule = RuleEntry {
                expression: when.and_then(|when| reader.text_of(&when)).unwrap_or_default(),
                groups: groups.map(|groups| reader.references_of(&groups)).unwrap_or_default(),
                except_users: reader.references(&table, "except_users"),
                except_groups: reader.references(&table, "except_groups"),
                status: if reader.flag(&table, "active").unwrap_or(true) {
                    RuleStatus::Active
                } else {
                    RuleStatus::Inactive
                },
            };
            self.rules.insert(entry.name.to_owned(), rule);
        }
    }
}

/// The guard of a table, if it has one; `known`: what may be said there.
fn read_guard(reader: &mut Reader<'_>, parent: &Table<'_, '_>, known: &[&str]) -> Option<GuardSettings> {
    let entry = parent.get("guard")?;
    let table = reader.table(&entry, known)?;
    let default = GuardSettings::default();
    Some(GuardSettings {
        percent: reader.whole(&table, "percent").unwrap_or(default.percent),
        minimum: reader.whole(&table, "minimum").unwrap_or(default.minimum),
        count: reader.whole(&table, "count").or(default.count),
        feed_percent: reader.whole(&table, "feed_percent").unwrap_or(default.feed_percent),
        window_hours: read_window(reader, &table).unwrap_or(default.window_hours),
        people: read_limits(reader, &table, "people"),
        apps: read_limits(reader, &table, "apps"),
        groups: read_limits(reader, &table, "groups"),
        attributes: read_limits(reader, &table, "attributes"),
        deletions: read_limits(reader, &table, "deletions"),
    })
}

/// The longest window: a year.
const MOST_HOURS: u32 = 8_760;

fn read_window(reader: &mut Reader<'_>, guard: &Table<'_, '_>) -> Option<u32> {
    let entry = guard.get("window_hours")?;
    let hours = reader.whole_of(&entry)?;
    if hours > MOST_HOURS {
        let reason = format!("is too long; at most {MOST_HOURS} hours, which is a year");
        reader.fail(entry.value_at, &entry.path, reason);
    }
    Some(hours)
}

/// The limits that the table of that name says something of.
fn read_limits(reader: &mut Reader<'_>, parent: &Table<'_, '_>, name: &str) -> GuardLimits {
    let table = parent.get(name).and_then(|entry| reader.table(&entry, LIMITS));
    let Some(table) = table else { return GuardLimits::default() };
    GuardLimits {
        percent: reader.whole(&table, "percent"),
        minimum: reader.whole(&table, "minimum"),
        count: reader.whole(&table, "count"),
    }
}

/// An attribute: its type alone, or a table. Of a base attribute, what isn't said stays as it is.
fn read_attribute(reader: &mut Reader<'_>, entry: &Entry<'_, '_>, mut def: AttributeDef) -> AttributeDef {
    if matches!(entry.value, DeValue::String(_)) {
        def.kind = reader.word_of(entry, TYPES).unwrap_or(def.kind);
        return def;
    }
    let Some(table) = reader.table(entry, ATTRIBUTE) else { return def };
    if let Some(kind) = reader.word(&table, "type", TYPES) {
        def.kind = kind;
    }
    if let Some(title) = reader.text(&table, "title") {
        def.title = title;
    }
    if let Some(required) = reader.flag(&table, "required") {
        def.required = required;
    }
    if let Some(unique) = reader.flag(&table, "unique") {
        def.unique = unique;
    }
    if let Some(indexed) = reader.flag(&table, "indexed") {
        def.indexed = indexed;
    }
    if let Some(sources) = reader.texts(&table, "sources") {
        def.sources = sources;
    }
    def.generate = reader.text(&table, "generate");
    if let Some(allowed) = table.get("enum").and_then(|entry| reader.values(&entry)) {
        def.allowed = allowed.into_iter().map(|value| fitting(def.kind, value)).collect();
    }
    if let Some(pattern) = reader.text(&table, "pattern") {
        def.pattern = Some(pattern);
    }
    limit(reader, &table, "min_length", &mut def.min_length, Reader::whole_of);
    limit(reader, &table, "max_length", &mut def.max_length, Reader::whole_of);
    limit(reader, &table, "minimum", &mut def.minimum, Reader::number_of);
    limit(reader, &table, "maximum", &mut def.maximum, Reader::number_of);
    def
}

/// A limit, or `"none"`, which takes away the one a base attribute has.
fn limit<'t, T>(
    reader: &mut Reader<'t>,
    table: &Table<'_, '_>,
    name: &str,
    limit: &mut Option<T>,
    read: impl Fn(&mut Reader<'t>, &Entry<'_, '_>) -> Option<T>,
) {
    let Some(entry) = table.get(name) else { return };
    if matches!(entry.value, DeValue::String(text) if text == "none") {
        *limit = None;
    } else if let Some(value) = read(reader, &entry) {
        *limit = Some(value);
    }
}

/// A number may be written without a fraction.
fn fitting(kind: AttributeType, value: Value) -> Value {
    match (kind, value) {
        (AttributeType::Number | AttributeType::NumberArray, Value::Int(i)) => Value::Num(i as f64),
        (_, value) => value,
    }
}
