//! Names of attributes and finding them in a resource.

use std::fmt;

use serde_json::{Map, Value};

/// The name of an attribute, as `userName`, `name.familyName`, `profile.lastName` or
/// `urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department` (RFC 7644, section 3.10).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AttributeName {
    /// The schema in front of the last colon, if one is named.
    pub schema: Option<String>,
    /// The names between the dots, at least one.
    pub names: Vec<String>,
}

impl AttributeName {
    /// The name made of these names between dots.
    pub fn new<const N: usize>(names: [&str; N]) -> Self {
        Self { schema: None, names: names.iter().map(|&name| name.to_owned()).collect() }
    }

    /// Reads a name: letters, digits, `-`, `_` and `$`, with dots between names, behind an optional schema and colon.
    /// `None` if it isn't one.
    pub fn parse(text: &str) -> Option<Self> {
        let (schema, names) = match text.rsplit_once(':') {
            Some((schema, names)) => (Some(schema), names),
            None => (None, text),
        };
        let is_name = |name: &str| {
            name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '$' || c == '_')
                && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '$'))
        };
        let is_schema = schema.is_none_or(|schema| {
            !schema.is_empty()
                && schema.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '"' | '[' | ']'))
        });
        (is_schema && names.split('.').all(is_name)).then(|| Self {
            schema: schema.map(str::to_owned),
            names: names.split('.').map(str::to_owned).collect(),
        })
    }

    /// Whether this is `name`, without regard to case (RFC 7643, section 2.1) and to the schema.
    pub fn is(&self, name: &str) -> bool {
        self.names.len() == name.split('.').count()
            && self.names.iter().zip(name.split('.')).all(|(a, b)| a.eq_ignore_ascii_case(b))
    }
}

impl fmt::Display for AttributeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(schema) = &self.schema {
            write!(f, "{schema}:")?;
        }
        f.write_str(&self.names.join("."))
    }
}

/// The key of `object` that is `name`, without regard to case (RFC 7643, section 2.1); the exact one comes first.
pub fn field_name<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    match object.get_key_value(name) {
        Some((key, _)) => Some(key),
        None => object.keys().find(|key| key.eq_ignore_ascii_case(name)).map(String::as_str),
    }
}

/// The value of the attribute `name` of `object`, without regard to the case of the name.
pub fn field<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    object.get(field_name(object, name)?)
}
