//! App users: assignment by hand and through groups, values, status, lists.

use muster_service::ImportOptions;
use muster_service::edit::{Assignee, AssignmentTerms};
use serde_json::{Value as Json, json};

use crate::support::Server;

fn app(server: &Server, label: &str) -> String {
    let body = json!({ "name": "bookmark", "label": label, "settings": { "app": { "url": "https://a.example.org" } } });
    server.post("/apps", &body).expect(200).body["id"].as_str().unwrap().to_owned()
}

/// A group with a member that gives the app.
fn give_by_group(server: &Server, app: &str, login: &str) -> String {
    let (muster, admin) = (&server.muster, &server.admin);
    muster.group_create(admin, "Sales", "", ImportOptions::default()).unwrap();
    muster.group_add(admin, "Sales", login, None, ImportOptions::default()).unwrap();
    let config = muster.config().unwrap();
    let group = muster.find_group(&config, "Sales").unwrap();
    let app = muster.find_app(&config, app).unwrap();
    muster
        .assign(admin, &Assignee::Group(group), app, AssignmentTerms::default(), ImportOptions::default())
        .unwrap();
    muster_engine::model::public_id(muster_engine::model::IdKind::Group, group.0)
}

#[test]
fn a_person_is_assigned_changed_and_unassigned() {
    let server = Server::start();
    let app = app(&server, "Wiki");
    let ann = server.user("ann@example.org");
    let path = format!("/apps/{app}/users");
    let new = json!({
        "id": ann, "scope": "USER", "credentials": { "userName": "annie", "password": { "value": "x" } },
        "profile": { "role": "editor" }
    });
    let user = server.post(&path, &new).expect(200);
    assert!(user.headers.contains_key("x-muster-plan"));
    let user = user.body;
    assert_eq!((&user["id"], &user["scope"]), (&json!(ann), &json!("USER")));
    // Nothing is called for a bookmark, so she simply has it.
    assert_eq!((&user["status"], &user["syncState"]), (&json!("ACTIVE"), &json!("DISABLED")));
    assert_eq!(user["credentials"], json!({ "userName": "annie" }));
    assert_eq!(user["profile"], json!({ "role": "editor" }));
    assert_eq!((&user["externalId"], &user["passwordChanged"]), (&json!(null), &json!(null)));
    assert!(user["created"].is_string() && user["_links"]["user"]["href"].is_string());
    let one = format!("{path}/{ann}");
    assert_eq!(server.get(&one).expect(200).body, user);
    // What isn't named stays; null gives it back.
    let user = server.post(&one, &json!({ "profile": { "floor": 3 } })).expect(200).body;
    assert_eq!(
        (&user["profile"], &user["credentials"]["userName"]),
        (&json!({ "floor": 3, "role": "editor" }), &json!("annie"))
    );
    let user = server
        .post(&one, &json!({ "profile": { "role": null }, "credentials": { "userName": "" } }))
        .expect(200)
        .body;
    assert_eq!(
        (&user["profile"], &user["credentials"]["userName"]),
        (&json!({ "floor": 3 }), &json!("ann@example.org"))
    );
    // Assigning her again changes nothing.
    assert!(!server.post(&path, &json!({ "id": ann })).expect(200).headers.contains_key("x-muster-plan"));
    server.delete(&one).expect(204);
    let gone = server.get(&one).refused(404, "E0000007");
    assert_eq!(gone.body["errorSummary"], format!("Not found: Resource not found: {ann} (AppUser)"));
    server.delete(&one).refused(404, "E0000007");
    server.post(&one, &json!({})).refused(404, "E0000007");
    server.post(&path, &json!({ "id": "00u0000000000000000" })).refused(404, "E0000007");
    server.post(&path, &json!({})).refused(400, "E0000001");
    server.post(&path, &json!({ "id": ann, "profile": { "a": { "b": 1 } } })).refused(400, "E0000001");
    server.post("/apps/0oa0000000000000000/users", &json!({ "id": ann })).refused(404, "E0000007");
    server.call(&format!("/users/{ann}/lifecycle/deactivate")).expect(200);
    server.post(&path, &json!({ "id": ann })).refused(403, "E0000117");
}

#[test]
fn nothing_of_a_bookmark_waits_for_a_worker() {
    let server = Server::start();
    let app = app(&server, "Wiki");
    let ann = server.user("ann@example.org");
    server.post(&format!("/apps/{app}/users"), &json!({ "id": ann })).expect(200);
    let report = server.muster.sync(&muster_service::provision::SyncOptions::default(), &()).unwrap();
    let total = report.total();
    assert_eq!((total.in_line, total.waiting, total.failed, total.by_hand), (1, 0, 0, 0));
    assert!(server.muster.tasks(&muster_service::tasks::TaskFilter::default()).unwrap().is_empty());
    server.delete(&format!("/apps/{app}/users/{ann}")).expect(204);
    assert_eq!(server.muster.status().unwrap().accounts().dirty, 0);
}

#[test]
fn what_a_group_gives_is_taken_from_the_group_or_made_her_own() {
    let server = Server::start();
    let app = app(&server, "Wiki");
    let ann = server.user("ann@example.org");
    let group = give_by_group(&server, &app, "ann@example.org");
    let one = format!("/apps/{app}/users/{ann}");
    let user = server.get(&one).expect(200).body;
    assert_eq!(user["scope"], "GROUP");
    assert_eq!(user["_links"]["group"]["href"], server.url(&format!("/groups/{group}")));
    let refused = server.delete(&one).refused(403, "E0000046");
    assert!(refused.body["errorCauses"][0]["errorSummary"].as_str().unwrap().contains("group memberships"));
    let user = server.post(&one, &json!({ "scope": "USER", "profile": { "role": "x" } })).expect(200).body;
    assert_eq!((&user["scope"], &user["profile"]["role"]), (&json!("USER"), &json!("x")));
    server.delete(&one).expect(204);
    assert_eq!(server.get(&one).expect(200).body["scope"], "GROUP");
}

#[test]
fn people_of_an_application_are_listed_searched_and_paged() {
    let server = Server::start();
    let app = app(&server, "Wiki");
    let path = format!("/apps/{app}/users");
    let mut ids = Vec::new();
    for n in 0..5 {
        let id = server.user(&format!("u{n}@example.org"));
        server
            .post(&path, &json!({ "id": id, "credentials": { "userName": format!("Name{n}") } }))
            .expect(200);
        ids.push(id);
    }
    server.delete(&format!("{path}/{}", ids[1])).expect(204);
    ids.remove(1);
    let (mut seen, mut page) = (Vec::new(), server.get(&format!("{path}?limit=2&expand=user")).expect(200));
    assert_eq!(page.body[0]["_embedded"]["user"]["profile"]["login"], "u0@example.org");
    loop {
        seen.extend(page.body.as_array().unwrap().iter().map(|u| u["id"].as_str().unwrap().to_owned()));
        let Some(next) = page.link("next") else { break };
        page = server.get(&next).expect(200);
    }
    assert_eq!(seen, ids);
    assert_eq!(server.get(&path).link("self").unwrap(), server.url(&format!("{path}?limit=50")));
    let found = |q: &str| -> Vec<Json> {
        let reply = server.get(&format!("{path}?q={q}")).expect(200);
        reply.body.as_array().unwrap().iter().map(|u| u["credentials"]["userName"].clone()).collect()
    };
    assert_eq!(found("name3"), [json!("Name3")]);
    assert_eq!(found("U4"), [json!("Name4")]);
    assert_eq!(found("ann").len(), 4);
    assert_eq!(found("xample"), [] as [Json; 0]);
    assert_eq!(found("%25"), [] as [Json; 0]);
    server.get(&format!("{path}?after=zzz")).refused(400, "E0000029");
}
