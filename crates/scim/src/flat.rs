//! Attributes by name: the nested resource seen as a flat map from paths to plain values, which mappings speak in.
//!
//! A name is a [`Path`]. Of a multi-valued attribute with elements (`emails`) a name means:
//!
//! | name | means |
//! | --- | --- |
//! | `emails[type eq "work"].value` | the `value` of the first element which matches |
//! | `emails.value` | the `value` of the primary element, else of the first |
//! | `emails` | the `value` of all elements, as a list |

use std::collections::BTreeMap;

use muster_query::{AttributeName, Filter, field};
use serde_json::{Value, json};

use crate::{
    json::{
        Object, as_list, as_object, element_for, elements, entry, has_elements, is_core, is_match,
        is_primary, name_schema, remove,
    },
    path::Path,
};

/// Attributes [`flatten`] leaves out: they aren't mapped, or have a place of their own.
const LEFT_OUT: [&str; 8] =
    ["schemas", "id", "externalId", "userName", "active", "meta", "groups", "password"];

/// All attributes of a resource by name: `name.givenName`, `emails[type eq "work"].value`, `emails.value`, `emails`,
/// `urn:…:User:department`. Left out are `schemas`, `id`, `externalId`, `userName`, `active`, `meta`, `groups` and
/// `password`.
pub fn flatten(resource: &Object) -> BTreeMap<String, Value> {
    let mut flat = BTreeMap::new();
    for (key, value) in resource {
        if LEFT_OUT.iter().any(|name| name.eq_ignore_ascii_case(key)) {
            continue;
        }
        match value {
            Value::Object(extension) if key.contains(':') => {
                for (name, value) in extension {
                    flatten_one(&Path::of(name).within(key), value, &mut flat);
                }
            }
            value => flatten_one(&Path::of(key), value, &mut flat),
        }
    }
    flat
}

fn flatten_one(path: &Path, value: &Value, flat: &mut BTreeMap<String, Value>) {
    let mut add = |path: Path, value: &Value| {
        if !value.is_null() && !value.is_object() {
            flat.entry(path.to_string()).or_insert_with(|| value.clone());
        }
    };
    match value {
        Value::Object(object) => object.iter().for_each(|(sub, value)| add(path.clone().child(sub), value)),
        Value::Array(list) if list.iter().any(Value::is_object) => {
            let element = |element: &Value, path: &Path, add: &mut dyn FnMut(Path, &Value)| {
                for (sub, value) in element.as_object().into_iter().flatten() {
                    if !sub.eq_ignore_ascii_case("primary") && !value.is_array() {
                        add(path.clone().child(sub), value);
                    }
                }
            };
            if let Some(main) = list.iter().find(|one| is_primary(one)) {
                element(main, &path.clone().only(is("primary", true.into())), &mut add);
            }
            if let Some(main) = main_element(list).and_then(|index| list.get(index)) {
                element(main, path, &mut add);
            }
            for one in list {
                let kind =
                    one.as_object().and_then(|object| field(object, "type")).filter(|kind| kind.is_string());
                if let Some(kind) = kind {
                    element(one, &path.clone().only(is("type", kind.clone())), &mut add);
                }
            }
            add(path.clone(), &all_values(list));
        }
        Value::Array(list) if list.is_empty() => {}
        other => add(path.clone(), other),
    }
}

fn is(name: &str, value: Value) -> Filter {
    Filter::equal(AttributeName::new([name]), value)
}

/// The position of the primary element, else the first.
fn main_element(list: &[Value]) -> Option<usize> {
    list.iter().position(is_primary).or_else(|| (!list.is_empty()).then_some(0))
}

fn all_values(list: &[Value]) -> Value {
    let value =
        |one: &Value| one.as_object().map_or(Some(one.clone()), |object| field(object, "value").cloned());
    Value::Array(list.iter().filter_map(value).collect())
}

/// The value a name has in a resource; `None` if there is none.
pub fn get(resource: &Object, path: &Path) -> Option<Value> {
    let top = match &path.schema {
        Some(schema) if !is_core(schema) => field(resource, schema)?.as_object()?,
        _ => resource,
    };
    let value = field(top, path.name.as_deref()?)?;
    let found = match (&path.filter, &path.sub, value) {
        (Some(filter), sub, _) => {
            let element = elements(value).iter().find(|element| is_match(filter, element))?;
            field(element.as_object()?, sub.as_deref().unwrap_or("value"))?.clone()
        }
        (None, Some(sub), Value::Array(list)) => {
            field(list.get(main_element(list)?)?.as_object()?, sub)?.clone()
        }
        (None, Some(sub), other) => field(other.as_object()?, sub)?.clone(),
        (None, None, Value::Array(list)) if list.is_empty() => return None,
        (None, None, Value::Array(list)) => all_values(list),
        (None, None, Value::Object(_)) => return None,
        (None, None, plain) => plain.clone(),
    };
    (!found.is_null()).then_some(found)
}

/// Gives a name a value in a resource, or takes the value away if it is null, and touches nothing else: elements,
/// sub-attributes and extensions are made where they are missing, and taken out when nothing is left of them.
pub fn set(resource: &mut Object, path: &Path, value: &Value) {
    let Some(name) = path.name.as_deref() else { return };
    if get(resource, path).unwrap_or_default() == *value {
        return;
    }
    match path.schema.as_deref().filter(|schema| !is_core(schema)) {
        Some(schema) => {
            set_in(as_object(entry(resource, schema)), name, path, value);
            name_schema(resource, schema);
        }
        None => set_in(resource, name, path, value),
    }
}

fn set_in(top: &mut Object, name: &str, path: &Path, value: &Value) {
    let target = entry(top, name);
    let many = target.is_array() || has_elements(name);
    match (&path.filter, &path.sub) {
        (Some(filter), sub) => {
            let list = as_list(target);
            let found = list.iter().position(|element| is_match(filter, element));
            let new = || element_for(filter).unwrap_or_default();
            set_element(list, found, new, sub.as_deref().unwrap_or("value"), value);
        }
        (None, Some(sub)) if many => {
            let list = as_list(target);
            let found = main_element(list);
            let new = || Object::from_iter([("primary".to_owned(), true.into())]);
            set_element(list, found, new, sub, value);
        }
        (None, Some(sub)) if value.is_null() => {
            if let Some(object) = target.as_object_mut() {
                remove(object, sub);
            }
        }
        (None, Some(sub)) => *entry(as_object(target), sub) = value.clone(),
        (None, None) if has_elements(name) => set_all(as_list(target), value),
        (None, None) => *target = value.clone(),
    }
    let is_empty = match &*target {
        Value::Null => true,
        Value::Array(list) => list.is_empty(),
        Value::Object(object) => object.is_empty(),
        _ => false,
    };
    if is_empty {
        remove(top, name);
    }
}

fn set_element(
    list: &mut Vec<Value>,
    found: Option<usize>,
    new: impl FnOnce() -> Object,
    sub: &str,
    value: &Value,
) {
    let Some(index) = found else {
        if !value.is_null() {
            let mut element = new();
            *entry(&mut element, sub) = value.clone();
            list.push(Value::Object(element));
        }
        return;
    };
    let Some(element) = list.get_mut(index) else { return };
    if !value.is_null() {
        *entry(as_object(element), sub) = value.clone();
        return;
    }
    let object = as_object(element);
    remove(object, sub);
    // Without its value, or with nothing but labels left, an element says nothing.
    let says_nothing =
        object.keys().all(|key| ["type", "primary", "display"].iter().any(|l| l.eq_ignore_ascii_case(key)));
    if sub.eq_ignore_ascii_case("value") || says_nothing {
        list.remove(index);
    }
}

/// Makes the elements those with the given values; an element with a value that stays keeps its other attributes.
fn set_all(list: &mut Vec<Value>, value: &Value) {
    let wanted = elements(value);
    let value_of = |element: &Value| element.as_object().and_then(|object| field(object, "value")).cloned();
    list.retain(|element| value_of(element).is_some_and(|value| wanted.contains(&value)));
    for value in wanted {
        if !list.iter().any(|element| value_of(element).as_ref() == Some(value)) {
            list.push(json!({ "value": value }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{urn::ENTERPRISE_USER, user::User};

    fn user(value: Value) -> Object {
        User::from_json(value).unwrap().as_object().clone()
    }

    fn path(text: &str) -> Path {
        text.parse().unwrap()
    }

    #[test]
    fn flattens_all_forms() {
        let resource = user(json!({
            "schemas": [], "id": "1", "userName": "ada", "active": true, "title": "Countess",
            "name": { "givenName": "Ada", "middleName": null },
            "emails": [{ "type": "home", "value": "h@x" }, { "type": "work", "value": "w@x", "primary": true }],
            "tags": ["a", "b"], "photos": [],
            (ENTERPRISE_USER): { "department": "Engines", "manager": { "value": "26" } }
        }));
        let flat: Value = flatten(&resource).into_iter().collect();
        assert_eq!(
            flat,
            json!({
                "title": "Countess", "name.givenName": "Ada", "tags": ["a", "b"], "emails": ["h@x", "w@x"],
                "emails.value": "w@x", "emails.type": "work",
                "emails[primary eq true].value": "w@x", "emails[primary eq true].type": "work",
                "emails[type eq \"home\"].value": "h@x", "emails[type eq \"home\"].type": "home",
                "emails[type eq \"work\"].value": "w@x", "emails[type eq \"work\"].type": "work",
                (format!("{ENTERPRISE_USER}:department")): "Engines",
                (format!("{ENTERPRISE_USER}:manager.value")): "26"
            })
        );
        for (name, value) in flatten(&resource) {
            assert_eq!(get(&resource, &path(&name)), Some(value), "{name}");
        }
    }

    #[test]
    fn sets_what_it_gets_and_takes_away_without_a_trace() {
        let before = user(json!({ "schemas": [crate::urn::USER], "userName": "ada" }));
        for name in [
            "title",
            "name.givenName",
            "emails.value",
            "phoneNumbers[type eq \"work\"].value",
            "addresses[type eq \"work\" and primary eq true].locality",
            "roles",
            &format!("{ENTERPRISE_USER}:department"),
            &format!("{ENTERPRISE_USER}:manager.value"),
        ] {
            let mut resource = before.clone();
            let value = if name == "roles" { json!(["a", "b"]) } else { json!("x") };
            set(&mut resource, &path(name), &value);
            assert_eq!(get(&resource, &path(name)), Some(value), "{name}");
            set(&mut resource, &path(name), &Value::Null);
            assert_eq!(resource, before, "{name}");
        }
    }

    #[test]
    fn touches_nothing_else() {
        let mut resource = user(json!({ "EMAILS": [
            { "type": "home", "value": "h@x" }, { "type": "work", "value": "w@x", "display": "W", "primary": true }
        ] }));
        set(&mut resource, &path("emails.value"), &json!("new@x"));
        set(&mut resource, &path("emails[type eq \"other\"].value"), &json!("o@x"));
        set(&mut resource, &path("emails[type eq \"home\"].value"), &Value::Null);
        assert_eq!(
            Value::Object(resource),
            json!({ "EMAILS": [
                { "type": "work", "value": "new@x", "display": "W", "primary": true }, { "type": "other", "value": "o@x" }
            ] })
        );
    }
}
