//! Tables and values with their places, and the mistakes found on the way.

use muster_engine::Value;
use muster_engine::suggest::did_you_mean;
use toml::de::{DeTable, DeValue};

use crate::error::{OrgFileError, Source, Span};
use crate::names::Words;
use crate::write::join;
use crate::{Reference, Spot};

/// A key with its value.
#[derive(Clone)]
pub(super) struct Entry<'a, 'i> {
    pub(super) name: &'a str,
    pub(super) path: String,
    pub(super) at: Span,
    pub(super) value: &'a DeValue<'i>,
    pub(super) value_at: Span,
}

/// A table.
pub(super) struct Table<'a, 'i> {
    pub(super) path: String,
    pub(super) at: Span,
    rows: &'a DeTable<'i>,
}

impl Entry<'_, '_> {
    /// Where its key stands.
    pub(super) fn spot(&self) -> Spot {
        Spot { at: self.at, path: self.path.clone() }
    }
}

impl<'a, 'i> Table<'a, 'i> {
    pub(super) fn root(rows: &'a DeTable<'i>) -> Self {
        Self { path: String::new(), at: Span::default(), rows }
    }

    /// The entries, in the order of the file.
    pub(super) fn entries(&self) -> Vec<Entry<'a, 'i>> {
        let mut entries: Vec<_> = self
            .rows
            .iter()
            .map(|(key, value)| Entry {
                name: key.get_ref(),
                path: join(&self.path, key.get_ref()),
                at: key.span().into(),
                value: value.get_ref(),
                value_at: value.span().into(),
            })
            .collect();
        entries.sort_by_key(|entry| entry.at.start);
        entries
    }

    pub(super) fn get(&self, name: &str) -> Option<Entry<'a, 'i>> {
        self.rows.contains_key(name).then(|| self.entries().into_iter().find(|e| e.name == name)).flatten()
    }
}

/// What a value is, in words.
fn found(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "an integer",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

pub(super) struct Reader<'t> {
    source: Source<'t>,
    pub(super) errors: Vec<OrgFileError>,
}

impl<'t> Reader<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { source: Source::new(text), errors: Vec::new() }
    }

    pub(super) fn fail(&mut self, at: Span, path: &str, reason: impl Into<String>) {
        self.errors.push(self.source.error(at, path, reason.into()));
    }

    pub(super) fn unfit(&mut self, entry: &Entry<'_, '_>, wanted: &str) {
        let reason = format!("must be {wanted}, and is {}", found(entry.value));
        self.fail(entry.value_at, &entry.path, reason);
    }

    /// The table an entry is, its keys checked against those there are.
    pub(super) fn table<'a, 'i>(&mut self, entry: &Entry<'a, 'i>, known: &[&str]) -> Option<Table<'a, 'i>> {
        let table = self.free_table(entry, &format!("a table with {}", known.join(", ")))?;
        self.check_keys(&table, known);
        Some(table)
    }

    /// The table an entry is, whose keys are names of the user's.
    pub(super) fn free_table<'a, 'i>(
        &mut self,
        entry: &Entry<'a, 'i>,
        wanted: &str,
    ) -> Option<Table<'a, 'i>> {
        let DeValue::Table(rows) = entry.value else {
            self.unfit(entry, wanted);
            return None;
        };
        Some(Table { path: entry.path.clone(), at: entry.at, rows })
    }

    /// The entries of the table of that name in `parent`, each with a name that isn't empty.
    pub(super) fn named<'a, 'i>(&mut self, parent: &Table<'a, 'i>, name: &str) -> Vec<Entry<'a, 'i>> {
        let table = parent.get(name).and_then(|entry| self.free_table(&entry, "a table keyed by name"));
        let entries = table.map(|table| table.entries()).unwrap_or_default();
        for entry in entries.iter().filter(|entry| entry.name.trim().is_empty()) {
            self.fail(entry.at, &entry.path, "the name is empty; give it one");
        }
        entries.into_iter().filter(|entry| !entry.name.trim().is_empty()).collect()
    }

    pub(super) fn check_keys(&mut self, table: &Table<'_, '_>, known: &[&str]) {
        for entry in table.entries() {
            if !known.contains(&entry.name) {
                let mut hint = did_you_mean(entry.name, known.iter().copied());
                if hint.is_empty() {
                    hint = format!("; the keys here are {}", known.join(", "));
                }
                let path = if table.path.is_empty() { "the file" } else { &table.path };
                self.fail(entry.at, path, format!("unknown key {:?}{hint}", entry.name));
            }
        }
    }

    /// An entry that has to be there; `example` says how.
    pub(super) fn need<'a, 'i>(
        &mut self,
        table: &Table<'a, 'i>,
        name: &str,
        example: &str,
    ) -> Option<Entry<'a, 'i>> {
        let entry = table.get(name);
        if entry.is_none() {
            self.fail(table.at, &table.path, format!("{name} is missing; add {example}"));
        }
        entry
    }

    pub(super) fn text_of(&mut self, entry: &Entry<'_, '_>) -> Option<String> {
        if let DeValue::String(text) = entry.value {
            return Some(text.clone().into_owned());
        }
        self.unfit(entry, "a text in quotes");
        None
    }

    pub(super) fn text(&mut self, table: &Table<'_, '_>, name: &str) -> Option<String> {
        table.get(name).and_then(|entry| self.text_of(&entry))
    }

    pub(super) fn flag(&mut self, table: &Table<'_, '_>, name: &str) -> Option<bool> {
        let entry = table.get(name)?;
        if let DeValue::Boolean(flag) = entry.value {
            return Some(*flag);
        }
        self.unfit(&entry, "true or false");
        None
    }

    /// A whole number that isn't negative.
    pub(super) fn whole<T: TryFrom<i64>>(&mut self, table: &Table<'_, '_>, name: &str) -> Option<T> {
        let entry = table.get(name)?;
        self.whole_of(&entry)
    }

    pub(super) fn whole_of<T: TryFrom<i64>>(&mut self, entry: &Entry<'_, '_>) -> Option<T> {
        let DeValue::Integer(number) = entry.value else {
            self.unfit(entry, "a whole number");
            return None;
        };
        let number = i64::from_str_radix(number.as_str(), number.radix()).ok();
        let fitting = number.filter(|n| *n >= 0).and_then(|n| T::try_from(n).ok());
        if fitting.is_none() {
            self.fail(
                entry.value_at,
                &entry.path,
                "is negative or too large; it must be a whole number from 0",
            );
        }
        fitting
    }

    /// A number with or without a fraction.
    pub(super) fn number_of(&mut self, entry: &Entry<'_, '_>) -> Option<f64> {
        match self.value(entry)? {
            Value::Int(i) => Some(i as f64),
            Value::Num(n) => Some(n),
            _ => {
                self.unfit(entry, "a number");
                None
            }
        }
    }

    /// One of a few words.
    pub(super) fn word<T: Copy>(&mut self, table: &Table<'_, '_>, name: &str, words: &Words<T>) -> Option<T> {
        let entry = table.get(name)?;
        self.word_of(&entry, words)
    }

    pub(super) fn word_of<T: Copy>(&mut self, entry: &Entry<'_, '_>, words: &Words<T>) -> Option<T> {
        let text = self.text_of(entry)?;
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        if found.is_none() {
            let all: Vec<String> = words.iter().map(|(word, _)| format!("{word:?}")).collect();
            let hint = did_you_mean(&text, words.iter().map(|(word, _)| *word));
            let reason = format!("{text:?} is none of {}{hint}", all.join(", "));
            self.fail(entry.value_at, &entry.path, reason);
        }
        found
    }

    pub(super) fn character(&mut self, table: &Table<'_, '_>, name: &str) -> Option<char> {
        let entry = table.get(name)?;
        let text = self.text_of(&entry)?;
        let mut characters = text.chars();
        let first = characters.next().filter(|_| characters.next().is_none());
        if first.is_none() {
            let reason = format!("must be one character, and {text:?} has {}", text.chars().count());
            self.fail(entry.value_at, &entry.path, reason);
        }
        first
    }

    /// The tables of a list of that name in `parent`.
    pub(super) fn tables<'a, 'i>(
        &mut self,
        parent: &Table<'a, 'i>,
        name: &str,
        known: &[&str],
    ) -> Vec<Table<'a, 'i>> {
        let Some(entry) = parent.get(name) else { return Vec::new() };
        let items = self.items(&entry, &format!("a list of tables, each under [[{}]]", entry.path));
        items.iter().filter_map(|item| self.table(item, known)).collect()
    }

    /// The items of a list, each as an entry.
    fn items<'a, 'i>(&mut self, entry: &Entry<'a, 'i>, wanted: &str) -> Vec<Entry<'a, 'i>> {
        let DeValue::Array(items) = entry.value else {
            self.unfit(entry, wanted);
            return Vec::new();
        };
        items
            .iter()
            .map(|item| Entry {
                name: entry.name,
                path: entry.path.clone(),
                at: item.span().into(),
                value: item.get_ref(),
                value_at: item.span().into(),
            })
            .collect()
    }

    /// A list of names with their places.
    pub(super) fn references_of(&mut self, entry: &Entry<'_, '_>) -> Vec<Reference> {
        let mut references = Vec::new();
        for item in self.items(entry, "a list of texts, such as [\"one\", \"two\"]") {
            if let Some(name) = self.text_of(&item) {
                references.push(Reference { name, spot: Spot { at: item.value_at, path: item.path } });
            }
        }
        references
    }

    pub(super) fn references(&mut self, table: &Table<'_, '_>, name: &str) -> Vec<Reference> {
        table.get(name).map(|entry| self.references_of(&entry)).unwrap_or_default()
    }

    pub(super) fn texts(&mut self, table: &Table<'_, '_>, name: &str) -> Option<Vec<String>> {
        let entry = table.get(name)?;
        Some(self.references_of(&entry).into_iter().map(|reference| reference.name).collect())
    }

    /// Any value an attribute can have; a date is its text, `{}` is no value.
    pub(super) fn value(&mut self, entry: &Entry<'_, '_>) -> Option<Value> {
        Some(match entry.value {
            DeValue::Array(_) => Value::List(self.values(entry)?),
            _ => self.scalar(entry)?,
        })
    }

    /// A list of values.
    pub(super) fn values(&mut self, entry: &Entry<'_, '_>) -> Option<Vec<Value>> {
        let items = self.items(entry, "a list");
        items.iter().map(|item| self.scalar(item)).collect()
    }

    fn scalar(&mut self, entry: &Entry<'_, '_>) -> Option<Value> {
        let value = match entry.value {
            DeValue::String(text) => Some(Value::from(text.as_ref())),
            DeValue::Boolean(flag) => Some(Value::Bool(*flag)),
            DeValue::Integer(i) => i64::from_str_radix(i.as_str(), i.radix()).ok().map(Value::Int),
            DeValue::Float(n) => n.as_str().parse().ok().filter(|n: &f64| n.is_finite()).map(Value::Num),
            DeValue::Datetime(date) => Some(Value::from(date.to_string())),
            DeValue::Table(rows) if rows.is_empty() => Some(Value::Null),
            DeValue::Table(_) | DeValue::Array(_) => {
                self.unfit(entry, "a text, a number, true, false or a list of these");
                return None;
            }
        };
        if value.is_none() {
            self.fail(entry.value_at, &entry.path, "the number is too large");
        }
        value
    }

    /// The entries of a table of values.
    pub(super) fn map_of(&mut self, entry: &Entry<'_, '_>) -> std::collections::BTreeMap<String, Value> {
        let table = self.free_table(entry, "a table of names and values");
        let entries = table.map(|table| table.entries()).unwrap_or_default();
        let mut map = std::collections::BTreeMap::new();
        for entry in entries {
            if matches!(entry.value, DeValue::Table(rows) if !rows.is_empty()) {
                self.dotted(&entry);
            } else if let Some(value) = self.value(&entry) {
                map.insert(entry.name.to_owned(), value);
            }
        }
        map
    }

    /// Somebody wrote `name.givenName = …` without quotes, which TOML takes for a table.
    pub(super) fn dotted(&mut self, entry: &Entry<'_, '_>) {
        let inner = match entry.value {
            DeValue::Table(rows) => rows.keys().next().map(|key| key.get_ref().to_string()),
            _ => None,
        };
        let whole = format!("{}.{}", entry.name, inner.unwrap_or_default());
        let reason = format!("is a table here; a name with dots needs quotes: {whole:?} = …");
        self.fail(entry.at, &entry.path, reason);
    }
}
