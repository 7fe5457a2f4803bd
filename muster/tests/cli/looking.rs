//! What only looks: JSON arrays for lists, text for people.

use crate::support::Place;

#[test]
fn lists_are_arrays_with_oktas_names() {
    let place = Place::with_people();
    for list in ["users", "groups", "rules", "apps", "accounts", "tasks", "log", "plans"] {
        let json = place.json(&[list]);
        assert!(json.is_array(), "{list}: {json}");
        let text = place.run(&[list]).ended(0);
        assert!(!text.out.is_empty(), "{list}");
    }
    let users = place.json(&["users", "ada"]);
    assert_eq!(users[0]["status"], "ACTIVE");
    assert!(users[0]["id"].as_str().unwrap().starts_with("00u"));
    assert_eq!(place.json(&["groups"])[0]["type"], "OKTA_GROUP");
    assert_eq!(
        place.json(&["rules"])[0]["conditions"]["expression"]["value"],
        "user.department == \"Sales\""
    );
    assert_eq!(place.json(&["apps"])[0]["name"], "hr");
    assert_eq!(place.json(&["accounts", "--app", "keys"])[0]["syncState"], "OUT_OF_SYNC");
    let log = place.json(&["log", "--type", "user.lifecycle.*"]);
    assert_eq!(log[0]["eventType"], "user.lifecycle.create");
    assert!(log[0]["actor"]["displayName"].as_str().unwrap().contains('@'), "{}", log[0]["actor"]);
    let status = place.json(&["status"]);
    assert_eq!((&status["org"], &status["users"]), (&"Small".into(), &4.into()));
    place.run(&["status"]).ended(0);
}

#[test]
fn lists_are_paged() {
    let place = Place::with_many();
    assert_eq!(place.json(&["users"]).as_array().unwrap().len(), 100);
    assert_eq!(place.json(&["users", "--all"]).as_array().unwrap().len(), 124);
    let first = place.json(&["users", "--limit", "3"]);
    let next = place.json(&["users", "--limit", "3", "--after", first[2]["id"].as_str().unwrap()]);
    assert_ne!(first[0], next[0]);
    let text = place.run(&["users"]).ended(0).out;
    assert!(text.contains("muster users --after"), "{text}");
}

#[test]
fn why_tells_causes() {
    let place = Place::with_people();
    let all = place.run(&["why", "ada.adams@small.example"]).ended(0).out;
    for word in ["Sales", "keys", "department"] {
        assert!(all.contains(word), "{word}: {all}");
    }
    let why = place.json(&["why", "cem.clark", "--app", "keys"]);
    assert_eq!(why["apps"][0]["assigned"], false);
    let not = place.run(&["why", "cem.clark", "--app", "keys"]).ended(0).out;
    let status = place.run(&["why", "cem.clark", "--status"]).ended(0).out;
    for (text, words) in [
        (&not, ["Sales gives it, and the person isn't a member", "department = \"Finance\""]),
        (&status, ["Status", "hr says so: record 3"]),
    ] {
        for word in words {
            assert!(text.contains(word), "{word}: {text}");
        }
    }
    assert!(!status.contains("Attributes"), "{status}");
    let why = place.json(&["why", "ada.adams", "--group", "Sales", "--attribute", "department"]);
    assert_eq!(why["groups"][0]["member"], true);
    assert_eq!(why["attributes"][0]["value"], "Sales");
}

#[test]
fn every_command_has_help_with_examples() {
    let place = Place::new();
    let commands = [
        "demo",
        "org apply",
        "org export",
        "import",
        "sync",
        "preview",
        "plans",
        "plan",
        "apply",
        "discard",
        "undo",
        "why",
        "user create",
        "user update",
        "user activate",
        "user suspend",
        "user unsuspend",
        "user link",
        "user unlink",
        "user deactivate",
        "group create",
        "group add",
        "group remove",
        "assign",
        "unassign",
        "users",
        "groups",
        "rules",
        "apps",
        "accounts",
        "tasks",
        "task done",
        "task retry",
        "log",
        "status",
        "notify",
    ];
    for command in commands {
        let words: Vec<&str> = command.split(' ').chain(["--help"]).collect();
        let help = place.run(&words).ended(0).out;
        assert!(help.contains("Examples:") && help.contains("--data-dir"), "{command}: {help}");
    }
}
