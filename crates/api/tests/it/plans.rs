//! Plans over HTTP: previewed, applied, discarded, undone, held; explanations.

use muster_service::ImportOptions;
use muster_service::plan::Quiet;
use serde_json::json;

use crate::support::Server;

fn preview(server: &Server, login: &str) -> String {
    let profile = json!({ "login": login, "email": login, "firstName": "X", "lastName": "Y" });
    let plan = server.post("/users?preview=true", &json!({ "profile": profile })).expect(200);
    plan.body["id"].as_str().unwrap().to_owned()
}

#[test]
fn what_was_previewed_is_applied_and_taken_back() {
    let server = Server::start();
    let plan = preview(&server, "x@example.org");
    let effects = server.get(&format!("/plans/{plan}/effects")).expect(200);
    assert_eq!(effects.body[0]["eventType"], "user.lifecycle.create");
    assert_eq!(
        (&effects.body[0]["userId"], &effects.body[0]["login"]),
        (&json!(null), &json!("x@example.org"))
    );
    let applied = server.call(&format!("/plans/{plan}/apply")).expect(200);
    assert_eq!(applied.body["status"], "APPLIED");
    assert_eq!(server.get("/users/x").expect(200).body["status"], "PROVISIONED");
    server.call(&format!("/plans/{plan}/apply")).expect(400);
    let shown = server.call(&format!("/plans/{plan}/undo?preview=true")).expect(200);
    assert_eq!(shown.body["status"], "PLANNED");
    let undo = server.call(&format!("/plans/{plan}/undo")).expect(200);
    assert_eq!((&undo.body["status"], &undo.body["undoOf"]), (&json!("APPLIED"), &json!(plan)));
    assert_eq!(server.get(&format!("/plans/{plan}")).body["status"], "UNDONE");
    assert_eq!(server.get("/users/x").body["status"], "DEPROVISIONED");
}

#[test]
fn a_plan_whose_premises_changed_is_refused_and_names_its_successor() {
    let server = Server::start();
    let plan = preview(&server, "x@example.org");
    server.user("x@example.org");
    let refused = server.call(&format!("/plans/{plan}/apply"));
    assert!(matches!(refused.status.as_u16(), 400 | 409), "{}", refused.body);
    assert_eq!(server.get("/users").body.as_array().unwrap().len(), 1);
}

#[test]
fn plans_are_listed_newest_first_and_discarded() {
    let server = Server::start();
    let first = preview(&server, "x@example.org");
    let second = preview(&server, "y@example.org");
    let page = server.get("/plans?limit=1").expect(200);
    assert_eq!(page.body[0]["id"], second.as_str());
    assert_eq!(server.get(&page.link("next").unwrap()).expect(200).body[0]["id"], first.as_str());
    assert_eq!(server.call(&format!("/plans/{first}/discard")).expect(200).body["status"], "DISCARDED");
    server.call(&format!("/plans/{first}/apply")).expect(400);
    server.get("/plans/0pnnothing").refused(404, "E0000007");
    server.post("/plans", &json!({})).refused(400, "E0000001");
    server.post("/plans", &json!({ "orgFile": "nonsense = 1" })).refused(400, "E0000001");
    let planned = server.post("/plans", &json!({ "orgFile": "[groups.Cooks]\n" })).expect(201);
    assert_eq!(planned.body["status"], "PLANNED");
}

#[test]
fn a_held_plan_says_who_what_and_why() {
    const ORG: &str = "[org.guard]\ngroups = { count = 1 }\n[groups.Cooks]\n";
    let server = Server::start();
    server.muster.org_apply(&server.admin, "org.toml", ORG, ImportOptions::default(), &Quiet).unwrap();
    let group = server.get("/groups?q=Cooks").expect(200).body[0]["id"].as_str().unwrap().to_owned();
    let member = |login: &str| format!("/groups/{group}/users/{}", server.user(login));
    let members = ["ann@example.org", "bob@example.org"].map(member);
    for path in &members {
        server.send(reqwest::Method::PUT, path, None, &[]).expect(204);
    }
    server.delete(&members[0]).expect(204);
    let held = server.delete(&members[1]);
    assert_eq!(held.status, 409, "{}", held.body);
    let why =
        "2 of 2 members would leave the group Cooks, 1 of them before this plan (at most 1 within 24 hours)";
    assert!(held.body.to_string().contains(why), "{}", held.body);
    let plan = &server.get("/plans?limit=1").expect(200).body[0];
    assert_eq!(plan["status"], "HELD");
    let finding = json!({
        "kind": "group_lost", "message": why, "waivable": true, "n": 2, "of": 2, "limit": { "count": 1 },
        "window": { "hours": 24, "before": 1 }, "groupId": group, "people": ["bob@example.org"]
    });
    assert_eq!(plan["notes"], json!({ "findings": [finding] }));
    let applied = server.call(&format!("/plans/{}/apply", plan["id"].as_str().unwrap())).expect(200);
    assert_eq!(applied.body["status"], "APPLIED");
}

#[test]
fn a_day_ahead_is_shown_and_cannot_be_applied() {
    let server = Server::start();
    let shown = server.post("/plans", &json!({ "at": "2099-03-01" })).expect(201);
    assert_eq!((&shown.body["status"], &shown.body["trigger"]["kind"]), (&json!("PLANNED"), &json!("ahead")));
    assert_eq!(shown.body["trigger"]["at"], 4_076_006_400_000_i64);
    let id = shown.body["id"].as_str().unwrap();
    assert_eq!(server.get(&format!("/plans/{id}/effects")).expect(200).body, json!([]));
    server.call(&format!("/plans/{id}/apply")).expect(400);
    for wrong in
        [json!({ "at": "soon" }), json!({ "at": "2001-01-01" }), json!({ "at": "2099-03-01", "due": true })]
    {
        server.post("/plans", &wrong).refused(400, "E0000001");
    }
}

#[test]
fn a_deletion_is_undone_with_everything_she_had() {
    let server = Server::start();
    let id = server.user("ann@example.org");
    server.post(&format!("/users/{id}"), &json!({ "profile": { "title": "Cook" } })).expect(200);
    server.delete(&format!("/users/{id}")).expect(204);
    let gone = server.delete(&format!("/users/{id}")).expect(204);
    let plan = gone.headers["x-muster-plan"].to_str().unwrap().to_owned();
    server.call(&format!("/plans/{plan}/undo")).expect(200);
    let back = server.get(&format!("/users/{id}")).expect(200);
    assert_eq!(
        (&back.body["status"], &back.body["profile"]["title"]),
        (&json!("DEPROVISIONED"), &json!("Cook"))
    );
    assert_eq!(server.get("/users/ann").expect(200).body["id"], id.as_str());
}

#[test]
fn why_tells_where_a_value_comes_from() {
    let server = Server::start();
    server.user("ann@example.org");
    let why = server.get("/users/ann/why?attribute=login").expect(200);
    assert!(why.body.to_string().contains("ann@example.org"), "{}", why.body);
    server.get("/users/ann/why?group=nothing").refused(404, "E0000007");
    assert!(server.get("/users/ann/why").expect(200).body["status"].is_object());
}
