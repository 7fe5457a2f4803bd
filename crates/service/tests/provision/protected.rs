//! Accounts that belong to the application alone.

use muster_demo_app::{Config, DemoApp, Kind};
use muster_engine::model::{App, AppKey, Item, ItemKind, Provisioning};
use muster_engine::outbound::AccountState::{self, Absent, Active, Inactive};
use muster_service::Actor;
use muster_service::tasks::{PROTECTED, Task, TaskFilter};
use muster_store::config::{ConfigItemPut, ConfigWrites, current_version, publish};

use crate::support::{ByHand, Org, external_id};

const NAMES: [&str; 2] = ["admin", "Root"];

/// Sets which accounts of an app are protected.
fn protect(org: &Org, app: AppKey, names: &[&str]) {
    let old = org.muster.config().unwrap().app(app).unwrap().clone();
    let provisioning = Provisioning {
        protected_accounts: names.iter().map(|name| (*name).to_owned()).collect(),
        ..old.provisioning.clone().unwrap()
    };
    let item = Item::App(Box::new(App { provisioning: Some(provisioning), ..old.clone() }));
    org.muster
        .store()
        .write(|tx| {
            let version = current_version(tx)?.map_or(0, |version| version.version) + 1;
            let put = ConfigItemPut {
                kind: ItemKind::App.as_str().into(),
                item: app.0,
                name: old.name.clone(),
                body: item.to_json(),
            };
            publish(tx, &ConfigWrites { version, put: vec![put], ..ConfigWrites::default() })
        })
        .unwrap();
}

fn crm(org: &Org, unique: bool) -> (AppKey, DemoApp) {
    let config = Config { enforce_unique_user_names: unique, ..Config::default() };
    let settings = [("unique_user_names", muster_engine::Value::from(unique))];
    org.scim("crm", config, &settings)
}

fn tasks(org: &Org) -> Vec<Task> {
    org.muster.tasks(&TaskFilter::default()).unwrap()
}

fn want(org: &Org, app: AppKey, user: i64, name: &str, state: AccountState) {
    org.want_as(app, [(user, name.to_owned())], state, "x");
}

/// The app was asked to change nothing since the last look.
fn writes(demo: &DemoApp) -> u64 {
    [Kind::Create, Kind::Replace, Kind::Patch, Kind::Delete].map(|kind| demo.requests(kind)).iter().sum()
}

#[test]
fn nobody_gets_a_protected_account_and_everybody_else_hers() {
    for unique in [true, false] {
        let org = Org::new();
        let (app, demo) = crm(&org, unique);
        protect(&org, app, &NAMES);
        ByHand::new(&demo).create(&org, "ADMIN", None);
        let before = demo.users();
        // One is there, the other isn't; the third is like neither.
        for (user, name) in [(1, "admin"), (2, "root"), (3, "administrator")] {
            want(&org, app, user, name, Active);
        }
        let report = org.sync();
        assert_eq!((report.total().in_line, report.total().failed), (1, 2), "{report:?}");
        let users = demo.users();
        assert_eq!((users.len(), &users[0]), (2, &before[0]), "it is as it was");
        assert_eq!(users[1]["userName"], "administrator");
        let tasks = tasks(&org);
        assert_eq!(tasks.iter().map(|t| t.kind.as_str()).collect::<Vec<_>>(), [PROTECTED; 2]);
        assert!(tasks[0].title.contains("First1 Last1"), "{}", tasks[0].title);
        assert!(tasks[0].what().contains("`admin` in crm is protected"), "{}", tasks[0].what());
        // Another name for the one, no account for the other: the tasks end by themselves.
        want(&org, app, 1, "ann", Active);
        want(&org, app, 2, "root", Inactive);
        let report = org.sync();
        assert_eq!((report.total().in_line, report.total().failed), (3, 0), "{report:?}");
        assert_eq!((demo.users().len(), &demo.users()[0]), (3, &before[0]));
        assert!(self::tasks(&org).is_empty());
    }
}

#[test]
fn a_listing_links_nobody_to_a_protected_account() {
    let org = Org::new();
    let (app, demo) = crm(&org, true);
    protect(&org, app, &NAMES);
    let by_hand = ByHand::new(&demo);
    // One bears the reference of a person, under a name of its own.
    by_hand.create(&org, "root", Some(&external_id(5)));
    by_hand.create(&org, "admin", None);
    let before = demo.users();
    org.want(app, 1..=30, Active, "x");
    want(&org, app, 31, "Admin", Active);
    let report = org.sync();
    assert_eq!((report.total().in_line, report.total().failed), (29, 2), "{report:?}");
    assert_eq!(&demo.users()[..2], &before[..]);
    assert_eq!(demo.users().len(), 31);
}

#[test]
fn an_account_that_comes_to_be_protected_is_left_as_it_is() {
    let org = Org::new();
    let (app, demo) = crm(&org, true);
    for (user, name) in [(1, "admin"), (2, "root"), (3, "bob"), (4, "cy")] {
        want(&org, app, user, name, Active);
    }
    assert_eq!(org.sync().total().in_line, 4);
    protect(&org, app, &NAMES);
    assert_eq!(org.sync().total().in_line, 4, "what is in line has nothing to be done about it");
    let (before, written) = (demo.users(), writes(&demo));
    // Disabled, deleted, renamed away, renamed onto.
    want(&org, app, 1, "admin", Inactive);
    want(&org, app, 2, "root", Absent);
    want(&org, app, 3, "ROOT", Active);
    let report = org.sync();
    assert_eq!((report.total().in_line, report.total().failed), (1, 3), "{report:?}");
    want(&org, app, 1, "ann", Active);
    assert_eq!(org.sync().total().failed, 3);
    assert_eq!((demo.users(), writes(&demo)), (before, written), "nothing was called");
    let open = tasks(&org);
    assert_eq!(open.len(), 3);
    // Once it isn't protected any more, a retry does it.
    protect(&org, app, &[]);
    let keys: Vec<i64> = open.iter().map(|task| task.key).collect();
    org.muster.retry(&Actor::operator("test"), &keys).unwrap();
    org.sync();
    assert!(writes(&demo) > written);
    assert!(demo.users().iter().any(|user| user["userName"] == "ann"));
}

#[test]
fn nobody_is_told_to_touch_a_protected_account_by_hand() {
    let org = Org::new();
    let app = org.manual("travel", "desk@example.org");
    protect(&org, app, &NAMES);
    want(&org, app, 1, "Admin", Active);
    want(&org, app, 2, "bob", Active);
    org.sync();
    let kinds: Vec<String> = tasks(&org).into_iter().map(|task| task.kind).collect();
    assert_eq!(kinds, [PROTECTED, muster_service::tasks::PROVISION]);
}
