//! Small steps on JSON objects that paths, patches and flat attributes share.

use muster_query::{Filter, field, field_name};
use serde_json::{Map, Value};

use crate::urn;

/// A JSON object.
pub(crate) type Object = Map<String, Value>;

/// The multi-valued attributes of RFC 7643, section 4.1.2, whose elements are complex.
const ELEMENTS: [&str; 9] = [
    "emails",
    "phoneNumbers",
    "ims",
    "photos",
    "addresses",
    "groups",
    "entitlements",
    "roles",
    "x509Certificates",
];

/// Whether an attribute of the core schema holds many complex elements.
pub(crate) fn has_elements(name: &str) -> bool {
    ELEMENTS.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// Whether attributes of this schema stand at the top of the resource.
pub(crate) fn is_core(schema: &str) -> bool {
    schema.eq_ignore_ascii_case(urn::USER)
}

/// The value at `name`, made `Null` where there is none, without regard to the case of the name.
pub(crate) fn entry<'a>(object: &'a mut Object, name: &str) -> &'a mut Value {
    let name = field_name(object, name).unwrap_or(name).to_owned();
    object.entry(name).or_insert(Value::Null)
}

/// Takes the attribute `name` out.
pub(crate) fn remove(object: &mut Object, name: &str) -> Option<Value> {
    let name = field_name(object, name)?.to_owned();
    object.remove(&name)
}

/// The value as an object; one is made where there is none, and where there is something else.
pub(crate) fn as_object(value: &mut Value) -> &mut Object {
    if !value.is_object() {
        *value = Value::Object(Object::new());
    }
    match value {
        Value::Object(object) => object,
        // Just made an object.
        _ => unreachable!(),
    }
}

/// The value as a list: one value is a list of one, no value an empty one.
pub(crate) fn as_list(value: &mut Value) -> &mut Vec<Value> {
    if !value.is_array() {
        let only = value.take();
        *value = Value::Array(if only.is_null() { Vec::new() } else { vec![only] });
    }
    match value {
        Value::Array(list) => list,
        // Just made a list.
        _ => unreachable!(),
    }
}

/// The elements of a value: those of an array, or the one value.
pub(crate) fn elements(value: &Value) -> &[Value] {
    match value {
        Value::Array(elements) => elements,
        Value::Null => &[],
        one => std::slice::from_ref(one),
    }
}

/// Whether an element matches the filter in the brackets of a path.
pub(crate) fn is_match(filter: &Filter, element: &Value) -> bool {
    match element {
        Value::Object(element) => filter.matches(element, &|_| false),
        // A plain value counts as an element that has nothing but a `value`.
        plain => filter.matches(&Object::from_iter([("value".to_owned(), plain.clone())]), &|_| false),
    }
}

/// A new element for the filter in the brackets of a path; `None` if the filter doesn't say how it looks.
pub(crate) fn element_for(filter: &Filter) -> Option<Object> {
    let equalities = filter.equalities()?;
    let fields = equalities.into_iter().map(|(attribute, value)| match attribute.names.as_slice() {
        [name] => Some((name.clone(), value.clone())),
        _ => None,
    });
    fields.collect()
}

/// A boolean, also where it is written as a string, as Entra ID does.
pub(crate) fn boolean(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(boolean) => Some(*boolean),
        Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// Whether an element is the primary one.
pub(crate) fn is_primary(element: &Value) -> bool {
    element.as_object().and_then(|object| boolean(field(object, "primary")?)) == Some(true)
}

/// Names an extension in `schemas` if the resource has attributes of it, and takes both out if it hasn't.
pub(crate) fn name_schema(resource: &mut Object, schema: &str) {
    let is_empty = field(resource, schema).and_then(Value::as_object).is_none_or(Map::is_empty);
    let is_it = |named: &Value| named.as_str().is_some_and(|named| named.eq_ignore_ascii_case(schema));
    if is_empty {
        remove(resource, schema);
    }
    let schemas = as_list(entry(resource, "schemas"));
    if is_empty {
        schemas.retain(|named| !is_it(named));
    } else if !schemas.iter().any(is_it) {
        schemas.push(schema.into());
    }
}

/// Brings `schemas` in line with the extensions the resource holds, and takes empty extensions out.
pub(crate) fn keep_schemas(resource: &mut Object) {
    let is_extension = |key: &str| key.get(..4).is_some_and(|head| head.eq_ignore_ascii_case("urn:"));
    resource.retain(|key, value| !(is_extension(key) && value.as_object().is_none_or(Map::is_empty)));
    let present: Vec<String> = resource.keys().filter(|key| is_extension(key)).cloned().collect();
    let schemas = as_list(entry(resource, "schemas"));
    let is_in = |list: &[String], schema: &str| list.iter().any(|one| one.eq_ignore_ascii_case(schema));
    // A schema that isn't the core one stays only while the resource has attributes of it.
    schemas.retain(|schema| {
        schema.as_str().is_none_or(|s| s.to_ascii_lowercase().contains(":core:") || is_in(&present, s))
    });
    for extension in present {
        let known =
            schemas.iter().filter_map(Value::as_str).any(|schema| schema.eq_ignore_ascii_case(&extension));
        if !known {
            schemas.push(extension.into());
        }
    }
    if schemas.is_empty() {
        schemas.push(urn::USER.into());
    }
}
