//! What changes things: org file, import, plans, edits by hand.

use serde_json::json;

use crate::support::{FEED, ORG, Place};

#[test]
fn an_org_file_is_shown_applied_and_exported() {
    let place = Place::new();
    place.write("org.toml", ORG);
    let shown = place.json(&["org", "apply", "org.toml", "--preview"]);
    assert_eq!(shown["status"], "PLANNED");
    assert_eq!(place.json(&["groups"]).as_array().unwrap().len(), 1, "the preview has made groups");
    let applied = place.json(&["org", "apply", "org.toml"]);
    assert_eq!(applied["status"], "APPLIED");
    assert_eq!(applied["trigger"]["kind"], "org_file");
    assert_eq!(applied["items"], shown["items"]);
    for field in ["id", "created", "applied", "counts", "notes"] {
        assert!(!applied[field].is_null(), "{field}: {applied}");
    }
    let again = place.json(&["org", "apply", "org.toml"]);
    assert_eq!((&again["id"], &again["items"]), (&json!(null), &json!([])));
    let exported = place.run(&["org", "export"]).ended(0).out;
    place.write("exported.toml", &exported);
    assert_eq!(place.json(&["org", "apply", "exported.toml"])["id"], json!(null));
}

#[test]
fn a_feed_is_shown_applied_and_taken_back() {
    let place = Place::new();
    place.write("org.toml", ORG);
    place.write("feed.csv", FEED);
    place.run(&["org", "apply", "org.toml"]).ended(0);
    let before = place.standing();
    let shown = place.json(&["import", "--app", "hr", "feed.csv", "--preview"]);
    assert_eq!((&shown["status"], &shown["counts"]["created"]), (&json!("PLANNED"), &json!(4)));
    assert_eq!(shown["counts"]["accounts_created"], json!({ "keys": 2 }));
    assert_eq!(place.standing(), before, "the preview has changed something");
    let applied = place.json(&["import", "--app", "hr", "feed.csv"]);
    assert_eq!((&applied["status"], &applied["counts"]), (&json!("APPLIED"), &shown["counts"]));
    assert_eq!(applied["trigger"]["app"], "hr");
    let users = place.json(&["users"]);
    assert_eq!(users.as_array().unwrap().len(), 4);
    assert_eq!(users[0]["profile"]["login"], "ada.adams@small.example");
    assert_eq!(users[0]["profile"]["email"], "ada.adams@small.example");
    let id = applied["id"].to_string();
    let undo = place.json(&["undo", &id, "--preview"]);
    assert_eq!((&undo["status"], &undo["counts"]["deactivated"]), (&json!("PLANNED"), &json!(4)));
    let undone = place.json(&["undo", &id]);
    assert_eq!((&undone["status"], &undone["undoOf"]), (&json!("APPLIED"), &applied["id"]));
    assert_eq!(place.json(&["plan", &id])["status"], "UNDONE");
    place.run(&["undo", &id]).ended(1).complains(&["undone already"]);
    // The same feed again was taken back once: somebody has to say that it is meant.
    place.run(&["import", "--app", "hr", "feed.csv"]).ended(3);
}

#[test]
fn a_delta_changes_whom_it_names_and_a_full_feed_everybody() {
    let place = Place::with_people();
    place.write("delta.csv", "number;department;state\n3;Sales;\n4;Finance;left\n");
    let shown = place.run(&["import", "--app", "hr", "delta.csv", "--delta", "--preview"]).ended(0).out;
    assert!(shown.contains("the fields of the feed are separated by ';'"), "{shown}");
    assert!(shown.contains("what isn't in the feed stays as it was: first, last"), "{shown}");
    let done = place.json(&["import", "--app", "hr", "delta.csv", "--delta"]);
    assert_eq!((&done["status"], &done["counts"]["deactivated"]), (&json!("APPLIED"), &json!(1)));
    assert_eq!(done["counts"]["memberships_added"], 1);
    let status = |login: &str| {
        let users = place.json(&["users"]);
        let all = users.as_array().unwrap();
        let her = all.iter().find(|u| u["profile"]["login"] == format!("{login}@small.example")).unwrap();
        her["status"].clone()
    };
    assert_eq!((status("ada.adams"), status("dan.dale")), (json!("ACTIVE"), json!("DEPROVISIONED")));
    place.run(&["undo", &done["id"].to_string()]).ended(0);
    assert_eq!(status("dan.dale"), "ACTIVE");
    place.run(&["import", "--app", "hr", "delta.csv", "--delta", "--full"]).ended(2);
    place.run(&["import", "--app", "hr", "delta.csv"]).ended(1).complains(&["column \"first\" is missing"]);
}

#[test]
fn a_shown_plan_can_be_applied_or_discarded() {
    let place = Place::with_people();
    place.write("next.csv", &FEED.replace("3,Cem,Clark,Finance", "3,Cem,Clark,Sales"));
    let shown = place.json(&["import", "--app", "hr", "next.csv", "--preview"]);
    let id = shown["id"].to_string();
    let effects = place.json(&["plan", &id]);
    assert_eq!(effects["moreEffects"], false);
    let names: Vec<&str> =
        effects["effects"].as_array().unwrap().iter().map(|e| e["effect"].as_str().unwrap()).collect();
    assert!(names.contains(&"group_added") && names.contains(&"app_assigned"), "{names:?}");
    assert_eq!(place.json(&["apply", &id])["status"], "APPLIED");
    place.run(&["apply", &id]).ended(1).complains(&["APPLIED"]);
    let other = place.json(&["import", "--app", "hr", "feed.csv", "--preview"])["id"].to_string();
    assert_eq!(place.json(&["discard", &other])["status"], "DISCARDED");
    place.run(&["apply", &other]).ended(1);
    let plans = place.json(&["plans"]);
    assert_eq!(plans[0]["id"].to_string(), other);
}

#[test]
fn a_damaged_feed_is_held_until_somebody_says_so() {
    let place = Place::with_many();
    let before = place.standing();
    let ran = place.run(&["import", "--app", "hr", "feed.csv"]).ended(3);
    let ran = ran.complains(&["error: plan", "is held", "muster apply", "muster discard", "120 of 124"]);
    assert!(ran.out.contains("people deactivated"), "{}", ran.out);
    assert_eq!(place.standing(), before, "the held plan has changed something");
    let held = place.run(&["import", "--app", "hr", "feed.csv", "--json"]).ended(3).json();
    assert_eq!((&held["status"], &held["counts"]["deactivated"]), (&json!("HELD"), &json!(120)));
    let finding = &held["notes"]["findings"][0];
    assert_eq!((&finding["kind"], &finding["n"]), (&json!("people_end"), &json!(120)), "{finding}");
    assert_eq!((&finding["limit"], &finding["of"]), (&json!({ "percent": 20 }), &json!(124)), "{finding}");
    assert_eq!(finding["people"].as_array().map(Vec::len), Some(5), "{finding}");
    let told = place.run(&["plan", &held["id"].to_string()]).ended(0).out;
    let people: Vec<&str> = finding["people"].as_array().unwrap().iter().filter_map(|p| p.as_str()).collect();
    assert!(told.contains(finding["message"].as_str().unwrap()), "{told}");
    assert!(told.contains(&format!("{} …", people.join(", "))), "{told}");
    let shown = place.json(&["import", "--app", "hr", "feed.csv", "--preview"]);
    assert_eq!(shown["status"], "PLANNED", "a preview ends well");
    assert!(
        shown["notes"]["findings"].as_array().is_some_and(|f| !f.is_empty()),
        "and says what would hold it"
    );
    assert_eq!(place.json(&["status"])["heldPlans"].as_array().unwrap().len(), 1);
    assert_eq!(place.json(&["discard", &held["id"].to_string()])["status"], "DISCARDED");
    let forced = place.json(&["import", "--app", "hr", "feed.csv", "--force"]);
    assert_eq!(forced["status"], "APPLIED");
    assert_eq!(place.json(&["users", "--status", "deprovisioned", "--all"]).as_array().unwrap().len(), 120);
    let undone = place.json(&["undo", &forced["id"].to_string()]);
    assert_eq!(undone["counts"]["reactivated"], 120);
    assert_eq!(place.standing()[0].as_array().unwrap().len(), 124);
    assert_eq!(place.json(&["users", "--status", "ACTIVE", "--all"]).as_array().unwrap().len(), 124);
}

#[test]
fn people_are_changed_by_hand() {
    let place = Place::with_people();
    let who = "zoe@small.example";
    let create = [
        "user",
        "create",
        who,
        "--attr",
        "firstName=Zoe",
        "--attr",
        "lastName=Zink",
        "--attr",
        "email=zoe@small.example",
    ];
    let preview: Vec<&str> = create.iter().copied().chain(["--preview"]).collect();
    assert_eq!(place.json(&preview)["status"], "PLANNED");
    place.run(&["users", "--login", who]).ended(1);
    let staged: Vec<&str> = create.iter().copied().chain(["--staged", "--attr", "level=3"]).collect();
    assert_eq!(place.json(&staged)["status"], "APPLIED");
    let status = |expected: &str| {
        let user = place.json(&["users", "--login", who]);
        assert_eq!(user["status"], expected);
        user
    };
    assert_eq!(status("STAGED")["profile"]["level"], 3);
    place.run(&["user", "suspend", who]).ended(1).complains(&["STAGED"]);
    place.run(&["user", "activate", who]).ended(0);
    place.run(&["user", "suspend", who]).ended(0);
    status("SUSPENDED");
    place.run(&["user", "unsuspend", who]).ended(0);
    place.run(&["user", "update", who, "--attr", "department=Sales", "--attr", "level="]).ended(0);
    let user = status("ACTIVE");
    assert_eq!((&user["profile"]["department"], &user["profile"]["level"]), (&json!("Sales"), &json!(null)));
    assert!(user["groups"].as_array().unwrap().iter().any(|g| g["profile"]["name"] == "Sales"));
    place.run(&["user", "deactivate", who, "--preview"]).ended(0);
    status("ACTIVE");
    place.run(&["user", "deactivate", who]).ended(0);
    status("DEPROVISIONED");
}

#[test]
fn groups_and_assignments_are_changed_by_hand() {
    let place = Place::with_people();
    let (cem, ada) = ("cem.clark@small.example", "ada.adams@small.example");
    assert_eq!(place.json(&["group", "create", "Blue", "--description", "A project"])["status"], "APPLIED");
    place.run(&["group", "create", "Blue"]).ended(1).complains(&["already"]);
    assert_eq!(place.json(&["group", "add", "Blue", cem])["counts"]["memberships_added"], 1);
    assert_eq!(place.json(&["group", "add", "Blue", cem])["id"], json!(null), "saying it again does nothing");
    let assigned = place.json(&["assign", "Blue", "--app", "keys"]);
    assert_eq!(assigned["counts"]["assigned"], json!({ "keys": 1 }));
    assert_eq!(
        place.json(&["unassign", "Blue", "--app", "keys"])["counts"]["unassigned"],
        json!({ "keys": 1 })
    );
    assert_eq!(place.json(&["assign", cem, "--app", "keys", "--until", "2999-12-31"])["status"], "APPLIED");
    let cems = place.json(&["accounts", "--login", cem]);
    assert_eq!((&cems[0]["app"]["name"], &cems[0]["scope"]), (&json!("keys"), &json!("USER")));
    assert_eq!(
        place.json(&["users", "--login", cem])["nextDue"].as_str().unwrap().get(..10),
        Some("2999-12-31")
    );
    place
        .run(&["assign", "Sales", "--app", "keys", "--until", "2999-12-31"])
        .ended(2)
        .complains(&["--until"]);
    place.run(&["unassign", ada, "--app", "keys"]).ended(1).complains(&["through a group"]);
    place.run(&["unassign", cem, "--app", "keys"]).ended(0);
    // A rule gives her the group: taking her out is an exclusion.
    let removed = place.json(&["group", "remove", "Sales", ada]);
    assert_eq!(removed["counts"]["memberships_removed"], json!({ "Sales": 1 }));
    assert_eq!(removed["counts"]["unassigned"], json!({ "keys": 1 }));
}

#[test]
fn tasks_are_made_mailed_and_done() {
    let place = Place::with_people();
    let synced = place.json(&["sync"]);
    assert_eq!((&synced["total"]["byHand"], &synced["total"]["failed"]), (&json!(2), &json!(0)));
    let tasks = place.json(&["tasks", "--app", "keys"]);
    assert_eq!(tasks.as_array().unwrap().len(), 2);
    assert_eq!((&tasks[0]["owner"], &tasks[0]["app"]), (&json!("reception@small.example"), &json!("keys")));
    let mails = std::fs::read_dir(place.path().join("data/mail")).unwrap().count();
    assert_eq!(mails, 1, "one digest, not one mail a person");
    assert_eq!(place.json(&["notify"])["mails"], 0);
    let ids: Vec<&str> = tasks.as_array().unwrap().iter().map(|t| t["id"].as_str().unwrap()).collect();
    assert_eq!(place.json(&["task", "done", ids[0], ids[1]])["done"], 2);
    assert_eq!(place.json(&["task", "done", ids[0]])["already"], 1);
    assert_eq!(place.json(&["tasks"]), json!([]));
    assert_eq!(place.json(&["tasks", "--all"]).as_array().unwrap().len(), 2);
    assert_eq!(place.json(&["sync"])["total"]["inLine"], 2);
    place.run(&["task", "done", "tsk00000000000000000"]).ended(2).complains(&["muster tasks"]);
}
