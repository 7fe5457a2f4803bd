//! The transaction trait, its parameters and its rows.

use crate::Result;
use crate::error::{StoreError, operation};

/// One open transaction of some engine.
///
/// Statements are written once for all engines: parameters are `$1`, `$2` … in order of first use, a list is matched by
/// `= ANY($n)`, and only what `SQLite` and `PostgreSQL` share is used. Each text is a constant, prepared once a connection.
pub trait Tx {
    /// Runs a statement that gives rows and hands each to `each`.
    fn query(
        &mut self,
        sql: &'static str,
        params: &[Param<'_>],
        each: &mut dyn FnMut(&Row<'_>) -> Result<()>,
    ) -> Result<()>;

    /// Runs a statement and gives the number of rows it changed.
    fn execute(&mut self, sql: &'static str, params: &[Param<'_>]) -> Result<u64>;

    /// Runs one prepared statement for many rows: `rows` is called once with a sink that takes each row's parameters.
    /// Gives the number of rows changed by each run, in total.
    fn execute_many(&mut self, sql: &'static str, rows: Producer<'_>) -> Result<u64>;
}

/// Takes the parameters of one row, gives the number of rows changed.
pub type Sink<'a> = &'a mut dyn FnMut(&[Param<'_>]) -> Result<u64>;

/// Produces the rows of [`Tx::execute_many`].
pub type Producer<'a> = &'a mut dyn FnMut(Sink<'_>) -> Result<()>;

/// One parameter of a statement.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Param<'a> {
    /// SQL NULL.
    Null,
    /// A key, a time, a count or a boolean.
    Int(i64),
    /// A fraction.
    Real(f64),
    /// A text or a JSON document.
    Text(&'a str),
    /// Bytes.
    Blob(&'a [u8]),
    /// Keys for `= ANY($n)`.
    Ints(&'a [i64]),
    /// Texts for `= ANY($n)`.
    Texts(&'a [&'a str]),
}

impl From<i64> for Param<'_> {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<bool> for Param<'_> {
    fn from(value: bool) -> Self {
        Self::Int(value.into())
    }
}

impl<'a> From<&'a str> for Param<'a> {
    fn from(value: &'a str) -> Self {
        Self::Text(value)
    }
}

impl<'a> From<&'a String> for Param<'a> {
    fn from(value: &'a String) -> Self {
        Self::Text(value)
    }
}

impl<'a> From<&'a [u8]> for Param<'a> {
    fn from(value: &'a [u8]) -> Self {
        Self::Blob(value)
    }
}

impl<'a> From<&'a [i64]> for Param<'a> {
    fn from(value: &'a [i64]) -> Self {
        Self::Ints(value)
    }
}

impl<'a> From<&'a [&'a str]> for Param<'a> {
    fn from(value: &'a [&'a str]) -> Self {
        Self::Texts(value)
    }
}

impl<'a, T: Into<Param<'a>>> From<Option<T>> for Param<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl<'a> From<&'a Option<String>> for Param<'a> {
    fn from(value: &'a Option<String>) -> Self {
        value.as_deref().into()
    }
}

/// A value of a row, borrowed from the engine.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    /// SQL NULL.
    Null,
    /// An integer.
    Int(i64),
    /// A fraction.
    Real(f64),
    /// A text.
    Text(&'a str),
    /// Bytes.
    Blob(&'a [u8]),
}

impl Value<'_> {
    fn name(&self) -> &'static str {
        match self {
            Self::Null => "NULL",
            Self::Int(_) => "an integer",
            Self::Real(_) => "a fraction",
            Self::Text(_) => "text",
            Self::Blob(_) => "bytes",
        }
    }
}

/// A row as an engine holds it.
pub trait RawRow {
    /// The value of the column at `index`, counted from 0.
    fn value(&self, index: usize) -> Result<Value<'_>>;
}

/// A row of a result: typed access to its columns.
pub struct Row<'a> {
    raw: &'a dyn RawRow,
    sql: &'static str,
}

impl<'a> Row<'a> {
    /// Wraps an engine's row; `sql` names the statement in errors.
    pub fn new(raw: &'a dyn RawRow, sql: &'static str) -> Self {
        Self { raw, sql }
    }

    /// An integer.
    pub fn int(&self, index: usize) -> Result<i64> {
        match self.raw.value(index)? {
            Value::Int(value) => Ok(value),
            other => Err(self.unexpected(index, &other, "an integer")),
        }
    }

    /// An integer or NULL.
    pub fn opt_int(&self, index: usize) -> Result<Option<i64>> {
        match self.raw.value(index)? {
            Value::Null => Ok(None),
            Value::Int(value) => Ok(Some(value)),
            other => Err(self.unexpected(index, &other, "an integer")),
        }
    }

    /// A boolean kept as 0 or 1.
    pub fn flag(&self, index: usize) -> Result<bool> {
        Ok(self.int(index)? != 0)
    }

    /// A text, borrowed.
    pub fn text(&self, index: usize) -> Result<&'a str> {
        match self.raw.value(index)? {
            Value::Text(value) => Ok(value),
            other => Err(self.unexpected(index, &other, "text")),
        }
    }

    /// A text.
    pub fn string(&self, index: usize) -> Result<String> {
        self.text(index).map(str::to_owned)
    }

    /// A text or NULL.
    pub fn opt_string(&self, index: usize) -> Result<Option<String>> {
        match self.raw.value(index)? {
            Value::Null => Ok(None),
            Value::Text(value) => Ok(Some(value.to_owned())),
            other => Err(self.unexpected(index, &other, "text")),
        }
    }

    /// Bytes, borrowed.
    pub fn blob(&self, index: usize) -> Result<&'a [u8]> {
        match self.raw.value(index)? {
            Value::Blob(value) => Ok(value),
            other => Err(self.unexpected(index, &other, "bytes")),
        }
    }

    /// Bytes or NULL.
    pub fn opt_blob(&self, index: usize) -> Result<Option<&'a [u8]>> {
        match self.raw.value(index)? {
            Value::Null => Ok(None),
            Value::Blob(value) => Ok(Some(value)),
            other => Err(self.unexpected(index, &other, "bytes")),
        }
    }

    fn unexpected(&self, column: usize, found: &Value<'_>, expected: &'static str) -> StoreError {
        StoreError::Column { operation: operation(self.sql), column, found: found.name(), expected }
    }
}

/// Every row of a query, mapped.
pub(crate) fn rows<T>(
    tx: &mut dyn Tx,
    sql: &'static str,
    params: &[Param<'_>],
    map: impl Fn(&Row<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    let mut out = Vec::new();
    tx.query(sql, params, &mut |row| {
        out.push(map(row)?);
        Ok(())
    })?;
    Ok(out)
}

/// The first row of a query, mapped.
pub(crate) fn first<T>(
    tx: &mut dyn Tx,
    sql: &'static str,
    params: &[Param<'_>],
    map: impl Fn(&Row<'_>) -> Result<T>,
) -> Result<Option<T>> {
    let mut out = None;
    tx.query(sql, params, &mut |row| {
        if out.is_none() {
            out = Some(map(row)?);
        }
        Ok(())
    })?;
    Ok(out)
}

/// The single integer a query gives; 0 if it gives no row or NULL.
pub(crate) fn number(tx: &mut dyn Tx, sql: &'static str, params: &[Param<'_>]) -> Result<i64> {
    Ok(first(tx, sql, params, |row| row.opt_int(0))?.flatten().unwrap_or(0))
}
