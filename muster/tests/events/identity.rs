//! Who is who: people merged and split, and both taken back.

use crate::support::{Org, login};

/// Two records of one person that nobody matched: the agency has no number of hers.
fn twice() -> Org {
    let mut org = Org::new();
    org.hr(&["1,Ada,Adams,Sales,Lead"]);
    org.agency(&["b7,,Ada,Adams,Lab"]);
    org.run(&["assign", "ada.adams2@events.example", "--app", "lab"], 0);
    org.sync();
    org
}

fn state(org: &Org) -> Vec<String> {
    let mut all: Vec<String> = ["mail", "crm", "lab"]
        .iter()
        .flat_map(|app| {
            org.app(app)
                .users()
                .into_iter()
                .map(move |u| format!("{app} {} {} {}", u["id"], u["userName"], u["active"]))
        })
        .collect();
    for user in org.json(&["users"]).as_array().unwrap() {
        all.push(format!("{} {} {}", user["id"], user["status"], user["profile"]));
    }
    all.sort();
    all
}

#[test]
fn two_people_who_are_one_are_merged_with_their_accounts_and_parted_again() {
    let org = twice();
    let before = state(&org);
    let lab = org.account("lab", "Ada Adams2").unwrap();
    let shown = org.json(&[
        "user",
        "merge",
        "ada.adams2@events.example",
        "--into",
        "ada.adams@events.example",
        "--preview",
    ]);
    assert_eq!(shown["status"], "PLANNED");
    assert_eq!(state(&org), before, "the preview has done something");
    let done =
        org.json(&["user", "merge", "ada.adams2@events.example", "--into", "ada.adams@events.example"]);
    org.sync();
    assert_eq!(org.json(&["users"]).as_array().unwrap().len(), 1);
    // The account that only the other had is hers now, under her name; it is the same account.
    let account = org.account("lab", "Ada Adams").unwrap();
    assert_eq!((account.id, account.active), (lab.id, true));
    assert!(org.can_use("crm", "Ada Adams"));
    let why = org.run(&["why", "ada.adams@events.example"], 0);
    assert!(why.contains("b7"), "{why}");
    // Both sources speak of her: when HR lets her go, the agency still has her.
    let plan = done["id"].to_string();
    org.run(&["undo", &plan], 0);
    org.sync();
    assert_eq!(state(&org), before);
    let undo = org.json(&["plans"])[0]["id"].to_string();
    org.run(&["undo", &undo], 0);
    org.sync();
    assert_eq!(org.json(&["users"]).as_array().unwrap().len(), 1);
    assert!(org.can_use("lab", "Ada Adams"));
}

#[test]
fn who_was_merged_goes_on_through_the_feeds_as_one() {
    let mut org = twice();
    org.run(&["user", "merge", "ada.adams2@events.example", "--into", "ada.adams@events.example"], 0);
    org.agency(&["b7,,Ada,Adams,Lab"]);
    org.hr(&["2,Bea,Brown,Lab"]);
    org.sync();
    assert_eq!(org.status("Ada Adams"), "ACTIVE");
    assert_eq!(org.user("Ada Adams")["profile"]["department"], "Lab");
    org.agency(&["b9,,Dan,Dale,Lab"]);
    assert_eq!(org.status("Ada Adams"), "DEPROVISIONED");
}

#[test]
fn one_person_who_is_two_is_split_with_what_is_the_others_and_made_one_again() {
    let mut org = Org::new();
    org.hr(&["1,Ada,Adams,Sales,Lead"]);
    // The agency has the wrong number: this is Cem.
    org.agency(&["b7,1,Cem,Clark,Lab"]);
    org.run(&["assign", "ada.adams@events.example", "--app", "lab"], 0);
    org.sync();
    assert_eq!(org.json(&["users"]).as_array().unwrap().len(), 1);
    let before = state(&org);
    let mail = org.account("mail", "Ada Adams").unwrap();
    let lab = org.account("lab", "Ada Adams").unwrap();
    let done =
        org.json(&["user", "split", "ada.adams@events.example", "--record", "agency:b7", "--account", "lab"]);
    org.sync();
    assert_eq!(org.status("Cem Clark"), "ACTIVE");
    assert_eq!(org.user("Cem Clark")["profile"].get("employeeNumber"), None, "the number is hers");
    assert_eq!(org.account("mail", "Ada Adams").unwrap(), mail);
    // The account went with him; nothing gives it to him, so it is deleted as the lab's are.
    assert_eq!(org.account("lab", "Cem Clark"), None);
    assert_ne!(org.account("lab", "Ada Adams").map(|a| a.id), Some(lab.id));
    // The next feed finds him by his record.
    org.agency(&["b7,,Cem,Clark,Sales"]);
    org.sync();
    assert!(org.can_use("crm", "Cem Clark"));
    org.run(&["undo", &org.json(&["plans"])[0]["id"].to_string()], 0);
    org.run(&["undo", &done["id"].to_string()], 0);
    org.sync();
    assert_eq!(org.json(&["users", "--status", "ACTIVE"]).as_array().unwrap().len(), 1);
    assert!(org.can_use("lab", "Ada Adams"));
    assert!(before.iter().any(|l| l.contains("ada.adams")));
}

#[test]
fn mistakes_about_who_is_who_change_nobody() {
    let org = twice();
    let before = state(&org);
    org.run(&["user", "merge", "ada.adams@events.example", "--into", "ada.adams@events.example"], 1);
    org.run(&["user", "split", "ada.adams@events.example", "--record", "agency:b7"], 1);
    org.run(&["user", "split", "ada.adams@events.example", "--record", "hr:1"], 1);
    org.run(&["user", "split", "ada.adams@events.example", "--record", "nonsense"], 2);
    assert_eq!(state(&org), before);
}

#[test]
fn whoever_was_linked_to_somebody_merged_is_linked_to_who_stays_and_back() {
    let mut org = Org::with("\n[links.mentor]\nassociated = \"mentee\"\n[links.buddy]\n");
    org.hr(&["1,Ada,Adams,Sales", "2,Bea,Brown,Lab", "3,Cem,Clark,Lab"]);
    org.agency(&["b7,,Ada,Adams,Lab"]);
    let [stays, goes, bea, cem] = ["Ada Adams", "Ada Adams2", "Bea Brown", "Cem Clark"].map(login);
    for (who, other, link) in [
        (&bea, &goes, "mentor"),
        (&bea, &goes, "buddy"),
        (&cem, &stays, "mentor"),
        (&goes, &cem, "mentor"),
        (&goes, &stays, "buddy"),
        (&stays, &goes, "buddy"),
    ] {
        org.run(&["user", "link", who, other, "--as", link], 0);
    }
    let led = |who: &str, link: &str| {
        let why = org.json(&["why", who]);
        let links = why["links"].as_array().cloned().unwrap_or_default();
        let found = links.iter().find(|l| l["name"] == link).map(|l| l["login"].as_str().unwrap().to_owned());
        found.unwrap_or_default()
    };
    let all = || {
        [(&bea, "mentor"), (&bea, "buddy"), (&cem, "mentor"), (&stays, "mentor"), (&stays, "buddy")]
            .map(|(who, link)| led(who, link))
    };
    let before = all();
    assert_eq!(before, [goes.as_str(), &goes, &stays, "", &goes]);
    let done = org.json(&["user", "merge", &goes, "--into", &stays]);
    // Nobody is her own buddy because of it.
    assert_eq!(all(), [stays.as_str(), &stays, &stays, &cem, ""]);
    org.run(&["undo", &done["id"].to_string()], 0);
    assert_eq!(all(), before);
}
