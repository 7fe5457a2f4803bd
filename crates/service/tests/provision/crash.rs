//! A process of its own works while this one holds the applications, and dies.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime};

use muster_demo_app::{Act, Config, On, Which};
use muster_engine::Value;
use muster_engine::model::AppKey;
use muster_engine::outbound::AccountState::{Active, Inactive};
use muster_service::Muster;
use muster_service::provision::{CRASH_AT, SyncOptions};

use crate::support::{Org, assert_holds, external_id};

const DATA: &str = "MUSTER_TEST_CRASH_DATA";
const APP: &str = "MUSTER_TEST_CRASH_APP";
const POINTS: [&str; 6] =
    ["after_claim", "after_attempt_noted", "before_call", "after_call", "before_settle", "after_settle"];

/// What the other process runs; by itself it does nothing.
#[test]
fn other_process() {
    if let Some(data) = std::env::var_os(DATA) {
        let muster = Muster::open(Path::new(&data), false, None).unwrap();
        let app = std::env::var(APP).ok().map(|key| AppKey(key.parse().unwrap()));
        muster.sync(&SyncOptions { app, timeout: Some(Duration::from_secs(40)) }, &()).unwrap();
    }
}

fn spawn(org: &Org, app: Option<AppKey>, crash_at: Option<&str>) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "crash::other_process"]).env(DATA, org.data());
    if let Some(app) = app {
        command.env(APP, app.to_string());
    }
    if let Some(point) = crash_at {
        command.env(CRASH_AT, point);
    }
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// The next random number, by `SplitMix64`.
fn draw(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *seed;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[test]
fn a_process_that_dies_anywhere_leaves_nothing_twice_and_nothing_out() {
    #[expect(clippy::disallowed_methods, reason = "a seed, printed")]
    let random = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_nanos() as u64;
    let mut seed =
        std::env::var("MUSTER_TEST_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(random);
    println!("MUSTER_TEST_SEED={seed}");
    let org = Org::new();
    // One application that would take anybody twice, and one that wouldn't.
    let lax = Config { enforce_unique_user_names: false, ..Config::default() };
    let (lax, lax_app) = org.scim("lax", lax, &[("unique_user_names", Value::from(false))]);
    let (strict, strict_app) = org.scim("strict", Config::default(), &[]);
    for demo in [&lax_app, &strict_app] {
        demo.faults().add(On::Writes, Which::Always, Act::Slow(Duration::from_millis(4)));
    }
    for app in [lax, strict] {
        org.want(app, 1..=1500, Active, "x");
    }
    for point in POINTS {
        // The first passing of some points comes before any call.
        let nth = 1 + draw(&mut seed) % 3;
        let mut child = spawn(&org, None, Some(&format!("{point}:{nth}")));
        let status = child.wait().unwrap();
        assert!(!status.success(), "{point}:{nth} was never passed");
    }
    for round in 0..12 {
        let mut child = spawn(&org, None, None);
        std::thread::sleep(Duration::from_millis(50 + draw(&mut seed) % 400));
        // SIGKILL; it may have ended by itself.
        child.kill().unwrap();
        child.wait().unwrap();
        // Meanwhile wishes change, also of those whose creation was cut off.
        let from = (draw(&mut seed) % 1000) as i64 + 1;
        let state = if round % 2 == 0 { Inactive } else { Active };
        org.want(lax, from..from + 40, state, "x");
    }
    org.want(lax, 1..=1500, Active, "z");
    org.want(lax, [1, 750, 1500], Inactive, "z");
    // The leases of the dead run out, then all of it comes right.
    let report = org.sync_for(120);
    let total = report.total();
    assert_eq!((total.in_line, total.waiting, total.failed), (3000, 0, 0), "{report:?}");
    assert_holds(&strict_app, 1..=1500, "x");
    let held = lax_app.users();
    let mut references: Vec<_> =
        held.iter().map(|user| user["externalId"].as_str().unwrap().to_owned()).collect();
    references.sort();
    references.dedup();
    assert_eq!(references.len(), held.len(), "somebody is there twice");
    let gone: Vec<_> = [1, 750, 1500].map(external_id).into();
    let active = |user: &&serde_json::Value| user["active"] == true;
    assert_eq!(held.iter().filter(active).count(), 1497);
    for user in &held {
        let is_gone = gone.iter().any(|gone| user["externalId"] == gone.as_str());
        assert_eq!(user["active"] == true, !is_gone, "{user}");
        assert!(is_gone || user["title"] == "z", "{user}");
    }
}

#[test]
fn what_was_under_way_is_looked_up_and_not_created_again() {
    let org = Org::new();
    // Too few to be worth a listing, and the application takes anybody twice, though it is said not to.
    let apps: Vec<_> = POINTS
        .into_iter()
        .map(|point| {
            let config = Config { enforce_unique_user_names: false, ..Config::default() };
            let (app, demo) = org.scim(point, config, &[]);
            org.want(app, 1..=15, Active, "x");
            (point, app, demo)
        })
        .collect();
    for (point, app, _) in &apps {
        let nth = if point.ends_with("_call") { 7 } else { 1 };
        let status = spawn(&org, Some(*app), Some(&format!("{point}:{nth}"))).wait().unwrap();
        assert!(!status.success(), "{point}:{nth} was never passed");
    }
    // Some aren't wanted any more when the next one comes: what was created all the same has to go.
    for (_, app, _) in &apps {
        org.want(*app, 1..=3, Inactive, "x");
    }
    let report = org.sync_for(60);
    assert_eq!((report.total().in_line, report.total().failed), (90, 0), "{report:?}");
    for (point, _, demo) in &apps {
        let held = demo.users();
        for user in 1..=15 {
            let hers: Vec<_> = held.iter().filter(|one| one["externalId"] == external_id(user)).collect();
            assert!(hers.len() == 1 || (hers.is_empty() && user <= 3), "{point}: {hers:?}");
            assert!(hers.iter().all(|one| one["active"] == (user > 3)), "{point}: {hers:?}");
        }
    }
}

#[test]
fn processes_that_work_at_once_share_the_work() {
    let org = Org::new();
    let config = Config { enforce_unique_user_names: false, ..Config::default() };
    let (app, demo) = org.scim("crm", config, &[]);
    org.want(app, 1..=1000, Active, "x");
    let mut others: Vec<Child> = (0..2).map(|_| spawn(&org, None, None)).collect();
    org.sync();
    for other in &mut others {
        assert!(other.wait().unwrap().success());
    }
    assert_eq!(org.sync().total().in_line, 1000);
    assert_holds(&demo, 1..=1000, "x");
}
