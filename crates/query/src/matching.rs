//! Matching resources in memory.

use std::cmp::Ordering;

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::{
    attribute::{AttributeName, field},
    filter::{Compare, Filter},
};

/// The schemas whose attributes stand at the top of a resource and not under their URN (RFC 7643, section 3.1).
const CORE: &str = "urn:ietf:params:scim:schemas:core:";

impl Filter {
    /// Whether a resource matches. Names of attributes are compared without regard to case; strings too, unless
    /// `case_exact` says otherwise of the attribute (RFC 7643, section 2.2). The attribute `case_exact` gets is in
    /// full, `emails.type` also where the filter says `emails[type …]`.
    ///
    /// Of a multi-valued attribute any value may match; an element without named sub-attribute is compared by its
    /// `value` (RFC 7644, section 3.4.2.2). Times are compared as points in time. Values of different types are never
    /// equal, less or greater.
    pub fn matches(
        &self,
        resource: &Map<String, Value>,
        case_exact: &dyn Fn(&AttributeName) -> bool,
    ) -> bool {
        match self {
            Self::And(all) => all.iter().all(|one| one.matches(resource, case_exact)),
            Self::Or(any) => any.iter().any(|one| one.matches(resource, case_exact)),
            Self::Not(inner) => !inner.matches(resource, case_exact),
            Self::Present(attribute) => values(resource, attribute).into_iter().any(is_present),
            Self::Compare(attribute, compare, wanted) => {
                let exact = case_exact(attribute);
                let found = values(resource, attribute);
                let found = found.into_iter().map(comparable).filter(|value| !value.is_null());
                let mut found = found.peekable();
                match (compare, wanted) {
                    (Compare::Equal, Value::Null) => found.peek().is_none(),
                    (Compare::NotEqual, Value::Null) => found.peek().is_some(),
                    (Compare::NotEqual, _) => {
                        found.peek().is_none() || found.any(|v| !compares(v, Compare::Equal, wanted, exact))
                    }
                    _ => found.any(|value| compares(value, *compare, wanted, exact)),
                }
            }
            Self::Element(attribute, inner) => {
                let full = |sub: &AttributeName| {
                    let names = attribute.names.iter().chain(&sub.names).cloned().collect();
                    case_exact(&AttributeName { schema: attribute.schema.clone(), names })
                };
                values(resource, attribute).into_iter().any(|element| match element {
                    Value::Object(element) => inner.matches(element, &full),
                    // A plain value counts as an element that has nothing but a `value`.
                    plain => inner.matches(&Map::from_iter([("value".to_owned(), plain.clone())]), &full),
                })
            }
        }
    }
}

/// All values found at a name; arrays count as their elements.
fn values<'a>(resource: &'a Map<String, Value>, attribute: &AttributeName) -> Vec<&'a Value> {
    let top = match &attribute.schema {
        Some(schema) => match field(resource, schema) {
            Some(extension) => extension.as_object(),
            None => Some(resource).filter(|_| is_core(schema)),
        },
        None => Some(resource),
    };
    let elements = |value: &'a Value| match value {
        Value::Array(elements) => elements.as_slice(),
        one => std::slice::from_ref(one),
    };
    let Some((first, rest)) = attribute.names.split_first() else { return Vec::new() };
    let mut found: Vec<&Value> =
        top.and_then(|top| field(top, first)).into_iter().flat_map(elements).collect();
    for name in rest {
        found = found
            .into_iter()
            .filter_map(|value| field(value.as_object()?, name))
            .flat_map(elements)
            .collect();
    }
    found
}

fn is_core(schema: &str) -> bool {
    schema.get(..CORE.len()).is_some_and(|head| head.eq_ignore_ascii_case(CORE))
}

fn comparable(value: &Value) -> &Value {
    value.as_object().map_or(value, |object| field(object, "value").unwrap_or(&Value::Null))
}

fn is_present(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Object(object) => object.values().any(is_present),
        Value::Array(elements) => elements.iter().any(is_present),
        Value::Bool(_) | Value::Number(_) => true,
    }
}

fn compares(found: &Value, compare: Compare, wanted: &Value, exact: bool) -> bool {
    let order = match (found, wanted) {
        (Value::String(found), Value::String(wanted)) => {
            return if exact {
                compares_text(found, compare, wanted)
            } else {
                compares_text(&found.to_lowercase(), compare, &wanted.to_lowercase())
            };
        }
        (Value::Number(found), Value::Number(wanted)) => match (found.as_i64(), wanted.as_i64()) {
            (Some(found), Some(wanted)) => Some(found.cmp(&wanted)),
            _ => found.as_f64().partial_cmp(&wanted.as_f64()),
        },
        (Value::Bool(found), Value::Bool(wanted)) => (found == wanted).then_some(Ordering::Equal),
        _ => None,
    };
    is_in_order(order, compare)
}

fn compares_text(found: &str, compare: Compare, wanted: &str) -> bool {
    match compare {
        Compare::Contains => found.contains(wanted),
        Compare::StartsWith => found.starts_with(wanted),
        Compare::EndsWith => found.ends_with(wanted),
        _ => {
            let order = match (instant(found), instant(wanted)) {
                (Some(found), Some(wanted)) => found.cmp(&wanted),
                _ => found.cmp(wanted),
            };
            is_in_order(Some(order), compare)
        }
    }
}

fn is_in_order(order: Option<Ordering>, compare: Compare) -> bool {
    order.is_some_and(|order| match compare {
        Compare::Equal => order.is_eq(),
        Compare::NotEqual => order.is_ne(),
        Compare::Greater => order.is_gt(),
        Compare::GreaterOrEqual => order.is_ge(),
        Compare::Less => order.is_lt(),
        Compare::LessOrEqual => order.is_le(),
        Compare::Contains | Compare::StartsWith | Compare::EndsWith => false,
    })
}

/// The point in time a text names, if it has the form of one (RFC 7643, section 2.3.5).
fn instant(text: &str) -> Option<Timestamp> {
    let has_form = text.len() >= 17 && matches!(text.as_bytes().get(10), Some(b'T' | b't'));
    has_form.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn matches(filter: &str) -> bool {
        let user = json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
            "userName": "Ada",
            "nickName": "",
            "active": true,
            "age": 36,
            "name": { "familyName": "Lovelace", "givenName": null },
            "emails": [
                { "type": "work", "value": "ada@example.org", "primary": true },
                { "type": "home", "value": "ada@home.example" }
            ],
            "tags": ["red", "green"],
            "meta": { "lastModified": "2011-05-13T04:42:34.500Z" },
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": { "department": "Engines" }
        });
        let user = user.as_object().unwrap();
        Filter::parse(filter).unwrap().matches(user, &|name| name.is("nickName") || name.is("emails.type"))
    }

    #[test]
    fn says_yes() {
        for filter in [
            r#"USERNAME eq "ada""#,
            r#"urn:ietf:params:scim:schemas:core:2.0:User:userName sw "a""#,
            r#"userName ne "bob""#,
            r#"title ne "x""#,
            "title eq null",
            "userName ne null",
            "name.givenName eq null",
            r#"name.familyName ew "LACE""#,
            r#"emails co "home.example""#,
            r#"emails[type eq "work" and value ew "org"]"#,
            r#"emails.type eq "home""#,
            r#"tags eq "green""#,
            r#"tags[value eq "red"]"#,
            "age ge 36 and age lt 36.5 and age gt 2",
            r#"meta.lastModified gt "2011-05-13T04:42:34Z" and meta.lastModified lt "2011-05-13T07:00:00+02:00""#,
            r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq "engines""#,
            "active eq true and not (active eq false)",
            "emails pr and name pr",
        ] {
            assert!(matches(filter), "{filter}");
        }
    }

    #[test]
    fn says_no() {
        for filter in [
            r#"emails[type eq "Work"]"#,
            r#"emails[type eq "home" and value ew "org"]"#,
            "nickName pr",
            "name.givenName pr",
            r#"age eq "36""#,
            r#"urn:example:User:userName eq "ada""#,
            r#"title eq "x""#,
            r#"userName gt "b""#,
            "userName co 1",
        ] {
            assert!(!matches(filter), "{filter}");
        }
    }
}
