//! Came back: the same person, the same accounts, rights derived afresh.

use crate::support::Org;

#[test]
fn who_comes_back_is_the_same_person_with_the_same_accounts_and_the_rights_of_her_new_job() {
    let mut org = Org::new();
    org.hr(&["1,Ada,Adams,Sales", "2,Bea,Brown,Lab"]);
    org.sync();
    let (id, mail) = (org.user("Ada Adams")["id"].clone(), org.account("mail", "Ada Adams").unwrap());
    org.hr(&["2,Bea,Brown,Lab"]);
    org.at("2027-03-20T07:00:00Z").sync();
    assert!(!org.can_use("mail", "Ada Adams"));
    org.at("2027-03-25T07:00:00Z").hr(&["1,Ada,Adams,Lab", "2,Bea,Brown,Lab"]);
    org.sync();
    assert_eq!(org.user("Ada Adams")["id"], id);
    assert_eq!(org.account("mail", "Ada Adams").unwrap(), mail);
    assert!(!org.can_use("crm", "Ada Adams"), "she isn't in sales any more");
}

#[test]
fn who_comes_back_under_another_key_after_her_last_day_is_the_same_person() {
    let mut org = Org::new();
    org.change(
        "number = { required = true }\nfirst",
        "number = { required = true }\nperson = \"string\"\nfirst",
    );
    org.change("employeeNumber = 'appuser.number'\ntimezone", "employeeNumber = 'appuser.person'\ntimezone");
    let header = "number,person,first,last,department,title,country,boss,begins,ends,zone,hold,state\n";
    org.import("hr", header, &["j1,1,Ada,Adams,Sales,,,,2027-01-01,2027-03-31"]);
    org.sync();
    let mail = org.account("mail", "Ada Adams").unwrap();
    org.at("2027-05-01T07:00:00Z").sync();
    assert_eq!(org.status("Ada Adams"), "DEPROVISIONED");
    // HR keeps the row of the job that has ended.
    let both = ["j1,1,Ada,Adams,Sales,,,,2027-01-01,2027-03-31", "j9,1,Ada,Adams,Lab,,,,2027-05-01"];
    org.import("hr", header, &both);
    org.sync();
    assert_eq!(org.json(&["users"]).as_array().unwrap().len(), 1);
    assert_eq!(org.account("mail", "Ada Adams").unwrap(), mail);
}

#[test]
fn direct_assignments_come_back_only_where_the_app_says_so_or_she_was_hardly_away() {
    for (setting, days, again) in [("", 20, false), ("keep_assignments = true\n", 20, true), ("", 1, true)] {
        let mut org = Org::new();
        org.change("on_unassign = \"delete\"\n", setting);
        org.hr(&["1,Ada,Adams,Lab", "2,Bea,Brown,Lab"]);
        org.run(&["assign", "ada.adams@events.example", "--app", "lab"], 0);
        org.sync();
        assert!(org.can_use("lab", "Ada Adams"));
        org.hr(&["2,Bea,Brown,Lab"]);
        org.sync();
        assert!(!org.can_use("lab", "Ada Adams"));
        org.at(&format!("2027-03-{:02}T07:00:00Z", 1 + days)).hr(&["1,Ada,Adams,Lab", "2,Bea,Brown,Lab"]);
        org.sync();
        assert_eq!(org.status("Ada Adams"), "ACTIVE");
        assert_eq!(org.can_use("lab", "Ada Adams"), again, "{setting:?} after {days} days");
    }
}

#[test]
fn an_admin_brings_somebody_back_and_takes_it_back() {
    let mut org = Org::new();
    org.hr(&["1,Ada,Adams,Sales", "2,Bea,Brown,Lab"]);
    org.sync();
    let before = org.account("crm", "Ada Adams").unwrap();
    org.hr(&["2,Bea,Brown,Lab"]);
    org.at("2027-03-10T07:00:00Z").sync();
    let done = org.json(&["user", "activate", "ada.adams@events.example"]);
    org.sync();
    assert_eq!(org.account("crm", "Ada Adams").unwrap(), before);
    org.run(&["undo", &done["id"].to_string()], 0);
    org.sync();
    assert_eq!(org.status("Ada Adams"), "DEPROVISIONED");
    assert!(!org.can_use("crm", "Ada Adams") && !org.can_use("mail", "Ada Adams"));
}
