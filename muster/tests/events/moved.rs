//! Moved: department, title, name, boss, employer; several jobs; what a move takes away can stay for a while.

use crate::support::{Org, login};

#[test]
fn what_a_move_takes_away_stays_for_a_week_with_its_rights_and_then_goes_by_itself() {
    let mut org = Org::new();
    org.hr(&["1,Ada,Adams,Sales"]);
    org.sync();
    let before = org.account("crm", "Ada Adams").unwrap();
    let moved = org.hr(&["1,Ada,Adams,Lab"]);
    let kept = org.json(&["plan", &moved["id"].to_string()]);
    let effects = kept["effects"].as_array().unwrap();
    assert!(
        effects.iter().any(|e| e["effect"] == "app_kept" && e["until"] == "2027-03-08T23:00:00.000Z"),
        "{kept}"
    );
    org.sync();
    assert_eq!(org.account("crm", "Ada Adams").unwrap(), before);
    let why = org.run(&["why", "ada.adams@events.example", "--app", "crm"], 0);
    assert!(why.contains("has lost it and keeps it until"), "{why}");
    org.at("2027-03-08T22:59:59Z").sync();
    assert!(org.can_use("crm", "Ada Adams"));
    org.at("2027-03-08T23:00:00Z").sync();
    let after = org.account("crm", "Ada Adams").unwrap();
    assert_eq!((after.active, &after.id), (false, &before.id));
    // Thirty days later it is deleted.
    org.at("2027-04-07T21:59:59Z").sync();
    assert!(org.account("crm", "Ada Adams").is_some());
    org.at("2027-04-07T22:00:00Z").sync();
    assert_eq!(org.account("crm", "Ada Adams"), None);
    assert_eq!(org.status("Ada Adams"), "ACTIVE");
}

#[test]
fn who_moves_back_within_the_grace_has_everything_as_before() {
    let mut org = Org::new();
    org.hr(&["1,Ada,Adams,Sales"]);
    org.sync();
    let before = org.account("crm", "Ada Adams").unwrap();
    org.hr(&["1,Ada,Adams,Lab"]);
    org.at("2027-03-05T07:00:00Z").hr(&["1,Ada,Adams,Sales"]);
    org.at("2027-06-01T07:00:00Z").sync();
    assert_eq!(org.account("crm", "Ada Adams").unwrap(), before);
}

#[test]
fn who_moves_back_after_it_has_her_account_again_with_its_id() {
    let mut org = Org::new();
    org.hr(&["1,Ada,Adams,Sales"]);
    org.sync();
    let before = org.account("crm", "Ada Adams").unwrap();
    org.hr(&["1,Ada,Adams,Lab"]);
    org.at("2027-03-20T07:00:00Z").sync();
    assert!(!org.can_use("crm", "Ada Adams"));
    org.hr(&["1,Ada,Adams,Sales"]);
    org.sync();
    assert_eq!(org.account("crm", "Ada Adams").unwrap(), before);
    // No deletion is left from before.
    org.at("2027-06-01T07:00:00Z").sync();
    assert!(org.can_use("crm", "Ada Adams"));
}

#[test]
fn a_promotion_changes_rights_at_once() {
    let mut org = Org::new();
    org.hr(&["1,Ada,Adams,Sales"]);
    org.sync();
    org.hr(&["1,Ada,Adams,Sales,Lead"]);
    org.sync();
    let account = org.account("crm", "Ada Adams").unwrap();
    assert_eq!((account.active, &account.all["nickName"]), (true, &"lead".into()));
    assert_eq!(org.account("mail", "Ada Adams").unwrap().all["title"], "Lead");
}

#[test]
fn who_marries_is_renamed_everywhere_and_keeps_her_accounts() {
    let mut org = Org::new();
    org.hr(&["1,Ada,Adams,Sales"]);
    org.sync();
    let ids = ["mail", "crm"].map(|app| org.account(app, "Ada Adams").unwrap().id);
    let done = org.hr(&["1,Ada,Byron,Sales"]);
    org.sync();
    assert_eq!(["mail", "crm"].map(|app| org.account(app, "Ada Byron").unwrap().id), ids);
    assert_eq!(org.account("mail", "Ada Byron").unwrap().all["displayName"], "Ada Byron");
    assert_eq!(org.app("mail").users().len(), 1);
    org.run(&["undo", &done["id"].to_string()], 0);
    org.sync();
    assert_eq!(["mail", "crm"].map(|app| org.account(app, "Ada Adams").unwrap().id), ids);
}

#[test]
fn an_employee_who_goes_on_as_a_contractor_and_comes_back_loses_nothing_in_between() {
    let mut org = Org::new();
    org.hr(&["1,Ada,Adams,Sales"]);
    org.agency(&["b7,1,Ada,Adams,Sales"]);
    org.sync();
    let before = org.account("mail", "Ada Adams").unwrap();
    assert_eq!(before.all["userType"], "employee");
    org.hr(&["1,Ada,Adams,Sales,,,,,,,,left", "2,Bea,Brown,Lab"]);
    org.sync();
    assert_eq!(org.status("Ada Adams"), "ACTIVE");
    let between = org.account("mail", "Ada Adams").unwrap();
    assert_eq!(
        (between.active, &between.id, &between.all["userType"]),
        (true, &before.id, &"contractor".into())
    );
    org.hr(&["1,Ada,Adams,Sales", "2,Bea,Brown,Lab"]);
    org.sync();
    assert_eq!(org.account("mail", "Ada Adams").unwrap(), before);
}

#[test]
fn of_two_jobs_that_end_on_different_days_each_takes_only_its_own() {
    let mut org = Org::with("");
    org.hr(&["1,Ada,Adams,Sales,,,,2027-01-01,2027-03-31"]);
    org.agency(&["b7,1,Ada,Adams,Lab,2027-06-30"]);
    org.sync();
    assert!(org.can_use("crm", "Ada Adams"));
    // The first job ends: she goes on in the lab, sales stay for the week of grace.
    org.at("2027-04-01T07:00:00Z").sync();
    assert_eq!(org.status("Ada Adams"), "ACTIVE");
    assert_eq!(org.user("Ada Adams")["profile"]["department"], "Lab");
    assert!(org.can_use("crm", "Ada Adams"));
    org.at("2027-04-10T07:00:00Z").sync();
    assert!(!org.can_use("crm", "Ada Adams") && org.can_use("mail", "Ada Adams"));
    org.at("2027-07-01T07:00:00Z").sync();
    assert_eq!(org.status("Ada Adams"), "DEPROVISIONED");
}

#[test]
fn several_jobs_in_one_source_are_one_person_who_leaves_with_the_last_of_them() {
    let mut org = Org::new();
    org.change(
        "match_on = [\"employeeNumber\"]\nstarts",
        "match_on = [\"employeeNumber\"]\nseveral = true\nstarts",
    );
    org.change(
        "number = { required = true }\nfirst",
        "number = { required = true }\nperson = \"string\"\nfirst",
    );
    org.change("employeeNumber = 'appuser.number'\ntimezone", "employeeNumber = 'appuser.person'\ntimezone");
    let jobs = |rows: &[&str]| {
        let header = "number,person,first,last,department,title,country,boss,begins,ends,zone,hold,state\n";
        (header.to_owned(), rows.iter().map(|r| (*r).to_owned()).collect::<Vec<_>>())
    };
    let (header, rows) = jobs(&[
        "j1,1,Ada,Adams,Sales,,,,2027-01-01,2027-03-31",
        "j2,1,Ada,Adams,Lab,,,,2027-02-01,2027-06-30",
        "j3,2,Bea,Brown,Lab",
    ]);
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let shown = org.preview("hr", &header, &rows);
    assert_eq!(shown["counts"]["created"], 2, "{shown}");
    let done = org.import("hr", &header, &rows);
    assert_eq!(done["counts"], shown["counts"]);
    org.sync();
    assert_eq!(org.json(&["users"]).as_array().unwrap().len(), 2);
    assert!(org.can_use("crm", "Ada Adams"));
    org.at("2027-04-10T07:00:00Z").sync();
    assert_eq!(org.user("Ada Adams")["profile"]["department"], "Lab");
    assert!(!org.can_use("crm", "Ada Adams") && org.can_use("mail", "Ada Adams"));
    org.at("2027-07-01T07:00:00Z").sync();
    assert_eq!(org.status("Ada Adams"), "DEPROVISIONED");
}

#[test]
fn a_new_country_and_a_new_boss_reach_whoever_depends_on_them() {
    let mut org = Org::with(
        "\n[apps.crm.to_app.locale]\nexpression = 'user.countryCode == \"DE\" ? \"de\" : \"en\"'\n\
         [apps.crm.to_app.\"name.formatted\"]\nexpression = 'user.getLinkedObject(\"manager\").lastName'\n",
    );
    org.hr(&["1,Ada,Adams,Sales,,DE,2", "2,Bea,Brown,Lab", "3,Cem,Clark,Lab"]);
    org.sync();
    let told = |org: &Org| {
        let all = org.account("crm", "Ada Adams").unwrap().all;
        (all["locale"].clone(), all["name"]["formatted"].clone())
    };
    assert_eq!(told(&org), ("de".into(), "Brown".into()));
    org.hr(&["1,Ada,Adams,Sales,,FR,3", "2,Bea,Brown,Lab", "3,Cem,Klein,Lab"]);
    org.sync();
    assert_eq!(told(&org), ("en".into(), "Klein".into()));
}

#[test]
fn a_mentor_by_hand_is_shown_by_her_present_name_whoever_changes_and_undo_takes_her_back() {
    let mut org = Org::with(
        "\n[links.mentor]\nassociated = \"mentee\"\ntitle = \"Mentor\"\n\
         [apps.crm.to_app.\"name.formatted\"]\nexpression = 'user.getLinkedObject(\"mentor\").lastName'\n",
    );
    org.hr(&["1,Ada,Adams,Sales", "2,Bea,Brown,Lab", "3,Cem,Clark,Lab"]);
    let mentor = |org: &Org| {
        org.sync();
        org.account("crm", "Ada Adams").unwrap().all["name"]["formatted"].clone()
    };
    assert!(mentor(&org).is_null());
    let [ada, bea, cem] = ["Ada Adams", "Bea Brown", "Cem Clark"].map(login);
    let link = |org: &Org, other: &str| org.json(&["user", "link", &ada, other, "--as", "mentor"]);
    let shown = org.run(&["user", "link", &ada, &bea, "--as", "mentor", "--preview"], 0);
    assert!(shown.contains("mentor: nobody -> "), "{shown}");
    assert!(mentor(&org).is_null());
    link(&org, &bea);
    assert_eq!(mentor(&org), "Brown");
    // She marries: nobody touches Ada.
    org.hr(&["1,Ada,Adams,Sales", "2,Bea,Byron,Lab", "3,Cem,Clark,Lab"]);
    assert_eq!(mentor(&org), "Byron");
    let other = link(&org, &cem);
    assert_eq!(mentor(&org), "Clark");
    let why = org.run(&["why", &ada], 0);
    assert!(why.contains(&format!("mentor: {cem}")), "{why}");
    org.run(&["undo", &other["id"].to_string()], 0);
    assert_eq!(mentor(&org), "Byron");
    // Who has left is her mentor still.
    org.run(&["user", "deactivate", &login("Bea Byron")], 0);
    assert_eq!(mentor(&org), "Byron");
    org.run(&["user", "unlink", &ada, "--as", "mentor"], 0);
    assert!(mentor(&org).is_null());
}
