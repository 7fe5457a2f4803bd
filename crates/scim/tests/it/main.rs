//! PATCH as clients send it, and the law that a patch between two resources makes the one the other.

#![expect(clippy::unwrap_used, reason = "what fails here is to fail the test")]

use std::collections::BTreeSet;

use muster_scim::{PatchOp, User, urn};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

fn object(value: Value) -> Map<String, Value> {
    User::from_json(value).unwrap().as_object().clone()
}

fn ada() -> Map<String, Value> {
    object(json!({
        "schemas": [urn::USER, urn::ENTERPRISE_USER], "id": "1", "userName": "ada", "active": true,
        "name": { "givenName": "Ada", "familyName": "Lovelace" },
        "emails": [
            { "type": "work", "value": "w@x", "primary": true }, { "type": "home", "value": "h@x", "display": "H" }
        ],
        (urn::ENTERPRISE_USER): { "department": "Engines" }
    }))
}

fn patched(operations: &Value) -> Result<Value, Option<&'static str>> {
    let mut resource = ada();
    let patch = PatchOp::from_json(&json!({ "schemas": [urn::PATCH_OP], "Operations": operations }));
    let done = patch.and_then(|patch| patch.apply(&mut resource));
    done.map(|()| Value::Object(resource)).map_err(|error| error.scim_type.map(muster_scim::ScimType::word))
}

#[test]
fn entra_dialect_is_understood() {
    let department = format!("{}:department", urn::ENTERPRISE_USER);
    let after = patched(&json!([
        { "op": "Replace", "path": "active", "value": "False" },
        { "op": "Add", "path": "phoneNumbers[type eq \"work\"].value", "value": "1" },
        { "op": "Replace", "value": { "name.givenName": "Augusta", (department): "Maths", "id": "2" } },
        { "op": "Remove", "path": "emails", "value": [{ "value": "h@x" }] }
    ]))
    .unwrap();
    assert_eq!(after["active"], false);
    assert_eq!(after["id"], "1");
    assert_eq!(after["phoneNumbers"], json!([{ "type": "work", "value": "1" }]));
    assert_eq!(after["name"], json!({ "givenName": "Augusta", "familyName": "Lovelace" }));
    assert_eq!(after[urn::ENTERPRISE_USER]["department"], "Maths");
    assert_eq!(after["emails"], json!([{ "type": "work", "value": "w@x", "primary": true }]));
}

#[test]
fn each_operation_does_what_the_rfc_says() {
    let after = patched(&json!([
        { "op": "add", "path": "emails", "value": [{ "type": "other", "value": "o@x", "primary": true }] },
        { "op": "replace", "path": "emails[type eq \"home\"]", "value": { "type": "home", "value": "new@x" } },
        { "op": "remove", "path": "name.givenName" },
        { "op": "remove", "path": format!("{}:department", urn::ENTERPRISE_USER) },
        { "op": "add", "path": "nickName", "value": "A" },
        { "op": "remove", "path": "title" }
    ]))
    .unwrap();
    let expected = json!([
        { "type": "work", "value": "w@x", "primary": false },
        { "type": "home", "value": "new@x" },
        { "type": "other", "value": "o@x", "primary": true }
    ]);
    assert_eq!(after["emails"], expected);
    assert_eq!(after["name"], json!({ "familyName": "Lovelace" }));
    assert_eq!(after["schemas"], json!([urn::USER]));
    assert_eq!(after.get(urn::ENTERPRISE_USER), None);
    assert_eq!(after["nickName"], "A");
    let gone = patched(&json!([{ "op": "remove", "path": "emails[value ew \"x\"]" }])).unwrap();
    assert_eq!(gone.get("emails"), None);
    let extension = json!({ "costCenter": "7" });
    let merged =
        patched(&json!([{ "op": "add", "path": urn::ENTERPRISE_USER, "value": extension }])).unwrap();
    assert_eq!(merged[urn::ENTERPRISE_USER], json!({ "department": "Engines", "costCenter": "7" }));
}

#[test]
fn mistakes_are_named() {
    for (operation, expected) in [
        (json!({ "op": "move", "path": "title" }), "invalidSyntax"),
        (json!({ "op": "add", "path": "a b", "value": 1 }), "invalidPath"),
        (json!({ "op": "remove" }), "noTarget"),
        (json!({ "op": "replace", "path": "emails[type eq \"other\"].value", "value": "x" }), "noTarget"),
        (json!({ "op": "replace", "value": "x" }), "invalidValue"),
        (json!({ "op": "replace", "path": "emails[type eq \"work\"]", "value": "x" }), "invalidValue"),
        (json!({ "op": "replace", "path": "id", "value": "2" }), "mutability"),
        (json!({ "op": "replace", "path": "userName.x", "value": "2" }), "invalidPath"),
    ] {
        // The first step is good: nothing of it may stay.
        let operations = json!([{ "op": "replace", "path": "title", "value": "x" }, operation]);
        assert_eq!(patched(&operations).unwrap_err(), Some(expected), "{operation}");
    }
}

#[test]
fn a_patch_is_minimal() {
    let before = ada();
    let mut after = before.clone();
    after["emails"][1]["value"] = json!("new@x");
    after["name"]["familyName"] = json!("King");
    after.insert("title".into(), json!("Countess"));
    after.remove(urn::ENTERPRISE_USER);
    let patch = PatchOp::between(&before, &after).to_json();
    let department = format!("{}:department", urn::ENTERPRISE_USER);
    let mut operations = patch["Operations"].as_array().unwrap().clone();
    operations.sort_by_key(|operation| operation["path"].to_string());
    assert_eq!(
        Value::Array(operations),
        json!([
            { "op": "replace", "path": "emails[type eq \"home\"].value", "value": "new@x" },
            { "op": "replace", "path": "name.familyName", "value": "King" },
            { "op": "add", "path": "title", "value": "Countess" },
            { "op": "remove", "path": department },
        ])
    );
}

fn resource() -> impl Strategy<Value = Map<String, Value>> {
    let text = prop::option::of("[a-c]{1,2}");
    let element = (prop::sample::select(vec!["work", "home", "other", ""]), "[a-c]", text.clone());
    let emails = prop::collection::vec(element, 0..4);
    (text.clone(), text.clone(), text.clone(), emails, text, prop::option::of(any::<bool>())).prop_map(
        |(title, given, family, emails, department, active)| {
            let mut user = Map::new();
            let mut complex = |name: &str, fields: Vec<(&str, Option<String>)>| {
                let fields: Map<String, Value> =
                    fields.into_iter().filter_map(|(k, v)| Some((k.to_owned(), v?.into()))).collect();
                if !fields.is_empty() {
                    user.insert(name.to_owned(), Value::Object(fields));
                }
            };
            complex("name", vec![("givenName", given), ("familyName", family)]);
            complex(urn::ENTERPRISE_USER, vec![("department", department)]);
            user.extend(title.map(|title| ("title".to_owned(), title.into())));
            user.extend(active.map(|active| ("active".to_owned(), active.into())));
            // An element stands only once (RFC 7643, section 2.4).
            let emails: Vec<Value> = BTreeSet::from_iter(emails)
                .into_iter()
                .map(|(kind, value, display)| {
                    let mut email = json!({ "value": value });
                    if !kind.is_empty() {
                        email["type"] = kind.into();
                    }
                    if let Some(display) = display {
                        email["display"] = display.into();
                    }
                    email
                })
                .collect();
            if !emails.is_empty() {
                user.insert("emails".to_owned(), emails.into());
            }
            user
        },
    )
}

/// Without regard to `schemas` and to the order of elements.
fn normal(mut user: Map<String, Value>) -> Value {
    user.remove("schemas");
    if let Some(Value::Array(emails)) = user.get_mut("emails") {
        emails.sort_by_key(Value::to_string);
    }
    Value::Object(user)
}

proptest! {
    #[test]
    fn patch_between_two_makes_the_one_the_other(old in resource(), new in resource()) {
        let patch = PatchOp::from_json(&PatchOp::between(&old, &new).to_json()).unwrap();
        let mut result = old;
        patch.apply(&mut result).unwrap();
        prop_assert_eq!(normal(result), normal(new));
    }
}
