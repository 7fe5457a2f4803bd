//! Changes of parts of a resource (RFC 7644, section 3.5.2): as a message, made from two resources, and applied.

mod apply;
mod between;

use muster_query::field;
use serde_json::{Value, json};

use crate::{
    message::{ScimError, ScimType},
    path::Path,
    urn,
};

/// What an operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Op {
    /// Adds a value or sets an attribute.
    Add,
    /// Sets an attribute.
    Replace,
    /// Takes an attribute or elements away.
    Remove,
}

impl Op {
    /// The word of the protocol.
    pub fn word(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Replace => "replace",
            Self::Remove => "remove",
        }
    }
}

/// One step of a change.
#[derive(Clone, Debug, PartialEq)]
pub struct Operation {
    /// What it does.
    pub op: Op,
    /// To which attribute; without it `value` holds attributes by name.
    pub path: Option<Path>,
    /// The value; null for none.
    pub value: Value,
}

/// A change: all of its operations are applied in order, or none.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PatchOp {
    /// The steps.
    pub operations: Vec<Operation>,
}

impl PatchOp {
    /// Reads the message. Operations in any case are understood (Entra ID writes `Replace`), and `Operations` and its
    /// members too.
    ///
    /// # Errors
    /// [`ScimType::InvalidSyntax`], or [`ScimType::InvalidPath`] for a path that isn't one.
    pub fn from_json(value: &Value) -> Result<Self, ScimError> {
        let invalid = |detail: &str| ScimError::bad_request(ScimType::InvalidSyntax, detail);
        let operations = value
            .as_object()
            .and_then(|object| field(object, "Operations")?.as_array())
            .ok_or_else(|| invalid("a PATCH needs an array `Operations`"))?;
        let read = |operation: &Value| {
            let operation = operation.as_object().ok_or_else(|| invalid("an operation must be an object"))?;
            let word = field(operation, "op").and_then(Value::as_str).unwrap_or_default();
            let op = [Op::Add, Op::Replace, Op::Remove]
                .into_iter()
                .find(|op| op.word().eq_ignore_ascii_case(word));
            let op = op.ok_or_else(|| invalid("`op` must be `add`, `replace` or `remove`"))?;
            let path = match field(operation, "path") {
                None | Some(Value::Null) => None,
                Some(Value::String(path)) if path.is_empty() => None,
                Some(Value::String(path)) => Some(path.parse().map_err(|error: crate::InvalidPath| {
                    ScimError::bad_request(ScimType::InvalidPath, error.to_string())
                })?),
                Some(_) => {
                    return Err(ScimError::bad_request(ScimType::InvalidPath, "`path` must be a string"));
                }
            };
            let value = field(operation, "value").cloned().unwrap_or_default();
            Ok(Operation { op, path, value })
        };
        Ok(Self { operations: operations.iter().map(read).collect::<Result<_, _>>()? })
    }

    /// The message.
    pub fn to_json(&self) -> Value {
        let write = |operation: &Operation| {
            let mut object = serde_json::Map::new();
            object.insert("op".to_owned(), operation.op.word().into());
            if let Some(path) = &operation.path {
                object.insert("path".to_owned(), path.to_string().into());
            }
            if operation.op != Op::Remove || !operation.value.is_null() {
                object.insert("value".to_owned(), operation.value.clone());
            }
            Value::Object(object)
        };
        json!({
            "schemas": [urn::PATCH_OP],
            "Operations": self.operations.iter().map(write).collect::<Vec<_>>(),
        })
    }

    /// Whether it changes nothing.
    pub fn is_empty(&self) -> bool {
        self.operations.is_empty()
    }
}
