//! API tokens: made, listed, revoked; never shown twice.

use crate::support::Place;

fn is_token(text: &str) -> bool {
    text.len() == 42
        && text.starts_with("00")
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
}

#[test]
fn a_token_is_printed_alone_and_never_again() {
    let place = Place::new();
    let ran = place.run(&["token", "create", "--name", "ci"]).ended(0);
    let token = ran.out.strip_suffix('\n').unwrap();
    assert!(is_token(token), "{token:?}");
    assert!(ran.err.is_empty(), "{}", ran.err);
    let listed = place.run(&["token", "list", "--json"]).ended(0);
    assert!(!listed.out.contains(token));
    let listed = listed.json();
    assert_eq!((&listed[0]["name"], &listed[0]["rights"]), (&"ci".into(), &"ADMIN".into()));
    assert!(listed[0]["creator"].as_str().unwrap().contains('@'), "{listed}");
    assert!(listed[0]["lastUsed"].is_null(), "{listed}");
    let table = place.run(&["token", "list"]).ended(0).out;
    assert!(table.contains("ci") && table.contains("admin") && !table.contains(token), "{table}");
    // Neither the database nor its log of writes has it.
    for file in std::fs::read_dir(place.path().join("data")).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!bytes.windows(token.len()).any(|w| w == token.as_bytes()));
    }
}

#[test]
fn a_token_has_rights_an_end_and_a_person() {
    let place = Place::with_people();
    let made = place.json(&[
        "token",
        "create",
        "--name",
        "reports",
        "--rights",
        "read",
        "--expires",
        "2999-12-31",
        "--user",
        "ada.adams@small.example",
    ]);
    assert!(is_token(made["token"].as_str().unwrap()), "{made}");
    assert_eq!((&made["name"], &made["rights"]), (&"reports".into(), &"READ".into()));
    let ends = made["expiresAt"].as_str().unwrap();
    assert!(ends.starts_with("2999-12-31T23:59:59") || ends.starts_with("3000-01-01T00:00:00"), "{ends}");
    let ada = place.json(&["users", "--login", "ada.adams@small.example"]);
    assert_eq!(made["userId"], ada["id"]);
    assert!(place.json(&["token", "list"])[0].get("token").is_none());
}

#[test]
fn a_token_is_revoked_by_name_or_id() {
    let place = Place::new();
    let first = place.json(&["token", "create", "--name", "first"]);
    place.run(&["token", "create", "--name", "second"]).ended(0);
    place.run(&["token", "revoke", "second"]).ended(0);
    place.run(&["token", "revoke", first["id"].as_str().unwrap()]).ended(0);
    assert_eq!(place.json(&["token", "list"]).as_array().unwrap().len(), 0);
    place.run(&["token", "revoke", "second"]).ended(1).complains(&["second", "muster token list"]);
}

#[test]
fn what_cant_be_made_is_told() {
    let place = Place::new();
    place.run(&["token", "create", "--name", "ci"]).ended(0);
    place.run(&["token", "create", "--name", "ci"]).ended(1).complains(&["ci", "revoke"]);
    place.run(&["token", "create", "--name", " "]).ended(1).complains(&["name"]);
    place.run(&["token", "create", "--name", "old", "--expires", "1999-01-01"]).ended(1).complains(&["past"]);
    place.run(&["token", "create", "--name", "x", "--user", "nobody@small.example"]).ended(1);
    place
        .run(&["token", "create", "--name", "x", "--rights", "owner"])
        .ended(2)
        .complains(&["read", "admin"]);
    place.run(&["token", "create", "--name", "x", "--expires", "soon"]).ended(2).complains(&["2027-05-31"]);
    assert_eq!(place.json(&["token", "list"]).as_array().unwrap().len(), 1);
}
