//! JSON of values without a detour: written straight into a string, read straight out of an object.

use std::fmt;

use muster_expr::Value;
use serde::Deserializer as _;
use serde::de::{MapAccess, Visitor};

/// Appends a value.
pub(crate) fn push(out: &mut String, value: &Value) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        Value::Int(i) => {
            use fmt::Write as _;
            // Writing to a string can't fail.
            let _ = write!(out, "{i}");
        }
        Value::Str(s) => push_text(out, s),
        Value::Num(_) | Value::List(_) => out.push_str(&serde_json::to_string(value).unwrap_or_default()),
    }
}

/// Appends a text as a JSON string.
pub(crate) fn push_text(out: &mut String, text: &str) {
    if text.bytes().all(|b| b >= 0x20 && b != b'"' && b != b'\\') {
        out.push('"');
        out.push_str(text);
        out.push('"');
    } else {
        out.push_str(&serde_json::to_string(text).unwrap_or_default());
    }
}

/// Calls `each` with every member of a JSON object.
pub(crate) fn object(text: &str, each: impl FnMut(&str, Value)) -> Result<(), serde_json::Error> {
    struct Members<F>(F);
    impl<'de, F: FnMut(&str, Value)> Visitor<'de> for Members<F> {
        type Value = ();
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a JSON object")
        }
        fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
            while let Some(name) = map.next_key::<std::borrow::Cow<'de, str>>()? {
                let value = map.next_value::<Value>()?;
                (self.0)(&name, value);
            }
            Ok(())
        }
    }
    let mut de = serde_json::Deserializer::from_str(text);
    de.deserialize_map(Members(each))?;
    de.end()
}
