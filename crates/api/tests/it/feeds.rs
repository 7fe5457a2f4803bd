//! Whole feeds sent over HTTP.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use muster_service::ImportOptions;
use muster_service::plan::Quiet;
use serde_json::json;

use crate::support::Server;

const ORG: &str = r#"
[apps.hr]
kind = "csv"
[apps.hr.feed]
key = "number"
[apps.hr.feed.columns]
number = "string"
first = "string"
last = "string"
[apps.hr.source]
priority = 1
[apps.hr.to_user]
login = 'appuser.number + "@example.org"'
email = 'appuser.number + "@example.org"'
firstName = 'appuser.first'
lastName = 'appuser.last'
"#;

fn feed(people: usize) -> String {
    let mut text = "number,first,last\n".to_owned();
    for n in 0..people {
        writeln!(text, "p{n},Ann,Lee {n}").unwrap();
    }
    text
}

/// A server with a source, and the source's path.
fn with_source() -> (Server, String) {
    let server = Server::start();
    server.muster.org_apply(&server.admin, "org.toml", ORG, ImportOptions::default(), &Quiet).unwrap();
    let apps = server.get("/apps").expect(200).body;
    let hr = apps.as_array().unwrap().iter().find(|a| a["label"] == "hr").unwrap();
    let path = format!("/apps/{}/feed", hr["id"].as_str().unwrap());
    (server, path)
}

#[test]
fn a_feed_sent_whole_is_previewed_applied_and_undone() {
    let (server, path) = with_source();
    let preview = server.post_text(&format!("{path}?preview=true"), "text/csv", feed(3)).expect(200);
    assert_eq!((&preview.body["status"], &preview.body["counts"]["created"]), (&json!("PLANNED"), &json!(3)));
    assert_eq!(server.get("/users").body, json!([]));
    let done = server.post_text(&path, "text/csv; charset=utf-8", feed(3)).expect(200);
    assert_eq!(done.body["status"], "APPLIED");
    assert_eq!(server.get("/users/p1@example.org").expect(200).body["profile"]["lastName"], "Lee 1");
    // Who has no row any more has left.
    server.post_text(&path, "text/csv", feed(2)).expect(200);
    assert_eq!(server.get("/users/p2@example.org").expect(200).body["status"], "DEPROVISIONED");
    let plans = server.get("/plans").expect(200).body;
    server.call(&format!("/plans/{}/undo", plans[0]["id"].as_str().unwrap())).expect(200);
    assert_eq!(server.get("/users/p2@example.org").expect(200).body["status"], "ACTIVE");
}

/// Sends a feed in pieces of seven bytes; gives the status, or cuts the connection before the end.
fn in_pieces(server: &Server, path: &str, text: &str, whole: bool) -> Option<String> {
    let url = server.url(path);
    let (host, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut connection = TcpStream::connect(host).unwrap();
    let token = &server.token;
    write!(
        connection,
        "POST /{path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: SSWS {token}\r\nContent-Type: text/csv\r\n\
         Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    for piece in text.as_bytes().chunks(7) {
        write!(connection, "{:x}\r\n", piece.len()).unwrap();
        connection.write_all(piece).unwrap();
        connection.write_all(b"\r\n").unwrap();
    }
    if !whole {
        return None;
    }
    connection.write_all(b"0\r\n\r\n").unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    answer.split(' ').nth(1).map(str::to_owned)
}

#[test]
fn a_feed_comes_in_pieces_and_one_cut_short_changes_nothing() {
    let (server, path) = with_source();
    in_pieces(&server, &path, &feed(300), false);
    assert_eq!(in_pieces(&server, &path, &feed(150), true).as_deref(), Some("200"));
    // What was cut off came first; had it been taken for the whole feed, these would be there and gone again.
    assert_eq!(server.get("/users?limit=200").expect(200).body.as_array().unwrap().len(), 150);
    assert_eq!(server.get("/plans").expect(200).body.as_array().unwrap().len(), 2);
    let open = format!("{}p300,\"An", feed(300));
    server.post_text(&path, "text/csv", open).refused(400, "E0000001");
    server.get("/users/p200@example.org").refused(404, "E0000007");
}

#[test]
fn a_feed_that_takes_away_too_much_is_held() {
    let (server, path) = with_source();
    server.post_text(&path, "text/csv", feed(200)).expect(200);
    let held = server.post_text(&path, "text/csv", feed(20)).refused(409, "E0000055");
    let plan = server.get(&format!("/plans/{}", held.body["plan"]["id"].as_str().unwrap())).expect(200).body;
    assert_eq!(plan["status"], "HELD");
    assert_eq!(server.get("/users/p199@example.org").expect(200).body["status"], "ACTIVE");
    server.post_text(&format!("{path}?force=true"), "text/csv", feed(20)).expect(200);
    assert_eq!(server.get("/users/p199@example.org").expect(200).body["status"], "DEPROVISIONED");
}

#[test]
fn a_delta_tells_changes_alone() {
    let (server, path) = with_source();
    let org =
        ORG.replace("key = \"number\"", "key = \"number\"\ndeleted = { column = \"op\", values = [\"D\"] }");
    server.muster.org_apply(&server.admin, "org.toml", &org, ImportOptions::default(), &Quiet).unwrap();
    server.post_text(&path, "text/csv", feed(5)).expect(200);
    let delta = "number;op;last\np1;U;Stone\np2;D;\n";
    let path = format!("{path}?mode=delta");
    let shown = server.post_text(&format!("{path}&preview=true"), "text/csv", delta).expect(200).body;
    let done = server.post_text(&path, "text/csv", delta).expect(200).body;
    assert_eq!((&shown["status"], &done["status"]), (&json!("PLANNED"), &json!("APPLIED")));
    assert_eq!(shown["counts"], done["counts"]);
    let feed = &done["counts"]["feed"];
    assert_eq!((&feed["delta"], &feed["changed"], &feed["gone"]), (&json!(true), &json!(1), &json!(1)));
    assert!(done["notes"]["remarks"].to_string().contains("stays as it was: first"), "{}", done["notes"]);
    let person = |n: usize| server.get(&format!("/users/p{n}@example.org")).expect(200).body;
    let profile = person(1)["profile"].clone();
    assert_eq!((&profile["firstName"], &profile["lastName"]), (&json!("Ann"), &json!("Stone")));
    assert_eq!((&person(2)["status"], &person(4)["status"]), (&json!("DEPROVISIONED"), &json!("ACTIVE")));
    server.call(&format!("/plans/{}/undo", done["id"].as_str().unwrap())).expect(200);
    assert_eq!(
        (&person(1)["profile"]["lastName"], &person(2)["status"]),
        (&json!("Lee 1"), &json!("ACTIVE"))
    );
    server.post_text(&path.replace("delta", "changes"), "text/csv", delta).refused(400, "E0000001");
}

#[test]
fn what_is_no_feed_is_refused() {
    let (server, path) = with_source();
    server.post_text(&path, "application/json", "{}").refused(400, "E0000021");
    let refused =
        server.post_text(&path, "text/csv", "number,frist,last\n1,Ann,Lee\n").refused(400, "E0000001");
    assert!(refused.body.to_string().contains("frist"), "{}", refused.body);
    server.post_text(&path, "text/csv", "").refused(400, "E0000001");
    let app = json!({ "name": "bookmark", "label": "Wiki", "settings": { "app": { "url": "https://wiki.example.org" } } });
    let wiki = server.post("/apps", &app).expect(200).body["id"].clone();
    let wiki = format!("/apps/{}/feed", wiki.as_str().unwrap());
    server.post_text(&wiki, "text/csv", feed(1)).refused(400, "E0000001");
    server.post_text("/apps/nothing/feed", "text/csv", feed(1)).refused(404, "E0000007");
}

#[test]
fn users_who_are_one_are_merged_and_one_who_is_two_is_split_over_http() {
    let (server, path) = with_source();
    server.post_text(&path, "text/csv", feed(3)).expect(200);
    let id = server.get("/users/p0@example.org").body["id"].as_str().unwrap().to_owned();
    let body = json!({ "from": "p1@example.org" });
    let shown = server.post(&format!("/users/{id}/merge?preview=true"), &body).expect(200);
    assert_eq!(shown.body["status"], "PLANNED");
    let merged = server.post(&format!("/users/{id}/merge"), &body).expect(200);
    assert_eq!(merged.body["id"], id.as_str());
    server.get("/users/p1@example.org").refused(404, "E0000007");
    server.post(&format!("/users/{id}/merge"), &json!({ "from": id })).refused(400, "E0000001");
    server
        .post(&format!("/users/{id}/merge"), &json!({ "from": "nobody@example.org" }))
        .refused(404, "E0000007");
    let records = json!({ "records": [{ "appId": "hr", "externalId": "p1" }] });
    let split = server.post(&format!("/users/{id}/split"), &records).expect(200);
    assert_eq!(split.body["profile"]["lastName"], "Lee 1");
    assert_ne!(split.body["id"], id.as_str());
    server.post(&format!("/users/{id}/split"), &records).refused(404, "E0000007");
    server.post(&format!("/users/{id}/split"), &json!({ "records": [] })).refused(400, "E0000001");
    let reader = format!("SSWS {}", server.token("reader", muster_service::Right::Read));
    let auth = [("authorization", reader.as_str())];
    let path = format!("/users/{id}/split");
    server.send(reqwest::Method::POST, &path, Some(&records), &auth).refused(403, "E0000006");
}
