//! Changed groups: by hand, by rule; access ends with the last reason.

use crate::support::{BY_HAND, From, Org};

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
