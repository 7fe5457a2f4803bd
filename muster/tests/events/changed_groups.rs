//! Changed groups: by hand, by rule; access ends with the last reason.

use crate::support::{BY_HAND, From, HR, Org};

#[test]
fn access_by_hand_comes_and_goes_at_once() {
    for from in BY_HAND {
        let mut org = Org::new();
        org.hr(&["1,Ada,Adams,Lab"]);
        let change = |org: &Org, add: bool| match from {
            From::CommandLine => {
                org.run(
                    &["group", if add { "add" } else { "remove" }, "Sales", "ada.adams@events.example"],
                    0,
                );
            }
            From::Http => {
                let group = org
                    .json(&["groups"])
                    .as_array()
                    .unwrap()
                    .iter()
                    .find(|g| g["profile"]["name"] == "Sales")
                    .unwrap()["id"]
                    .clone();
                let user = org.user("Ada Adams")["id"].clone();
                let path =
                    format!("/api/v1/groups/{}/users/{}", group.as_str().unwrap(), user.as_str().unwrap());
                let (status, body) = org.http(if add { "PUT" } else { "DELETE" }, &path, None);
                assert_eq!(status, 204, "{body}");
            }
        };
        change(&org, true);
        org.sync();
        assert!(org.can_use("crm", "Ada Adams"));
        change(&org, false);
        org.sync();
        assert!(!org.can_use("crm", "Ada Adams"), "an admin's word gives no grace");
    }
}

#[test]
fn access_ends_only_when_the_last_of_several_reasons_ends() {
    let mut org = Org::new();
    org.hr(&["1,Ada,Adams,Sales,Lead"]);
    org.run(&["assign", "ada.adams@events.example", "--app", "crm"], 0);
    org.sync();
    let nick = |org: &Org| org.account("crm", "Ada Adams").unwrap().all["nickName"].clone();
    assert_eq!(nick(&org), "lead");
    org.hr(&["1,Ada,Adams,Sales"]);
    org.sync();
    assert_eq!((nick(&org), org.can_use("crm", "Ada Adams")), ("seller".into(), true));
    org.hr(&["1,Ada,Adams,Lab"]);
    org.at("2027-03-20T07:00:00Z").sync();
    assert!(org.can_use("crm", "Ada Adams"), "she has it herself");
    org.run(&["unassign", "ada.adams@events.example", "--app", "crm"], 0);
    org.sync();
    assert!(!org.can_use("crm", "Ada Adams"));
}

#[test]
fn a_membership_with_an_end_ends_by_itself() {
    let mut org = Org::new();
    org.hr(&["1,Ada,Adams,Lab"]);
    org.run(&["group", "add", "Sales", "ada.adams@events.example", "--until", "2027-03-10"], 0);
    org.sync();
    assert!(org.can_use("crm", "Ada Adams"));
    org.at("2027-03-10T22:59:59Z").sync();
    assert!(org.can_use("crm", "Ada Adams"));
    org.at("2027-03-10T23:00:00Z").sync();
    assert!(!org.user("Ada Adams").to_string().contains("\"Sales\""));
    // Nobody took it from her by hand, so the week of grace begins.
    assert!(org.can_use("crm", "Ada Adams"));
    org.at("2027-03-18T23:00:00Z").sync();
    assert!(!org.can_use("crm", "Ada Adams"));
}

/// The HR system names teams as well, and whoever is in the team "Key people" has the CRM.
fn with_teams() -> Org {
    let mut org = Org::new();
    org.change(
        "[apps.hr.feed.columns]",
        "groups = \"teams\"\n[apps.hr.feed.columns]\nteams = \"string-array\"",
    );
    teams(&mut org, &["Key people,1,Ada,Adams,Lab", ",2,Bob,Brown,Lab"]);
    org.change(
        "[apps.crm.groups.Leads]",
        "[apps.crm.groups.\"Key people\"]\npriority = 2\n[apps.crm.groups.Leads]",
    );
    org.sync();
    org
}

/// Imports rows of the HR system with their teams in front.
fn teams(org: &mut Org, rows: &[&str]) -> serde_json::Value {
    org.import("hr", &format!("teams,{HR}"), rows)
}

#[test]
fn an_import_gives_a_group_and_its_app_and_takes_both() {
    let mut org = with_teams();
    assert!(org.can_use("crm", "Ada Adams") && !org.can_use("crm", "Bob Brown"));
    let groups = org.json(&["groups"]);
    let found = groups.as_array().unwrap().iter().find(|g| g["profile"]["name"] == "Key people").unwrap();
    assert_eq!((&found["type"], &found["source"]["name"]), (&"APP_GROUP".into(), &"hr".into()));
    let (_, body) = org.http("GET", &format!("/api/v1/groups/{}", found["id"].as_str().unwrap()), None);
    let link = body["_links"]["source"]["href"].as_str().unwrap();
    assert!(link.ends_with(&format!("/api/v1/apps/{}", found["source"]["id"].as_str().unwrap())), "{link}");
    let why = org.run(&["why", "ada.adams@events.example", "--group", "Key people"], 0);
    assert!(why.contains("imported from hr: record \"1\" names it"), "{why}");
    org.run(&["group", "remove", "Key people", "ada.adams@events.example"], 1);
    teams(&mut org, &[",1,Ada,Adams,Lab", "Key people;Others,2,Bob,Brown,Lab"]);
    org.sync();
    assert!(org.can_use("crm", "Bob Brown"));
    // A group took it, not an admin: the week of grace.
    assert!(org.can_use("crm", "Ada Adams"));
    let why = org.run(&["why", "ada.adams@events.example", "--group", "Key people"], 0);
    assert!(why.contains("the group comes from hr, where no record that speaks"), "{why}");
    org.at("2027-03-09T07:00:00Z").sync();
    assert!(!org.can_use("crm", "Ada Adams") && org.can_use("crm", "Bob Brown"));
}

#[test]
fn access_by_an_imported_group_ends_with_the_last_reason() {
    let mut org = with_teams();
    teams(&mut org, &["Key people,1,Ada,Adams,Sales", ",2,Bob,Brown,Lab"]);
    teams(&mut org, &[",1,Ada,Adams,Sales", ",2,Bob,Brown,Lab"]);
    org.at("2027-03-20T07:00:00Z").sync();
    assert!(org.can_use("crm", "Ada Adams"), "she is in Sales");
    teams(&mut org, &[",1,Ada,Adams,Lab", ",2,Bob,Brown,Lab"]);
    org.at("2027-04-20T07:00:00Z").sync();
    assert!(!org.can_use("crm", "Ada Adams"));
}

#[test]
fn an_import_that_moved_people_between_groups_is_undone_as_a_whole() {
    let mut org = with_teams();
    let plan = teams(&mut org, &["Typo,1,Ada,Adams,Lab", "Key people,2,Bob,Brown,Lab"])["id"].clone();
    org.sync();
    assert!(org.can_use("crm", "Bob Brown"));
    let id = plan.as_str().map_or_else(|| plan.to_string(), str::to_owned);
    org.run(&["undo", &id], 0);
    org.sync();
    assert!(org.user("Ada Adams")["groups"].to_string().contains("\"Key people\""));
    assert!(!org.user("Bob Brown")["groups"].to_string().contains("\"Key people\""));
    assert!(!org.json(&["groups"]).to_string().contains("\"Typo\""), "the group it brought goes");
    org.at("2027-03-20T07:00:00Z").sync();
    assert!(org.can_use("crm", "Ada Adams") && !org.can_use("crm", "Bob Brown"));
}

#[test]
fn a_record_is_in_its_groups_while_it_speaks_and_a_delta_moves_it_alone() {
    let mut org = with_teams();
    let is_in = |org: &Org, name: &str| org.user(name)["groups"].to_string().contains("\"Key people\"");
    // Cy begins next week, Ada's record ends then.
    let (ada, cy) = ("Key people,1,Ada,Adams,Lab,,,,,2027-03-07", "Key people,3,Cy,Coe,Lab,,,,2027-03-08");
    teams(&mut org, &[ada, ",2,Bob,Brown,Lab", cy]);
    assert!(is_in(&org, "Ada Adams") && is_in(&org, "Cy Coe") && org.status("Cy Coe") == "STAGED");
    org.at("2027-03-08T07:00:00Z").sync();
    assert!(!is_in(&org, "Ada Adams"), "her record has ended");
    assert!(is_in(&org, "Cy Coe") && org.can_use("crm", "Cy Coe"));
    org.delta("hr", "number,state,teams\n2,,Key people\n");
    org.sync();
    assert!(is_in(&org, "Bob Brown") && is_in(&org, "Cy Coe"));
    org.delta("hr", "number,state,title\n2,,Clerk\n");
    assert!(is_in(&org, "Bob Brown"), "a delta without the column says nothing of groups");
    org.delta("hr", "number,state,teams\n2,left,Key people\n");
    assert!(!is_in(&org, "Bob Brown"));
}
