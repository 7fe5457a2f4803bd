//! Reads a feed row by row.

use std::fmt;
use std::io::Read;

use muster_expr::Value;

use super::header::Layout;
use super::records::{Row, Rows};
use super::source::{self, ByteCount};
use super::{FeedError, FeedFormat, convert, hash};

/// A row of a feed.
#[derive(Clone, Debug, PartialEq)]
pub enum FeedRow {
    /// Every column that is read could be read.
    Valid(ValidRow),
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
    /// The values, in the order of [`FeedFormat::columns`].
    pub values: Vec<Value>,
}

impl ValidRow {
    /// A hash of `terminated` and the values, but not of line and key. Equal rows have equal hashes in every release
    /// and on every machine, so it can be stored and compared as long as the format's columns stay the same.
    pub fn content_hash(&self) -> u64 {
        hash::row(self.terminated, &self.values)
    }
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
/// Gzip is unpacked and a UTF-8 byte order mark passed over. The iterator ends after the first error.
pub struct FeedReader<'r> {
    rows: Rows<'r>,
    row: Row,
    format: FeedFormat,
    layout: Layout,
    count: ByteCount,
    read: u64,
    done: bool,
}

impl<'r> FeedReader<'r> {
    /// Opens a feed and reads its header.
    ///
    /// # Errors
    /// The format contradicts itself, the bytes aren't UTF-8 text, or a column is missing, there twice or unknown.
    pub fn open(reader: impl Read + Send + 'r, format: &FeedFormat) -> Result<Self, FeedError> {
        convert::check(format)?;
        let (text, count) = source::open(reader)?;
        let mut rows = Rows::new(text, format.delimiter, format.max_row_bytes);
        let mut row = Row::default();
        if !rows.next(&mut row)? {
            return Err(FeedError::Empty);
        }
        let layout = Layout::new(&row, format)?;
        Ok(Self { rows, row, format: format.clone(), layout, count, read: 0, done: false })
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

    fn read(&mut self) -> Result<Option<FeedRow>, FeedError> {
        if !self.rows.next(&mut self.row)? {
            return Ok(None);
        }
        self.read += 1;
        if self.read > self.format.max_rows {
            return Err(FeedError::TooManyRows { limit: self.format.max_rows });
        }
        Ok(Some(self.check()))
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
            let delimiter = char::from(self.format.delimiter);
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
        let terminated = match self.terminated() {
            Ok(terminated) => terminated,
            Err(reason) => return rejected(Some(key), reason),
        };
        let mut values = Vec::with_capacity(self.format.columns.len());
        for (column, index) in self.format.columns.iter().zip(&self.layout.columns) {
            match convert::value(self.row.field(*index), column, &self.format) {
                Ok(value) => values.push(value),
                Err(reason) => return rejected(Some(key), format!("column {} {reason}", column.name)),
            }
        }
        FeedRow::Valid(ValidRow { line, key, terminated, values })
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

    /// Whether the row says that its person has left. A status that can't be read doesn't say that she is still there.
    fn terminated(&self) -> Result<bool, String> {
        let (Some(terminated), Some(index)) = (&self.format.terminated, self.layout.terminated) else {
            return Ok(false);
        };
        let field = convert::text(self.row.field(index), &self.format)
            .map_err(|reason| format!("column {} {reason}", terminated.column))?
            .trim();
        Ok(terminated.values.iter().any(|value| value.trim().eq_ignore_ascii_case(field)))
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
