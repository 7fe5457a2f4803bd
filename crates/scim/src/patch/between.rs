//! The smallest change that makes one resource the other.

use muster_query::{AttributeName, Filter, field};
use serde_json::Value;

use super::{Op, Operation, PatchOp};
use crate::{
    json::{Object, is_core},
    path::Path,
};

impl PatchOp {
    /// The operations that make `old` into `new`: one a changed attribute or sub-attribute. Elements of multi-valued
    /// attributes are told apart by their `type`; where these aren't unique, the attribute is replaced as a whole.
    /// `schemas`, `id` and `meta` are left to the server.
    pub fn between(old: &Object, new: &Object) -> Self {
        let mut operations = Vec::new();
        for (key, before, after) in pairs(old, new) {
            if ["schemas", "id", "meta"].iter().any(|name| name.eq_ignore_ascii_case(key)) {
                continue;
            }
            if !key.contains(':') {
                compare(&Path::of(key), before, after, &mut operations);
                continue;
            }
            let none = Object::new();
            let before = before.as_object().unwrap_or(&none);
            let after = after.as_object().unwrap_or(&none);
            for (name, before, after) in pairs(before, after) {
                let path = Path::of(name);
                let path = if is_core(key) { path } else { path.within(key) };
                compare(&path, before, after, &mut operations);
            }
        }
        Self { operations }
    }
}

/// All keys of two objects, each with what it holds in either; null where it is missing.
fn pairs<'a>(old: &'a Object, new: &'a Object) -> impl Iterator<Item = (&'a str, &'a Value, &'a Value)> {
    let both =
        old.iter().map(|(key, before)| (key.as_str(), before, field(new, key).unwrap_or(&Value::Null)));
    let added = new.iter().filter(|(key, _)| field(old, key).is_none());
    both.chain(added.map(|(key, after)| (key.as_str(), &Value::Null, after)))
}

fn compare(path: &Path, before: &Value, after: &Value, operations: &mut Vec<Operation>) {
    match (before, after) {
        (before, after) if before == after => {}
        (Value::Object(old), Value::Object(new)) => {
            for (sub, before, after) in pairs(old, new) {
                replace(path.clone().child(sub), before, after, operations);
            }
        }
        (Value::Object(old), Value::Null) => {
            for (sub, before) in old {
                replace(path.clone().child(sub), before, &Value::Null, operations);
            }
        }
        (Value::Array(old), Value::Array(new)) => match (by_type(old), by_type(new)) {
            (Some(old), Some(new)) => compare_elements(path, &old, &new, operations),
            _ => replace(path.clone(), before, after, operations),
        },
        (Value::Array(_), Value::Null) | (_, Value::Array(_) | Value::Object(_))
            if before.is_null() || after.is_null() =>
        {
            whole(path, before, after, operations);
        }
        _ => replace(path.clone(), before, after, operations),
    }
}

/// Something appears or goes as a whole.
fn whole(path: &Path, before: &Value, after: &Value, operations: &mut Vec<Operation>) {
    match after {
        Value::Object(object) => {
            for (sub, after) in object {
                replace(path.clone().child(sub), &Value::Null, after, operations);
            }
        }
        other => replace(path.clone(), before, other, operations),
    }
}

fn replace(path: Path, before: &Value, after: &Value, operations: &mut Vec<Operation>) {
    let op = match (before, after) {
        (before, after) if before == after => return,
        (_, Value::Null) => Op::Remove,
        (Value::Null, _) => Op::Add,
        _ => Op::Replace,
    };
    operations.push(Operation { op, path: Some(path), value: after.clone() });
}

type Element<'a> = (&'a str, &'a Object);

/// The elements with their types, if each has one of its own.
fn by_type(list: &[Value]) -> Option<Vec<Element<'_>>> {
    let mut found: Vec<Element<'_>> = Vec::new();
    for element in list {
        let element = element.as_object()?;
        let kind = field(element, "type")?.as_str()?;
        if kind.contains(']') || found.iter().any(|(known, _)| known.eq_ignore_ascii_case(kind)) {
            return None;
        }
        found.push((kind, element));
    }
    Some(found)
}

fn compare_elements(path: &Path, old: &[Element<'_>], new: &[Element<'_>], operations: &mut Vec<Operation>) {
    let find = |list: &[Element<'_>], kind: &str| {
        list.iter().position(|(known, _)| known.eq_ignore_ascii_case(kind))
    };
    let only = |kind: &str| path.clone().only(Filter::equal(AttributeName::new(["type"]), kind));
    for (kind, before) in old {
        match find(new, kind).and_then(|index| new.get(index)) {
            None => operations.push(Operation { op: Op::Remove, path: Some(only(kind)), value: Value::Null }),
            Some((_, after)) => {
                for (sub, before, after) in pairs(before, after) {
                    replace(only(kind).child(sub), before, after, operations);
                }
            }
        }
    }
    let added: Vec<Value> = new
        .iter()
        .filter(|(kind, _)| find(old, kind).is_none())
        .map(|(_, element)| Value::Object((*element).clone()))
        .collect();
    if !added.is_empty() {
        operations.push(Operation { op: Op::Add, path: Some(path.clone()), value: Value::Array(added) });
    }
}
