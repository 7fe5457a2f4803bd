use std::time::{Duration, Instant};

use muster_demo_app::{Act, Config, Kind, On, Which};
use muster_engine::Value;
use muster_engine::outbound::AccountState::{Active, Inactive};
use muster_service::Actor;
use muster_service::provision::{AppProgress, SyncOptions, SyncProgress};
use muster_service::tasks::{FAILED, IN_DOUBT, REFUSED, TaskFilter};

use crate::support::{ByHand, Org, assert_holds};

/// Notes when an app's last account was settled.
struct Watch(Instant, std::sync::Mutex<std::collections::BTreeMap<String, Duration>>);

impl Watch {
    fn new() -> Self {
        Self(Instant::now(), std::sync::Mutex::default())
    }

    fn last(&self, app: &str) -> Duration {
        self.1.lock().unwrap()[app]
    }
}

impl SyncProgress for Watch {
    fn settled(&self, app: &str, _: &AppProgress) {
        self.1.lock().unwrap().insert(app.to_owned(), self.0.elapsed());
    }
}

#[test]
fn a_busy_application_is_left_alone_as_long_as_it_asks_and_others_go_on() {
    let org = Org::new();
    let (busy, busy_app) = org.scim("busy", Config::default(), &[]);
    let (other, other_app) = org.scim("other", Config::default(), &[]);
    org.want(busy, 1..=60, Active, "x");
    org.want(other, 1..=60, Active, "x");
    busy_app.faults().add(On::Kind(Kind::Create), Which::Nth(10), Act::too_many(Duration::from_secs(3)));
    let watch = Watch::new();
    let report = org.muster.sync(&SyncOptions::default(), &watch).unwrap();
    assert_eq!((report.total().in_line, report.total().failed), (120, 0), "{report:?}");
    assert_holds(&busy_app, 1..=60, "x");
    assert_holds(&other_app, 1..=60, "x");
    assert!(watch.last("busy") >= Duration::from_secs(3), "{:?}", watch.last("busy"));
    assert!(watch.last("other") < Duration::from_secs(3), "{:?}", watch.last("other"));
    // What was under way when it asked was answered; nothing else was sent before the time.
    assert_eq!(busy_app.requests(Kind::Create), 61);
}

#[test]
fn an_application_that_hangs_holds_up_no_other_and_no_run() {
    let org = Org::new();
    let (hung, hung_app) = org.scim("hung", Config::default(), &[]);
    let (other, other_app) = org.scim("other", Config::default(), &[]);
    org.want(hung, 1..=30, Active, "x");
    org.want(other, 1..=200, Active, "x");
    hung_app.faults().add(On::Writes, Which::Always, Act::Slow(Duration::from_secs(60)));
    let watch = Watch::new();
    let timeout = Some(Duration::from_secs(4));
    let report = org.muster.sync(&SyncOptions { app: None, timeout }, &watch).unwrap();
    assert!(watch.0.elapsed() < Duration::from_secs(9), "{:?}", watch.0.elapsed());
    assert_eq!(report.app("other").unwrap().in_line, 200, "{report:?}");
    assert_eq!(report.app("hung").unwrap().waiting, 30, "{report:?}");
    assert!(report.app("hung").unwrap().next_attempt.is_some());
    assert!(watch.last("other") < Duration::from_secs(4), "{:?}", watch.last("other"));
    assert_holds(&other_app, 1..=200, "x");
}

#[test]
fn work_whose_answer_is_lost_is_found_and_not_done_again() {
    for unique in [true, false] {
        let org = Org::new();
        let config = Config { enforce_unique_user_names: unique, ..Config::default() };
        let (app, demo) = org.scim("crm", config, &[("unique_user_names", Value::from(unique))]);
        org.want(app, 1..=60, Active, "x");
        demo.faults().add(On::Kind(Kind::Create), Which::Probability(0.1, 7), Act::WorkThenCut);
        demo.faults().add(On::Kind(Kind::Create), Which::Nth(5), Act::Cut);
        demo.faults().add(On::Kind(Kind::Create), Which::Nth(17), Act::CutMidBody);
        demo.faults().add(On::Kind(Kind::Create), Which::Nth(29), Act::NoId);
        let report = org.sync_for(100);
        assert_eq!((report.total().in_line, report.total().failed), (60, 0), "{report:?}");
        assert!(report.total().done.linked > 0 && report.total().done.retries > 0, "{report:?}");
        assert_holds(&demo, 1..=60, "x");
    }
}

#[test]
fn an_account_created_in_the_dark_is_deactivated_when_it_isnt_wanted_any_more() {
    let org = Org::new();
    let (app, demo) = org.scim("crm", Config::default(), &[]);
    org.want(app, [1], Active, "x");
    demo.faults().add(On::Kind(Kind::Create), Which::Always, Act::WorkThenCut);
    // One attempt, then the time is over.
    org.muster.sync(&SyncOptions { app: None, timeout: Some(Duration::from_millis(500)) }, &()).unwrap();
    assert_eq!(demo.users().len(), 1);
    org.want(app, [1], Inactive, "x");
    let report = org.sync();
    assert_eq!((report.total().done.deactivated, report.total().in_line), (1, 1), "{report:?}");
    assert_eq!(demo.users()[0]["active"], false);
}

#[test]
fn who_is_refused_becomes_a_task_and_the_others_go_on() {
    let org = Org::new();
    let (app, demo) = org.scim("crm", Config::default(), &[]);
    org.want(app, 1..=50, Active, "x");
    let detail = "the title is beneath her".to_owned();
    let user_name = crate::support::user_name(7);
    demo.faults().add(On::Kind(Kind::Create), Which::Always, Act::RejectUserName { user_name, detail });
    let report = org.sync();
    assert_eq!((report.total().in_line, report.total().failed), (49, 1), "{report:?}");
    let tasks = org.muster.tasks(&TaskFilter::default()).unwrap();
    assert_eq!(tasks.len(), 1);
    assert_eq!((tasks[0].kind.as_str(), tasks[0].app), (FAILED, Some(app)));
    assert!(tasks[0].what().contains("the title is beneath her"), "{}", tasks[0].what());
    assert!(tasks[0].title.contains("First7 Last7"), "{}", tasks[0].title);
    let failure = org.log().into_iter().find(|event| event["outcome"]["result"] == "FAILURE").unwrap();
    assert_eq!(failure["eventType"], "application.provision.user.push");
    assert!(failure["outcome"]["reason"].as_str().unwrap().contains("beneath her"));
    // Nothing is tried again by itself, and the task stays one.
    let before = demo.all_requests();
    org.sync();
    assert_eq!(demo.all_requests(), before);
    demo.faults().clear();
    assert_eq!(org.muster.retry(&Actor::operator("test"), &[tasks[0].key]).unwrap(), 1);
    assert_eq!(org.sync().total().failed, 0);
    assert_holds(&demo, 1..=50, "x");
    assert!(org.muster.tasks(&TaskFilter::default()).unwrap().is_empty());
}

#[test]
fn a_refused_token_is_one_task_and_nothing_is_lost() {
    let org = Org::new();
    let (app, demo) = org.scim("crm", Config::default(), &[]);
    std::fs::write(org.dir.path().join("crm.token"), "wrong").unwrap();
    org.want(app, 1..=100, Active, "x");
    let report = org.sync();
    assert_eq!((report.total().waiting, report.total().failed), (100, 0), "{report:?}");
    assert!(report.app("crm").unwrap().problem.is_some(), "{report:?}");
    let tasks = org.muster.tasks(&TaskFilter::default()).unwrap();
    assert_eq!(tasks.iter().map(|task| task.kind.as_str()).collect::<Vec<_>>(), [REFUSED]);
    org.sync();
    assert_eq!(org.muster.tasks(&TaskFilter::default()).unwrap().len(), 1);
    assert!(demo.all_requests() < 20, "{}", demo.all_requests());
    std::fs::write(org.dir.path().join("crm.token"), "demo-token").unwrap();
    let report = org.sync();
    assert_eq!(report.total().in_line, 100, "{report:?}");
    assert!(org.muster.tasks(&TaskFilter::default()).unwrap().is_empty());
    assert_holds(&demo, 1..=100, "x");
}

#[test]
fn an_application_without_a_secret_is_told_to_a_person() {
    let org = Org::new();
    let (app, demo) = org.scim("crm", Config::default(), &[]);
    std::fs::remove_file(org.dir.path().join("crm.token")).unwrap();
    org.want(app, [1], Active, "x");
    let report = org.sync();
    assert!(report.app("crm").unwrap().problem.as_ref().unwrap().contains("crm.token"), "{report:?}");
    assert_eq!(org.muster.tasks(&TaskFilter::default()).unwrap()[0].kind, REFUSED);
    std::fs::write(org.dir.path().join("crm.token"), "demo-token").unwrap();
    assert_eq!(org.sync().total().in_line, 1);
    assert!(org.muster.tasks(&TaskFilter::default()).unwrap().is_empty());
    assert_holds(&demo, [1], "x");
}

#[test]
fn namesakes_that_nothing_tells_apart_are_left_to_a_person() {
    let org = Org::new();
    let config = Config { enforce_unique_user_names: false, ..Config::default() };
    let (app, demo) = org.scim("crm", config, &[("unique_user_names", Value::from(false))]);
    let by_hand = ByHand::new(&demo);
    by_hand.create(&org, "ann", None);
    by_hand.create(&org, "Ann", None);
    by_hand.create(&org, "bob", None);
    org.want_as(app, [(1, "ann".to_owned()), (2, "bob".to_owned())], Active, "x");
    let report = org.sync();
    assert_eq!(
        (report.total().done.linked, report.total().failed, demo.users().len()),
        (1, 1, 3),
        "{report:?}"
    );
    let tasks = org.muster.tasks(&TaskFilter::default()).unwrap();
    assert_eq!((tasks.len(), tasks[0].kind.as_str()), (1, IN_DOUBT));
    assert!(tasks[0].title.contains("First1 Last1"), "{}", tasks[0].title);
    // One of them goes; then it is clear.
    by_hand.delete(&org, demo.users()[1]["id"].as_str().unwrap());
    org.muster.retry(&Actor::operator("test"), &[tasks[0].key]).unwrap();
    let report = org.sync();
    assert_eq!(
        (report.total().done.linked, report.total().in_line, demo.users().len()),
        (1, 2, 2),
        "{report:?}"
    );
    assert!(org.muster.tasks(&TaskFilter::default()).unwrap().is_empty());
}

#[test]
fn everything_goes_wrong_at_times_and_comes_right() {
    let org = Org::new();
    let (app, demo) = org.scim("crm", Config { enforce_unique_user_names: false, ..Config::default() }, &[]);
    for (seed, act) in [Act::WorkThenCut, Act::Cut, Act::CutMidBody, Act::Html, Act::NoId, Act::status(500)]
        .into_iter()
        .enumerate()
    {
        demo.faults().add(On::Any, Which::Probability(0.02, seed as u64 + 1), act);
    }
    org.want(app, 1..=80, Active, "x");
    org.sync_for(60);
    org.want(app, 1..=80, Active, "y");
    org.sync_for(60);
    demo.faults().clear();
    let report = org.sync_for(60);
    assert_eq!((report.total().in_line, report.total().failed), (80, 0), "{report:?}");
    assert_holds(&demo, 1..=80, "y");
}
