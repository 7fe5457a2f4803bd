//! Tools adopted and dropped: assignments to people and groups, with an end; apps deactivated and removed.

use crate::support::Org;

#[test]
fn an_assignment_with_an_end_ends_by_itself() {
    let mut org = Org::new();
    org.hr(&["1,Ada,Adams,Lab"]);
    org.run(&["assign", "ada.adams@events.example", "--app", "crm", "--until", "2027-03-10"], 0);
    org.sync();
    assert!(org.can_use("crm", "Ada Adams"));
    org.at("2027-03-10T23:00:00Z").sync();
    assert!(!org.can_use("crm", "Ada Adams"));
}

#[test]
fn a_group_that_gives_an_app_no_longer_gives_its_members_the_time_to_leave_it() {
    let mut org = Org::new();
    org.hr(&["1,Ada,Adams,Sales"]);
    org.sync();
    org.run(&["unassign", "Sales", "--app", "crm"], 0);
    org.sync();
    assert!(org.can_use("crm", "Ada Adams"));
    org.at("2027-03-08T23:00:00Z").sync();
    assert!(!org.can_use("crm", "Ada Adams"));
    org.run(&["assign", "Sales", "--app", "crm"], 0);
    org.sync();
    assert!(org.can_use("crm", "Ada Adams"));
}

#[test]
fn an_app_whose_licence_ends_is_told_of_before_and_taken_from_everybody_after() {
    let mut org = Org::new();
    org.hr(&["1,Ada,Adams,Sales", "2,Bea,Brown,Lab"]);
    org.change(
        "[apps.crm]\nkind = \"scim\"",
        "[apps.crm]\nkind = \"scim\"\nexpires = 2027-03-31\nwarn_days = 10",
    );
    org.sync();
    assert!(org.can_use("crm", "Ada Adams"));
    assert!(org.json(&["tasks"]).as_array().unwrap().is_empty());
    org.at("2027-03-22T08:00:00Z").sync();
    assert_eq!(org.json(&["tasks"])[0]["title"], "2027-03-31 is the last day of crm");
    assert!(org.mails().last().unwrap().contains("2027-03-31 is the last day of crm"));
    // In Berlin the day is over two hours before it is in London.
    org.at("2027-03-31T21:59:00Z").sync();
    assert!(org.can_use("crm", "Ada Adams"));
    org.at("2027-03-31T22:01:00Z").sync();
    assert!(!org.can_use("crm", "Ada Adams"));
    assert!(org.json(&["tasks"]).as_array().unwrap().is_empty());
    assert!(
        org.run(&["why", "ada.adams@events.example", "--app", "crm"], 0)
            .contains("the last day of crm was 2027-03-31")
    );
    org.change("expires = 2027-03-31\nwarn_days = 10", "expires = 2028-03-31");
    org.sync();
    assert!(org.can_use("crm", "Ada Adams"));
}

#[test]
fn an_app_that_is_deactivated_takes_nobodys_account_and_goes_on_where_it_stood() {
    let mut org = Org::new();
    org.hr(&["1,Ada,Adams,Sales"]);
    org.sync();
    let before = org.account("crm", "Ada Adams").unwrap();
    org.change("[apps.crm]\nkind = \"scim\"", "[apps.crm]\nkind = \"scim\"\nactive = false");
    org.sync();
    org.change("[apps.crm]\nkind = \"scim\"\nactive = false", "[apps.crm]\nkind = \"scim\"");
    org.at("2027-06-01T07:00:00Z").sync();
    assert_eq!(org.account("crm", "Ada Adams").unwrap(), before);
}

#[test]
fn an_app_may_leave_what_becomes_of_accounts_to_a_person_and_is_looked_at_when_she_is_done() {
    let mut org = Org::new();
    org.change("on_unassign = \"delete\"", "on_unassign = \"task\"\nowner = \"lab@events.example\"");
    org.hr(&["1,Ada,Adams,Lab"]);
    org.run(&["assign", "ada.adams@events.example", "--app", "lab"], 0);
    org.sync();
    org.run(&["unassign", "ada.adams@events.example", "--app", "lab"], 0);
    org.sync();
    assert!(org.can_use("lab", "Ada Adams"), "nothing was called");
    let task = org.json(&["tasks"])[0].clone();
    assert_eq!(task["kind"], "deprovision_by_hand", "{task}");
    let id = task["id"].as_str().unwrap().to_owned();
    // She says so before she has done it: the app knows better.
    org.run(&["task", "done", &id], 0);
    org.sync();
    let again = org.json(&["tasks"])[0]["id"].as_str().unwrap().to_owned();
    org.set_active("lab", "Ada Adams", false);
    org.run(&["task", "done", &again], 0);
    org.sync();
    assert!(org.json(&["tasks"]).as_array().unwrap().is_empty());
    // Back again, she has the same account.
    org.run(&["assign", "ada.adams@events.example", "--app", "lab"], 0);
    org.sync();
    assert!(org.can_use("lab", "Ada Adams"));
    assert_eq!(org.app("lab").users().len(), 1);
}

#[test]
fn an_app_switched_from_manual_to_automatic_links_who_is_there_and_doubles_nobody() {
    let mut org = Org::new();
    org.change(
        "[apps.crm]\nkind = \"scim\"\n[apps.crm.provisioning]\n",
        "[apps.crm]\nkind = \"scim\"\n[apps.crm.provisioning]\nenabled = false\n",
    );
    org.hr(&["1,Ada,Adams,Sales", "2,Bea,Brown,Sales"]);
    org.run(&["sync"], 1);
    assert!(org.app("crm").users().is_empty());
    // Somebody has made an account by hand meanwhile.
    let made = org.make_by_hand("crm", "Ada Adams");
    org.change("enabled = false\n", "");
    org.sync();
    assert_eq!(org.account("crm", "Ada Adams").unwrap().id, made);
    assert!(org.can_use("crm", "Bea Brown"));
    assert_eq!(org.app("crm").users().len(), 2);
}
