//! Applying a change to a resource.

use muster_query::Filter;
use serde_json::Value;

use super::{Op, Operation, PatchOp};
use crate::{
    json::{
        Object, as_list, as_object, boolean, element_for, elements, entry, has_elements, is_core, is_match,
        is_primary, keep_schemas, remove,
    },
    message::{ScimError, ScimType},
    path::Path,
};

/// Attributes only the server sets.
const READ_ONLY: [&str; 2] = ["id", "meta"];

impl PatchOp {
    /// Applies the operations in order, all or none. Booleans written as strings (`"False"`) become booleans where
    /// the schema has one. `schemas` follows the extensions present. Whether the result is a valid user is for the
    /// caller to judge.
    ///
    /// # Errors
    /// With the [`ScimType`]s of RFC 7644, section 3.5.2.
    pub fn apply(&self, resource: &mut Object) -> Result<(), ScimError> {
        let mut changed = resource.clone();
        for operation in &self.operations {
            apply(&mut changed, operation)?;
        }
        keep_schemas(&mut changed);
        *resource = changed;
        Ok(())
    }
}

fn apply(resource: &mut Object, operation: &Operation) -> Result<(), ScimError> {
    let Operation { op, path, value } = operation;
    if let Some(path) = path {
        return apply_at(resource, *op, path, value);
    }
    let (Op::Add | Op::Replace, Value::Object(attributes)) = (op, value) else {
        return Err(match op {
            Op::Remove => ScimError::bad_request(ScimType::NoTarget, "`remove` needs a path"),
            _ => ScimError::bad_request(ScimType::InvalidValue, "without a path, `value` must be an object"),
        });
    };
    for (key, value) in attributes {
        let path: Path = key
            .parse()
            .map_err(|e: crate::InvalidPath| ScimError::bad_request(ScimType::InvalidPath, e.to_string()))?;
        // What a client copied from the resource isn't meant as a change.
        if !path.is("schemas") && !READ_ONLY.iter().any(|name| path.is(name)) {
            apply_at(resource, *op, &path, value)?;
        }
    }
    Ok(())
}

fn apply_at(resource: &mut Object, op: Op, path: &Path, value: &Value) -> Result<(), ScimError> {
    let Some(name) = path.name.as_deref() else {
        return apply_to_extension(resource, op, path.schema.as_deref().unwrap_or_default(), value);
    };
    let extension = path.schema.as_deref().filter(|schema| !is_core(schema));
    if extension.is_none() && READ_ONLY.iter().any(|known| known.eq_ignore_ascii_case(name)) {
        return Err(ScimError::bad_request(ScimType::Mutability, format!("`{name}` can't be changed")));
    }
    let top = match extension {
        Some(schema) => as_object(entry(resource, schema)),
        None => resource,
    };
    let value = with_booleans(path.sub.as_deref().unwrap_or(name), value.clone());
    let op = if value.is_null() { Op::Remove } else { op };
    let target = entry(top, name);
    let primary_before: Vec<Value> = elements(target).iter().filter(|one| is_primary(one)).cloned().collect();
    match (&path.filter, path.sub.as_deref()) {
        (None, None) => whole(target, op, has_elements(name), value),
        (None, Some(sub)) => sub_attribute(target, op, path, sub, value)?,
        (Some(filter), sub) => matching(as_list(target), op, path, filter, sub, &value)?,
    }
    keep_one_primary(target, &primary_before);
    let is_empty = match &*target {
        Value::Null => true,
        Value::Array(list) => list.is_empty(),
        Value::Object(object) => object.is_empty(),
        _ => false,
    };
    if is_empty {
        remove(top, name);
    }
    Ok(())
}

/// The path is the URN of an extension.
fn apply_to_extension(resource: &mut Object, op: Op, schema: &str, value: &Value) -> Result<(), ScimError> {
    match (op, value) {
        (Op::Remove, _) if !is_core(schema) => {
            remove(resource, schema);
            Ok(())
        }
        (Op::Add | Op::Replace, Value::Object(attributes)) => attributes
            .iter()
            .try_for_each(|(name, value)| apply_at(resource, op, &Path::of(name).within(schema), value)),
        _ => Err(ScimError::bad_request(ScimType::InvalidValue, format!("`{schema}` needs an object"))),
    }
}

/// The path is an attribute as a whole.
fn whole(target: &mut Value, op: Op, has_elements: bool, value: Value) {
    match op {
        Op::Remove => match (&mut *target, value) {
            // Not of the RFC: Entra ID names the elements to remove in the value.
            (Value::Array(list), value @ (Value::Array(_) | Value::Object(_))) => {
                list.retain(|element| !elements(&value).iter().any(|named| is_same_element(element, named)));
            }
            (target, _) => *target = Value::Null,
        },
        Op::Add if target.is_array() || has_elements => {
            let list = as_list(target);
            for new in elements(&value) {
                if !list.contains(new) {
                    list.push(new.clone());
                }
            }
        }
        Op::Replace if has_elements && !value.is_array() => *target = Value::Array(vec![value]),
        Op::Add | Op::Replace => match (&mut *target, value) {
            (Value::Object(object), Value::Object(new)) => {
                for (name, value) in new {
                    *entry(object, &name) = value;
                }
                object.retain(|_, value| !value.is_null());
            }
            (target, value) => *target = value,
        },
    }
}

fn is_same_element(element: &Value, named: &Value) -> bool {
    let value =
        |one: &Value| one.as_object().and_then(|object| muster_query::field(object, "value")).cloned();
    element == named || (value(named).is_some() && value(element) == value(named))
}

/// The path is a sub-attribute without filter: of a complex attribute, or of all elements.
fn sub_attribute(target: &mut Value, op: Op, path: &Path, sub: &str, value: Value) -> Result<(), ScimError> {
    let change = |object: &mut Object, value: Value| match op {
        Op::Remove => {
            remove(object, sub);
        }
        Op::Add | Op::Replace => *entry(object, sub) = value,
    };
    match target {
        Value::Array(list) => list.iter_mut().for_each(|element| change(as_object(element), value.clone())),
        Value::Null if path.name.as_deref().is_some_and(has_elements) => {
            if op != Op::Remove {
                let mut element = Object::new();
                change(&mut element, value);
                *target = Value::Array(vec![Value::Object(element)]);
            }
        }
        Value::Object(object) => change(object, value),
        Value::Null => change(as_object(target), value),
        _ => {
            let detail = format!("`{path}` leads into an attribute without sub-attributes");
            return Err(ScimError::bad_request(ScimType::InvalidPath, detail));
        }
    }
    Ok(())
}

/// The path has a filter: the elements which match, or a sub-attribute of them.
fn matching(
    list: &mut Vec<Value>,
    op: Op,
    path: &Path,
    filter: &Filter,
    sub: Option<&str>,
    value: &Value,
) -> Result<(), ScimError> {
    if !list.iter().any(|element| is_match(filter, element)) {
        return match (op, element_for(filter)) {
            (Op::Remove, _) => Ok(()),
            (Op::Add, Some(mut new)) => {
                put(&mut new, sub, value.clone(), path)?;
                list.push(Value::Object(new));
                Ok(())
            }
            _ => Err(ScimError::bad_request(ScimType::NoTarget, format!("nothing matches `{path}`"))),
        };
    }
    if op == Op::Remove && sub.is_none() {
        list.retain(|element| !is_match(filter, element));
        return Ok(());
    }
    for element in list.iter_mut().filter(|element| is_match(filter, element)) {
        let object = as_object(element);
        match (op, sub) {
            (Op::Remove, Some(sub)) => {
                remove(object, sub);
            }
            (Op::Replace, None) => {
                *object = Object::new();
                put(object, None, value.clone(), path)?;
            }
            _ => put(object, sub, value.clone(), path)?,
        }
    }
    Ok(())
}

/// Sets a sub-attribute of an element, or merges an object into it.
fn put(element: &mut Object, sub: Option<&str>, value: Value, path: &Path) -> Result<(), ScimError> {
    match (sub, value) {
        (Some(sub), value) => *entry(element, sub) = value,
        (None, Value::Object(fields)) => {
            for (name, value) in fields {
                *entry(element, &name) = value;
            }
        }
        (None, _) => {
            return Err(ScimError::bad_request(ScimType::InvalidValue, format!("`{path}` needs an object")));
        }
    }
    Ok(())
}

/// A value newly set primary makes the earlier primary one an ordinary one (RFC 7644, section 3.5.2).
fn keep_one_primary(target: &mut Value, before: &[Value]) {
    let Value::Array(list) = target else { return };
    if list.iter().filter(|one| is_primary(one)).count() < 2 {
        return;
    }
    for element in list.iter_mut().filter(|one| is_primary(one) && before.contains(one)) {
        *entry(as_object(element), "primary") = false.into();
    }
}

/// The value with real booleans in the places where users have booleans.
fn with_booleans(name: &str, value: Value) -> Value {
    let is_boolean = |name: &str| ["active", "primary"].iter().any(|known| known.eq_ignore_ascii_case(name));
    match value {
        Value::String(_) if is_boolean(name) => boolean(&value).map_or(value, Value::Bool),
        Value::Array(list) => list.into_iter().map(|one| with_booleans("", one)).collect(),
        Value::Object(object) => {
            object.into_iter().map(|(key, value)| (key.clone(), with_booleans(&key, value))).collect()
        }
        other => other,
    }
}
