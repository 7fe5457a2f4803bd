//! Rows that wait until somebody says whose they are.

use serde_json::json;

use crate::support::{ORG, Place};

/// Where two rows of another source wait: one resembles Ada, one has Bea's number and another name.
fn place() -> Place {
    let place = Place::with_people();
    let other = r#"
[apps.agency]
kind = "csv"
[apps.agency.feed]
key = "id"
[apps.agency.feed.columns]
id = "string"
first = "string"
last = "string"
number = "string"
[apps.agency.source]
priority = 2
match_on = ["employeeNumber"]
confirm = { partial = "ask" }
[apps.agency.to_user]
login = 'appuser.id + "@agency.example"'
email = 'appuser.id + "@agency.example"'
firstName = 'appuser.first'
lastName = 'appuser.last'
"#;
    let numbered = format!("{other}employeeNumber = 'appuser.number'\n");
    place.write("org.toml", &format!("{ORG}{numbered}"));
    place.run(&["org", "apply", "org.toml"]).ended(0);
    place.write("agency.csv", "id,first,last,number\na1,Adda,Adams,\na2,Zoltan,Papp,2\na3,Una,Nova,\n");
    let import = place.run(&["import", "--app", "agency", "agency.csv"]).ended(0);
    assert!(import.out.contains("rows to be confirmed: they resemble somebody"), "{}", import.out);
    assert!(import.out.contains("same employeeNumber, but another name"), "{}", import.out);
    place
}

#[test]
fn rows_that_wait_are_listed_confirmed_and_left_alone() {
    let place = place();
    let rows = place.json(&["matches"]);
    assert_eq!((&rows[0]["externalId"], &rows[0]["kind"]), (&json!("a1"), &json!("PARTIAL")));
    assert_eq!(rows[0]["candidates"][0]["login"], "ada.adams@small.example");
    assert_eq!((&rows[1]["externalId"], &rows[1]["kind"]), (&json!("a2"), &json!("EXACT")));
    assert_eq!(rows.as_array().unwrap().len(), 2);
    let table = place.run(&["matches", "--app", "agency"]).ended(0).out;
    assert!(table.contains("Ada Adams (ada.adams@small.example)"), "{table}");
    let tasks = place.json(&["tasks"]);
    let tasks: Vec<&str> = tasks.as_array().unwrap().iter().filter_map(|t| t["title"].as_str()).collect();
    assert!(tasks.contains(&"2 rows wait in agency to be confirmed"), "{tasks:?}");
    let best = ["match", "confirm", "--app", "agency", "--all-best", "--min-score", "85"];
    let preview: Vec<&str> = best.iter().copied().chain(["--preview"]).collect();
    let shown = place.json(&preview);
    assert_eq!((&shown["status"], &shown["counts"]["matches"]["settled"]), (&json!("PLANNED"), &json!(1)));
    assert_eq!(place.json(&["apply", &shown["id"].to_string()])["status"], "APPLIED");
    let records = place.json(&["users", "--login", "ada.adams@small.example"]);
    assert!(records.to_string().contains("agency"), "{records}");
    place.json(&["match", "ignore", "--app", "agency", "a2"]);
    assert_eq!(place.json(&["matches"])[0]["state"], "IGNORED");
    assert_eq!(place.json(&["match", "reopen", "--app", "agency", "a2"])["status"], "APPLIED");
    let nothing = place.json(&["match", "confirm", "--app", "agency", "--all-exact"]);
    assert_eq!(nothing["id"], json!(null), "somebody of another name isn't confirmed with all others");
    place.json(&["match", "link", "--app", "agency", "a2", "bea.brown@small.example"]);
    assert_eq!(place.json(&["matches"]), json!([]));
    let unlinked = place.json(&["unlink", "bea.brown@small.example", "--app", "agency"]);
    assert_eq!(unlinked["status"], "APPLIED");
    assert_eq!(place.json(&["matches"])[0]["externalId"], "a2");
    place.json(&["undo", &unlinked["id"].to_string()]);
    assert_eq!(place.json(&["matches"]), json!([]));
}

#[test]
fn what_can_not_be_decided_is_told() {
    let place = place();
    let ran = place.run(&["match", "new", "--app", "agency", "a9"]).ended(1);
    ran.complains(&["no row \"a9\" of agency waits", "muster matches --app agency"]);
    place.run(&["match", "confirm", "--app", "agency"]).ended(2);
    place.run(&["match", "confirm", "--app", "agency", "a1", "--min-score", "3"]).ended(2);
    place.run(&["match", "new", "--app", "keys", "a1"]).ended(1).complains(&["is no source"]);
    let ran = place.run(&["match", "new", "--app", "agency", "a2"]).ended(1);
    ran.complains(&["row \"a2\" doesn't fit", "is taken by somebody else"]);
    let ran = place.run(&["unlink", "ada.adams@small.example", "--app", "hr"]).ended(1);
    ran.complains(&["known by this record alone"]);
}
