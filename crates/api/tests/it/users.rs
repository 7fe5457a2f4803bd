//! Users: creation, look-up, paging, changes, lifecycle, deletion.

use muster_service::Right;
use reqwest::Method;
use serde_json::json;

use crate::support::Server;

#[test]
fn a_user_is_created_staged_provisioned_or_active() {
    let server = Server::start();
    let create = |query: &str, login: &str, credentials: serde_json::Value| {
        let profile = json!({ "login": login, "email": login, "firstName": "Ann", "lastName": "Lee" });
        let body = json!({ "profile": profile, "credentials": credentials });
        server.post(&format!("/users{query}"), &body)
    };
    let password = json!({ "password": { "value": "Abcd1234!" } });
    let staged = create("?activate=false", "a@example.org", json!({})).expect(200);
    assert_eq!(staged.body["status"], "STAGED");
    let provisioned = create("", "b@example.org", json!({ "password": {} })).expect(200);
    assert_eq!(provisioned.body["status"], "PROVISIONED");
    let active = create("?activate=true", "c@example.org", password.clone()).expect(200);
    assert_eq!(active.body["status"], "ACTIVE");
    assert_eq!(active.body["profile"]["mobilePhone"], json!(null));
    assert!(active.headers.contains_key("x-muster-plan") && active.headers.contains_key("etag"));
    assert!(active.headers.contains_key("x-rate-limit-remaining"));
    let taken = create("", "C@example.org", password).refused(400, "E0000001");
    assert_eq!(taken.body["errorSummary"], "Api validation failed: login");
    create("?nextLogin=changePassword", "d@example.org", json!({})).refused(400, "E0000124");
    server.post("/users", &json!({ "profile": { "firstName": "A" } })).refused(400, "E0000001");
    server
        .post(
            "/users",
            &json!({ "profile": { "login": "x@example.org", "firstName": "A", "lastName": "B", "shoe": 1 } }),
        )
        .refused(400, "E0000001");
    assert_eq!(server.get("/users").expect(200).body.as_array().unwrap().len(), 3);
}

#[test]
fn a_user_is_found_by_id_login_short_login_and_me() {
    let server = Server::start();
    let id = server.user("ann@example.org");
    for name in [id.as_str(), "ann@example.org", "ANN@example.org", "ann"] {
        assert_eq!(server.get(&format!("/users/{name}")).expect(200).body["id"], id.as_str(), "{name}");
    }
    let missing = server.get("/users/00u0000000000000000").refused(404, "E0000007");
    assert!(missing.body["errorSummary"].as_str().unwrap().starts_with("Not found"));
    assert_eq!(server.get("/users/me").expect(200).body["profile"]["login"], "first");
    let links = server.get(&format!("/users/{id}")).body["_links"].clone();
    assert_eq!(links["suspend"]["method"], "POST");
    assert!(links["activate"].is_null());
}

#[test]
fn lists_page_by_links_in_which_self_comes_first() {
    let server = Server::start();
    for n in 0..5 {
        server.user(&format!("u{n}@example.org"));
    }
    let mut seen = Vec::new();
    let mut page = server.get("/users?limit=2").expect(200);
    assert_eq!(page.link("self").unwrap(), server.url("/users?limit=2"));
    loop {
        seen.extend(page.body.as_array().unwrap().iter().map(|u| u["id"].clone()));
        let Some(next) = page.link("next") else { break };
        page = server.get(&next).expect(200);
    }
    assert_eq!(seen.len(), 5);
    seen.dedup();
    assert_eq!(seen.len(), 5);
}

#[test]
fn a_partial_update_merges_and_a_whole_one_replaces() {
    let server = Server::start();
    let id = server.user("ann@example.org");
    let path = format!("/users/{id}");
    let reply = server.post(&path, &json!({ "profile": { "title": "Cook", "city": "Rome" } })).expect(200);
    assert_eq!(
        (&reply.body["profile"]["title"], &reply.body["profile"]["firstName"]),
        (&json!("Cook"), &json!("Ann"))
    );
    let reply = server.post(&path, &json!({ "profile": { "city": null } })).expect(200);
    assert!(reply.body["profile"]["city"].is_null());
    let whole = json!({ "profile": { "login": "ann@example.org", "email": "ann@example.org", "firstName": "Anna", "lastName": "L" } });
    let reply = server.put(&path, &whole).expect(200);
    assert!(reply.body["profile"].get("title").is_none());
    assert_eq!(reply.body["profile"]["firstName"], "Anna");
    let tag = reply.headers["etag"].to_str().unwrap().to_owned();
    let change = json!({ "profile": { "title": "X" } });
    let send = |tag: &str| server.send(Method::POST, &path, Some(&change), &[("if-match", tag)]);
    send("W/\"0\"").refused(412, "E0000231");
    send("rubbish").refused(400, "E0000242");
    send(&tag).expect(200);
    // Credentials alone leave the profile alone.
    let reply = server.put(&path, &json!({ "credentials": { "password": { "value": "x" } } })).expect(200);
    assert_eq!(reply.body["profile"]["title"], "X");
}

#[test]
fn the_lifecycle_goes_by_oktas_table_and_deletion_takes_two_steps() {
    let server = Server::start();
    let id = server.user("ann@example.org");
    let status = || server.get(&format!("/users/{id}")).body["status"].clone();
    let act = |name: &str| server.call(&format!("/users/{id}/lifecycle/{name}"));
    act("unsuspend").refused(400, "E0000001");
    assert_eq!(act("suspend").expect(200).body, json!({}));
    assert_eq!(status(), "SUSPENDED");
    act("suspend").refused(400, "E0000001");
    act("unsuspend").expect(200);
    act("activate").refused(403, "E0000016");
    act("unlock").refused(403, "E0000032");
    act("reactivate").refused(403, "E0000038");
    act("deactivate").expect(200);
    assert_eq!(status(), "DEPROVISIONED");
    server.post(&format!("/users/{id}"), &json!({ "profile": { "title": "x" } })).refused(403, "E0000038");
    act("activate").expect(200);
    server.delete(&format!("/users/{id}")).expect(204);
    assert_eq!(status(), "DEPROVISIONED");
    let gone = server.delete(&format!("/users/{id}")).expect(204);
    server.get(&format!("/users/{id}")).refused(404, "E0000007");
    assert_eq!(server.get("/users").body, json!([]));
    // Her login is free at once, and undo brings her back unless it is taken.
    let plan = gone.headers["x-muster-plan"].to_str().unwrap().to_owned();
    assert!(plan.starts_with("0pn"));
    server.user("ann@example.org");
}

#[test]
fn tokens_and_rights_are_asked_for() {
    let server = Server::start();
    let with = |value: &str| server.send(Method::GET, "/users", None, &[("authorization", value)]);
    with("SSWS nonsense").refused(401, "E0000011");
    with("Basic abc").refused(401, "E0000011");
    let reader = server.token("reader", Right::Read);
    for scheme in ["SSWS ", "SSWS", "Bearer "] {
        with(&format!("{scheme}{reader}")).expect(200);
    }
    let body = json!({ "profile": { "login": "x@example.org", "email": "x@example.org", "firstName": "X", "lastName": "Y" } });
    let bearer = format!("SSWS {reader}");
    server.send(Method::POST, "/users", Some(&body), &[("authorization", &bearer)]).refused(403, "E0000006");
    server.muster.token_revoke(&server.admin, "reader").unwrap();
    with(&bearer).refused(401, "E0000011");
}

#[test]
fn a_preview_answers_the_plan_and_changes_nothing() {
    let server = Server::start();
    let body = json!({ "profile": { "login": "x@example.org", "email": "x@example.org", "firstName": "X", "lastName": "Y" } });
    let plan = server.post("/users?preview=true", &body).expect(200);
    assert_eq!((&plan.body["status"], &plan.body["counts"]["created"]), (&json!("PLANNED"), &json!(1)));
    assert!(plan.body["_links"]["apply"]["href"].as_str().unwrap().starts_with(&server.url("/plans/")));
    assert_eq!(server.get("/users").body, json!([]));
}

#[test]
fn what_cant_be_read_is_refused_in_oktas_envelope() {
    let server = Server::start();
    server.get("/nothing").refused(404, "E0000007");
    server.put("/users", &json!({})).refused(405, "E0000022");
    server.get("/users?limit=x").refused(400, "E0000001");
    server.get("/users?after=zzz").expect(400);
}

#[test]
fn users_are_found_by_q_filter_and_search() {
    let server = Server::start();
    for (login, department) in
        [("ann@example.org", "Sales"), ("bob@example.org", "Sales"), ("cem@example.org", "Lab")]
    {
        let id = server.user(login);
        server.post(&format!("/users/{id}"), &json!({ "profile": { "department": department } })).expect(200);
    }
    server.call("/users/cem/lifecycle/deactivate").expect(200);
    let found = |query: &str| -> Vec<String> {
        let text = query.replace(' ', "%20").replace('"', "%22");
        let reply = server.get(&format!("/users?{text}")).expect(200);
        let logins = reply.body.as_array().unwrap().iter();
        logins
            .map(|u| u["profile"]["login"].as_str().unwrap().split('@').next().unwrap().to_owned())
            .collect()
    };
    assert_eq!(found(""), ["ann", "bob"]);
    assert_eq!(found("q=BO"), ["bob"]);
    assert_eq!(found("filter=status eq \"DEPROVISIONED\""), ["cem"]);
    assert_eq!(
        found("filter=profile.login eq \"ann@example.org\" or profile.lastName eq \"bob\""),
        ["ann", "bob"]
    );
    assert_eq!(
        found("search=profile.department eq \"sales\"&sortBy=profile.login&sortOrder=desc"),
        ["bob", "ann"]
    );
    assert_eq!(found("search=profile.department pr&sortOrder=0"), ["ann", "bob", "cem"]);
    assert_eq!(found("search=profile.email co \"em@\""), ["cem"]);
    for bad in
        ["search=profile.shoe%20eq%201", "search=nonsense", "filter=profile.department%20eq%20%22Sales%22"]
    {
        server.get(&format!("/users?{bad}")).refused(400, "E0000031");
    }
    server.get("/users?q=a&filter=status%20eq%20%22ACTIVE%22").refused(400, "E0000033");
    // Sorted pages go on where the one before ended.
    let (mut seen, mut page) =
        (0, server.get("/users?search=profile.department%20pr&sortBy=profile.lastName&limit=1"));
    while let Some(next) = page.link("next") {
        seen += page.body.as_array().unwrap().len();
        page = server.get(&next).expect(200);
    }
    assert_eq!(seen + page.body.as_array().unwrap().len(), 3);
}

#[test]
fn who_is_not_in_yet_is_invited_again_and_only_who_is_locked_out_is_unlocked() {
    let server = Server::start();
    let profile =
        json!({ "login": "bo@example.org", "email": "bo@example.org", "firstName": "Bo", "lastName": "Y" });
    let bo = server.post("/users", &json!({ "profile": profile })).expect(200).body;
    assert_eq!(bo["status"], "PROVISIONED");
    let lifecycle = |id: &str, what: &str| server.call(&format!("/users/{id}/lifecycle/{what}"));
    let id = bo["id"].as_str().unwrap();
    lifecycle(id, "reactivate").expect(200);
    assert_eq!(server.get(&format!("/users/{id}")).body["status"], "PROVISIONED");
    lifecycle(id, "unlock").refused(403, "E0000032");
    let ann = server.user("ann@example.org");
    lifecycle(&ann, "reactivate").refused(403, "E0000038");
    lifecycle("nobody@example.org", "unlock").refused(404, "E0000007");
}
