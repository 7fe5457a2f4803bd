//! Wrong usage and bad input: a clear error that names the place and the next step, and nothing lost.

use crate::support::{FEED, ORG, Place};

#[test]
fn wrong_usage_ends_with_2() {
    let place = Place::with_people();
    for args in [
        &["frobnicate"][..],
        &["import"],
        &["users", "--status", "SLEEPY"],
        &["plan", "seven"],
        &["user", "create", "x@small.example", "--attr", "firstName"],
        &["assign", "ada.adams@small.example", "--app", "keys", "--until", "soon"],
        &["sync", "--timeout", "long"],
    ] {
        place.run(args).ended(2);
    }
    let ran: crate::support::Ran = std::process::Command::new(env!("CARGO_BIN_EXE_muster"))
        .args(["status", "--database-url", "postgres://localhost/muster"])
        .env_remove("MUSTER_DATA_DIR")
        .output()
        .unwrap()
        .into();
    ran.ended(2).complains(&["only the embedded store", "--data-dir"]);
}

#[test]
fn what_isnt_there_is_told_with_what_is_near() {
    let place = Place::with_people();
    place.run(&["import", "--app", "hrr", "feed.csv"]).ended(1).complains(&["hrr", "hr", "muster apps"]);
    place.run(&["import", "--app", "hr", "none.csv"]).ended(1).complains(&["none.csv"]);
    place.run(&["import", "--app", "hr"]).ended(1).complains(&["[apps.hr.feed]", "path"]);
    place.run(&["import", "--app", "keys", "feed.csv"]).ended(1).complains(&["[apps.keys.feed]"]);
    place.run(&["org", "apply", "none.toml"]).ended(1).complains(&["none.toml"]);
    place.run(&["sync", "--app", "kees"]).ended(1).complains(&["did you mean", "keys"]);
    place.run(&["group", "add", "Sale", "ada.adams@small.example"]).ended(1).complains(&["Sales"]);
    place.run(&["why", "ada.adam"]).ended(1).complains(&["ada.adams"]);
    place.run(&["undo", "999"]).ended(1).complains(&["999", "muster plans"]);
    place.run(&["plan", "999"]).ended(1);
    place.run(&["assign", "Nobody", "--app", "keys"]).ended(1).complains(&["no user", "no group"]);
    place
        .run(&["user", "update", "ada.adams@small.example", "--attr", "departmnt=X"])
        .ended(1)
        .complains(&["department"]);
    place
        .run(&["user", "update", "ada.adams@small.example", "--attr", "level=13"])
        .ended(1)
        .complains(&["level", "12"]);
    place
        .run(&["user", "update", "ada.adams@small.example", "--attr", "department=X"])
        .ended(1)
        .complains(&["hr"]);
    let empty = Place::new();
    empty.run(&["status"]).ended(1).complains(&["muster org apply"]);
    assert!(!empty.path().join("data").exists(), "looking has made a store");
    let json = empty.run(&["status", "--json"]).ended(1).json();
    assert!(json["error"].as_str().unwrap().contains("muster org apply"));
}

#[test]
fn an_org_file_with_mistakes_changes_nothing() {
    let place = Place::new();
    place.write(
        "org.toml",
        &ORG.replace("terminated =", "terminatd =").replace("user.department ==", "user.departmnt =="),
    );
    let ran = place.run(&["org", "apply", "org.toml"]).ended(1);
    ran.complains(&["org.toml:", "terminatd", "did you mean \"terminated\""]);
    assert!(!place.path().join("data").exists(), "a file with mistakes has made a store");
    place.write("org.toml", &ORG.replace("user.department ==", "user.departmnt =="));
    place.run(&["org", "apply", "org.toml"]).ended(1).complains(&["org.toml:", "departmnt", "department"]);
    let place = Place::with_people();
    let before = place.standing();
    place.write("org.toml", "[org\nname = 1");
    place.run(&["org", "apply", "org.toml"]).ended(1).complains(&["org.toml:1"]);
    assert_eq!(place.standing(), before);
}

#[test]
fn a_feed_with_mistakes_loses_nothing() {
    let place = Place::with_people();
    let before = place.standing();
    let refused = [
        (FEED.replace("department", "departement"), "departement"),
        (FEED.replace("number,first", "nummer,first"), "nummer"),
        (format!("{FEED}6,\"Fay,Fox,Sales,\n"), "quot"),
        (String::new(), ""),
    ];
    for (text, word) in refused {
        place.write("bad.csv", &text);
        let ran = place.run(&["import", "--app", "hr", "bad.csv"]);
        assert!(ran.status == 1 || ran.status == 3, "{}: {}", ran.status, ran.err);
        ran.complains(&["error:", word]);
        assert_eq!(place.standing(), before, "{text}");
    }
    // Rows that can't be used are left out and told, and never taken for somebody who is gone.
    place.write("rows.csv", &FEED.replace("1,Ada,Adams", "1,,Adams").replace("4,Dan", "3,Dan"));
    let ran = place.run(&["import", "--app", "hr", "rows.csv", "--json"]).ended(0).json();
    let rejected = ran["notes"]["rejected"].as_array().unwrap();
    assert!(
        rejected.iter().any(|r| r["line"] == 2 && r["reason"].as_str().unwrap().contains("first")),
        "{rejected:?}"
    );
    assert!(rejected.iter().any(|r| r["key"] == "3"), "{rejected:?}");
    assert_eq!(place.json(&["users", "--login", "ada.adams@small.example"])["status"], "ACTIVE");
    assert_eq!(place.json(&["users", "--login", "cem.clark@small.example"])["status"], "ACTIVE");
}

#[test]
fn a_false_clock_is_refused_on_a_real_store() {
    let place = Place::with_people();
    let ran = place.command(&["status"]).env("MUSTER_CLOCK", "1992-01-01T00:00:00Z").output().unwrap();
    crate::support::Ran::from(ran).ended(1).complains(&["MUSTER_CLOCK", "machine's clock"]);
    let place = Place::new();
    place.write("org.toml", ORG);
    let clock = |args: &[&str], clock: &str| -> crate::support::Ran {
        place.command(args).env("MUSTER_CLOCK", clock).output().unwrap().into()
    };
    clock(&["org", "apply", "org.toml"], "yesterday").ended(1).complains(&["MUSTER_CLOCK", "yesterday"]);
    clock(&["org", "apply", "org.toml"], "1992-01-01T00:00:00Z").ended(0);
    assert_eq!(place.json(&["status"])["now"], "1992-01-01T00:00:00.000Z", "the last instant is kept");
    assert_eq!(place.json(&["plans"])[0]["created"], "1992-01-01T00:00:00.000Z");
}

#[test]
fn two_processes_work_on_one_store() {
    let place = Place::with_people();
    place.write("many.csv", &Place::many(400));
    let spawn = |args: &[&str]| {
        let mut command = place.command(args);
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap()
    };
    let importing = spawn(&["import", "--app", "hr", "many.csv"]);
    let names: Vec<String> = (0..6).map(|i| format!("Group {i}")).collect();
    let creating: Vec<_> = names.iter().map(|name| spawn(&["group", "create", name])).collect();
    for child in creating.into_iter().chain([importing]) {
        crate::support::Ran::from(child.wait_with_output().unwrap()).ended(0);
    }
    assert_eq!(place.json(&["users", "--all"]).as_array().unwrap().len(), 404);
    let groups = place.json(&["groups"]);
    let there =
        |name: &String| groups.as_array().unwrap().iter().any(|g| g["profile"]["name"] == name.as_str());
    assert!(names.iter().all(there));
}

#[test]
fn an_application_that_cant_be_reached_loses_nothing() {
    let place = Place::new();
    let token = place.write("token", "secret-of-the-app\n");
    // Nobody listens on a port that was just free.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let crm = format!(
        "\n[apps.crm]\nkind = \"scim\"\ngroups = [\"Sales\"]\n[apps.crm.provisioning]\n[apps.crm.settings]\n\
         base_url = \"http://127.0.0.1:{port}/scim/v2\"\n[apps.crm.secrets]\ntoken = \"file:{}\"\n",
        token.display()
    );
    place.write("org.toml", &format!("{ORG}{crm}"));
    place.write("feed.csv", FEED);
    place.run(&["org", "apply", "org.toml"]).ended(0);
    place.run(&["import", "--app", "hr", "feed.csv"]).ended(0);
    let ran = place.run(&["sync", "--app", "crm", "--timeout", "1"]);
    assert!(ran.out.contains("crm"), "{}", ran.out);
    ran.complains(&["crm", &port.to_string()]);
    let crm = place.json(&["accounts", "--app", "crm"]);
    assert_eq!((crm.as_array().unwrap().len(), &crm[0]["syncState"]), (2, &"OUT_OF_SYNC".into()));
    let export = place.run(&["org", "export"]).ended(0).out;
    assert!(export.contains("file:") && !export.contains("secret-of-the-app"), "{export}");
}
