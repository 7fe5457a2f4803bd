//! Rows of sources that wait, over HTTP.

use std::fmt::Write as _;

use muster_service::plan::Quiet;
use muster_service::{ImportOptions, Right};
use serde_json::{Value, json};

use crate::support::Server;

const ORG: &str = r#"
[attributes.employeeNumber]
unique = true
[apps.hr]
kind = "csv"
[apps.hr.feed]
key = "id"
[apps.hr.feed.columns]
id = "string"
number = "string"
first = "string"
last = "string"
[apps.hr.source]
match_on = ["employeeNumber"]
confirm = { partial = "ask" }
[apps.hr.to_user]
login = 'appuser.id + "@example.org"'
email = 'appuser.id + "@example.org"'
firstName = 'appuser.first'
lastName = 'appuser.last'
employeeNumber = 'appuser.number'
"#;

/// A server with one person made by hand, five rows that resemble her, and the source's path.
fn waiting() -> (Server, String, String) {
    let server = Server::start();
    server.muster.org_apply(&server.admin, "org.toml", ORG, ImportOptions::default(), &Quiet).unwrap();
    let profile = json!({ "login": "ann@example.org", "email": "ann@example.org", "firstName": "Ann", "lastName": "Archer" });
    let ann = server.post("/users", &json!({ "profile": profile })).expect(200).body["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let mut feed = "id,number,first,last\n".to_owned();
    for n in 0..5 {
        writeln!(feed, "p{n},{n},Anne,Archer").unwrap();
    }
    let apps = server.get("/apps").expect(200).body;
    let hr = apps.as_array().unwrap().iter().find(|a| a["label"] == "hr").unwrap();
    let path = format!("/apps/{}", hr["id"].as_str().unwrap());
    let done = server.post_text(&format!("{path}/feed"), "text/csv", feed).expect(200).body;
    assert_eq!((&done["counts"]["matches"]["partial"], &done["counts"]["created"]), (&json!(5), &json!(0)));
    (server, path, ann)
}

fn keys(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|m| m["externalId"].as_str().unwrap()).collect()
}

#[test]
fn rows_that_wait_are_listed_in_pages_with_whom_they_may_be() {
    let (server, path, ann) = waiting();
    let first = server.get(&format!("{path}/matches?limit=3")).expect(200);
    assert_eq!(keys(&first.body), ["p0", "p1", "p2"]);
    let row = &first.body[0];
    assert_eq!(
        (&row["kind"], &row["state"], &row["values"]["last"]),
        (&json!("PARTIAL"), &json!("OPEN"), &json!("Archer"))
    );
    let her = &row["candidates"][0];
    assert_eq!(
        (&her["userId"], &her["login"], &her["name"]),
        (&json!(ann), &json!("ann@example.org"), &json!("Ann Archer"))
    );
    assert_eq!(her["reasons"], json!(["first name written much the same", "same last name"]));
    let next = first.link("next").unwrap();
    let next = next.split("/api/v1").nth(1).unwrap();
    assert_eq!(keys(&server.get(next).expect(200).body), ["p3", "p4"]);
    server.get("/apps/nosuch/matches").refused(404, "E0000007");
    server.get(&format!("{path}/matches?limit=0")).refused(400, "E0000001");
}

#[test]
fn rows_are_decided_together_previewed_and_undone() {
    let (server, path, ann) = waiting();
    let decide = format!("{path}/matches/decide");
    let all = json!([
        { "externalId": "p0", "decision": "LINK", "userId": ann },
        { "externalId": "p1", "decision": "NEW" },
        { "externalId": "p2", "decision": "IGNORE" }
    ]);
    let shown = server.post(&format!("{decide}?preview=true"), &all).expect(200).body;
    assert_eq!((&shown["status"], &shown["counts"]["created"]), (&json!("PLANNED"), &json!(1)));
    assert_eq!(keys(&server.get(&format!("{path}/matches")).body).len(), 5);
    let done = server.post(&decide, &all).expect(200).body;
    assert_eq!(
        (&done["status"], &done["counts"]["matches"]),
        (&json!("APPLIED"), &shown["counts"]["matches"])
    );
    let left = server.get(&format!("{path}/matches")).body;
    assert_eq!(keys(&left), ["p2", "p3", "p4"]);
    assert_eq!(left[0]["state"], "IGNORED");
    assert_eq!(server.get(&format!("/users/{ann}")).expect(200).body["profile"]["employeeNumber"], "0");
    server.call(&format!("/plans/{}/undo", done["id"].as_str().unwrap())).expect(200);
    assert_eq!(keys(&server.get(&format!("{path}/matches")).body).len(), 5);
    assert_eq!(
        server.get(&format!("/users/{ann}")).expect(200).body["profile"]["employeeNumber"],
        Value::Null
    );
}

#[test]
fn decisions_that_can_not_be_are_refused() {
    let (server, path, ann) = waiting();
    let decide = format!("{path}/matches/decide");
    let one = |key: &str, decision: &str| json!([{ "externalId": key, "decision": decision }]);
    server.post(&decide, &one("p9", "NEW")).refused(404, "E0000007");
    server.post(&decide, &json!([])).refused(400, "E0000001");
    server.post(&decide, &one("p0", "PERHAPS")).expect(400);
    let both = json!([
        { "externalId": "p0", "decision": "LINK" }, { "externalId": "p1", "decision": "LINK", "userId": ann }
    ]);
    server.post(&decide, &both).refused(400, "E0000001");
    server
        .post(&decide, &json!([{ "externalId": "p0", "decision": "NEW", "userId": ann }]))
        .refused(400, "E0000001");
    let reader = server.token("reader", Right::Read);
    let header = format!("SSWS {reader}");
    let sent =
        server.send(reqwest::Method::POST, &decide, Some(&one("p0", "LINK")), &[("authorization", &header)]);
    sent.refused(403, "E0000006");
    assert_eq!(keys(&server.get(&format!("{path}/matches")).body).len(), 5);
    // Once she has one of the rows, she can't have another.
    server.post(&decide, &one("p0", "LINK")).expect(200);
    server.post(&decide, &one("p1", "LINK")).refused(400, "E0000001");
}

#[test]
fn a_record_is_unlinked_and_its_row_waits() {
    let (server, path, ann) = waiting();
    let link = json!([{ "externalId": "p0", "decision": "LINK" }]);
    server.post(&format!("{path}/matches/decide"), &link).expect(200);
    let unlink = format!("{path}/users/{ann}/unlink");
    let shown = server.call(&format!("{unlink}?preview=true")).expect(200).body;
    assert_eq!(shown["status"], "PLANNED");
    let done = server.call(&unlink).expect(200).body;
    assert_eq!((&done["status"], &done["counts"]["matches"]["new"]), (&json!("APPLIED"), &json!(1)));
    let rows = server.get(&format!("{path}/matches")).expect(200).body;
    assert_eq!((&rows[0]["externalId"], &rows[0]["apart"]), (&json!("p0"), &json!([ann])));
    server.call(&unlink).refused(400, "E0000001");
}
