//! A property of the user schema: from the wire and back.

use muster_engine::Value;
use muster_engine::model::schema::{AttributeDef, AttributeType};
use serde_json::{Map, Value as Json, json};

use crate::base::client::Client;
use crate::base::{ApiError, Result};

/// What clients say of a property and want back, but what decides nothing.
const EXTRA: [&str; 8] =
    ["description", "format", "oneOf", "permissions", "master", "mutability", "scope", "externalName"];
/// Base attributes that users may change themselves, and those they don't see, unless it is said otherwise.
const OWN: [&str; 5] = ["firstName", "lastName", "email", "secondEmail", "mobilePhone"];
const HIDDEN: [&str; 7] =
    ["primaryPhone", "streetAddress", "city", "state", "zipCode", "countryCode", "postalAddress"];
/// Formats of base attributes.
const FORMATS: [(&str, &str); 5] = [
    ("profileUrl", "uri"),
    ("countryCode", "country-code"),
    ("preferredLanguage", "language-code"),
    ("locale", "locale"),
    ("timezone", "timezone"),
];

fn kinds(kind: AttributeType) -> (&'static str, Option<&'static str>, Option<&'static str>) {
    use AttributeType as T;
    match kind {
        T::String => ("string", None, None),
        T::Email => ("string", Some("email"), None),
        T::Date => ("string", Some("date"), None),
        T::DateTime => ("string", Some("date-time"), None),
        T::Boolean => ("boolean", None, None),
        T::Number => ("number", None, None),
        T::Integer => ("integer", None, None),
        T::StringArray => ("array", None, Some("string")),
        T::NumberArray => ("array", None, Some("number")),
        T::IntegerArray => ("array", None, Some("integer")),
    }
}

/// A title for people, made of a name (`firstName`: `First name`), where none is given.
fn title(name: &str) -> String {
    let mut out = String::new();
    for (at, c) in name.chars().enumerate() {
        match c {
            c if at == 0 => out.extend(c.to_uppercase()),
            c if c.is_ascii_uppercase() => {
                out.push(' ');
                out.extend(c.to_lowercase());
            }
            c => out.push(c),
        }
    }
    out
}

/// A property as Okta writes it.
pub(super) fn write(def: &AttributeDef, client: Client) -> Json {
    let (kind, format, items) = kinds(def.kind);
    let name = def.name.as_str();
    let format = format.or_else(|| FORMATS.iter().find(|(n, _)| *n == name).map(|(_, f)| *f));
    let action = match name {
        n if OWN.contains(&n) => "READ_WRITE",
        n if HIDDEN.contains(&n) => "HIDE",
        _ => "READ_ONLY",
    };
    let mut out = Map::new();
    let mut put = |name: &str, value: Json| {
        if !value.is_null() {
            out.insert(name.to_owned(), value);
        }
    };
    put("title", Json::from(if def.title.is_empty() { title(name) } else { def.title.clone() }));
    put("type", json!(kind));
    put("format", json!(format));
    if def.required {
        put("required", json!(true));
    }
    if def.unique {
        put("unique", client.unique());
    }
    put("minLength", json!(def.min_length));
    put("maxLength", json!(def.max_length));
    put("minimum", json!(def.minimum));
    put("maximum", json!(def.maximum));
    put("pattern", json!(def.pattern));
    put("mutability", json!("READ_WRITE"));
    put("scope", json!("NONE"));
    put("permissions", json!([{ "principal": "SELF", "action": action }]));
    put("master", json!({ "type": "PROFILE_MASTER" }));
    let mut extra = def.extra.clone();
    let allowed = (!def.allowed.is_empty()).then(|| json!(def.allowed));
    if let Some(items) = items {
        let mut element = json!({ "type": items });
        if let (Some(fields), Some(allowed)) = (element.as_object_mut(), allowed) {
            fields.insert("enum".to_owned(), allowed);
            fields.extend(extra.remove("oneOf").map(|titles| ("oneOf".to_owned(), titles)));
        }
        put("items", element);
    } else if let Some(allowed) = allowed {
        put("enum", allowed);
    }
    extra.into_iter().for_each(|(name, value)| put(&name, value));
    Json::Object(out)
}

fn invalid(name: &str, what: &str) -> ApiError {
    ApiError::invalid(name, format!("{name}: {what}"))
}

/// The values that `enum` allows, with `oneOf`, which must name the same in the same order.
fn values(name: &str, from: &Map<String, Json>) -> Result<(Vec<Value>, Option<Json>)> {
    let list = |key: &str| from.get(key).and_then(Json::as_array).filter(|l| !l.is_empty());
    let titles = list("oneOf");
    let constants = titles.map(|t| t.iter().map(|v| v["const"].clone()).collect::<Vec<Json>>());
    let allowed = match (list("enum"), constants) {
        (Some(allowed), Some(constants)) if *allowed != constants => {
            return Err(ApiError {
                causes: vec![format!("{name}: oneOf must have the values of enum, in the same order")],
                ..ApiError::new(
                    axum::http::StatusCode::BAD_REQUEST,
                    "E0000123",
                    "The enum and oneOf of a property do not match.",
                )
            });
        }
        (Some(allowed), _) => allowed.clone(),
        (None, Some(constants)) => constants,
        (None, None) => Vec::new(),
    };
    let read = |v: Json| serde_json::from_value(v).map_err(|_| invalid(name, "enum: a value can't be read"));
    Ok((allowed.into_iter().map(read).collect::<Result<_>>()?, titles.map(|t| json!(t))))
}

/// A custom property as a client writes it.
pub(super) fn read(name: &str, property: &Map<String, Json>) -> Result<AttributeDef> {
    use AttributeType as T;
    let text = |key: &str| property.get(key).and_then(Json::as_str);
    let element = property.get("items").and_then(Json::as_object);
    let items = element.and_then(|i| i.get("type")).and_then(Json::as_str);
    let kind = match (text("type").unwrap_or("string"), text("format"), items) {
        ("string", Some("email"), _) => T::Email,
        ("string", Some("date"), _) => T::Date,
        ("string", Some("date-time"), _) => T::DateTime,
        ("string", ..) => T::String,
        ("boolean", ..) => T::Boolean,
        ("number", ..) => T::Number,
        ("integer", ..) => T::Integer,
        ("array", _, Some("string") | None) => T::StringArray,
        ("array", _, Some("number")) => T::NumberArray,
        ("array", _, Some("integer")) => T::IntegerArray,
        (kind, ..) => return Err(invalid(name, &format!("there is no attribute type {kind:?}"))),
    };
    let title = text("title").filter(|t| !t.trim().is_empty());
    let title = title.ok_or_else(|| invalid("title", "The field cannot be left blank"))?;
    for key in ["pattern", "default"] {
        if property.get(key).is_some_and(|v| !v.is_null()) {
            return Err(invalid(name, &format!("{key} is nothing a custom attribute can have here")));
        }
    }
    let length = |key: &str| match property.get(key).filter(|v| !v.is_null()) {
        None => Ok(None),
        Some(v) => match v.as_u64().and_then(|n| u32::try_from(n).ok()) {
            Some(n) => Ok(Some(n)),
            None => Err(invalid(name, &format!("{key} must be a number from 0"))),
        },
    };
    let (allowed, titles) =
        values(name, if kind_is_list(kind) { element.unwrap_or(property) } else { property })?;
    let mut extra = Map::new();
    for key in EXTRA {
        extra.extend(property.get(key).filter(|v| !v.is_null()).map(|v| (key.to_owned(), v.clone())));
    }
    extra.remove("oneOf");
    extra.extend(titles.map(|t| ("oneOf".to_owned(), t)));
    Ok(AttributeDef {
        name: name.to_owned(),
        title: title.to_owned(),
        kind,
        required: property.get("required").and_then(Json::as_bool).unwrap_or_default(),
        unique: match property.get("unique") {
            Some(Json::Bool(unique)) => *unique,
            Some(Json::String(text)) => text == "UNIQUE_VALIDATED" || text == "PENDING_UNIQUENESS",
            _ => false,
        },
        allowed,
        min_length: length("minLength")?,
        max_length: length("maxLength")?,
        minimum: property.get("minimum").and_then(Json::as_f64),
        maximum: property.get("maximum").and_then(Json::as_f64),
        extra,
        ..AttributeDef::default()
    })
}

fn kind_is_list(kind: AttributeType) -> bool {
    matches!(kind, AttributeType::StringArray | AttributeType::NumberArray | AttributeType::IntegerArray)
}

/// A base property, of which only some things can be changed.
pub(super) fn change(base: &AttributeDef, property: &Map<String, Json>) -> Result<AttributeDef> {
    let mut def = base.clone();
    for key in ["permissions", "master"] {
        def.extra.extend(property.get(key).filter(|v| !v.is_null()).map(|v| (key.to_owned(), v.clone())));
    }
    if let Some(required) = property.get("required").and_then(Json::as_bool) {
        if required != def.required && !matches!(def.name.as_str(), "firstName" | "lastName") {
            return Err(invalid(&def.name, "only firstName and lastName can be made required or not"));
        }
        def.required = required;
        def.min_length = def.min_length.filter(|_| required).or(required.then_some(1));
    }
    if let Some(pattern) = property.get("pattern").filter(|_| def.name == "login") {
        def.pattern = pattern.as_str().map(str::to_owned);
    }
    Ok(def)
}
