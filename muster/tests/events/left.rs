//! Left: here, in HR, in another source, by date, by vanishing; now, later, under a hold.

use crate::support::{BY_HAND, Org};

fn in_line(org: &Org, name: &str) {
    assert_eq!(org.status(name), "DEPROVISIONED");
    for app in ["mail", "crm", "lab"] {
        assert!(!org.can_use(app, name), "{name} can use {app}");
    }
}

#[test]
fn whom_an_admin_deactivates_can_use_nothing_at_once_grace_or_not() {
    for from in BY_HAND {
        let mut org = Org::new();
        org.hr(&["1,Ada,Adams,Sales", "2,Bea,Brown,Lab"]);
        org.sync();
        org.lifecycle(from, "deactivate", "Ada Adams");
        org.sync();
        in_line(&org, "Ada Adams");
        // HR goes on saying that she is there: that is no new word.
        org.hr(&["1,Ada,Adams,Sales,Lead", "2,Bea,Brown,Lab"]);
        org.sync();
        in_line(&org, "Ada Adams");
    }
}

#[test]
fn whom_hr_lets_go_keeps_her_mail_for_two_days_and_nothing_else() {
    for leaves in ["1,Ada,Adams,Sales,,,,,,,,left", ""] {
        let mut org = Org::new();
        org.hr(&["1,Ada,Adams,Sales", "2,Bea,Brown,Lab"]);
        org.sync();
        let rows: Vec<&str> = ["2,Bea,Brown,Lab", leaves].into_iter().filter(|r| !r.is_empty()).collect();
        org.hr(&rows);
        org.sync();
        assert_eq!(org.status("Ada Adams"), "DEPROVISIONED");
        assert!(org.can_use("mail", "Ada Adams") && !org.can_use("crm", "Ada Adams"), "{leaves:?}");
        org.at("2027-03-03T22:59:59Z").sync();
        assert!(org.can_use("mail", "Ada Adams"));
        org.at("2027-03-03T23:00:00Z").sync();
        in_line(&org, "Ada Adams");
    }
}

#[test]
fn an_admins_word_ends_what_a_leaver_was_left() {
    let mut org = Org::new();
    org.hr(&["1,Ada,Adams,Sales", "2,Bea,Brown,Lab"]);
    org.hr(&["2,Bea,Brown,Lab"]);
    org.sync();
    assert!(org.can_use("mail", "Ada Adams"));
    let (status, body) = org.http("POST", "/api/v1/users/ada.adams@events.example/lifecycle/activate", None);
    assert_eq!(status, 200, "{body}");
    org.lifecycle(crate::support::From::CommandLine, "deactivate", "Ada Adams");
    org.sync();
    in_line(&org, "Ada Adams");
}

#[test]
fn a_last_day_is_over_when_it_is_over_where_she_lives() {
    let mut org = Org::new();
    org.hr(&["1,Ada,Adams,Sales,,,,,2027-03-31,America/New_York"]);
    org.at("2027-04-01T03:59:59Z").sync();
    assert_eq!(org.status("Ada Adams"), "ACTIVE");
    org.at("2027-04-01T04:00:00Z").sync();
    assert_eq!(org.status("Ada Adams"), "DEPROVISIONED");
    assert!(!org.can_use("crm", "Ada Adams"));
}

#[test]
fn a_last_day_that_is_put_off_even_after_it_has_passed_brings_her_back_as_she_was() {
    let mut org = Org::new();
    org.hr(&["1,Ada,Adams,Sales,,,,,2027-03-31"]);
    org.run(&["group", "add", "By hand", "ada.adams@events.example"], 0);
    org.sync();
    let before = ["mail", "crm"].map(|app| org.account(app, "Ada Adams").unwrap());
    org.at("2027-04-01T07:00:00Z").sync();
    assert_eq!(org.status("Ada Adams"), "DEPROVISIONED");
    org.at("2027-04-02T07:00:00Z").hr(&["1,Ada,Adams,Sales,,,,,2027-12-31"]);
    org.sync();
    assert_eq!(org.status("Ada Adams"), "ACTIVE");
    assert_eq!(["mail", "crm"].map(|app| org.account(app, "Ada Adams").unwrap()), before);
}

#[test]
fn who_loses_her_last_source_leaves_and_not_before() {
    let mut org = Org::new();
    org.hr(&["1,Ada,Adams,Sales", "2,Bea,Brown,Lab"]);
    org.agency(&["b7,1,Ada,Adams,Sales", "b8,8,Dan,Dale,Lab"]);
    org.hr(&["2,Bea,Brown,Lab"]);
    org.sync();
    assert_eq!(org.status("Ada Adams"), "ACTIVE");
    assert!(org.can_use("crm", "Ada Adams"));
    org.agency(&["b8,8,Dan,Dale,Lab"]);
    org.sync();
    assert_eq!(org.status("Ada Adams"), "DEPROVISIONED");
    assert!(!org.can_use("crm", "Ada Adams"));
}

#[test]
fn a_source_may_let_people_go_when_the_day_is_over() {
    let mut org = Org::new();
    org.change("starts = \"begins\"", "starts = \"begins\"\nleave = \"day_end\"");
    org.hr(&["1,Ada,Adams,Sales", "2,Bea,Brown,Lab"]);
    org.hr(&["2,Bea,Brown,Lab"]);
    org.sync();
    assert_eq!(org.status("Ada Adams"), "ACTIVE");
    org.at("2027-03-01T23:00:00Z").sync();
    assert_eq!(org.status("Ada Adams"), "DEPROVISIONED");
    assert!(!org.can_use("crm", "Ada Adams"));
}

#[test]
fn an_account_is_deleted_thirty_days_after_but_never_under_a_legal_hold() {
    let mut org = Org::new();
    org.hr(&["1,Ada,Adams,Sales", "2,Bea,Brown,Sales", "3,Cem,Clark,Lab"]);
    org.run(&["group", "add", "By hand", "ada.adams@events.example"], 0);
    org.run(&["group", "add", "By hand", "bea.brown@events.example"], 0);
    org.run(&["user", "update", "bea.brown@events.example", "--attr", "legalHold=true"], 0);
    org.sync();
    org.hr(&["3,Cem,Clark,Lab"]);
    org.sync();
    // The lab deletes at once, customers after thirty days; who is under a hold is only made unusable.
    assert_eq!(org.account("lab", "Ada Adams"), None);
    assert!(!org.account("lab", "Bea Brown").unwrap().active);
    org.at("2027-04-02T07:00:00Z").sync();
    assert_eq!(org.account("crm", "Ada Adams"), None);
    assert!(!org.account("crm", "Bea Brown").unwrap().active);
    // The hold goes, and with it what it kept.
    org.run(&["user", "update", "bea.brown@events.example", "--attr", "legalHold=false"], 0);
    org.sync();
    assert_eq!((org.account("crm", "Bea Brown"), org.account("lab", "Bea Brown")), (None, None));
}

#[test]
fn a_leavers_boss_is_told_once_with_what_stays_open_and_the_admins_where_there_is_none() {
    let mut org = Org::new();
    org.change("legal_hold =", "tell_leaver = \"manager\"\nlegal_hold =");
    org.hr(&["1,Ada,Adams,Sales,,,9", "2,Bea,Brown,Lab,,,9", "3,Cem,Clark,Lab", "9,Ida,Igel,Lab"]);
    org.hr(&["2,Bea,Brown,Lab,,,9", "9,Ida,Igel,Lab"]);
    org.sync();
    let mails = org.mails();
    assert_eq!(mails.len(), 2, "{mails:?}");
    let to = |who: &str| mails.iter().find(|m| m.contains(&format!("To: {who}"))).unwrap();
    let boss = to("ida.igel@events.example");
    assert!(boss.contains("Subject: Ada Adams (ada.adams@events.example) has left"), "{boss}");
    assert!(boss.contains("mail stays open until 2027-03-03 23:00 UTC."), "{boss}");
    assert!(to("it@events.example").contains("Cem Clark"));
    // She is told of hers when they leave by hand, and nobody of what was only shown.
    org.run(&["user", "deactivate", "bea.brown@events.example", "--preview"], 0);
    org.lifecycle(BY_HAND[0], "deactivate", "Bea Brown");
    let mails = org.mails();
    assert_eq!(mails.len(), 3, "{mails:?}");
    assert!(mails[2].contains("deactivated by an admin"), "{}", mails[2]);
}

#[test]
fn a_hold_that_a_source_tells_of_outlives_the_sources_word() {
    let mut org = Org::new();
    org.change("timezone = 'appuser.zone'", "timezone = 'appuser.zone'\nlegalHold = 'appuser.hold'");
    org.hr(&["1,Ada,Adams,Sales,,,,,,,true", "2,Bea,Brown,Lab"]);
    org.agency(&["b7,1,Ada,Adams,Sales", "b8,8,Dan,Dale,Lab"]);
    org.sync();
    // First the source that tells of the hold lets her go, then the last one.
    org.hr(&["2,Bea,Brown,Lab"]);
    org.at("2027-03-02T07:00:00Z").agency(&["b8,8,Dan,Dale,Lab"]);
    org.at("2027-06-01T07:00:00Z").sync();
    assert!(!org.account("crm", "Ada Adams").unwrap().active);
}

#[test]
fn dates_that_let_people_go_are_taken_back_and_come_again_a_week_later() {
    let mut org = Org::new();
    org.hr(&["1,Ada,Adams,Sales,,,,,2027-03-31", "2,Bea,Brown,Sales"]);
    org.sync();
    org.at("2027-04-10T07:00:00Z").sync();
    assert_eq!(org.status("Ada Adams"), "DEPROVISIONED");
    let due = org.json(&["plans"])[0].clone();
    assert_eq!(due["trigger"]["kind"], "due");
    org.run(&["undo", &due["id"].to_string()], 0);
    org.at("2027-04-11T07:00:00Z").sync();
    assert_eq!(org.status("Ada Adams"), "ACTIVE");
    assert!(org.can_use("crm", "Ada Adams") && org.can_use("mail", "Ada Adams"));
    let why = org.run(&["why", "ada.adams@events.example"], 0);
    assert!(why.contains("are put off until 2027-04-17"), "{why}");
    org.at("2027-04-17T07:00:00Z").sync();
    assert_eq!(org.status("Ada Adams"), "DEPROVISIONED");
    assert!(!org.can_use("crm", "Ada Adams"));
}

#[test]
fn dates_put_off_are_settled_by_a_new_date() {
    let mut org = Org::new();
    org.hr(&["1,Ada,Adams,Sales,,,,,2027-03-31"]);
    org.at("2027-04-10T07:00:00Z").sync();
    let due = org.json(&["plans"])[0]["id"].to_string();
    org.run(&["undo", &due], 0);
    org.hr(&["1,Ada,Adams,Sales,,,,,2027-04-12"]);
    org.at("2027-04-12T20:00:00Z").sync();
    assert_eq!(org.status("Ada Adams"), "ACTIVE");
    org.at("2027-04-12T22:00:00Z").sync();
    assert_eq!(org.status("Ada Adams"), "DEPROVISIONED");
}

#[test]
fn a_held_plan_of_dates_that_is_discarded_isnt_asked_again_the_next_minute() {
    let mut org = Org::new();
    org.change("admins =", "guard = { percent = 50, minimum = 2 }\nadmins =");
    org.hr(&["1,Ada,Adams,Sales,,,,,2027-03-31", "2,Bea,Brown,Sales,,,,,2027-03-31", "3,Cem,Clark,Lab"]);
    org.at("2027-04-01T07:00:00Z").run(&["sync"], 0);
    let held = org.json(&["plans"])[0].clone();
    assert_eq!((&held["status"], &held["trigger"]["kind"]), (&"HELD".into(), &"due".into()));
    assert_eq!(org.status("Ada Adams"), "ACTIVE");
    org.run(&["discard", &held["id"].to_string()], 0);
    org.at("2027-04-02T07:00:00Z").sync();
    let newest = org.json(&["plans"])[0].clone();
    assert_ne!(newest["status"], "HELD", "{newest}");
    assert!(org.can_use("crm", "Ada Adams"));
    org.at("2027-04-08T07:00:00Z").sync();
    assert_eq!(org.json(&["plans"])[0]["status"], "HELD");
}

#[test]
fn a_bad_feed_that_let_everybody_go_is_taken_back_in_the_applications() {
    let mut org = Org::new();
    org.hr(&["1,Ada,Adams,Sales", "2,Bea,Brown,Sales", "3,Cem,Clark,Lab"]);
    org.sync();
    let before = ["mail", "crm"].map(|app| org.app(app).users());
    let bad = org.hr(&["3,Cem,Clark,Lab"]);
    org.at("2027-03-10T07:00:00Z").sync();
    in_line(&org, "Ada Adams");
    org.run(&["undo", &bad["id"].to_string()], 0);
    org.sync();
    let told = |users: Vec<serde_json::Value>| {
        let mut all: Vec<String> =
            users.iter().map(|u| format!("{} {} {}", u["id"], u["userName"], u["active"])).collect();
        all.sort();
        all
    };
    assert_eq!(["mail", "crm"].map(|app| told(org.app(app).users())), before.map(told));
}
