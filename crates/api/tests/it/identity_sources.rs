//! Sources that programs tell row by row what has changed.

use muster_engine::Millis;
use muster_service::plan::Quiet;
use muster_service::{ImportOptions, Right};
use reqwest::Method;
use serde_json::{Value as Json, json};

use crate::support::{Reply, Server};

const ORG: &str = r#"
[attributes.shoeSize]
type = "integer"
[attributes.remote]
type = "boolean"
[attributes.tags]
type = "string-array"
[apps.hr]
kind = "csv"
[apps.hr.feed]
key = "number"
ignore_unknown_columns = true
[apps.hr.feed.columns]
number = "string"
first = { required = true, names = ["givenName"] }
last = "string"
department = "string"
size = "integer"
remote = "boolean"
tags = "string-array"
[apps.hr.source]
priority = 1
[apps.hr.to_user]
login = 'appuser.number + "@example.org"'
email = 'appuser.number + "@example.org"'
firstName = 'appuser.first'
lastName = 'appuser.last'
department = 'appuser.department'
shoeSize = 'appuser.size'
remote = 'appuser.remote'
tags = 'appuser.tags'
"#;

/// A server with a source, and the path of its sessions.
fn with_source() -> (Server, String) {
    let server = Server::start();
    let path = sessions(&server);
    (server, path)
}

fn sessions(server: &Server) -> String {
    server.muster.org_apply(&server.admin, "org.toml", ORG, ImportOptions::default(), &Quiet).unwrap();
    let apps = server.get("/apps").expect(200).body;
    let hr = apps.as_array().unwrap().iter().find(|a| a["label"] == "hr").unwrap();
    format!("/identity-sources/{}/sessions", hr["id"].as_str().unwrap())
}

fn open(server: &Server, path: &str) -> String {
    let session = server.call(path).expect(201).body;
    assert_eq!((&session["status"], &session["importType"]), (&json!("CREATED"), &json!("INCREMENTAL")));
    let id = session["id"].as_str().unwrap();
    assert!(id.starts_with("aps") && id.len() == 20, "{id}");
    format!("{path}/{id}")
}

fn upsert(server: &Server, session: &str, rows: &[(&str, Json)]) -> Reply {
    let profiles: Vec<Json> =
        rows.iter().map(|(id, profile)| json!({ "externalId": id, "profile": profile })).collect();
    server.post(&format!("{session}/bulk-upsert"), &json!({ "entityType": "USERS", "profiles": profiles }))
}

fn delete(server: &Server, session: &str, ids: &[&str]) -> Reply {
    let profiles: Vec<Json> = ids.iter().map(|id| json!({ "externalId": id })).collect();
    server.post(&format!("{session}/bulk-delete"), &json!({ "entityType": "USERS", "profiles": profiles }))
}

fn start(server: &Server, session: &str) -> Reply {
    server.call(&format!("{session}/start-import"))
}

fn person(server: &Server, number: &str) -> Json {
    server.get(&format!("/users/{number}@example.org")).expect(200).body
}

fn ann() -> Json {
    json!({ "first": "Ann", "last": "Lee", "department": "Sales", "size": 38, "remote": true, "tags": ["a", "b"] })
}

#[test]
fn somebody_is_hired_moves_and_leaves_by_sessions_and_each_can_be_undone() {
    let (server, path) = with_source();
    let session = open(&server, &path);
    let loaded = upsert(&server, &session, &[("1", ann()), ("2", json!({ "first": "Bo", "last": "Ek" }))]);
    assert_eq!(loaded.expect(202).body, json!({ "accepted": 2, "rejected": [], "ignored": [] }));
    let waiting = server.get(&session).expect(200).body;
    assert_eq!((&waiting["status"], &waiting["rows"]), (&json!("IN_PROGRESS"), &json!(2)));
    server.get("/users/1@example.org").refused(404, "E0000007");
    assert_eq!(start(&server, &session).expect(200).body["status"], "COMPLETED");
    let profile = person(&server, "1")["profile"].clone();
    assert_eq!((&profile["department"], &profile["shoeSize"]), (&json!("Sales"), &json!(38)));
    assert_eq!((&profile["remote"], &profile["tags"]), (&json!(true), &json!(["a", "b"])));
    // What a row leaves out stays, null empties.
    let session = open(&server, &path);
    upsert(&server, &session, &[("1", json!({ "department": "Law", "tags": null }))]).expect(202);
    let moved = start(&server, &session).expect(200).body;
    let profile = person(&server, "1")["profile"].clone();
    assert_eq!(
        (&profile["department"], &profile["shoeSize"], profile.get("tags")),
        (&json!("Law"), &json!(38), None)
    );
    let session = open(&server, &path);
    delete(&server, &session, &["1", "nobody"]).expect(202);
    let left = start(&server, &session).expect(200).body;
    assert_eq!(
        (&person(&server, "1")["status"], &person(&server, "2")["status"]),
        (&json!("DEPROVISIONED"), &json!("ACTIVE"))
    );
    let undo = |session: &Json| {
        server.call(&format!("/plans/{}/undo", session["plan"]["id"].as_str().unwrap())).expect(200);
    };
    undo(&left);
    assert_eq!(person(&server, "1")["status"], "ACTIVE");
    undo(&moved);
    assert_eq!(person(&server, "1")["profile"]["department"], "Sales");
    assert_eq!(person(&server, "1")["profile"]["tags"], json!(["a", "b"]));
}

#[test]
fn later_rows_of_a_session_win_and_keep_what_earlier_ones_said_besides() {
    let (server, path) = with_source();
    let session = open(&server, &path);
    upsert(&server, &session, &[("1", ann()), ("1", json!({ "last": "Lind" })), ("2", ann()), ("3", ann())])
        .expect(202);
    upsert(&server, &session, &[("1", json!({ "department": "Law" }))]).expect(202);
    delete(&server, &session, &["2"]).expect(202);
    delete(&server, &session, &["3"]).expect(202);
    upsert(&server, &session, &[("3", ann())]).expect(202);
    let done = start(&server, &session).expect(200).body;
    let profile = person(&server, "1")["profile"].clone();
    assert_eq!(
        (&profile["firstName"], &profile["lastName"], &profile["department"]),
        (&json!("Ann"), &json!("Lind"), &json!("Law"))
    );
    server.get("/users/2@example.org").refused(404, "E0000007");
    assert_eq!(person(&server, "3")["status"], "ACTIVE");
    let plan = server.get(&format!("/plans/{}", done["plan"]["id"].as_str().unwrap())).expect(200).body;
    assert_eq!(plan["counts"]["created"], 2);
}

#[test]
fn a_session_is_previewed_and_stays_open() {
    let (server, path) = with_source();
    let session = open(&server, &path);
    upsert(&server, &session, &[("1", ann())]).expect(202);
    let shown = server.call(&format!("{session}/start-import?preview=true")).expect(200).body;
    assert_eq!((&shown["status"], &shown["counts"]["created"]), (&json!("PLANNED"), &json!(1)));
    server.get("/users/1@example.org").refused(404, "E0000007");
    assert_eq!(server.get(&session).expect(200).body["status"], "IN_PROGRESS");
    upsert(&server, &session, &[("2", ann())]).expect(202);
    start(&server, &session).expect(200);
    assert_eq!(person(&server, "2")["status"], "ACTIVE");
}

#[test]
fn rows_that_cannot_be_read_are_told_by_their_keys_and_the_others_count() {
    let (server, path) = with_source();
    let session = open(&server, &path);
    let rows = [
        ("1", ann()),
        ("2", json!({ "first": "Bo", "size": "large" })),
        ("3", json!({ "first": "Cy", "last": "Poe", "size": "41", "remote": "yes", "nick": "C" })),
        ("4", json!({ "first": "Di", "number": "5" })),
        ("5", json!({ "first": "Ed", "givenName": "Eddie" })),
        ("6", json!({ "first": ["Flo"] })),
        ("7", json!({ "first": " " })),
        ("", ann()),
    ];
    let loaded = upsert(&server, &session, &rows).expect(202).body;
    assert_eq!((&loaded["accepted"], &loaded["ignored"]), (&json!(2), &json!(["nick"])));
    let told: Vec<(&str, &str)> = loaded["rejected"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| (r["externalId"].as_str().unwrap(), r["errorSummary"].as_str().unwrap()))
        .collect();
    for ((key, told), (expected, words)) in told.iter().zip([
        ("2", "column size is \"large\" but should be a whole number"),
        ("4", "column number is the key and says something else than \"4\""),
        ("5", "column first is told twice"),
        ("6", "column first is"),
        ("7", "column first is empty but required"),
        ("", "the key is empty"),
    ]) {
        assert_eq!(*key, expected);
        assert!(told.contains(words), "{told}");
    }
    assert_eq!(told.len(), 6);
    let strict = ORG.replace("ignore_unknown_columns = true", "");
    server.muster.org_apply(&server.admin, "org.toml", &strict, ImportOptions::default(), &Quiet).unwrap();
    let loaded = upsert(&server, &session, &[("9", json!({ "first": "Gil", "nick": "G" }))]).expect(202).body;
    assert_eq!((&loaded["accepted"], &loaded["ignored"]), (&json!(0), &json!([])));
    assert_eq!(loaded["rejected"][0]["errorSummary"], "there is no column \"nick\"");
    server.muster.org_apply(&server.admin, "org.toml", ORG, ImportOptions::default(), &Quiet).unwrap();
    // Whoever is new needs what is required; that shows only against who is known.
    upsert(&server, &session, &[("8", json!({ "last": "Hill" }))]).expect(202);
    let done = start(&server, &session).expect(200).body;
    assert_eq!(person(&server, "3")["profile"]["shoeSize"], 41);
    let plan = server.get(&format!("/plans/{}", done["plan"]["id"].as_str().unwrap())).expect(200).body;
    assert_eq!((&plan["counts"]["created"], &plan["notes"]["rejected"][0]["key"]), (&json!(2), &json!("8")));
}

#[test]
fn two_sessions_at_once_are_kept_apart() {
    let (server, path) = with_source();
    let (one, other) = (open(&server, &path), open(&server, &path));
    upsert(&server, &one, &[("1", ann())]).expect(202);
    upsert(&server, &other, &[("1", json!({ "first": "Anna", "last": "Lee" })), ("2", ann())]).expect(202);
    let listed = server.get(&format!("{path}?limit=1")).expect(200);
    assert_eq!(format!("{path}/{}", listed.body[0]["id"].as_str().unwrap()), other);
    let next = server.get(&listed.link("next").unwrap()).expect(200).body;
    assert_eq!(format!("{path}/{}", next[0]["id"].as_str().unwrap()), one);
    start(&server, &other).expect(200);
    assert_eq!(person(&server, "1")["profile"]["firstName"], "Anna");
    assert_eq!(server.get(&one).expect(200).body["status"], "IN_PROGRESS");
    start(&server, &one).expect(200);
    assert_eq!(person(&server, "1")["profile"]["firstName"], "Ann");
}

#[test]
fn what_is_over_takes_no_rows_and_what_is_empty_does_not_start() {
    let (server, path) = with_source();
    let session = open(&server, &path);
    start(&server, &session).refused(400, "E0000001");
    upsert(&server, &session, &[]).expect(202);
    assert_eq!(server.get(&session).expect(200).body["status"], "CREATED");
    let groups = json!({ "entityType": "GROUPS", "profiles": [] });
    server.post(&format!("{session}/bulk-upsert"), &groups).refused(400, "E0000001");
    server.delete(&session).expect(204);
    assert_eq!(server.get(&session).expect(200).body["status"], "CLOSED");
    for reply in
        [upsert(&server, &session, &[("1", ann())]), start(&server, &session), server.delete(&session)]
    {
        reply.refused(400, "E0000001");
    }
    let done = open(&server, &path);
    upsert(&server, &done, &[("1", ann())]).expect(202);
    start(&server, &done).expect(200);
    for reply in [upsert(&server, &done, &[("2", ann())]), start(&server, &done), server.delete(&done)] {
        reply.refused(400, "E0000001");
    }
    server.get(&format!("{path}/nothing")).refused(404, "E0000007");
    server.get("/identity-sources/nothing/sessions").refused(404, "E0000007");
    // A session belongs to its source, and an app without a feed is none.
    let app = json!({ "name": "bookmark", "label": "Wiki", "settings": { "app": { "url": "https://wiki.example.org" } } });
    let wiki = server.post("/apps", &app).expect(200).body["id"].clone();
    server.call(&format!("/identity-sources/{}/sessions", wiki.as_str().unwrap())).refused(400, "E0000001");
}

#[test]
fn who_may_only_read_sees_sessions_and_changes_none() {
    let (server, path) = with_source();
    let session = open(&server, &path);
    upsert(&server, &session, &[("1", ann())]).expect(202);
    let reader = format!("SSWS {}", server.token("reader", Right::Read));
    let auth = [("authorization", reader.as_str())];
    let rows = json!({ "profiles": [{ "externalId": "2", "profile": {} }] });
    server.send(Method::GET, &session, None, &auth).expect(200);
    server.send(Method::POST, &path, None, &auth).refused(403, "E0000006");
    for tail in ["bulk-upsert", "bulk-delete", "start-import"] {
        let path = format!("{session}/{tail}");
        server.send(Method::POST, &path, Some(&rows), &auth).refused(403, "E0000006");
    }
    server.send(Method::DELETE, &session, None, &auth).refused(403, "E0000006");
    assert_eq!(server.get(&session).expect(200).body["rows"], 1);
}

#[test]
fn a_session_that_takes_away_too_much_is_held() {
    let (server, path) = with_source();
    let numbers: Vec<String> = (0..200).map(|n| n.to_string()).collect();
    let session = open(&server, &path);
    let rows: Vec<(&str, Json)> = numbers.iter().map(|n| (n.as_str(), ann())).collect();
    upsert(&server, &session, &rows).expect(202);
    start(&server, &session).expect(200);
    let session = open(&server, &path);
    delete(&server, &session, &numbers.iter().skip(20).map(String::as_str).collect::<Vec<_>>()).expect(202);
    let held = start(&server, &session).refused(409, "E0000055");
    let waiting = server.get(&session).expect(200).body;
    assert_eq!((&waiting["status"], &waiting["plan"]["id"]), (&json!("TRIGGERED"), &held.body["plan"]["id"]));
    assert_eq!(person(&server, "199")["status"], "ACTIVE");
    server
        .call(&format!("/plans/{}/apply?force=true", held.body["plan"]["id"].as_str().unwrap()))
        .expect(200);
    assert_eq!(person(&server, "199")["status"], "DEPROVISIONED");
    assert_eq!(server.get(&session).expect(200).body["status"], "COMPLETED");
}

#[test]
fn a_session_goes_on_at_another_server_and_expires_when_nobody_does() {
    let dir = tempfile::tempdir().unwrap();
    let at = |text: &str| Server::over(dir.path(), text);
    let first = at("2027-03-01T08:00:00Z");
    let path = sessions(&first);
    let (session, forgotten) = (open(&first, &path), open(&first, &path));
    upsert(&first, &session, &[("1", ann())]).expect(202);
    upsert(&first, &forgotten, &[("9", ann())]).expect(202);
    drop(first);
    let second = at("2027-03-02T07:00:00Z");
    upsert(&second, &session, &[("1", json!({ "department": "Law" }))]).expect(202);
    let hours_later = |hours: i64| {
        let now = second.muster.now().0;
        second.muster.set_clock(Millis(now + hours * 3_600_000)).unwrap();
    };
    second.muster.run_due_jobs(&second.admin).unwrap();
    hours_later(2);
    assert_eq!(second.get(&forgotten).expect(200).body["status"], "EXPIRED");
    start(&second, &forgotten).refused(400, "E0000001");
    upsert(&second, &forgotten, &[("9", ann())]).refused(400, "E0000001");
    // The day after, in the night, what is out of use is cleared away.
    hours_later(19);
    let runs = second.muster.run_due_jobs(&second.admin).unwrap();
    let told: String = runs.iter().map(|run| run.outcome.as_str()).collect();
    assert!(told.contains("sessions of sources that nobody went on with"), "{told}");
    assert!(told.contains("1 loads of sessions that are over"), "{told}");
    start(&second, &session).expect(200);
    assert_eq!(person(&second, "1")["profile"]["department"], "Law");
    assert_eq!(person(&second, "1")["profile"]["lastName"], "Lee");
    second.get("/users/9@example.org").refused(404, "E0000007");
}
