//! Five applications: one that answers at once, one that takes its time, one that fails, one that lies, one that is down.

use std::fmt::Write as _;
use std::time::Duration;

use muster_demo_app::{Act, Config, DemoApp, Faults, On, Rule, Which};
use tokio::runtime::Runtime;

/// Names of the applications, in the org file and here.
pub(crate) const NAMES: [&str; 5] = ["fast", "slow", "failing", "lying", "down"];
pub(crate) const TOKEN: &str = "a-token-of-the-applications";

/// The applications, in this process.
pub(crate) struct Apps {
    runtime: Runtime,
    running: Vec<(&'static str, DemoApp, Faults)>,
    /// Where the one that is down will listen.
    down: std::net::SocketAddr,
}

fn rules(name: &str, seed: u64) -> Vec<Rule> {
    let some = |share, salt| Which::Probability(share, seed ^ salt);
    let rule = |on, which, act| Rule { on, which, act };
    match name {
        "slow" => vec![rule(On::Any, Which::Always, Act::Slow(Duration::from_millis(60)))],
        "failing" => vec![
            rule(On::Writes, some(0.15, 1), Act::status(503)),
            rule(On::Any, some(0.10, 2), Act::Cut),
            rule(On::Writes, some(0.10, 3), Act::WorkThenCut),
            rule(On::Writes, some(0.05, 4), Act::too_many(Duration::from_secs(1))),
        ],
        "lying" => vec![
            rule(On::Writes, some(0.10, 5), Act::WorkThenCut),
            rule(On::Writes, some(0.10, 6), Act::CutMidBody),
            rule(On::Writes, some(0.08, 7), Act::Html),
            rule(On::Writes, some(0.08, 8), Act::NoId),
        ],
        _ => Vec::new(),
    }
}

impl Apps {
    pub(crate) fn start(seed: u64) -> Self {
        let runtime = Runtime::new().unwrap();
        let running = NAMES.into_iter().filter(|n| *n != "down").map(|name| {
            let faults = Faults::default();
            for rule in rules(name, seed) {
                faults.add(rule.on, rule.which, rule.act);
            }
            let config = Config { token: TOKEN.to_owned(), faults: faults.clone(), ..Config::default() };
            (name, runtime.block_on(DemoApp::start(config)).unwrap(), faults)
        });
        let running = running.collect();
        // A port that was free a moment ago: nobody answers there until the application comes up.
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let down = free.local_addr().unwrap();
        Self { runtime, running, down }
    }

    fn url(&self, name: &str) -> String {
        match self.running.iter().find(|(n, ..)| *n == name) {
            Some((_, app, _)) => app.base_url.clone(),
            None => format!("http://{}/scim/v2", self.down),
        }
    }

    /// The part of the org file about them.
    pub(crate) fn org(&self) -> String {
        NAMES.iter().fold(String::new(), |mut out, name| {
            let groups = if *name == "slow" || *name == "down" { "Sales" } else { "Everyone" };
            write!(
                out,
                r#"
[apps.{name}]
kind = "scim"
groups = ["{groups}"]

[apps.{name}.provisioning]
on_unassign = "deactivate"
disable_suspended = true

[apps.{name}.settings]
base_url = "{}"

[apps.{name}.secrets]
token = "env:MUSTER_FAULTS_TOKEN"

[apps.{name}.to_app]
userName = 'user.login'
displayName = 'user.displayName'
title = 'user.title'
"name.givenName" = 'user.firstName'
"name.familyName" = 'user.lastName'
"#,
                self.url(name)
            )
            .unwrap();
            out
        })
    }

    /// From now on all of them are up and well-behaved.
    pub(crate) fn recover(&mut self) {
        for (_, _, faults) in &self.running {
            faults.clear();
        }
        let config = Config { token: TOKEN.to_owned(), listen: self.down, ..Config::default() };
        let app = self.runtime.block_on(DemoApp::start(config)).unwrap();
        self.running.push(("down", app, Faults::default()));
    }

    /// The users an application has.
    pub(crate) fn users(&self, name: &str) -> Vec<serde_json::Value> {
        let app = self.running.iter().find(|(n, ..)| *n == name);
        app.map(|(_, app, _)| app.users()).unwrap_or_default()
    }
}
