//! The conformance suite, played against what there is.

use std::time::Duration;

use async_trait::async_trait;
use muster_connectors::{
    Connector,
    conformance::{self, Fault, Harness},
    manual::ManualConnector,
    scim::{ScimConfig, ScimConnector, UpdateBy},
};
use muster_demo_app::{Act, Config, DemoApp, Kind, On, Which};
use muster_engine::outbound::AccountAttributes;
use muster_testkit::{Scim2Server, free_port};

/// How long connectors wait for an answer that doesn't come.
const TIMEOUT: Duration = Duration::from_secs(1);
/// How long they wait for an answer that comes, on a machine with much to do.
const PATIENCE: Duration = Duration::from_secs(30);

/// A SCIM application; only the demo application can be made to misbehave.
struct Scim {
    base_url: String,
    token: String,
    update: UpdateBy,
    demo: Option<DemoApp>,
}

impl Scim {
    fn connect(&self, base_url: &str, token: &str, timeout: Duration) -> Box<dyn Connector> {
        let mut config = ScimConfig::new(base_url, token.into());
        config.update = self.update;
        config.timeout = timeout;
        config.page_size = 3;
        Box::new(ScimConnector::new(config).unwrap())
    }
}

#[async_trait]
impl Harness for Scim {
    async fn connector(&self) -> Box<dyn Connector> {
        self.connect(&self.base_url, &self.token, PATIENCE)
    }

    async fn faulty(&self, fault: Fault) -> Option<Box<dyn Connector>> {
        match &fault {
            Fault::NotAccepted => return Some(self.connect(&self.base_url, "wrong", PATIENCE)),
            Fault::Unreachable => {
                let nowhere = format!("http://127.0.0.1:{}/scim/v2", free_port().unwrap());
                return Some(self.connect(&nowhere, &self.token, PATIENCE));
            }
            _ => {}
        }
        let timeout = if fault == Fault::WorkThenSilence { TIMEOUT } else { PATIENCE };
        let act = match fault {
            Fault::TooManyRequests(wait) => Act::too_many(wait),
            Fault::WorkThenSilence => Act::WorkThenSlow(TIMEOUT * 5),
            Fault::WorkThenCut => Act::WorkThenCut,
            Fault::CutAnswer => Act::CutMidBody,
            Fault::PageForPeople => Act::Html,
            Fault::Broken => Act::status(500),
            Fault::RejectsAccount(detail) => Act::Status { status: 400, retry_after: None, detail },
            Fault::NotAccepted | Fault::Unreachable => return None,
        };
        let demo = self.demo.as_ref()?;
        demo.faults().clear();
        demo.faults().add(On::Any, Which::Nth(1), act);
        Some(self.connect(&self.base_url, &self.token, timeout))
    }

    fn attributes(&self, variant: usize) -> AccountAttributes {
        let enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
        [
            ("name.givenName".to_owned(), format!("Zoë {variant}")),
            ("name.familyName".to_owned(), format!("O'Brien-{variant}")),
            ("displayName".to_owned(), format!("Zoë \"Z\" {variant}")),
            ("title".to_owned(), format!("Engineer {variant}")),
            ("emails[type eq \"work\"].value".to_owned(), format!("zoe{variant}@example.org")),
            ("emails[type eq \"home\"].value".to_owned(), format!("zoe{variant}@home.example.org")),
            ("phoneNumbers.value".to_owned(), format!("+4912345{variant}")),
            (format!("{enterprise}:department"), format!("Engines {variant}")),
            (format!("{enterprise}:manager.value"), format!("manager-{variant}")),
        ]
        .into_iter()
        .map(|(name, value)| (name, value.into()))
        .collect()
    }

    fn secret(&self) -> Option<&str> {
        Some(&self.token)
    }
}

async fn against_demo_app(update: UpdateBy) {
    let demo =
        DemoApp::start(Config { token: "secret-of-demo".to_owned(), ..Config::default() }).await.unwrap();
    let (base_url, token) = (demo.base_url.clone(), "secret-of-demo".to_owned());
    let harness = Scim { base_url, token, update, demo: Some(demo) };
    let report = conformance::run(&harness).await;
    let nothing: &[&str] = &[];
    assert_eq!(report.failed(), nothing, "{report}");
    assert_eq!(report.skipped(), nothing, "{report}");
    assert_eq!(harness.demo.as_ref().unwrap().users(), Vec::<serde_json::Value>::new());
}

#[tokio::test]
async fn scim_by_patch_against_the_demo_app() {
    against_demo_app(UpdateBy::Patch).await;
}

#[tokio::test]
async fn scim_by_put_against_the_demo_app() {
    against_demo_app(UpdateBy::Put).await;
}

#[tokio::test]
async fn the_suite_finds_what_is_wrong() {
    let config = Config { enforce_unique_user_names: false, max_page: 50, ..Config::default() };
    let demo = DemoApp::start(config).await.unwrap();
    let token = Config::default().token;
    let harness = Scim { base_url: demo.base_url.clone(), token, update: UpdateBy::Patch, demo: None };
    assert_eq!(conformance::run(&harness).await.failed(), ["create a duplicate"]);
    demo.faults().add(On::Kind(Kind::List), Which::Always, Act::IgnorePaging);
    demo.faults().add(On::Kind(Kind::Delete), Which::Always, Act::Lie);
    demo.faults().add(On::Kind(Kind::Patch), Which::Always, Act::Lie);
    let failed = conformance::run(&harness).await.failed();
    for name in [
        "list over pages",
        "delete",
        "set active",
        "update changes only what is named",
        "update a vanished account",
    ] {
        assert!(failed.contains(&name), "{name} passed");
    }
}

/// The checks for which the server would have to misbehave on demand.
const NEED_FAULTS: [&str; 7] = [
    "asked to wait",
    "silence after the work",
    "connection cut after the work",
    "connection cut within the answer",
    "page for people",
    "broken on the other side",
    "account rejected",
];

#[expect(clippy::print_stdout, reason = "who runs the test must see that it was skipped")]
async fn against_scim2_server(update: UpdateBy) {
    let Some(server) = Scim2Server::start().unwrap() else {
        println!("skipped: MUSTER_TEST_SCIM2_SERVER isn't set");
        return;
    };
    let harness =
        Scim { base_url: server.base_url.clone(), token: server.token.to_owned(), update, demo: None };
    let report = conformance::run(&harness).await;
    let nothing: &[&str] = &[];
    assert_eq!(report.failed(), nothing, "{report}");
    assert_eq!(report.skipped(), NEED_FAULTS, "{report}");
}

#[tokio::test]
async fn scim_by_patch_against_scim2_server() {
    against_scim2_server(UpdateBy::Patch).await;
}

#[tokio::test]
async fn scim_by_put_against_scim2_server() {
    against_scim2_server(UpdateBy::Put).await;
}

struct ByHand;

#[async_trait]
impl Harness for ByHand {
    async fn connector(&self) -> Box<dyn Connector> {
        Box::new(ManualConnector)
    }

    async fn faulty(&self, _fault: Fault) -> Option<Box<dyn Connector>> {
        None
    }

    fn attributes(&self, _variant: usize) -> AccountAttributes {
        AccountAttributes::new()
    }
}

#[tokio::test]
async fn by_hand() {
    let report = conformance::run(&ByHand).await;
    assert_eq!(report.checks.len(), 1);
    assert!(report.failed().is_empty(), "{report}");
}
