use std::sync::Arc;
use std::time::Duration;

use muster_demo_app::{Act, Config, Kind, On, Which};
use muster_engine::outbound::AccountState::{Absent, Active, Inactive};
use muster_service::Muster;
use muster_service::tasks::TaskFilter;
use serde_json::json;

use crate::support::{ByHand, Org, assert_holds, external_id, user_name};

#[test]
fn a_first_fill_creates_exactly_who_is_wanted_and_then_rests() {
    let org = Org::new();
    let (app, demo) = org.scim("crm", Config::default(), &[]);
    org.want(app, 1..=300, Active, "x");
    let report = org.sync();
    let crm = report.app("crm").unwrap();
    assert_eq!((crm.done.created, crm.done.brought_into_line, crm.in_line), (300, 300, 300), "{crm:?}");
    assert_eq!((crm.waiting, crm.failed, crm.by_hand), (0, 0, 0));
    assert_holds(&demo, 1..=300, "x");
    assert_eq!(demo.requests(Kind::Create), 300);
    assert_eq!(demo.requests(Kind::Patch) + demo.requests(Kind::Find), 0);
    let before = demo.all_requests();
    assert_eq!(org.sync().total().done.brought_into_line, 0);
    assert_eq!(demo.all_requests(), before);
    let pushed =
        org.log().iter().filter(|event| event["eventType"] == "application.provision.user.push").count();
    assert_eq!(pushed, 300);
    // One transaction for many: blocks of the log tell how many there were.
    let blocks = org.muster.store().read(|tx| muster_store::log::blocks_after(tx, 0, 1000)).unwrap();
    assert!(blocks.len() < 60, "{}", blocks.len());
}

#[test]
fn who_is_there_already_is_linked() {
    let org = Org::new();
    let (app, demo) = org.scim("crm", Config::default(), &[]);
    org.want(app, 1..=100, Active, "x");
    // The application holds 40 of them under names in capitals, made by hand, and two strangers.
    let client = ByHand::new(&demo);
    for user in 1..=40 {
        client.create(&org, &user_name(user).to_uppercase(), None);
    }
    client.create(&org, "stranger1", None);
    client.create(&org, "stranger2", Some("someone-elses"));
    let created = demo.requests(Kind::Create);
    let report = org.sync();
    let crm = report.app("crm").unwrap();
    assert_eq!((crm.done.created, crm.done.linked, crm.failed), (60, 40, 0), "{crm:?}");
    assert_eq!(demo.requests(Kind::Create) - created, 60);
    let held = demo.users();
    assert_eq!(held.len(), 102);
    for user in 1..=100 {
        let found: Vec<_> = held.iter().filter(|one| one["externalId"] == external_id(user)).collect();
        assert_eq!(found.len(), 1, "{user}");
        assert_eq!(found[0]["userName"], user_name(user));
    }
    let orphans: Vec<_> = org.accounts(app).into_iter().filter(|row| row.user_key.is_none()).collect();
    assert_eq!(orphans.len(), 2);
    let before = demo.all_requests();
    org.sync();
    assert_eq!(demo.all_requests(), before);
    // Somebody who comes later and whom an orphan belongs to takes it over.
    org.want_as(app, [(500, "Stranger1".to_owned())], Active, "x");
    let report = org.sync();
    assert_eq!((report.total().done.linked, report.total().done.created), (1, 0), "{report:?}");
    assert_eq!(org.accounts(app).into_iter().filter(|row| row.user_key.is_none()).count(), 1);
}

#[test]
fn an_account_keeps_its_id_through_leaving_and_coming_back() {
    let org = Org::new();
    let (app, demo) = org.scim("crm", Config::default(), &[]);
    org.want(app, 1..=3, Active, "x");
    org.sync();
    let ids: Vec<_> = demo.users().iter().map(|user| user["id"].clone()).collect();
    org.want(app, [2], Inactive, "x");
    assert_eq!(org.sync().total().done.deactivated, 1);
    let second = || demo.users().into_iter().find(|user| user["externalId"] == external_id(2)).unwrap();
    assert_eq!(second()["active"], json!(false));
    org.want(app, [2], Active, "y");
    let done = org.sync().total().done;
    assert_eq!((done.reactivated, done.updated, done.created), (1, 1, 0));
    assert_eq!((&second()["active"], &second()["title"]), (&json!(true), &json!("y")));
    assert_eq!(demo.users().iter().map(|user| user["id"].clone()).collect::<Vec<_>>(), ids);
    org.want(app, [3], Absent, "x");
    assert_eq!(org.sync().total().done.deleted, 1);
    assert_eq!(demo.users().len(), 2);
    assert!(org.accounts(app).iter().all(|row| row.remote_id.is_some() == (row.user_key != Some(3))));
    let types: Vec<_> =
        org.log().iter().map(|event| event["eventType"].as_str().unwrap().to_owned()).collect();
    for kind in ["deactivate", "reactivate", "delete", "push_profile"] {
        assert!(types.contains(&format!("application.provision.user.{kind}")), "{types:?}");
    }
}

#[test]
fn who_leaves_does_not_wait_until_others_have_their_accounts() {
    let org = Org::new();
    let (app, demo) = org.scim("crm", Config::default(), &[]);
    org.want(app, [1], Active, "x");
    org.sync();
    demo.faults().add(On::Kind(Kind::Create), Which::Always, Act::Slow(Duration::from_secs(1)));
    org.want(app, 2..=200, Active, "x");
    let server = Arc::new(Muster::open(org.data(), false, None).unwrap());
    let (stop, stopping) = tokio::sync::watch::channel(false);
    std::thread::scope(|scope| {
        let working = scope.spawn(|| server.provision_forever(stopping, Duration::ZERO, &()));
        let until = |done: &dyn Fn() -> bool| {
            while !done() {
                std::thread::sleep(Duration::from_millis(5));
            }
        };
        // A batch is claimed, sixty-four accounts at least, and eight are created at a time.
        until(&|| demo.requests(Kind::Create) > 1);
        org.want(app, [1], Inactive, "x");
        until(&|| demo.inactive_since(&user_name(1)).is_some());
        let created = demo.count();
        stop.send_replace(true);
        working.join().unwrap().unwrap();
        assert!(created < 64, "{created} accounts were created before access was taken away");
    });
}

#[test]
fn an_account_that_somebody_deleted_is_created_anew_only_if_it_is_wanted() {
    let org = Org::new();
    let (app, demo) = org.scim("crm", Config::default(), &[]);
    org.want(app, 1..=2, Active, "x");
    org.sync();
    let client = ByHand::new(&demo);
    for user in demo.users() {
        client.delete(&org, user["id"].as_str().unwrap());
    }
    org.want(app, [1], Active, "y");
    org.want(app, [2], Inactive, "x");
    let report = org.sync();
    assert_eq!((report.total().done.created, report.total().failed), (1, 0), "{report:?}");
    assert_holds(&demo, [1], "y");
}

#[test]
fn a_user_name_that_somebody_else_has_is_a_conflict() {
    let org = Org::new();
    let (app, demo) = org.scim("crm", Config::default(), &[]);
    org.want(app, [1], Active, "x");
    org.sync();
    org.want_as(app, [(2, user_name(1))], Active, "x");
    let report = org.sync();
    assert_eq!(report.total().failed, 1);
    let task = &org.muster.tasks(&TaskFilter::default()).unwrap()[0];
    assert_eq!(task.kind, muster_service::tasks::FAILED);
    assert!(task.what().contains("is taken"), "{}", task.what());
    // With another name it works, and the task ends.
    org.want(app, [2], Active, "x");
    assert_eq!(org.sync().total().failed, 0);
    assert!(org.muster.tasks(&TaskFilter::default()).unwrap().is_empty());
    assert_holds(&demo, 1..=2, "x");
}
