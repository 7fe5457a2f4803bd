//! The transaction trait on a rusqlite connection.

use std::collections::HashMap;
use std::fmt::Write as _;

use rusqlite::types::{ToSqlOutput, Value as Owned, ValueRef};
use rusqlite::{CachedStatement, Connection, Statement, ToSql};

use super::dialect::{Lists, rewrite};
use super::error;
use crate::tx::{Param, Producer, RawRow, Row, Tx, Value};
use crate::{Result, StoreError};

/// Statement texts as rewritten for this engine.
pub(super) type Texts = HashMap<(&'static str, Lists), Box<str>>;

/// An open transaction.
pub(super) struct LiteTx<'c> {
    connection: &'c Connection,
    texts: &'c mut Texts,
    /// Bytes of texts and blobs written.
    written: u64,
}

impl<'c> LiteTx<'c> {
    pub(super) fn new(connection: &'c Connection, texts: &'c mut Texts) -> Self {
        Self { connection, texts, written: 0 }
    }

    /// How many bytes of texts and blobs were given to statements that change something.
    pub(super) fn written(&self) -> u64 {
        self.written
    }

    /// Runs a text of several statements.
    pub(super) fn batch(&mut self, sql: &str) -> Result<()> {
        self.connection.execute_batch(sql).map_err(|source| error::of(source, sql))
    }

    pub(super) fn prepare(&mut self, sql: &'static str, lists: Lists) -> Result<CachedStatement<'c>> {
        let text = self.texts.entry((sql, lists)).or_insert_with(|| rewrite(sql, lists).into());
        self.connection.prepare_cached(text).map_err(|source| error::of(source, sql))
    }
}

impl Tx for LiteTx<'_> {
    fn query(
        &mut self,
        sql: &'static str,
        params: &[Param<'_>],
        each: &mut dyn FnMut(&Row<'_>) -> Result<()>,
    ) -> Result<()> {
        let lists = lists_of(params);
        let mut statement = self.prepare(sql, lists)?;
        bind(&mut statement, params, lists).map_err(|source| error::of(source, sql))?;
        let mut rows = statement.raw_query();
        loop {
            match rows.next() {
                Ok(Some(row)) => each(&Row::new(&LiteRow { row, sql }, sql))?,
                Ok(None) => return Ok(()),
                Err(source) => return Err(error::of(source, sql)),
            }
        }
    }

    fn execute(&mut self, sql: &'static str, params: &[Param<'_>]) -> Result<u64> {
        self.written += size(params);
        let lists = lists_of(params);
        let mut statement = self.prepare(sql, lists)?;
        run(&mut statement, params, lists).map_err(|source| error::of(source, sql))
    }

    fn execute_many(&mut self, sql: &'static str, rows: Producer<'_>) -> Result<u64> {
        // The rows come later: nobody knows yet how long their lists are.
        let lists = Lists::OfMany;
        let mut statement = self.prepare(sql, lists)?;
        let (mut total, mut written) = (0, 0);
        rows(&mut |params| {
            written += size(params);
            let changed = run(&mut statement, params, lists).map_err(|source| error::of(source, sql))?;
            total += changed;
            Ok(changed)
        })?;
        self.written += written;
        Ok(total)
    }
}

/// Which form of a statement these parameters are for.
fn lists_of(params: &[Param<'_>]) -> Lists {
    let all_of_one = params.iter().all(|param| match param {
        Param::Ints(values) => values.len() == 1,
        Param::Texts(values) => values.len() == 1,
        _ => true,
    });
    if all_of_one { Lists::OfOne } else { Lists::OfMany }
}

fn run(statement: &mut Statement<'_>, params: &[Param<'_>], lists: Lists) -> rusqlite::Result<u64> {
    bind(statement, params, lists)?;
    statement.raw_execute().map(|changed| changed as u64)
}

/// How big parameters are.
fn size(params: &[Param<'_>]) -> u64 {
    params.iter().fold(0, |sum, param| {
        sum + match param {
            Param::Text(text) => text.len() as u64,
            Param::Blob(bytes) => bytes.len() as u64,
            _ => 8,
        }
    })
}

/// Binds by place: `SQLite` numbers `$1`, `$2` … in the order of their first use, as the statements are written.
fn bind(statement: &mut Statement<'_>, params: &[Param<'_>], lists: Lists) -> rusqlite::Result<()> {
    for (index, param) in params.iter().enumerate() {
        let alone = match *param {
            Param::Ints([value]) if lists == Lists::OfOne => &Param::Int(*value),
            Param::Texts([value]) if lists == Lists::OfOne => &Param::Text(value),
            _ => param,
        };
        statement.raw_bind_parameter(index + 1, Bound(alone))?;
    }
    Ok(())
}

struct Bound<'a>(&'a Param<'a>);

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match *self.0 {
            Param::Null => ToSqlOutput::Borrowed(ValueRef::Null),
            Param::Int(value) => ToSqlOutput::Borrowed(ValueRef::Integer(value)),
            Param::Real(value) => ToSqlOutput::Borrowed(ValueRef::Real(value)),
            Param::Text(value) => ToSqlOutput::Borrowed(ValueRef::Text(value.as_bytes())),
            Param::Blob(value) => ToSqlOutput::Borrowed(ValueRef::Blob(value)),
            Param::Ints(values) => ToSqlOutput::Owned(Owned::Text(json_ints(values))),
            Param::Texts(values) => ToSqlOutput::Owned(Owned::Text(
                serde_json::to_string(values)
                    .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?,
            )),
        })
    }
}

fn json_ints(values: &[i64]) -> String {
    let mut out = String::with_capacity(values.len() * 8 + 2);
    for value in values {
        // Writing to a string can't fail.
        let _ = write!(out, "{}{value}", if out.is_empty() { '[' } else { ',' });
    }
    if out.is_empty() {
        out.push('[');
    }
    out.push(']');
    out
}

struct LiteRow<'a, 's> {
    row: &'a rusqlite::Row<'s>,
    sql: &'static str,
}

impl RawRow for LiteRow<'_, '_> {
    fn value(&self, index: usize) -> Result<Value<'_>> {
        Ok(match self.row.get_ref(index).map_err(|source| error::of(source, self.sql))? {
            ValueRef::Null => Value::Null,
            ValueRef::Integer(value) => Value::Int(value),
            ValueRef::Real(value) => Value::Real(value),
            ValueRef::Text(bytes) => Value::Text(std::str::from_utf8(bytes).map_err(|source| {
                StoreError::Corrupt { operation: crate::error::operation(self.sql), source: source.into() }
            })?),
            ValueRef::Blob(value) => Value::Blob(value),
        })
    }
}
