//! Lists and errors.

use muster_query::field;
use serde_json::{Value, json};

use crate::{json::Object, urn};

/// A page of resources (RFC 7644, section 3.4.2).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ListResponse {
    /// How many resources match, on all pages; `None` if the server doesn't say.
    pub total_results: Option<u64>,
    /// The 1-based position of the first resource of this page; `None` if the server doesn't say.
    pub start_index: Option<u64>,
    /// The resources of this page.
    pub resources: Vec<Value>,
}

impl ListResponse {
    /// Reads a list; `None` if the value isn't one. Servers leave `Resources` out when there is none, and some write
    /// it small or numbers as strings.
    pub fn from_json(value: &Value) -> Option<Self> {
        let object = value.as_object()?;
        let number = |name| field(object, name).and_then(number);
        let total_results = number("totalResults");
        let resources = match field(object, "Resources") {
            Some(Value::Array(resources)) => resources.clone(),
            None | Some(Value::Null) if total_results.is_some() => Vec::new(),
            _ => return None,
        };
        Some(Self { total_results, start_index: number("startIndex"), resources })
    }

    /// The list as a server answers it.
    pub fn into_json(self) -> Value {
        json!({
            "schemas": [urn::LIST_RESPONSE],
            "totalResults": self.total_results.unwrap_or(self.resources.len() as u64),
            "startIndex": self.start_index.unwrap_or(1),
            "itemsPerPage": self.resources.len(),
            "Resources": self.resources,
        })
    }
}

fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

/// The kind of a 400 or 409 error (RFC 7644, table 9).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ScimType {
    /// The filter isn't one, or isn't supported.
    InvalidFilter,
    /// The filter would give too many results.
    TooMany,
    /// The value is already in use.
    Uniqueness,
    /// The attribute can't be changed.
    Mutability,
    /// The body of the request isn't what it must be.
    InvalidSyntax,
    /// The path isn't one.
    InvalidPath,
    /// The path leads nowhere.
    NoTarget,
    /// A value is missing or of the wrong kind.
    InvalidValue,
    /// The version of the protocol isn't supported.
    InvalidVers,
    /// The request has secrets in its URL.
    Sensitive,
}

impl ScimType {
    const ALL: [(&'static str, Self); 10] = [
        ("invalidFilter", Self::InvalidFilter),
        ("tooMany", Self::TooMany),
        ("uniqueness", Self::Uniqueness),
        ("mutability", Self::Mutability),
        ("invalidSyntax", Self::InvalidSyntax),
        ("invalidPath", Self::InvalidPath),
        ("noTarget", Self::NoTarget),
        ("invalidValue", Self::InvalidValue),
        ("invalidVers", Self::InvalidVers),
        ("sensitive", Self::Sensitive),
    ];

    /// The word of the protocol.
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(_, kind)| *kind == self).map_or("", |(word, _)| word)
    }

    fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| known.eq_ignore_ascii_case(word)).map(|(_, kind)| *kind)
    }
}

/// An error as servers answer it (RFC 7644, section 3.12).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct ScimError {
    /// The HTTP status.
    pub status: u16,
    /// The kind, for 400 and 409.
    pub scim_type: Option<ScimType>,
    /// What is wrong, for a person.
    pub detail: String,
}

impl ScimError {
    /// An error without kind.
    pub fn new(status: u16, detail: impl Into<String>) -> Self {
        Self { status, scim_type: None, detail: detail.into() }
    }

    /// A 400 of a kind.
    pub fn bad_request(scim_type: ScimType, detail: impl Into<String>) -> Self {
        Self { status: 400, scim_type: Some(scim_type), detail: detail.into() }
    }

    /// Reads an error; `None` if the value isn't one. Besides the RFC's form it understands what many services answer
    /// instead: `message`, `error_description`, `title` or `error` in the place of `detail`. `status` is that of the
    /// answer, which counts for more than the one in the body.
    pub fn from_json(status: u16, value: &Value) -> Option<Self> {
        let object = value.as_object()?;
        let text = |object: &Object, name: &str| {
            field(object, name).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
        };
        let detail = ["detail", "message", "error_description", "title", "error"]
            .into_iter()
            .find_map(|name| text(object, name))
            .or_else(|| text(field(object, "error")?.as_object()?, "message"))?;
        let scim_type = text(object, "scimType").and_then(|word| ScimType::parse(&word));
        Some(Self { status, scim_type, detail })
    }

    /// The error as a server answers it.
    pub fn to_json(&self) -> Value {
        let mut body =
            json!({ "schemas": [urn::ERROR], "status": self.status.to_string(), "detail": self.detail });
        if let (Some(kind), Some(object)) = (self.scim_type, body.as_object_mut()) {
            object.insert("scimType".to_owned(), kind.word().into());
        }
        body
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_as_servers_write_them() {
        let page = ListResponse {
            total_results: Some(3),
            start_index: Some(2),
            resources: vec![json!({"id": "1"})],
        };
        assert_eq!(ListResponse::from_json(&page.clone().into_json()), Some(page));
        let empty = ListResponse::from_json(&json!({ "totalResults": "0" })).unwrap();
        assert_eq!((empty.total_results, empty.resources.len()), (Some(0), 0));
        assert_eq!(ListResponse::from_json(&json!({ "ok": true })), None);
        assert_eq!(ListResponse::from_json(&json!([])), None);
    }

    #[test]
    fn errors_are_read_as_servers_write_them() {
        let error = ScimError { status: 409, scim_type: Some(ScimType::Uniqueness), detail: "taken".into() };
        assert_eq!(ScimError::from_json(409, &error.to_json()), Some(error));
        let other = ScimError::from_json(403, &json!({ "error": { "message": "no licence" } })).unwrap();
        assert_eq!(other.detail, "no licence");
        assert_eq!(ScimError::from_json(400, &json!({})), None);
    }
}
