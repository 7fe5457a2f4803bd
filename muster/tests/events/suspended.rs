//! Suspended and unsuspended.

use crate::support::{BY_HAND, Org};

#[test]
fn who_is_suspended_keeps_everything_but_what_apps_disable_and_has_it_all_again() {
    for from in BY_HAND {
        let mut org = Org::new();
        org.hr(&["1,Ada,Adams,Sales"]);
        org.run(&["group", "add", "By hand", "ada.adams@events.example"], 0);
        org.sync();
        let before = ["mail", "crm", "lab"].map(|app| org.account(app, "Ada Adams").unwrap());
        org.lifecycle(from, "suspend", "Ada Adams");
        org.sync();
        assert_eq!(org.status("Ada Adams"), "SUSPENDED");
        assert!(org.can_use("mail", "Ada Adams") && org.can_use("crm", "Ada Adams"));
        assert!(!org.can_use("lab", "Ada Adams"));
        org.lifecycle(from, "unsuspend", "Ada Adams");
        org.sync();
        assert_eq!(["mail", "crm", "lab"].map(|app| org.account(app, "Ada Adams").unwrap()), before);
    }
}

#[test]
fn a_source_whose_end_means_a_leave_suspends_and_brings_back() {
    let mut org = Org::new();
    org.change("starts = \"begins\"", "starts = \"begins\"\non_leave = \"suspend\"");
    org.hr(&["1,Ada,Adams,Sales,,,,,2027-03-31"]);
    org.at("2027-04-01T07:00:00Z").sync();
    assert_eq!(org.status("Ada Adams"), "SUSPENDED");
    assert!(org.can_use("crm", "Ada Adams"));
    org.hr(&["1,Ada,Adams,Sales"]);
    org.sync();
    assert_eq!(org.status("Ada Adams"), "ACTIVE");
}
