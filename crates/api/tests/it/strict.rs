//! What is refused, and that nothing has happened then.

use std::thread;

use muster_engine::model::{IdKind, public_id};
use muster_service::{NewToken, Right};
use reqwest::Method;
use secrecy::ExposeSecret as _;
use serde_json::json;

use crate::support::Server;

#[test]
fn a_preview_that_is_asked_for_wrongly_is_no_change() {
    let server = Server::start();
    let body = json!({ "profile": { "name": "Cooks" } });
    for query in [
        "Preview=true",
        "preview=TRUE",
        "preview=1",
        "preview",
        "preview=false&preview=true",
        "p%72eview=yes",
    ] {
        server.post(&format!("/groups?{query}"), &body).refused(400, "E0000001");
    }
    // What is only written in another way is understood.
    server.post("/groups?p%72eview=tru%65", &body).expect(200);
    assert!(server.get("/groups?q=Cooks").expect(200).body.as_array().unwrap().is_empty());
    server.post("/groups?preview=false", &body).expect(200);
    assert_eq!(server.get("/groups?q=Cooks").expect(200).body.as_array().unwrap().len(), 1);
}

#[test]
fn what_is_no_plan_is_not_previewed_and_not_done_either() {
    let server = Server::start();
    let profile =
        json!({ "login": "x@example.org", "email": "x@example.org", "firstName": "X", "lastName": "Y" });
    let plan = server.post("/users?preview=true", &json!({ "profile": profile })).expect(200).body;
    let plan = plan["id"].as_str().unwrap();
    for verb in ["apply", "discard"] {
        server.call(&format!("/plans/{plan}/{verb}?preview=true")).refused(400, "E0000001");
    }
    assert_eq!(server.get(&format!("/plans/{plan}")).expect(200).body["status"], "PLANNED");
    let token = server.get("/api-tokens").expect(200).body[0]["id"].as_str().unwrap().to_owned();
    server.delete(&format!("/api-tokens/{token}?preview=true")).refused(400, "E0000001");
    server.get("/users").expect(200);
}

#[test]
fn whoever_shows_no_token_is_told_nothing_about_the_body() {
    let server = Server::start();
    let nobody = [("authorization", "")];
    server.send(Method::POST, "/users", Some(&json!({ "nonsense": 1 })), &nobody).refused(401, "E0000011");
    server.send(Method::POST, "/users?preview=maybe", None, &nobody).refused(401, "E0000011");
}

#[test]
fn no_name_is_somebody_elses_id() {
    let server = Server::start();
    let (user, group) = (public_id(IdKind::User, 7), public_id(IdKind::Group, 7));
    let (rule, app) = (public_id(IdKind::GroupRule, 7), public_id(IdKind::App, 7));
    let profile = json!({ "login": user, "email": "x@example.org", "firstName": "X", "lastName": "Y" });
    server.post("/users", &json!({ "profile": profile })).refused(400, "E0000001");
    server.post("/groups", &json!({ "profile": { "name": group } })).refused(400, "E0000001");
    let cooks = server.post("/groups", &json!({ "profile": { "name": "Cooks" } })).expect(200).body;
    let cooks = cooks["id"].as_str().unwrap();
    server
        .put(&format!("/groups/{cooks}"), &json!({ "profile": { "name": group } }))
        .refused(400, "E0000001");
    server
        .put(&format!("/groups/{cooks}"), &json!({ "profile": { "name": "a\u{1b}[2J" } }))
        .refused(400, "E0000001");
    let conditions =
        json!({ "expression": { "value": "user.title == \"Cook\"", "type": "urn:okta:expression:1.0" } });
    let actions = json!({ "assignUserToGroups": { "groupIds": [cooks] } });
    let new = json!({ "type": "group_rule", "name": rule, "conditions": conditions, "actions": actions });
    server.post("/groups/rules", &new).refused(400, "E0000001");
    server.post("/apps", &json!({ "name": "scim2headerauth", "label": app })).refused(400, "E0000001");
    assert_eq!(server.get(&format!("/groups/{cooks}")).expect(200).body["profile"]["name"], "Cooks");
    server.get("/users/x").refused(404, "E0000007");
}

#[test]
fn secrets_are_refused_however_deep_they_stand() {
    let server = Server::start();
    let app = |extra: serde_json::Value| {
        let mut body = json!({ "name": "scim2headerauth", "label": "Crm" });
        body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        body
    };
    for body in [
        app(json!({ "settings": { "app": { "apiToken": "t0psecret" } } })),
        app(json!({ "settings": { "app": { "auth": { "clientSecret": "t0psecret" } } } })),
        app(json!({ "profile": { "logins": [{ "password": "t0psecret" }] } })),
    ] {
        let refused = server.post("/apps", &body).refused(400, "E0000001");
        assert!(!refused.body.to_string().contains("t0psecret"), "{}", refused.body);
    }
    for url in ["javascript:alert(1)", "https://ann:t0psecret@wiki.example.org/", "https://"] {
        let body = json!({ "name": "bookmark", "label": "Wiki", "settings": { "app": { "url": url } } });
        server.post("/apps", &body).refused(400, "E0000001");
    }
    assert!(server.get("/apps").expect(200).body.as_array().unwrap().is_empty());
}

#[test]
fn a_profile_is_not_replaced_by_none() {
    let server = Server::start();
    let id = server.user("ann@example.org");
    server.put(&format!("/users/{id}"), &json!({})).refused(400, "E0000001");
    let secret = json!({ "credentials": { "password": { "value": "Abcd1234!" } } });
    server.put(&format!("/users/{id}"), &secret).expect(200);
    assert_eq!(server.get(&format!("/users/{id}")).expect(200).body["profile"]["firstName"], "Ann");
}

#[test]
fn the_token_of_a_person_is_good_while_she_may_be_let_in() {
    let server = Server::start();
    let id = server.user("ann@example.org");
    let new = NewToken { name: "hers".into(), right: Right::Read, expires: None, user: Some(id.clone()) };
    let token = server.muster.token_create(&server.admin, &new).unwrap().1;
    let bearer = format!("SSWS {}", token.expose_secret());
    let as_her = || server.send(Method::GET, "/users/me", None, &[("authorization", &bearer)]);
    as_her().expect(200);
    server.call(&format!("/users/{id}/lifecycle/suspend")).expect(200);
    as_her().refused(401, "E0000011");
    server.call(&format!("/users/{id}/lifecycle/unsuspend")).expect(200);
    as_her().expect(200);
    server.call(&format!("/users/{id}/lifecycle/deactivate")).expect(200);
    as_her().refused(401, "E0000011");
}

#[test]
fn a_token_cannot_have_the_machine_read_for_it() {
    let server = Server::start();
    let secret = "[apps.Crm]\nkind = \"scim\"\nsettings = { base_url = \"https://crm.example.org/scim\" }\n\
                  secrets = { token = \"file:/etc/hostname\" }\n";
    let refused = server.post("/plans", &json!({ "orgFile": secret })).refused(403, "E0000006");
    assert!(refused.body.to_string().contains("apps.Crm.secrets.token"), "{}", refused.body);
    assert!(server.get("/plans").expect(200).body.as_array().unwrap().is_empty());
}

#[test]
fn of_several_who_undo_a_plan_at_once_one_does() {
    let server = Server::start();
    let id = server.user("ann@example.org");
    let done = server.post(&format!("/users/{id}"), &json!({ "profile": { "title": "Cook" } })).expect(200);
    let plan = done.headers["x-muster-plan"].to_str().unwrap();
    let undo = || server.call(&format!("/plans/{plan}/undo")).status.as_u16();
    let mut answers: Vec<u16> = thread::scope(|scope| {
        let all: Vec<_> = (0..8).map(|_| scope.spawn(undo)).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    answers.sort_unstable();
    assert_eq!(answers[0], 200, "{answers:?}");
    assert!(answers[1..].iter().all(|a| matches!(a, 400 | 409)), "{answers:?}");
    let plans = server.get("/plans").expect(200).body;
    let undos = plans.as_array().unwrap().iter().filter(|p| p["undoOf"] == plan && p["status"] == "APPLIED");
    assert_eq!(undos.count(), 1);
    assert!(server.get(&format!("/users/{id}")).expect(200).body["profile"]["title"].is_null());
}

#[test]
fn of_several_who_change_a_person_as_they_saw_her_one_does() {
    let server = Server::start();
    let id = server.user("ann@example.org");
    let seen = server.get(&format!("/users/{id}")).expect(200).headers["etag"].to_str().unwrap().to_owned();
    let change = |n: usize| {
        let body = json!({ "profile": { "title": format!("Cook {n}") } });
        server.send(Method::POST, &format!("/users/{id}"), Some(&body), &[("if-match", &seen)])
    };
    let answers: Vec<_> = thread::scope(|scope| {
        let all: Vec<_> = (0..8).map(|n| scope.spawn(move || change(n))).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let (done, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|a| a.status == 200);
    assert_eq!(done.len(), 1, "an update was lost");
    for reply in refused {
        reply.refused(412, "E0000231");
    }
    let now = server.get(&format!("/users/{id}")).expect(200);
    assert_eq!(now.body["profile"]["title"], done[0].body["profile"]["title"]);
    assert_eq!(now.headers["etag"], done[0].headers["etag"]);
}

#[test]
fn of_several_who_move_a_person_through_her_lifecycle_one_does() {
    let server = Server::start();
    let id = server.user("ann@example.org");
    let suspend = || server.call(&format!("/users/{id}/lifecycle/suspend")).status.as_u16();
    let mut answers: Vec<u16> = thread::scope(|scope| {
        let all: Vec<_> = (0..8).map(|_| scope.spawn(suspend)).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    answers.sort_unstable();
    assert_eq!((answers[0], answers[1], answers[7]), (200, 400, 400), "{answers:?}");
}

#[test]
fn who_may_only_read_is_refused_also_what_would_change_nothing() {
    let server = Server::start();
    let id = server.user("ann@example.org");
    let reader = format!("SSWS {}", server.token("reader", Right::Read));
    let auth = [("authorization", reader.as_str())];
    let same = json!({ "profile": { "firstName": "Ann" } });
    server.send(Method::POST, &format!("/users/{id}"), Some(&same), &auth).refused(403, "E0000006");
    server.send(Method::POST, &format!("/users/{id}"), Some(&json!({})), &auth).refused(403, "E0000006");
    server.send(Method::GET, &format!("/users/{id}"), None, &auth).expect(200);
}

/// The statuses of eight requests at once, in order.
fn at_once(server: &Server, path: &str, body: &serde_json::Value) -> Vec<u16> {
    let mut answers: Vec<u16> = thread::scope(|scope| {
        let all: Vec<_> = (0..8).map(|_| scope.spawn(|| server.post(path, body).status.as_u16())).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    answers.sort_unstable();
    answers
}

#[test]
fn several_may_give_apps_one_label_at_once_but_groups_one_name_only_one() {
    let server = Server::start();
    let app = json!({ "name": "bookmark", "label": "Wiki", "settings": { "app": { "url": "https://wiki.example.org" } } });
    assert_eq!(at_once(&server, "/apps", &app), [200; 8]);
    let apps = server.get("/apps").expect(200).body;
    assert_eq!(apps.as_array().unwrap().len(), 8);
    let answers = at_once(&server, "/groups", &json!({ "profile": { "name": "Sales" } }));
    assert!(answers[0] == 200 && answers[1..].iter().all(|a| *a == 400), "{answers:?}");
}
