//! Reads a feed row by row.

use std::fmt;
use std::io::Read;

use muster_expr::Value;

use super::dates::{Evidence, Orders};
use super::header::Layout;
use super::records::{Row, Rows};
use super::source::{self, ByteCount, Source};
use super::{Column, Encoding, FeedError, FeedFormat, Kind, Marked, convert, delimiter, hash};

/// A row of a feed.
#[derive(Clone, Debug, PartialEq)]
pub enum FeedRow {
    /// Every column that is read could be read.
    Valid(ValidRow),
    /// The record is gone.
    Gone(GoneRow),
    /// Something in the row is wrong.
    Rejected(RejectedRow),
}

/// A row in which everything is in order.
#[derive(Clone, Debug, PartialEq)]
pub struct ValidRow {
    /// The line the row starts on, from 1; the header is on the first.
    pub line: u64,
    /// The stable key of the person.
    pub key: String,
    /// The row says that the person has left.
    pub terminated: bool,
    /// The values, in the order of [`FeedFormat::columns`]. A date whose form isn't set stands as it was written until
    /// the whole feed has been read: [`sorted`](super::sorted) gives it in ISO 8601.
    pub values: Vec<Value>,
    /// The columns it doesn't speak of, in ascending order: what is known of them stays.
    pub kept: Vec<usize>,
}

/// A row that says that a record is gone; it says nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GoneRow {
    /// The line the row starts on, from 1.
    pub line: u64,
    /// The stable key of the person.
    pub key: String,
}

impl ValidRow {
    /// A hash of `terminated` and the values, but not of line and key. Equal rows have equal hashes in every release
    /// and on every machine, so it can be stored and compared as long as the format's columns stay the same.
    pub fn content_hash(&self) -> u64 {
        content_hash(self.terminated, &self.values)
    }

    /// What an earlier row of the same key says of columns that this one doesn't speak of.
    pub(super) fn take_over(&mut self, mut before: Self) {
        let taken = self.kept.extract_if(.., |at| before.kept.binary_search(at).is_err());
        for at in taken {
            if let (Some(value), Some(said)) = (self.values.get_mut(at), before.values.get_mut(at)) {
                *value = std::mem::take(said);
            }
        }
    }
}

/// [`ValidRow::content_hash`] of what a row would say.
pub fn content_hash(terminated: bool, values: &[Value]) -> u64 {
    hash::row(terminated, values)
}

/// A row that can't be read. It says nothing about its person, least of all that there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RejectedRow {
    /// The line the row starts on, from 1.
    pub line: u64,
    /// The stable key, if that much is beyond doubt. `None` means that anybody's row may be lost here.
    pub key: Option<String>,
    /// What is wrong.
    pub reason: String,
}

/// Reads a feed row by row, in constant memory.
///
/// Gzip is unpacked, text of any encoding decoded, and the delimiter recognised by the header. The iterator ends after the first error.
pub struct FeedReader<'r> {
    rows: Rows<'r>,
    row: Row,
    format: FeedFormat,
    delimiter: u8,
    encoding: Encoding,
    layout: Layout,
    /// Which of the format's columns a partial file doesn't have.
    absent: Vec<usize>,
    /// What dates whose form isn't set have shown, by column.
    dates: Vec<Option<Evidence>>,
    count: ByteCount,
    read: u64,
    done: bool,
}

impl<'r> FeedReader<'r> {
    /// Opens a feed and reads its header.
    ///
    /// # Errors
    /// The format contradicts itself, the bytes aren't text, the delimiter isn't clear, or a column is missing, there
    /// twice or unknown.
    pub fn open(reader: impl Read + Send + 'r, format: &FeedFormat) -> Result<Self, FeedError> {
        convert::check(format)?;
        let Source { text, count, encoding } = source::open(reader, format.encoding)?;
        let (delimiter, text) = match format.delimiter {
            Some(delimiter) => (delimiter, text),
            None => delimiter::recognise(text, format)?,
        };
        let mut rows = Rows::new(text, delimiter, format.max_row_bytes);
        let mut row = Row::default();
        if !rows.next(&mut row)? {
            return Err(FeedError::Empty);
        }
        let layout = Layout::new(&row, format, delimiter)?;
        let unset = |column: &Column| column.kind == Kind::Date && convert::pattern(column, format).is_none();
        let dates = format.columns.iter().map(|column| unset(column).then(Evidence::default)).collect();
        let format = format.clone();
        let absent =
            (0..).zip(&layout.columns).filter(|(_, place)| place.is_none()).map(|(at, _)| at).collect();
        Ok(Self {
            rows,
            row,
            format,
            delimiter,
            encoding,
            layout,
            absent,
            dates,
            count,
            read: 0,
            done: false,
        })
    }

    /// The columns of the file, in its order.
    pub fn header(&self) -> &[String] {
        &self.layout.names
    }

    /// How many bytes of the file have been read, before unpacking. At the end: its size.
    pub fn bytes(&self) -> u64 {
        self.count.get()
    }

    /// How many rows have been read.
    pub fn rows(&self) -> u64 {
        self.read
    }

    /// Which of the format's columns a partial file doesn't have.
    pub fn absent(&self) -> &[usize] {
        &self.absent
    }

    /// What there is to say of how the feed is read, apart from its dates.
    pub(super) fn remarks(&self) -> Vec<String> {
        let mut remarks = Vec::new();
        if self.format.encoding == Encoding::Auto && self.encoding != Encoding::Utf8 {
            remarks.push(format!("the feed is read as {}", self.encoding.name()));
        }
        if self.format.delimiter.is_none() && self.delimiter != b',' {
            remarks.push(format!("the fields of the feed are separated by {:?}", char::from(self.delimiter)));
        }
        let absent: Vec<&str> = self
            .format
            .columns
            .iter()
            .zip(&self.layout.columns)
            .filter(|(_, place)| place.is_none())
            .map(|(column, _)| column.name.as_str())
            .collect();
        if !absent.is_empty() {
            remarks.push(format!("what isn't in the feed stays as it was: {}", absent.join(", ")));
        }
        remarks
    }

    /// How dates whose form isn't set are to be read, by column. Not known before the last row has been read.
    pub(super) fn dates(&self, remarks: &mut Vec<String>) -> Result<Vec<(usize, Orders)>, FeedError> {
        let columns = self.dates.iter().zip(&self.format.columns).enumerate();
        columns
            .filter_map(|(at, (evidence, column))| Some((at, evidence.as_ref()?, column)))
            .map(|(at, evidence, column)| Ok((at, evidence.decide(&column.name, remarks)?)))
            .collect()
    }

    fn read(&mut self) -> Result<Option<FeedRow>, FeedError> {
        if !self.rows.next(&mut self.row)? {
            return Ok(None);
        }
        self.read += 1;
        if self.read > self.format.max_rows {
            return Err(FeedError::TooManyRows { limit: self.format.max_rows });
        }
        let row = self.check();
        if let FeedRow::Valid(row) = &row {
            for (evidence, value) in self.dates.iter_mut().zip(&row.values) {
                if let (Some(evidence), Some(text)) = (evidence, value.as_str()) {
                    evidence.note(text, row.line);
                }
            }
        }
        Ok(Some(row))
    }

    /// Makes a typed row of the fields just read.
    fn check(&self) -> FeedRow {
        let line = self.row.line;
        let rejected = |key, reason| FeedRow::Rejected(RejectedRow { line, key, reason });
        if self.row.too_long {
            let limit = self.format.max_row_bytes;
            return rejected(None, format!("the row is longer than {limit} bytes; is a quote not closed?"));
        }
        let (found, expected) = (self.row.len(), self.layout.names.len());
        if found != expected {
            // A quote gone astray shifts fields or swallows rows. Only what stands before any of that is certain.
            let delimiter = char::from(self.delimiter);
            let certain = self.layout.key == 0 && !self.row.spans_lines();
            let key = if certain { self.key().ok().filter(|key| !key.contains(delimiter)) } else { None };
            return rejected(
                key,
                format!(
                    "{found} fields where the header has {expected}; a field with {delimiter:?} in it needs quotes"
                ),
            );
        }
        let key = match self.key() {
            Ok(key) => key,
            Err(reason) => return rejected(None, reason),
        };
        let marks =
            [(&self.format.deleted, self.layout.deleted), (&self.format.terminated, self.layout.terminated)];
        let [deleted, terminated] = match marks.map(|(mark, place)| self.marked(mark.as_ref(), place)) {
            [Ok(deleted), Ok(terminated)] => [deleted, terminated],
            [Err(reason), _] | [_, Err(reason)] => return rejected(Some(key), reason),
        };
        if deleted {
            return FeedRow::Gone(GoneRow { line, key });
        }
        let mut values = Vec::with_capacity(self.format.columns.len());
        for (column, index) in self.format.columns.iter().zip(&self.layout.columns) {
            let Some(index) = index else {
                values.push(Value::Null);
                continue;
            };
            match convert::value(self.row.field(*index), column, &self.format) {
                Ok(value) => values.push(value),
                Err(reason) => return rejected(Some(key), format!("column {} {reason}", column.name)),
            }
        }
        FeedRow::Valid(ValidRow { line, key, terminated, values, kept: self.absent.clone() })
    }

    fn key(&self) -> Result<String, String> {
        let name = &self.format.key;
        let key = convert::text(self.row.field(self.layout.key), &self.format)
            .map_err(|reason| format!("the key in column {name} {reason}"))?
            .trim();
        if key.is_empty() {
            return Err(format!("the key in column {name} is empty"));
        }
        if key.chars().any(char::is_control) {
            return Err(format!(
                "the key in column {name} has control characters: {}",
                convert::excerpt(key)
            ));
        }
        Ok(key.to_owned())
    }

    /// Whether a column marks the row. One that can't be read doesn't say that it doesn't.
    fn marked(&self, mark: Option<&Marked>, place: Option<usize>) -> Result<bool, String> {
        let (Some(mark), Some(index)) = (mark, place) else { return Ok(false) };
        let field = convert::text(self.row.field(index), &self.format)
            .map_err(|reason| format!("column {} {reason}", mark.column))?
            .trim();
        Ok(mark.values.iter().any(|value| value.trim().eq_ignore_ascii_case(field)))
    }
}

impl Iterator for FeedReader<'_> {
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

impl fmt::Debug for FeedReader<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("FeedReader")
            .field("header", &self.layout.names)
            .field("line", &self.rows.last())
            .finish_non_exhaustive()
    }
}
