//! Rate limits and circuit breakers are the app's, whoever calls it.

use std::time::{Duration, Instant};

use muster_demo_app::{Act, Config, DemoApp, Kind, On, Which};
use muster_engine::model::{AppKey, AppKind, Item, ItemKind, Provisioning};
use muster_engine::outbound::AccountState::Active;
use muster_engine::{App, Value};
use muster_service::Muster;
use muster_service::provision::{SyncOptions, SyncReport};
use muster_store::app_state;

use crate::support::{Org, assert_holds};

/// An application with a rate limit.
fn limited(org: &Org, rate_limit: Option<u32>) -> (AppKey, DemoApp) {
    let config = Config::default();
    let token = org.dir.path().join("limited.token");
    std::fs::write(&token, &config.token).unwrap();
    let demo = org.runtime.block_on(DemoApp::start(config)).unwrap();
    let app = App {
        name: "limited".into(),
        kind: AppKind::Scim,
        provisioning: Some(Provisioning { concurrency: 8, rate_limit, ..Provisioning::default() }),
        settings: [("base_url".to_owned(), Value::from(demo.base_url.as_str()))].into(),
        secrets: [("token".to_owned(), format!("file:{}", token.display()))].into(),
        ..App::default()
    };
    (AppKey(org.publish(ItemKind::App, "limited", &Item::App(Box::new(app)))), demo)
}

/// Two processes work on the same store at the same time.
fn both(org: &Org, timeout: Duration) -> [SyncReport; 2] {
    let other = Muster::open(org.data(), false, None).unwrap();
    let options = SyncOptions { app: None, timeout: Some(timeout) };
    std::thread::scope(|scope| {
        let first = scope.spawn(|| org.muster.sync(&options, &()).unwrap());
        let second = scope.spawn(|| other.sync(&options, &()).unwrap());
        [first.join().unwrap(), second.join().unwrap()]
    })
}

#[test]
fn two_processes_together_stay_under_the_rate() {
    let org = Org::new();
    let (app, demo) = limited(&org, Some(120));
    org.want(app, 1..=100, Active, "x");
    let started = Instant::now();
    both(&org, Duration::from_secs(4));
    // A twentieth at once, the rest by and by; however long it took.
    let most = 6 + 120 * started.elapsed().as_secs() / 60 + 1;
    let calls = demo.all_requests();
    assert!((6..=most).contains(&calls), "{calls} calls, {most} at most");
}

#[test]
fn what_is_under_the_rate_goes_through() {
    let org = Org::new();
    let (app, demo) = limited(&org, Some(60_000));
    org.want(app, 1..=100, Active, "x");
    both(&org, Duration::from_secs(60));
    assert_holds(&demo, 1..=100, "x");
    let state = org.muster.store().read(|tx| app_state::app_state(tx, app.0)).unwrap().unwrap();
    assert!(state.tokens.is_some());
}

#[test]
fn an_application_in_trouble_is_tried_by_one_account_of_one_process() {
    let org = Org::new();
    let (app, demo) = limited(&org, None);
    // Fewer than are worth listing first.
    org.want(app, 1..=19, Active, "x");
    demo.faults().add(On::Writes, Which::Always, Act::status(503));
    let reports = both(&org, Duration::from_secs(7));
    assert!(reports.iter().all(|report| report.total().in_line == 0), "{reports:?}");
    let state = org.muster.store().read(|tx| app_state::app_state(tx, app.0)).unwrap().unwrap();
    // Until it is found to be the app, each process may have as many under way as it may; then one call a pause, and
    // the pauses double: after 2, 4 and 8 seconds.
    assert!(state.failures >= 2, "{state:?}");
    let calls = demo.requests(Kind::Create);
    assert!(calls <= 2 * (5 + 8) + 3, "{calls} calls, {state:?}");
    // It answers again: the one who tries says so, and everything goes on.
    demo.faults().clear();
    let report = org.sync();
    assert_eq!(report.total().in_line, 19, "{report:?}");
    assert_holds(&demo, 1..=19, "x");
    let state = org.muster.store().read(|tx| app_state::app_state(tx, app.0)).unwrap().unwrap();
    assert_eq!((state.failures, state.paused_until), (0, None));
}

#[test]
fn what_one_process_found_the_other_respects() {
    let org = Org::new();
    let (app, demo) = limited(&org, None);
    org.want(app, 1..=10, Active, "x");
    let until = muster_service::clock::machine_now() + 3_600_000;
    org.muster.store().write(|tx| app_state::note_failure(tx, app.0, "down", Some(until))).unwrap();
    let reports = both(&org, Duration::from_secs(1));
    assert_eq!(demo.all_requests(), 0);
    assert!(reports.iter().all(|report| report.total().waiting == 10), "{reports:?}");
}
