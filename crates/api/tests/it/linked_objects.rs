//! Links between users: their definitions, values by hand, lists from both ends.

use reqwest::Method;
use serde_json::{Value as Json, json};

use crate::support::{Reply, Server};

const DEFINITIONS: &str = "/meta/schemas/user/linkedObjects";

fn definition(primary: &str, associated: &str) -> Json {
    json!({
        "primary": { "name": primary, "title": "Mentor", "description": "Who is asked", "type": "USER" },
        "associated": { "name": associated, "title": "Mentee", "description": "Who asks", "type": "USER" }
    })
}

/// A server that knows mentors, and the ids of some people.
fn mentors<const N: usize>(names: [&str; N]) -> (Server, [String; N]) {
    let server = Server::start();
    server.post(DEFINITIONS, &definition("mentor", "mentee")).expect(201);
    let ids = names.map(|name| {
        let login = format!("{name}@example.org");
        let profile = json!({ "login": login, "email": login, "firstName": name, "lastName": "Lee" });
        let made = server.post("/users?activate=true", &json!({ "profile": profile })).expect(200);
        made.body["id"].as_str().unwrap().to_owned()
    });
    (server, ids)
}

fn link(server: &Server, of: &str, to: &str) -> Reply {
    server.send(Method::PUT, &format!("/users/{of}/linkedObjects/mentor/{to}"), None, &[])
}

/// Who is listed at an end, by id.
fn listed(server: &Server, of: &str, end: &str) -> Vec<String> {
    let reply = server.get(&format!("/users/{of}/linkedObjects/{end}")).expect(200);
    ids(server, &reply)
}

fn ids(server: &Server, reply: &Reply) -> Vec<String> {
    let id = |user: &Json| {
        let href = user["_links"]["self"]["href"].as_str().unwrap();
        href.strip_prefix(&server.url("/users/")).unwrap().to_owned()
    };
    reply.body.as_array().unwrap().iter().map(id).collect()
}

#[test]
fn a_definition_is_made_listed_read_by_both_names_and_deleted() {
    let server = Server::start();
    let made = server.post(DEFINITIONS, &definition("mentor", "mentee")).expect(201).body;
    let mut expected = definition("mentor", "mentee");
    expected["_links"] = json!({ "self": { "href": server.url("/meta/schemas/user/linkedObjects/mentor") } });
    assert_eq!(made, expected);
    assert_eq!(server.get(DEFINITIONS).expect(200).body, json!([expected]));
    for name in ["mentor", "mentee"] {
        assert_eq!(server.get(&format!("{DEFINITIONS}/{name}")).expect(200).body, expected);
    }
    server.delete(&format!("{DEFINITIONS}/mentee?preview=true")).expect(200);
    server.get(&format!("{DEFINITIONS}/mentor")).expect(200);
    server.delete(&format!("{DEFINITIONS}/mentee")).expect(204);
    server.get(&format!("{DEFINITIONS}/mentor")).refused(404, "E0000007");
    server.delete(&format!("{DEFINITIONS}/mentor")).refused(404, "E0000007");
}

#[test]
fn names_are_unique_over_both_ends_and_are_names() {
    let server = Server::start();
    server.post(DEFINITIONS, &definition("mentor", "mentee")).expect(201);
    for (primary, associated) in [("mentor", "pupil"), ("guide", "mentor"), ("mentee", "pupil")] {
        let refused = server.post(DEFINITIONS, &definition(primary, associated)).refused(409, "E0000127");
        let cause = &refused.body["errorCauses"][0];
        assert_eq!(cause["reason"], "UNIQUE_CONSTRAINT");
        assert_eq!((&cause["locationType"], &cause["domain"]), (&json!("body"), &json!("linkedObjects")));
    }
    let bad = server.post(DEFINITIONS, &definition("1st", "second")).refused(409, "E0000127");
    assert!(bad.body["errorCauses"][0]["reason"].is_null());
    server.post(DEFINITIONS, &definition("same", "same")).refused(409, "E0000127");
    server.post(DEFINITIONS, &json!({ "primary": { "name": "a" } })).refused(400, "E0000001");
    let group = json!({ "primary": { "name": "a", "type": "GROUP" }, "associated": { "name": "b" } });
    server.post(DEFINITIONS, &group).refused(400, "E0000001");
    assert_eq!(server.get(DEFINITIONS).expect(200).body.as_array().unwrap().len(), 1);
}

#[test]
fn a_link_is_set_replaced_listed_from_both_ends_and_taken_away() {
    let (server, [ada, bea, cem]) = mentors(["ada", "bea", "cem"]);
    link(&server, &ada, &bea).expect(204);
    link(&server, "cem@example.org", "bea@example.org").expect(204);
    assert_eq!(listed(&server, &ada, "mentor"), [bea.as_str()]);
    assert_eq!(listed(&server, &bea, "mentee"), [ada.as_str(), &cem]);
    assert!(listed(&server, &bea, "mentor").is_empty() && listed(&server, &ada, "mentee").is_empty());
    // A page at a time.
    let page = server.get(&format!("/users/{bea}/linkedObjects/mentee?limit=1")).expect(200);
    assert_eq!(ids(&server, &page), [ada.as_str()]);
    let rest = server.get(&page.link("next").unwrap()).expect(200);
    assert_eq!(ids(&server, &rest), [cem.as_str()]);
    // Somebody else instead; saying it again changes nothing.
    link(&server, &ada, &cem).expect(204);
    assert!(!link(&server, &ada, &cem).expect(204).headers.contains_key("x-muster-plan"));
    assert_eq!(
        (listed(&server, &ada, "mentor"), listed(&server, &bea, "mentee")),
        (vec![cem.clone()], vec![cem])
    );
    for _ in 0..2 {
        server.delete(&format!("/users/{ada}/linkedObjects/mentor")).expect(204);
        assert!(listed(&server, &ada, "mentor").is_empty());
    }
    server.delete(&format!("/users/{bea}/linkedObjects/mentee")).refused(400, "E0000001");
    server.get(&format!("/users/{ada}/linkedObjects/boss")).refused(404, "E0000007");
    server.get("/users/nobody/linkedObjects/mentor").refused(404, "E0000007");
    link(&server, &ada, "nobody").refused(404, "E0000007");
}

#[test]
fn a_link_can_be_previewed_and_its_plan_undone() {
    let (server, [ada, bea]) = mentors(["ada", "bea"]);
    let path = format!("/users/{ada}/linkedObjects/mentor/{bea}");
    let plan = server.send(Method::PUT, &format!("{path}?preview=true"), None, &[]).expect(200).body;
    assert_eq!(plan["status"], "PLANNED");
    let effects = server.get(plan["_links"]["effects"]["href"].as_str().unwrap()).expect(200).body;
    assert_eq!(effects[0]["eventType"], "user.linked_object.update", "{effects}");
    assert!(listed(&server, &ada, "mentor").is_empty());
    let done = link(&server, &ada, &bea).expect(204);
    let plan = done.headers["x-muster-plan"].to_str().unwrap();
    let log = server.get("/logs?filter=eventType+eq+%22user.linked_object.update%22").expect(200).body;
    let target = log[0]["target"].as_array().unwrap();
    assert_eq!((&target[1]["displayName"], &target[2]["id"]), (&json!("mentor"), &json!(bea)), "{log}");
    server.post(&format!("/plans/{plan}/undo"), &json!({})).expect(200);
    assert!(listed(&server, &ada, "mentor").is_empty());
}

#[test]
fn deleting_a_definition_and_making_it_again_brings_old_links_back() {
    let (server, [ada, bea]) = mentors(["ada", "bea"]);
    link(&server, &ada, &bea).expect(204);
    server.delete(&format!("{DEFINITIONS}/mentor")).expect(204);
    server.get(&format!("/users/{ada}/linkedObjects/mentor")).refused(404, "E0000007");
    server.post(DEFINITIONS, &definition("mentor", "pupil")).expect(201);
    assert_eq!(listed(&server, &ada, "mentor"), [bea.as_str()]);
    assert_eq!(listed(&server, &bea, "pupil"), [ada]);
}

#[test]
fn a_link_to_somebody_who_leaves_stays_until_she_is_deleted() {
    let (server, [ada, bea]) = mentors(["ada", "bea"]);
    link(&server, &ada, &bea).expect(204);
    server.delete(&format!("/users/{bea}")).expect(204);
    assert_eq!(server.get(&format!("/users/{bea}")).expect(200).body["status"], "DEPROVISIONED");
    assert_eq!(listed(&server, &ada, "mentor"), [bea.as_str()]);
    server.delete(&format!("/users/{bea}")).expect(204);
    assert!(listed(&server, &ada, "mentor").is_empty());
}

#[test]
fn a_link_that_an_attribute_gives_is_read_and_not_set() {
    let (server, [ada, bea]) = mentors(["ada", "bea"]);
    let file = "[org]\nname = \"Example\"\n[links.manager]\nattribute = \"managerId\"\nmatches = \"login\"\n\
                associated = \"subordinate\"\n[links.mentor]\nassociated = \"mentee\"\n";
    let options = muster_service::ImportOptions::default();
    server.muster.org_apply(&server.admin, "org.toml", file, options, &muster_service::plan::Quiet).unwrap();
    let boss = json!({ "profile": { "managerId": "Bea@example.org" } });
    server.post(&format!("/users/{ada}"), &boss).expect(200);
    assert_eq!(listed(&server, &ada, "manager"), [bea.as_str()]);
    assert_eq!(listed(&server, &bea, "subordinate"), [ada.as_str()]);
    let path = format!("/users/{ada}/linkedObjects/manager");
    server.send(Method::PUT, &format!("{path}/{ada}"), None, &[]).refused(403, "E0000023");
    server.delete(&path).refused(403, "E0000023");
    assert_eq!(listed(&server, &ada, "manager"), [bea]);
}
