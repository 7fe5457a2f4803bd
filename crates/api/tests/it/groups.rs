//! Groups: made, listed, changed, deleted; their members.

use muster_service::{ImportOptions, Right};
use serde_json::{Value as Json, json};

use crate::support::Server;

fn group(server: &Server, name: &str) -> String {
    let reply = server.post("/groups", &json!({ "profile": { "name": name } })).expect(200);
    reply.body["id"].as_str().unwrap().to_owned()
}

fn names(list: &Json) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|g| g["profile"]["name"].as_str().unwrap()).collect()
}

#[test]
fn a_group_is_made_read_replaced_and_deleted() {
    let server = Server::start();
    let made = server
        .post("/groups", &json!({ "profile": { "name": "Sales", "description": "Sells" } }))
        .expect(200);
    assert!(made.headers.contains_key("x-muster-plan"));
    let id = made.body["id"].as_str().unwrap().to_owned();
    assert!(id.starts_with("00g"));
    let got = server.get(&format!("/groups/{id}")).expect(200);
    assert_eq!(got.body["type"], "OKTA_GROUP");
    assert_eq!(got.body["objectClass"], json!(["okta:user_group"]));
    assert_eq!(got.body["profile"], json!({ "name": "Sales", "description": "Sells" }));
    assert_eq!(got.body["_links"]["users"]["href"], server.url(&format!("/groups/{id}/users")));
    let put = server.put(&format!("/groups/{id}"), &json!({ "profile": { "name": "Selling" } })).expect(200);
    assert_eq!(put.body["profile"], json!({ "name": "Selling", "description": null }));
    // Saying the same again is no change, and no plan.
    let again =
        server.put(&format!("/groups/{id}"), &json!({ "profile": { "name": "Selling" } })).expect(200);
    assert!(!again.headers.contains_key("x-muster-plan"));
    server.delete(&format!("/groups/{id}")).expect(204);
    let gone = server.get(&format!("/groups/{id}")).refused(404, "E0000007");
    assert_eq!(gone.body["errorSummary"], format!("Not found: Resource not found: {id} (UserGroup)"));
}

#[test]
fn what_groups_refuse_is_told_as_okta_tells_it() {
    let server = Server::start();
    let id = group(&server, "Sales");
    group(&server, "Support");
    let taken = server.post("/groups", &json!({ "profile": { "name": "Sales" } })).refused(400, "E0000001");
    assert_eq!(taken.body["errorSummary"], "Api validation failed: name");
    let text = "name: An object with this field already exists in the current organization";
    assert_eq!(taken.body["errorCauses"][0]["errorSummary"], text);
    server
        .put(&format!("/groups/{id}"), &json!({ "profile": { "name": "Support" } }))
        .refused(400, "E0000001");
    server.post("/groups", &json!({ "profile": { "description": "x" } })).refused(400, "E0000001");
    server.post("/groups", &json!({ "profile": { "name": "x".repeat(256) } })).refused(400, "E0000001");
    server.post("/groups", &json!({ "profile": { "name": "X", "colour": "red" } })).refused(400, "E0000001");
    let everyone = server.get("/groups?q=Everyone").expect(200).body[0]["id"].as_str().unwrap().to_owned();
    server.delete(&format!("/groups/{everyone}")).refused(400, "E0000001");
    server
        .put(&format!("/groups/{everyone}"), &json!({ "profile": { "name": "All" } }))
        .refused(400, "E0000001");
    let user = server.user("ann@example.org");
    server.put(&format!("/groups/{everyone}/users/{user}"), &json!({})).refused(400, "E0000001");
    server.put(&format!("/groups/00g0/users/{user}"), &json!({})).refused(404, "E0000007");
    let nobody = server.put(&format!("/groups/{id}/users/00u0"), &json!({})).refused(404, "E0000007");
    assert_eq!(nobody.body["errorSummary"], "Not found: Resource not found: 00u0 (User)");
}

#[test]
fn groups_are_found_by_q_filter_and_search_in_order_and_in_pages() {
    let server = Server::start();
    for name in ["Sales North", "sales South", "Support", "Desk Sales"] {
        group(&server, name);
    }
    assert_eq!(names(&server.get("/groups?q=SALES").expect(200).body), ["Sales North", "sales South"]);
    let find = |query: &str| server.get(&format!("/groups?{query}")).expect(200).body;
    assert_eq!(names(&find("filter=type%20eq%20%22BUILT_IN%22")), ["Everyone"]);
    assert_eq!(names(&find("q=Everyone&filter=type%20eq%20%22BUILT_IN%22")), ["Everyone"]);
    assert_eq!(names(&find("search=profile.name%20sw%20%22sup%22")), ["Support"]);
    let by_name = "search=profile.name%20co%20%22sales%22&sortBy=profile.name&sortOrder=desc";
    assert_eq!(names(&find(by_name)), ["sales South", "Sales North", "Desk Sales"]);
    assert_eq!(find("q=Support&sortOrder=0").as_array().unwrap().len(), 1);
    for wrong in [
        "filter=profile.name%20eq%20%22x%22",
        "search=shoe%20eq%201",
        "filter=type%20is",
        "search=id%20pr&sortBy=shoe",
    ] {
        server.get(&format!("/groups?{wrong}")).refused(400, "E0000031");
    }
    server.get("/groups?after=00g0").refused(400, "E0000029");
    let mut seen = Vec::new();
    let mut page = server.get("/groups?limit=2&filter=type%20eq%20%22OKTA_GROUP%22").expect(200);
    loop {
        seen.extend(names(&page.body).iter().map(|n| (*n).to_owned()));
        let Some(next) = page.link("next") else { break };
        page = server.get(&next).expect(200);
    }
    assert_eq!(seen, ["Sales North", "sales South", "Support", "Desk Sales"]);
}

#[test]
fn members_come_and_go_and_are_counted() {
    let server = Server::start();
    let id = group(&server, "Sales");
    let users: Vec<String> = (0..3).map(|n| server.user(&format!("u{n}@example.org"))).collect();
    for user in &users {
        server.put(&format!("/groups/{id}/users/{user}"), &Json::Null).expect(204);
    }
    let again = server.put(&format!("/groups/{id}/users/{}", users[0]), &Json::Null).expect(204);
    assert!(!again.headers.contains_key("x-muster-plan"));
    let page = server.get(&format!("/groups/{id}/users?limit=2")).expect(200);
    assert_eq!(page.body.as_array().unwrap().len(), 2);
    let rest = server.get(&page.link("next").unwrap()).expect(200);
    assert_eq!(rest.body[0]["id"], users[2].as_str());
    assert!(server.get(&format!("/groups/{id}/users")).link("self").unwrap().ends_with("?limit=1000"));
    let stats = server.get("/groups?q=Sales&expand=stats").expect(200);
    assert_eq!(stats.body[0]["_embedded"]["stats"]["usersCount"], 3);
    assert!(server.get("/groups?q=Sales").body[0].get("_embedded").is_none());
    server.delete(&format!("/groups/{id}/users/{}", users[0])).expect(204);
    server.delete(&format!("/groups/{id}/users/{}", users[0])).expect(204);
    assert_eq!(server.get(&format!("/groups/{id}/users")).body.as_array().unwrap().len(), 2);
    let everyone = server.get("/groups?q=Everyone").body[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(server.get(&format!("/groups/{everyone}/users")).body.as_array().unwrap().len(), 3);
    let groups = server.get(&format!("/users/{}/groups", users[1])).body;
    assert_eq!(names(&groups), ["Everyone", "Sales"]);
}

const ORG: &str = r#"
[groups]
Sales = ""
Rest = ""

[rules.sellers]
when = 'user.department == "Sales"'
groups = ["Sales"]

[rules.others]
when = 'user.department == "Sales"'
groups = ["Rest"]
except_groups = ["Sales"]

[apps.crm]
kind = "manual"
groups = ["Sales"]

[apps.crm.provisioning]

[apps.crm.to_app]
userName = "user.login"
"#;

#[test]
fn a_deleted_group_takes_its_assignments_and_leaves_its_rules_invalid_until_undone() {
    let server = Server::start();
    let options = ImportOptions { preview: false, force: true };
    server.muster.org_apply(&server.admin, "org", ORG, options, &muster_service::plan::Quiet).unwrap();
    let user = server.user("ann@example.org");
    server.post(&format!("/users/{user}"), &json!({ "profile": { "department": "Sales" } })).expect(200);
    let id = server.get("/groups?q=Sales").body[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(server.get("/groups?q=Sales&expand=stats").body[0]["_embedded"]["stats"]["appsCount"], 1);
    let apps = server.get(&format!("/groups/{id}/apps")).expect(200);
    assert_eq!((apps.body.as_array().unwrap().len(), &apps.body[0]["label"]), (1, &json!("crm")));
    assert!(apps.link("self").unwrap().ends_with("/apps?limit=20"));
    let preview = server.delete(&format!("/groups/{id}?preview=true")).expect(200);
    assert_eq!(preview.body["counts"]["items"], json!([0, 2, 2]));
    // A token that may only write can't change rules and apps by the way.
    let writer = format!("SSWS {}", server.token("writer", Right::Write));
    let by_writer = [("authorization", writer.as_str())];
    server.send(reqwest::Method::DELETE, &format!("/groups/{id}"), None, &by_writer).refused(403, "E0000006");
    let done = server.delete(&format!("/groups/{id}")).expect(204);
    let status = |name: &str| {
        let rules = server.muster.rules().unwrap();
        serde_json::to_value(rules.iter().find(|r| r.name == name).unwrap().status).unwrap()
    };
    // The other passed over the members of the group: that it filled its own for all would be worse than for nobody.
    assert_eq!((status("sellers"), status("others")), (json!("INVALID"), json!("INVALID")));
    assert_eq!(names(&server.get(&format!("/users/{user}/groups")).body), ["Everyone"]);
    assert!(server.muster.config().unwrap().org.app_groups.is_empty());
    assert!(
        server
            .muster
            .rule_status(&server.admin, "sellers", muster_engine::RuleStatus::Active, options)
            .is_err()
    );
    // The org file can't name what is gone, and leaves such rules alone.
    let file = server.muster.org_export().unwrap();
    let looked = ImportOptions { preview: true, force: false };
    let same =
        server.muster.org_apply(&server.admin, "org", &file, looked, &muster_service::plan::Quiet).unwrap();
    assert!(same.items.iter().all(|(kind, ..)| *kind == muster_engine::ItemKind::Org), "{:?}", same.items);
    let plan = done.headers["x-muster-plan"].to_str().unwrap().to_owned();
    server.call(&format!("/plans/{plan}/undo?force=true")).expect(200);
    assert_eq!((status("sellers"), status("others")), (json!("ACTIVE"), json!("ACTIVE")));
    assert_eq!(names(&server.get(&format!("/users/{user}/groups")).body), ["Everyone", "Sales"]);
    assert_eq!(server.muster.config().unwrap().org.app_groups.len(), 1);
}
