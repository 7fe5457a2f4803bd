//! Rows that are told one by one over an interface: typed values by column, kept as a JSON object a line.
//!
//! Their dates are ISO 8601, or as the format writes them, and texts stand for values of other types, since many programs
//! send nothing else.

use std::fmt;
use std::io::{self, BufRead, BufReader, Read};

use muster_expr::Value;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use super::{Column, FeedError, FeedFormat, FeedRow, GoneRow, Kind, Marked, RejectedRow, ValidRow, convert};

/// What is told of one record.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The stable key of the person.
    pub id: String,
    /// The record is gone; nothing else counts.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub gone: bool,
    /// The person has left, whatever the columns say.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ended: bool,
    /// The values, by the names of columns; null is none. A column left out stays as it was if the format is partial,
    /// else it has none.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub values: Map<String, Json>,
}

impl Entry {
    /// The names it gives values to that aren't columns of the format.
    pub fn unknown(&self, format: &FeedFormat) -> Vec<&str> {
        let marks = [&format.terminated, &format.deleted];
        let is_mark = |name: &str| marks.iter().any(|m| m.as_ref().is_some_and(|m| m.column == name));
        let is_known = |name: &str| {
            name == format.key || is_mark(name) || format.columns.iter().any(|column| is_called(column, name))
        };
        self.values.keys().map(String::as_str).filter(|name| !is_known(name)).collect()
    }

    /// The row it is; `line` says which of all rows.
    pub fn row(&self, line: u64, format: &FeedFormat) -> FeedRow {
        let rejected = |key, reason| FeedRow::Rejected(RejectedRow { line, key, reason });
        let key = match self.key(format) {
            Ok(key) => key.to_owned(),
            Err(reason) => return rejected(None, reason),
        };
        match self.read(&key, line, format) {
            Ok(row) => row,
            Err(reason) => rejected(Some(key), reason),
        }
    }

    fn key(&self, format: &FeedFormat) -> Result<&str, String> {
        let key = self.id.trim();
        if key.is_empty() {
            return Err("the key is empty".to_owned());
        }
        if key.len() > format.max_field_bytes || key.chars().any(char::is_control) {
            return Err(format!("the key is too long or has control characters: {}", convert::excerpt(key)));
        }
        Ok(key)
    }

    fn read(&self, key: &str, line: u64, format: &FeedFormat) -> Result<FeedRow, String> {
        if self.gone || self.is_marked(format.deleted.as_ref(), format)? {
            return Ok(FeedRow::Gone(GoneRow { line, key: key.to_owned() }));
        }
        if !format.ignore_unknown_columns
            && let Some(name) = self.unknown(format).first()
        {
            return Err(format!("there is no column {name:?}"));
        }
        if let Some(mark) = format.terminated.as_ref().filter(|_| !self.ended)
            && self.value(&mark.column, format)?.is_none()
        {
            return Err(format!("column {} is missing: it says who has left", mark.column));
        }
        let terminated = self.ended || self.is_marked(format.terminated.as_ref(), format)?;
        let mut values = Vec::with_capacity(format.columns.len());
        let mut kept = Vec::new();
        for (at, column) in format.columns.iter().enumerate() {
            let told = |reason: String| format!("column {} {reason}", column.name);
            let said = self.value(&column.name, format)?;
            if column.name == format.key {
                if said.is_some_and(|said| text_of(said).as_deref().map(str::trim) != Some(key)) {
                    return Err(told(format!("is the key and says something else than {key:?}")));
                }
                values.push(convert::value(key.as_bytes(), column, format).map_err(told)?);
            } else if said.is_none() && format.partial {
                kept.push(at);
                values.push(Value::Null);
            } else {
                values.push(typed(said.unwrap_or(&Json::Null), column, format).map_err(told)?);
            }
        }
        Ok(FeedRow::Valid(ValidRow { line, key: key.to_owned(), terminated, values, kept }))
    }

    /// What it says of a column; `None`: nothing.
    fn value(&self, name: &str, format: &FeedFormat) -> Result<Option<&Json>, String> {
        let column = format.columns.iter().find(|column| column.name == name);
        let mut said =
            self.values.iter().filter(|(own, _)| *own == name || column.is_some_and(|c| is_called(c, own)));
        match (said.next(), said.next()) {
            (Some((one, _)), Some((other, _))) => {
                Err(format!("column {name} is told twice, as {one:?} and as {other:?}"))
            }
            (first, _) => Ok(first.map(|(_, value)| value)),
        }
    }

    fn is_marked(&self, mark: Option<&Marked>, format: &FeedFormat) -> Result<bool, String> {
        let Some(mark) = mark else { return Ok(false) };
        let Some(said) = self.value(&mark.column, format)? else { return Ok(false) };
        let said = text_of(said).ok_or_else(|| format!("column {} must be a text", mark.column))?;
        Ok(mark.values.iter().any(|value| value.trim().eq_ignore_ascii_case(said.trim())))
    }
}

/// Whether a column goes by a name.
fn is_called(column: &Column, name: &str) -> bool {
    column.name == name || column.names.iter().any(|other| other == name)
}

/// A single value as text; nothing is the empty one.
fn text_of(value: &Json) -> Option<String> {
    match value {
        Json::Null => Some(String::new()),
        Json::String(text) => Some(text.clone()),
        Json::Bool(_) | Json::Number(_) => Some(value.to_string()),
        Json::Array(_) | Json::Object(_) => None,
    }
}

/// The value of a column, or why it has none, told so that it can follow "column NAME".
fn typed(value: &Json, column: &Column, format: &FeedFormat) -> Result<Value, String> {
    let wrong =
        |expected: &str| Err(format!("is {} but should be {expected}", convert::excerpt(&value.to_string())));
    match (value, &column.kind) {
        (Json::String(text), Kind::Date) => convert::told_date(text, column, format),
        (Json::Null | Json::String(_), _) => {
            convert::value(value.as_str().unwrap_or_default().as_bytes(), column, format)
        }
        (Json::Bool(value), Kind::Boolean) => Ok(Value::Bool(*value)),
        (Json::Number(number), Kind::Integer) => match number.as_i64() {
            Some(number) => Ok(Value::Int(number)),
            None => wrong("a whole number"),
        },
        (Json::Number(number), Kind::Number) => match number.as_f64() {
            Some(number) => Ok(Value::Num(number)),
            None => wrong("a number"),
        },
        (Json::Array(list), Kind::List { .. }) => {
            let texts: Option<Vec<String>> = list.iter().map(text_of).collect();
            let Some(texts) = texts else { return wrong("a list of single values") };
            let texts = texts.iter().map(|text| text.trim()).filter(|text| !text.is_empty());
            let values: Vec<Value> = texts.map(|text| Value::Str(text.into())).collect();
            match values.is_empty() {
                true if column.required => Err("is empty but required".to_owned()),
                true => Ok(Value::Null),
                false => Ok(Value::List(values)),
            }
        }
        (_, Kind::Text) => wrong("a text"),
        (_, Kind::Date) => wrong("a date such as 1992-12-31, as a text"),
        (_, Kind::Integer) => wrong("a whole number"),
        (_, Kind::Number) => wrong("a number"),
        (_, Kind::Boolean) => wrong("true or false"),
        (_, Kind::List { .. }) => wrong("a list"),
    }
}

/// Reads entries one by one, in constant memory. The iterator ends after the first error.
pub struct EntryReader<'r> {
    lines: BufReader<Box<dyn Read + Send + 'r>>,
    line: Vec<u8>,
    format: FeedFormat,
    read: u64,
    bytes: u64,
    done: bool,
}

impl<'r> EntryReader<'r> {
    /// Reads what was written as a JSON object a line.
    ///
    /// # Errors
    /// The format contradicts itself.
    pub fn open(reader: impl Read + Send + 'r, format: &FeedFormat) -> Result<Self, FeedError> {
        convert::check(format)?;
        let lines = BufReader::new(Box::new(reader) as Box<dyn Read + Send + 'r>);
        Ok(Self { lines, line: Vec::new(), format: format.clone(), read: 0, bytes: 0, done: false })
    }

    pub(super) fn rows(&self) -> u64 {
        self.read
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) fn is_partial(&self) -> bool {
        self.format.partial
    }

    fn read(&mut self) -> Result<Option<FeedRow>, FeedError> {
        let failed = |line, source| FeedError::Io { line, source };
        let limit = self.format.max_row_bytes as u64;
        self.line.clear();
        let taken = (&mut self.lines).take(limit + 1).read_until(b'\n', &mut self.line);
        let taken = taken.map_err(|e| failed(self.read, e))? as u64;
        if taken == 0 {
            return Ok(None);
        }
        self.bytes += taken;
        self.read += 1;
        if self.read > self.format.max_rows {
            return Err(FeedError::TooManyRows { limit: self.format.max_rows });
        }
        if !self.line.ends_with(b"\n") {
            let what = format!("row {} is longer than {limit} bytes or has no end", self.read);
            return Err(FeedError::CutShort { what });
        }
        let entry: Entry = serde_json::from_slice(&self.line)
            .map_err(|e| failed(self.read, io::Error::new(io::ErrorKind::InvalidData, e)))?;
        Ok(Some(entry.row(self.read, &self.format)))
    }
}

impl Iterator for EntryReader<'_> {
    type Item = Result<FeedRow, FeedError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let next = self.read().transpose();
        self.done = !matches!(next, Some(Ok(_)));
        next
    }
}

impl fmt::Debug for EntryReader<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("EntryReader").field("read", &self.read).finish_non_exhaustive()
    }
}
