//! Values during evaluation, borrowed from the person or the program where possible.

use std::borrow::Cow;

use crate::value::{Value, csv, num_text};

/// The result of an expression; it borrows what needn't be made anew.
#[derive(Clone, Debug, PartialEq)]
pub enum Val<'a> {
    /// No value.
    Null,
    /// A boolean.
    Bool(bool),
    /// A 64-bit integer.
    Int(i64),
    /// A 64-bit floating point number.
    Num(f64),
    /// A string.
    Str(Cow<'a, str>),
    /// An array of scalars.
    List(Cow<'a, [Value]>),
}

impl<'a> Val<'a> {
    /// The value on its own, independent of the person.
    pub fn into_value(self) -> Value {
        match self {
            Val::Null => Value::Null,
            Val::Bool(b) => Value::Bool(b),
            Val::Int(i) => Value::Int(i),
            Val::Num(n) => Value::Num(n),
            Val::Str(s) => Value::Str(s.into()),
            Val::List(items) => Value::List(items.into_owned()),
        }
    }

    /// Is this null?
    pub fn is_null(&self) -> bool {
        matches!(self, Val::Null)
    }

    /// The string, if it is one.
    pub fn as_str(&self) -> Option<&str> {
        if let Val::Str(s) = self { Some(s) } else { None }
    }

    /// The text of a scalar or, joined by commas, of an array; none of null.
    pub fn into_text(self) -> Option<Cow<'a, str>> {
        Some(match self {
            Val::Null => return None,
            Val::Bool(b) => Cow::Borrowed(if b { "true" } else { "false" }),
            Val::Int(i) => Cow::Owned(i.to_string()),
            Val::Num(n) => Cow::Owned(num_text(n)),
            Val::Str(s) => s,
            Val::List(items) => Cow::Owned(csv(&items)),
        })
    }

    /// The number, if it is one.
    pub(crate) fn as_num(&self) -> Option<f64> {
        match self {
            Val::Int(i) => Some(*i as f64),
            Val::Num(n) => Some(*n),
            _ => None,
        }
    }
}

impl<'a> From<&'a Value> for Val<'a> {
    fn from(value: &'a Value) -> Self {
        match value {
            Value::Null => Val::Null,
            Value::Bool(b) => Val::Bool(*b),
            Value::Int(i) => Val::Int(*i),
            Value::Num(n) => Val::Num(*n),
            Value::Str(s) => Val::Str(Cow::Borrowed(s)),
            Value::List(items) => Val::List(Cow::Borrowed(items)),
        }
    }
}
