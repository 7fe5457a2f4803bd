//! Group rules: made, found, put in force, replaced, deleted with and without their members.

use serde_json::{Value as Json, json};

use crate::support::Server;

struct World {
    server: Server,
    group: String,
    user: String,
}

fn world() -> World {
    let server = Server::start();
    let made = server.post("/groups", &json!({ "profile": { "name": "Sales" } })).expect(200);
    let group = made.body["id"].as_str().unwrap().to_owned();
    let user = server.user("ann@example.org");
    server.post(&format!("/users/{user}"), &json!({ "profile": { "department": "Sales" } })).expect(200);
    World { server, group, user }
}

fn body(name: &str, expression: &str, groups: &[&str]) -> Json {
    json!({
        "type": "group_rule",
        "name": name,
        "conditions": {
            "people": { "users": { "exclude": [] }, "groups": { "exclude": [] } },
            "expression": { "value": expression, "type": "urn:okta:expression:1.0" }
        },
        "actions": { "assignUserToGroups": { "groupIds": groups } }
    })
}

impl World {
    fn rule(&self, name: &str, expression: &str) -> String {
        let reply = self.server.post("/groups/rules", &body(name, expression, &[&self.group])).expect(200);
        reply.body["id"].as_str().unwrap().to_owned()
    }

    fn act(&self, rule: &str, what: &str) {
        self.server.call(&format!("/groups/rules/{rule}/lifecycle/{what}")).expect(204);
    }

    fn status(&self, rule: &str) -> Json {
        self.server.get(&format!("/groups/rules/{rule}")).expect(200).body["status"].clone()
    }

    fn members(&self) -> usize {
        self.server.get(&format!("/groups/{}/users", self.group)).expect(200).body.as_array().unwrap().len()
    }
}

const FITS: &str = "user.department == \"Sales\"";

#[test]
fn a_rule_is_made_inactive_and_fills_its_group_once_activated() {
    let w = world();
    let made = w.server.post("/groups/rules", &body("sellers", FITS, &[&w.group])).expect(200);
    let id = made.body["id"].as_str().unwrap().to_owned();
    assert!(id.starts_with("0pr"));
    let mut wanted = body("sellers", FITS, &[&w.group]);
    for (name, value) in [("id", json!(id)), ("status", json!("INACTIVE")), ("allGroupsValid", json!(true))] {
        wanted[name] = value;
    }
    for field in ["created", "lastUpdated"] {
        assert!(made.body[field].is_string());
        wanted[field] = made.body[field].clone();
    }
    assert_eq!(made.body, wanted);
    assert_eq!(w.members(), 0);
    w.act(&id, "activate");
    w.act(&id, "activate");
    assert_eq!((w.status(&id), w.members()), (json!("ACTIVE"), 1));
    let named = w.server.get(&format!("/groups/rules/{id}?expand=groupIdToGroupNameMap")).expect(200);
    assert_eq!(named.body["_embedded"]["groupIdToGroupNameMap"], json!({ w.group.as_str(): "Sales" }));
    w.act(&id, "deactivate");
    assert_eq!((w.status(&id), w.members()), (json!("INACTIVE"), 1));
}

#[test]
fn only_an_inactive_rule_is_replaced_and_never_its_groups() {
    let w = world();
    let id = w.rule("sellers", FITS);
    let path = format!("/groups/rules/{id}");
    let mut other = body("buyers", "user.department == \"Buying\"", &[&w.group]);
    other["conditions"]["people"]["users"]["exclude"] = json!([w.user]);
    w.act(&id, "activate");
    w.server.put(&path, &other).refused(400, "E0000001");
    w.act(&id, "deactivate");
    let put = w.server.put(&path, &other).expect(200);
    assert_eq!((&put.body["name"], &put.body["status"]), (&json!("buyers"), &json!("INACTIVE")));
    assert_eq!(put.body["conditions"]["people"]["users"]["exclude"], json!([w.user]));
    let rest = w.server.post("/groups", &json!({ "profile": { "name": "Rest" } })).expect(200);
    let rest = rest.body["id"].as_str().unwrap();
    w.server.put(&path, &body("buyers", FITS, &[rest])).refused(400, "E0000001");
    w.server.put("/groups/rules/0pr0", &other).refused(404, "E0000007");
}

#[test]
fn what_rules_refuse_names_the_place() {
    let w = world();
    let refuse = |body: &Json| w.server.post("/groups/rules", body).refused(400, "E0000001").body;
    let wrong = refuse(&body("x", "user.departmnt == \"Sales\"", &[&w.group]));
    let cause = wrong["errorCauses"][0]["errorSummary"].as_str().unwrap();
    assert!(cause.contains("1:6") && cause.contains("`department`"), "{cause}");
    refuse(&body("x", "user.department", &[&w.group]));
    refuse(&body("", FITS, &[&w.group]));
    refuse(&body(&"x".repeat(51), FITS, &[&w.group]));
    refuse(&body("x", "", &[&w.group]));
    refuse(&body("x", FITS, &[]));
    w.server.post("/groups/rules", &body("x", FITS, &["00g0"])).expect(404);
    let mut nobody = body("x", FITS, &[&w.group]);
    nobody["conditions"]["people"]["users"]["exclude"] = json!(["00u0"]);
    refuse(&nobody);
    let everyone = w.server.get("/groups?q=Everyone").body[0]["id"].as_str().unwrap().to_owned();
    refuse(&body("x", FITS, &[&everyone]));
    w.rule("sellers", FITS);
    assert_eq!(refuse(&body("sellers", FITS, &[&w.group]))["errorSummary"], "Api validation failed: name");
}

#[test]
fn rules_are_found_by_name_group_and_condition_in_pages() {
    let w = world();
    for name in ["a", "b", "c"] {
        w.rule(name, FITS);
    }
    w.rule("cooks", "user.title == \"Cook\"");
    let count = |query: &str| {
        w.server.get(&format!("/groups/rules?{query}")).expect(200).body.as_array().unwrap().len()
    };
    assert_eq!((count("search=COOK"), count("search=title"), count("search=sal"), count("")), (1, 1, 4, 4));
    let page = w.server.get("/groups/rules?limit=3").expect(200);
    let rest = w.server.get(&page.link("next").unwrap()).expect(200);
    assert_eq!((page.body.as_array().unwrap().len(), rest.body.as_array().unwrap().len()), (3, 1));
    assert!(rest.link("next").is_none());
    assert!(w.server.get("/groups/rules").link("self").unwrap().ends_with("?limit=50"));
}

#[test]
fn a_deleted_rule_leaves_its_members_unless_they_are_to_go_too() {
    let w = world();
    let hand = w.server.user("hand@example.org");
    w.server.put(&format!("/groups/{}/users/{hand}", w.group), &Json::Null).expect(204);
    let delete = |id: &str, query: &str| w.server.delete(&format!("/groups/rules/{id}{query}")).expect(202);
    let id = w.rule("kept", FITS);
    w.act(&id, "activate");
    delete(&id, "");
    assert_eq!(w.members(), 2);
    w.server.delete(&format!("/groups/{}/users/{}", w.group, w.user)).expect(204);
    // Straight from ACTIVE, and after it was deactivated, which keeps the members first.
    for first_off in [false, true] {
        let id = w.rule("gone", FITS);
        // Taken out by hand, a rule passes her over; added by hand and out again, it doesn't.
        w.act(&id, "activate");
        if first_off {
            w.act(&id, "deactivate");
        }
        assert_eq!(w.members(), 2, "{first_off}");
        let plan = delete(&id, "?removeUsers=true");
        assert_eq!(w.members(), 1, "{first_off}");
        w.server.get(&format!("/groups/rules/{id}")).refused(404, "E0000007");
        let plan = plan.headers["x-muster-plan"].to_str().unwrap().to_owned();
        w.server.call(&format!("/plans/{plan}/undo")).expect(200);
        assert_eq!(w.members(), 2, "{first_off}");
        delete(&id, "?removeUsers=true");
        assert_eq!(w.members(), 1, "{first_off}");
    }
}

#[test]
fn an_inactive_rule_keeps_nobody_in_its_group() {
    let w = world();
    let path = format!("/groups/{}/users/{}", w.group, w.user);
    w.server.put(&path, &Json::Null).expect(204);
    w.rule("idle", "user.title == \"Cook\"");
    w.server.delete(&path).expect(204);
    assert_eq!(w.members(), 0);
    // Nor does one that gave what she was given by hand as well.
    w.server.put(&path, &Json::Null).expect(204);
    let id = w.rule("sellers", FITS);
    w.act(&id, "activate");
    w.act(&id, "deactivate");
    w.server.delete(&path).expect(204);
    assert_eq!(w.members(), 0);
}

#[test]
fn a_rule_whose_group_is_gone_is_invalid_until_it_is_given_another() {
    let w = world();
    let id = w.rule("sellers", FITS);
    w.act(&id, "activate");
    w.server.delete(&format!("/groups/{}", w.group)).expect(204);
    let rule = w.server.get(&format!("/groups/rules/{id}")).expect(200).body;
    assert_eq!((&rule["status"], &rule["allGroupsValid"]), (&json!("INVALID"), &json!(false)));
    w.server.call(&format!("/groups/rules/{id}/lifecycle/activate")).refused(400, "E0000001");
    let made = w.server.post("/groups", &json!({ "profile": { "name": "Sales" } })).expect(200);
    let new = made.body["id"].as_str().unwrap().to_owned();
    w.server.put(&format!("/groups/rules/{id}"), &body("sellers", FITS, &[&new])).expect(200);
    w.act(&id, "activate");
    let w = World { group: new, ..w };
    assert_eq!((w.status(&id), w.members()), (json!("ACTIVE"), 1));
}
