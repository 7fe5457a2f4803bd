//! Values of attributes and of expressions.

use serde::{Deserialize, Serialize};

/// A value of an attribute or the result of an expression, owned.
///
/// Dates and times are ISO 8601 strings, as in Okta's profiles.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// No value.
    #[default]
    Null,
    /// A boolean.
    Bool(bool),
    /// A 64-bit integer.
    Int(i64),
    /// A 64-bit floating point number.
    Num(f64),
    /// A string.
    Str(Box<str>),
    /// An array of scalars.
    List(Vec<Value>),
}
