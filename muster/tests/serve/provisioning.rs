//! Work that the server does by itself: accounts in applications, runs that stand still.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use muster_demo_app::{Act, Config, DemoApp, Kind, On, Which};
use muster_service::plan::Progress;
use muster_service::{Actor, ImportOptions, Muster};
use muster_store::{OpenOptions, Store, accounts, runs};
use tokio::runtime::Runtime;

use crate::support::{ORG, Place, eventually, feed};

struct Apps {
    runtime: Runtime,
    place: Place,
}

impl Apps {
    fn new() -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        Self { runtime, place: Place::new() }
    }

    fn start(&self) -> DemoApp {
        self.runtime.block_on(DemoApp::start(Config::default())).unwrap()
    }

    /// Writes an org file with these applications, for everybody, with the token in a file.
    fn org(&self, apps: &[(&str, &DemoApp)]) {
        self.place.write("token", "demo-token\n");
        let token = self.place.path().join("token");
        let mut text = ORG.to_owned();
        for (name, app) in apps {
            let app = format!(
                "\n[apps.{name}]\nkind = \"scim\"\ngroups = [\"Everyone\"]\n[apps.{name}.provisioning]\n\
                 [apps.{name}.settings]\nbase_url = \"{}\"\n[apps.{name}.secrets]\ntoken = \"file:{}\"\n\
                 [apps.{name}.to_app]\n\"name.familyName\" = 'user.lastName'\n",
                app.base_url,
                token.display()
            );
            text.push_str(&app);
        }
        self.place.write("org.toml", &text);
        self.place.run(&["org", "apply", "org.toml"], 0);
    }

    fn import(&self, people: usize) {
        self.place.write("feed.csv", &feed(people));
        self.place.run(&["import", "--app", "hr", "feed.csv"], 0);
    }
}

fn active(app: &DemoApp) -> usize {
    app.users().iter().filter(|user| user["active"] == true).count()
}

#[test]
fn what_a_command_beside_the_server_changes_is_carried_out() {
    let apps = Apps::new();
    let crm = apps.start();
    let server = apps.place.serve(&[]);
    apps.org(&[("crm", &crm)]);
    apps.import(5);
    eventually("everybody has an account", || (active(&crm) == 5).then_some(()));
    // Somebody leaves, by another process again.
    apps.place.run(&["user", "deactivate", "first2.last2@small.example"], 0);
    eventually("her account is unusable", || (active(&crm) == 4).then_some(()));
    // An app that comes later.
    let late = apps.start();
    apps.org(&[("crm", &crm), ("late", &late)]);
    eventually("everybody who is left has an account there, too", || (active(&late) == 4).then_some(()));
    eventually("what was done is counted", || {
        let text = server.get("/metrics").body;
        let has = |line: &str| text.lines().any(|one| one == line);
        (has("muster_provisioning_calls_total{app=\"crm\",outcome=\"created\"} 5")
            && has("muster_provisioning_calls_total{app=\"crm\",outcome=\"deactivated\"} 1"))
        .then_some(())
    });
    server.stop();
    assert_eq!(crm.users().len(), 5, "nothing was created twice");
}

#[test]
fn what_comes_in_over_http_is_carried_out() {
    let apps = Apps::new();
    let crm = apps.start();
    apps.org(&[("crm", &crm)]);
    let server = apps.place.serve(&[]);
    let authorization = format!("SSWS {}", apps.place.token("t"));
    let person = r#"{"profile":{"login":"ada@small.example","email":"ada@small.example","firstName":"Ada","lastName":"Adams"}}"#;
    let answer = server.request(
        "POST",
        "/api/v1/users",
        &[("authorization", &authorization)],
        Some(person.to_owned()),
    );
    assert_eq!(answer.status, 200, "{answer:?}");
    eventually("she has an account", || (active(&crm) == 1).then_some(()));
}

#[test]
fn an_application_that_hangs_holds_up_nothing_of_another_nor_new_work_of_its_own() {
    let apps = Apps::new();
    let (slow, quick) = (apps.start(), apps.start());
    // The first call hangs for longer than the test may take.
    slow.faults().add(On::Writes, Which::Nth(1), Act::Slow(Duration::from_secs(3600)));
    let _server = apps.place.serve(&[]);
    apps.org(&[("slow", &slow), ("quick", &quick)]);
    apps.import(1);
    eventually("the slow one was called", || (slow.requests(Kind::Create) == 1).then_some(()));
    eventually("the quick one is done", || (active(&quick) == 1).then_some(()));
    apps.import(3);
    eventually("the quick one goes on", || (active(&quick) == 3).then_some(()));
    eventually("so does the slow one, with others", || (active(&slow) == 2).then_some(()));
}

#[test]
fn a_token_that_is_mended_is_used_without_a_restart() {
    let apps = Apps::new();
    let crm = apps.start();
    let _server = apps.place.serve(&[]);
    apps.org(&[("crm", &crm)]);
    // The org file is applied with a token that the application refuses.
    apps.place.write("token", "wrong\n");
    apps.place.run(&["org", "apply", "org.toml"], 0);
    apps.import(2);
    eventually("a person is told", || {
        let tasks = apps.place.json(&["tasks", "--app", "crm"]);
        (!tasks.as_array().unwrap().is_empty()).then_some(())
    });
    assert_eq!(active(&crm), 0);
    apps.place.write("token", "demo-token\n");
    apps.place.run(&["org", "apply", "org.toml"], 0);
    eventually("the accounts are there", || (active(&crm) == 2).then_some(()));
    eventually("the task is done", || {
        apps.place.json(&["tasks", "--app", "crm"]).as_array().unwrap().is_empty().then_some(())
    });
}

#[test]
fn a_server_that_stops_hands_back_what_it_holds() {
    let apps = Apps::new();
    let crm = apps.start();
    crm.faults().add(On::Writes, Which::Always, Act::Slow(Duration::from_secs(3600)));
    apps.org(&[("crm", &crm)]);
    apps.import(30);
    let server = apps.place.serve(&["--stop-timeout", "1"]);
    eventually("it works", || (crm.requests(Kind::Create) > 0).then_some(()));
    server.stop();
    let store = Store::open(apps.place.data(), &OpenOptions::default()).unwrap();
    let app = store.read(accounts::apps_with_dirty).unwrap();
    let rows = store.read(|tx| accounts::accounts_of_app(tx, *app.last().unwrap(), 0, 100)).unwrap();
    assert_eq!(rows.len(), 30);
    assert!(rows.iter().all(|row| row.lease_until.is_none() && row.wanted_rev > row.done_rev));
    // Whoever comes next creates each of them once.
    crm.faults().clear();
    let _server = apps.place.serve(&[]);
    eventually("everybody has an account", || (active(&crm) == 30).then_some(()));
    assert_eq!(crm.users().len(), 30);
}

/// Fails when a run has written its first part.
struct Dies;

impl Progress for Dies {
    fn step(&self, phase: &str, done: u64, _: u64) {
        assert!(phase != "applying" || done == 0, "as if the process had died");
    }
}

#[test]
fn a_run_that_stands_still_is_finished() {
    let apps = Apps::new();
    apps.org(&[]);
    let file = apps.place.write("feed.csv", &feed(50));
    let plan = {
        let muster = Muster::open(&apps.place.data(), false, None).unwrap().with_chunk(10);
        let actor = Actor::operator("test");
        let import = AssertUnwindSafe(|| {
            muster.import_file(&actor, "hr", &file, ImportOptions::default(), &Dies).map(drop)
        });
        assert!(catch_unwind(import).is_err(), "the import went through");
        let store = muster.store();
        let run = store.read(runs::unfinished_runs).unwrap().remove(0);
        // As if its lease had run out.
        store.write(|tx| runs::end_run(tx, run.plan_key, run.lease_token, &run.phase, 0)).unwrap();
        run.plan_key.to_string()
    };
    let people = || apps.place.json(&["users", "--all"]).as_array().unwrap().len();
    assert_eq!(people(), 10);
    let _server = apps.place.serve(&[]);
    eventually("the plan is applied", || {
        (apps.place.json(&["plan", &plan])["status"] == "APPLIED").then_some(())
    });
    assert_eq!(people(), 50);
}

#[test]
fn an_assignment_that_ends_is_taken_back_when_its_time_has_come() {
    let apps = Apps::new();
    let crm = apps.start();
    apps.org(&[]);
    apps.import(1);
    // The application is for nobody but who is assigned to it.
    let text = std::fs::read_to_string(apps.place.path().join("org.toml")).unwrap();
    let app = format!(
        "\n[apps.crm]\nkind = \"scim\"\n[apps.crm.provisioning]\n[apps.crm.settings]\nbase_url = \"{}\"\n\
         [apps.crm.secrets]\ntoken = \"file:{}\"\n[apps.crm.to_app]\n\"name.familyName\" = 'user.lastName'\n",
        crm.base_url,
        apps.place.path().join("token").display()
    );
    apps.place.write("org.toml", &(text + &app));
    apps.place.run(&["org", "apply", "org.toml"], 0);
    let _server = apps.place.serve(&[]);
    let soon = jiff::Timestamp::from_millisecond(muster_service::clock::machine_now() + 4_000).unwrap();
    apps.place
        .run(&["assign", "first1.last1@small.example", "--app", "crm", "--until", &soon.to_string()], 0);
    eventually("she has an account", || (crm.requests(Kind::Create) == 1).then_some(()));
    eventually("it is unusable when the time is over", || {
        (crm.users().len() == 1 && active(&crm) == 0).then_some(())
    });
}
