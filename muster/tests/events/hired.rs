//! Hired: now, later, twice; namesakes; keys used again.

use crate::support::{BY_HAND, From, Org, login};

#[test]
fn somebody_hired_in_hr_has_her_accounts_and_only_those_that_follow() {
    let mut org = Org::new();
    org.hr(&["1,Ada,Adams,Sales", "2,Bea,Brown,Lab"]);
    org.sync();
    assert_eq!(org.status("Ada Adams"), "ACTIVE");
    assert!(org.can_use("mail", "Ada Adams") && org.can_use("mail", "Bea Brown"));
    assert!(org.can_use("crm", "Ada Adams") && !org.can_use("crm", "Bea Brown"));
    assert_eq!(org.account("crm", "Ada Adams").unwrap().all["nickName"], "seller");
}

#[test]
fn somebody_hired_by_hand_has_her_accounts() {
    for from in BY_HAND {
        let org = Org::new();
        let profile = [
            ("login", login("Ada Adams")),
            ("email", login("Ada Adams")),
            ("firstName", "Ada".to_owned()),
            ("lastName", "Adams".to_owned()),
            ("department", "Sales".to_owned()),
            ("employeeNumber", "1".to_owned()),
        ];
        match from {
            From::CommandLine => {
                let mut args = vec!["user".to_owned(), "create".to_owned(), login("Ada Adams")];
                for (name, value) in &profile[1..] {
                    args.extend(["--attr".to_owned(), format!("{name}={value}")]);
                }
                org.run(&args.iter().map(String::as_str).collect::<Vec<_>>(), 0);
            }
            From::Http => {
                let profile: serde_json::Map<_, _> =
                    profile.iter().map(|(n, v)| ((*n).to_owned(), v.as_str().into())).collect();
                let body = serde_json::json!({ "profile": profile, "credentials": { "provider": { "type": "OKTA" } } });
                let (status, answer) = org.http("POST", "/api/v1/users?activate=true", Some(body));
                assert_eq!(status, 200, "{answer}");
            }
        }
        org.sync();
        assert!(org.can_use("mail", "Ada Adams") && org.can_use("crm", "Ada Adams"), "{from:?}");
    }
}

#[test]
fn somebody_hired_for_later_waits_staged_has_mail_three_days_before_and_the_rest_on_her_first_morning() {
    let mut org = Org::new();
    // Tokyo's first of April begins at three in the afternoon of the day before.
    org.hr(&["1,Ada,Adams,Sales,,JP,,2027-04-01,,Asia/Tokyo"]);
    org.sync();
    assert_eq!(org.status("Ada Adams"), "STAGED");
    assert_eq!(org.account("mail", "Ada Adams"), None);
    org.at("2027-03-28T12:00:00Z").sync();
    assert_eq!(org.account("mail", "Ada Adams"), None);
    org.at("2027-03-29T12:00:00Z").sync();
    assert!(org.can_use("mail", "Ada Adams") && org.account("crm", "Ada Adams").is_none());
    assert_eq!(org.status("Ada Adams"), "STAGED");
    org.at("2027-03-31T14:59:59Z").sync();
    assert_eq!(org.status("Ada Adams"), "STAGED");
    org.at("2027-03-31T15:00:00Z").sync();
    assert_eq!(org.status("Ada Adams"), "ACTIVE");
    assert!(org.can_use("mail", "Ada Adams") && org.can_use("crm", "Ada Adams"));
}

#[test]
fn a_start_that_is_put_off_or_called_off_takes_nothing_with_it() {
    let mut org = Org::new();
    org.hr(&["1,Ada,Adams,Sales,,,,2027-03-03", "2,Bea,Brown,Sales,,,,2027-03-03"]);
    org.sync();
    assert!(org.can_use("mail", "Ada Adams"));
    org.at("2027-03-02T07:00:00Z").hr(&["1,Ada,Adams,Sales,,,,2027-05-01"]);
    org.sync();
    assert_eq!((org.status("Ada Adams"), org.status("Bea Brown")), ("STAGED".into(), "DEPROVISIONED".into()));
    assert!(!org.can_use("mail", "Ada Adams") && !org.can_use("mail", "Bea Brown"));
    org.at("2027-03-03T07:00:00Z").sync();
    assert_eq!(org.status("Bea Brown"), "DEPROVISIONED");
    org.at("2027-05-01T07:00:00Z").sync();
    assert_eq!(org.status("Ada Adams"), "ACTIVE");
    assert!(org.can_use("mail", "Ada Adams"));
}

#[test]
fn somebody_whom_two_feeds_name_is_one_person_with_one_account() {
    let mut org = Org::new();
    org.agency(&["b7,1,Ada,Adams,Sales"]);
    org.hr(&["1,Ada,Adams,Sales,Lead"]);
    org.sync();
    assert_eq!(org.json(&["users"]).as_array().unwrap().len(), 1);
    assert_eq!(org.user("Ada Adams")["profile"]["title"], "Lead");
    assert_eq!(org.app("mail").users().len(), 1);
}

#[test]
fn a_namesake_has_a_login_and_accounts_of_her_own() {
    let mut org = Org::new();
    org.hr(&["1,Ada,Adams,Sales"]);
    org.sync();
    org.hr(&["1,Ada,Adams,Sales", "2,Ada,Adams,Sales"]);
    org.sync();
    assert!(org.can_use("crm", "Ada Adams") && org.can_use("crm", "Ada Adams2"));
    assert_eq!(org.app("crm").users().len(), 2);
}

#[test]
fn an_employee_number_used_again_for_somebody_new_under_another_key_is_told_and_changes_nobody() {
    let mut org = Org::new();
    org.agency(&["b1,7,Ada,Adams,Sales", "b2,7,Cem,Clark,Lab"]);
    let plan = org.json(&["plans"])[0].clone();
    assert_eq!(plan["notes"]["rejected"][0]["key"], "b2", "{plan}");
    assert_eq!(org.json(&["users"]).as_array().unwrap().len(), 1);
}

#[test]
fn somebody_whose_last_day_is_over_when_she_is_first_named_is_never_created() {
    let mut org = Org::new();
    let done =
        org.hr(&["1,Ada,Adams,Sales,,,,2020-01-01,2027-02-28", "2,Bea,Brown,Sales,,,,2020-01-01,2027-03-01"]);
    assert_eq!(done["counts"]["created"], 1, "{done}");
    assert_eq!(done["counts"]["feed"]["left_before"], 1, "{done}");
    assert_eq!(org.json(&["users"]).as_array().unwrap().len(), 1);
}

#[test]
fn a_hiring_is_taken_back_in_the_applications_too() {
    let mut org = Org::new();
    let done = org.hr(&["1,Ada,Adams,Sales"]);
    org.sync();
    org.run(&["undo", &done["id"].to_string()], 0);
    org.sync();
    assert_eq!(org.status("Ada Adams"), "DEPROVISIONED");
    assert!(!org.can_use("mail", "Ada Adams") && !org.can_use("crm", "Ada Adams"));
}
