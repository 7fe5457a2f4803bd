//! Days in the future, shown and never applied.

use serde_json::{Value, json};

use crate::support::{FEED, ORG, Place};

/// The small org, in which who is here between two dates is in a group that gives an app.
fn dated() -> Place {
    let place = Place::new();
    let org = ORG
        .replace("departmentNumber = \"string\"", "startDate = \"date\"\nendDate = \"date\"")
        .replace("[groups]\n", "[groups]\n\"Here\" = \"Between two dates\"\n")
        .replace("groups = [\"Sales\"]\n\n[apps.keys.", "groups = [\"Sales\", \"Here\"]\n\n[apps.keys.");
    let rule = "[rules.here]\nwhen = 'user.startDate <= Time.now() AND user.endDate > Time.now()'\ngroups = [\"Here\"]\n";
    place.write("org.toml", &format!("{org}\n{rule}"));
    place.write("feed.csv", FEED);
    place.run(&["org", "apply", "org.toml"]).ended(0);
    place.run(&["import", "--app", "hr", "feed.csv"]).ended(0);
    let dates = ["--attr", "startDate=2099-03-01", "--attr", "endDate=2099-06-01"];
    place.run(&[&["user", "update", "cem.clark@small.example"], &dates[..]].concat()).ended(0);
    place.run(&["assign", "dan.dale@small.example", "--app", "keys", "--until", "2099-05-31"]).ended(0);
    place
}

/// Login and effect of everything a plan shows.
fn effects(place: &Place, plan: &Value) -> Vec<(String, String)> {
    let text = |e: &Value, field: &str| e[field].as_str().unwrap().to_owned();
    let shown = place.json(&["plan", &plan["id"].to_string(), "--effects"]);
    let all = shown["effects"].as_array().unwrap();
    all.iter().map(|e| (text(e, "login"), text(e, "effect"))).collect()
}

#[test]
fn a_day_ahead_is_shown_with_who_and_which_calls_and_changes_nothing() {
    let place = dated();
    let before = place.standing();
    // Nobody's date comes by then.
    let none = place.json(&["preview", "--at", "2099-02-28"]);
    assert_eq!((&none["status"], effects(&place, &none)), (&json!("PLANNED"), Vec::new()));
    let begun = place.json(&["preview", "--at", "2099-03-01"]);
    assert_eq!(begun["trigger"]["kind"], "ahead");
    assert_eq!(begun["counts"]["accounts_created"], json!({ "keys": 1 }));
    assert_eq!(begun["counts"]["memberships_added"], 1);
    let cem = |effect: &str| ("cem.clark@small.example".to_owned(), effect.to_owned());
    let told = effects(&place, &begun);
    assert!(told.contains(&cem("group_added")) && told.contains(&cem("app_assigned")), "{told:?}");
    assert!(told.iter().all(|(login, _)| login.starts_with("cem")), "{told:?}");
    // An instant says when on that day: Dan has the keys to the end of the 31st, in UTC here.
    let noon = place.json(&["preview", "--at", "2099-05-31T12:00+00:00"]);
    assert_eq!(noon["counts"]["unassigned"], json!({}));
    // Several dates of one person have come and gone by then: what counts is the day that is asked about.
    let after = place.json(&["preview", "--at", "2099-06-01T00:00Z"]);
    assert_eq!(after["counts"]["unassigned"], json!({ "keys": 1 }));
    let told = effects(&place, &after);
    assert!(told.iter().all(|(login, _)| login.starts_with("dan")), "{told:?}");
    assert_eq!(place.standing(), before, "a look ahead has changed something");
}

#[test]
fn a_look_ahead_reads_like_any_preview_and_cannot_be_applied() {
    let place = dated();
    let shown = place.run(&["preview", "--at", "2099-03-01"]).ended(0);
    for word in
        ["keys: accounts to create", "memberships begun", "cem.clark@small.example", "only shows that day"]
    {
        assert!(shown.out.contains(word), "{word}: {}", shown.out);
    }
    assert!(!shown.out.contains("muster apply"), "{}", shown.out);
    let id = place.json(&["plans"])[0]["id"].to_string();
    place.run(&["apply", &id]).ended(1).complains(&["can't be applied", "2099-03-01"]);
    assert_eq!(place.json(&["plan", &id])["status"], "PLANNED");
    assert_eq!(place.json(&["discard", &id])["status"], "DISCARDED");
    place.run(&["preview", "--at", "2020-01-01"]).ended(1).complains(&["isn't ahead"]);
    place.run(&["preview", "--at", "soon"]).ended(1).complains(&["2027-03-01T09:00+01:00"]);
    place.run(&["preview"]).ended(2).complains(&["--at"]);
}
