//! The user schema, the group schema, user types, and mappings.

use muster_service::ImportOptions;
use reqwest::Method;
use serde_json::{Value as Json, json};

use crate::support::Server;

const SCHEMA: &str = "/meta/schemas/user/default";

fn custom(server: &Server, properties: &Json) -> crate::support::Reply {
    server.post(SCHEMA, &json!({ "definitions": { "custom": { "properties": properties } } }))
}

#[test]
fn the_schema_has_oktas_base_attributes_in_their_order() {
    let server = Server::start();
    let schema = server.get(SCHEMA).expect(200).body;
    assert_eq!(schema["id"], server.url(SCHEMA));
    let base = schema["definitions"]["base"]["properties"].as_object().unwrap();
    assert_eq!(base.len(), 31);
    let login = &base["login"];
    let shape = [
        "title",
        "type",
        "required",
        "minLength",
        "maxLength",
        "permissions",
        "master",
        "mutability",
        "scope",
    ];
    assert!(shape.iter().all(|k| login.get(*k).is_some()), "{login}");
    assert_eq!(
        (&base["email"]["format"], &base["firstName"]["title"]),
        (&json!("email"), &json!("First name"))
    );
    assert_eq!(schema["definitions"]["base"]["required"], json!(["login", "firstName", "lastName", "email"]));
    let types = server.get("/meta/types/user").expect(200);
    assert!(types.link("self").is_some());
    let href = types.body[0]["_links"]["schema"]["href"].as_str().unwrap().to_owned();
    assert_eq!(server.get(&href).expect(200).body["definitions"], schema["definitions"]);
    let this = types.body[0]["_links"]["self"]["href"].as_str().unwrap().to_owned();
    assert_eq!(server.get(&this).expect(200).body, types.body[0]);
    server.post("/meta/types/user", &json!({ "name": "x", "displayName": "X" })).refused(400, "E0000001");
    server.get("/meta/types/user/oty0").refused(404, "E0000007");
    server.get("/meta/schemas/user/osc0").refused(404, "E0000007");
    let group = server.get("/meta/schemas/group/default").expect(200).body;
    assert_eq!(group["definitions"]["base"]["properties"]["name"]["maxLength"], 255);
}

#[test]
fn a_custom_attribute_comes_back_as_it_was_given_and_goes_with_null() {
    let server = Server::start();
    let given = json!({
        "title": "Shoe", "type": "string", "description": "Its size", "maxLength": 9, "unique": true,
        "enum": ["S", "M"], "oneOf": [{ "const": "S", "title": "Small" }, { "const": "M", "title": "Middle" }],
        "permissions": [{ "principal": "SELF", "action": "HIDE" }], "master": { "type": "OKTA" }
    });
    let reply = custom(&server, &json!({ "shoe": given })).expect(200);
    let shoe = reply.body["definitions"]["custom"]["properties"]["shoe"].clone();
    for (name, value) in given.as_object().unwrap().iter().filter(|(n, _)| *n != "unique") {
        assert_eq!(shoe[name], *value, "{name}");
    }
    assert_eq!(shoe["unique"], "UNIQUE_VALIDATED");
    let python = [("user-agent", "OpenAPI-Generator/1.0.0/python")];
    let seen = server.send(Method::GET, SCHEMA, None, &python).expect(200).body;
    assert_eq!(seen["definitions"]["custom"]["properties"]["shoe"]["unique"], true);
    // Saying the same again is no plan.
    assert!(!custom(&server, &json!({ "shoe": given })).expect(200).headers.contains_key("x-muster-plan"));
    let ann = server.user("ann@example.org");
    let bob = server.user("bob@example.org");
    let put = |user: &str, size: &str| {
        server.post(&format!("/users/{user}"), &json!({ "profile": { "shoe": size } }))
    };
    put(&ann, "S").expect(200);
    put(&bob, "S").refused(400, "E0000001");
    put(&bob, "XL").refused(400, "E0000001");
    let list = json!({ "title": "Tags", "type": "array", "items": { "type": "string", "enum": ["a", "b"] } });
    let reply = custom(&server, &json!({ "shoe": null, "tags": list })).expect(200);
    assert_eq!(reply.body["definitions"]["custom"]["properties"]["tags"]["items"], list["items"]);
    assert!(reply.body["definitions"]["custom"]["properties"].get("shoe").is_none());
    assert!(server.get(&format!("/users/{ann}")).body["profile"].get("shoe").is_none());
    // The org file says nothing of descriptions, and leaves them.
    let file = server.muster.org_export().unwrap();
    let options = ImportOptions { preview: true, force: false };
    let applied =
        server.muster.org_apply(&server.admin, "org", &file, options, &muster_service::plan::Quiet).unwrap();
    assert!(
        applied.items.iter().all(|(kind, ..)| *kind == muster_engine::ItemKind::Org),
        "{:?}",
        applied.items
    );
}

#[test]
fn what_the_schema_refuses_and_what_of_base_attributes_can_change() {
    let server = Server::start();
    for wrong in [
        json!({ "shoe": { "type": "string" } }),
        json!({ "shoe": { "title": "Shoe", "type": "colour" } }),
        json!({ "9shoe": { "title": "Shoe", "type": "string" } }),
        json!({ "city": { "title": "City", "type": "string" } }),
        json!({ "shoe": { "title": "Shoe", "type": "string", "maxLength": -1 } }),
    ] {
        custom(&server, &wrong).refused(400, "E0000001");
    }
    custom(&server, &json!({ "shoe": null })).refused(404, "E0000007");
    let other = json!({ "title": "S", "type": "string", "enum": ["a", "b"], "oneOf": [{ "const": "b", "title": "B" }] });
    custom(&server, &json!({ "shoe": other })).refused(400, "E0000123");
    let base = |properties: Json| {
        server.post(SCHEMA, &json!({ "definitions": { "base": { "properties": properties } } }))
    };
    base(json!({ "city": { "required": true } })).refused(400, "E0000001");
    base(json!({ "city": null })).refused(400, "E0000001");
    let reply = base(json!({ "lastName": { "required": false } })).expect(200);
    assert_eq!(reply.body["definitions"]["base"]["required"], json!(["login", "firstName", "email"]));
    let own = json!([{ "principal": "SELF", "action": "READ_WRITE" }]);
    let reply = base(json!({ "title": { "permissions": own } })).expect(200);
    assert_eq!(reply.body["definitions"]["base"]["properties"]["title"]["permissions"], own);
    let profile = json!({ "login": "ann@example.org", "email": "ann@example.org", "firstName": "Ann" });
    server.post("/users", &json!({ "profile": profile })).expect(200);
}

#[test]
fn a_rule_that_reads_an_attribute_is_invalid_once_that_is_gone() {
    let server = Server::start();
    custom(&server, &json!({ "shoe": { "title": "Shoe", "type": "string" } })).expect(200);
    let group =
        server.post("/groups", &json!({ "profile": { "name": "Big" } })).expect(200).body["id"].clone();
    let rule = json!({
        "name": "big",
        "conditions": { "expression": { "value": "user.shoe == \"XL\"" } },
        "actions": { "assignUserToGroups": { "groupIds": [group] } }
    });
    let id = server.post("/groups/rules", &rule).expect(200).body["id"].as_str().unwrap().to_owned();
    custom(&server, &json!({ "shoe": null })).expect(200);
    assert_eq!(server.get(&format!("/groups/rules/{id}")).body["status"], "INVALID");
}

const ORG: &str = r#"
[apps.crm]
kind = "manual"

[apps.crm.provisioning]

[apps.crm.to_app]
userName = "user.login"
"#;

#[test]
fn mappings_are_listed_read_and_changed_one_attribute_at_a_time() {
    let server = Server::start();
    let alone = server.get("/mappings?limit=200").expect(200);
    assert_eq!((&alone.body[0]["source"]["name"], alone.body[0].get("properties")), (&json!("user"), None));
    let own = alone.body[0]["id"].as_str().unwrap();
    server.post(&format!("/mappings/{own}"), &json!({ "properties": {} })).refused(400, "E0000001");
    let options = ImportOptions { preview: false, force: true };
    server.muster.org_apply(&server.admin, "org", ORG, options, &muster_service::plan::Quiet).unwrap();
    let all = server.get("/mappings").expect(200).body;
    assert_eq!(all.as_array().unwrap().len(), 3);
    let app = all[2]["target"]["id"].as_str().unwrap().to_owned();
    let found = server.get(&format!("/mappings?targetId={app}&limit=200")).expect(200).body;
    assert_eq!((found.as_array().unwrap().len(), &found[0]["source"]["name"]), (1, &json!("user")));
    let path = format!("/mappings/{}", found[0]["id"].as_str().unwrap());
    let kept = json!({ "userName": { "expression": "user.login", "pushStatus": "PUSH" } });
    assert_eq!(server.get(&path).expect(200).body["properties"], kept);
    let set = json!({ "properties": { "city": { "expression": "user.city", "pushStatus": "DONT_PUSH" } } });
    let reply = server.post(&path, &set).expect(200);
    assert_eq!(reply.body["properties"]["city"], set["properties"]["city"]);
    assert_eq!(reply.body["properties"]["userName"], kept["userName"]);
    let wrong = json!({ "properties": { "city": { "expression": "user.cty", "pushStatus": "PUSH" } } });
    server.post(&path, &wrong).refused(400, "E0000001");
    let gone = json!({ "properties": { "city": { "expression": null, "pushStatus": null } } });
    assert_eq!(server.post(&path, &gone).expect(200).body["properties"], kept);
    let inbound = format!("/mappings/{}", all[1]["id"].as_str().unwrap());
    let unknown = json!({ "properties": { "shoe": { "expression": "appuser.x" } } });
    let told = server.post(&inbound, &unknown).refused(400, "E0000001");
    assert_eq!(told.body["errorSummary"], "Api validation failed: updateMapping");
    server.get("/mappings/prm0").refused(404, "E0000007");
    let page = server.get("/mappings?limit=2").expect(200);
    assert_eq!(server.get(&page.link("next").unwrap()).expect(200).body.as_array().unwrap().len(), 1);
}
