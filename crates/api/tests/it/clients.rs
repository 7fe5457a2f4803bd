//! The API as programs by others use it, unmodified: Okta's own clients, and one that takes the OpenAPI document at its word.

use std::fmt::Write as _;

use muster_service::ImportOptions;
use muster_service::plan::{PlanStatus, Quiet};
use muster_testkit::ApiClient;

use crate::support::Server;

/// So many people come from a feed, for lists of many pages.
const PEOPLE: usize = 2_500;

/// A feed of an id and a department, and something of everything that Schemathesis names.
const ORG: &str = r#"
    [groups.Lab]
    [groups.Shop]
    [rules."In the lab"]
    when = 'user.title == "Chemist"'
    groups = ["Lab"]
    [rules."In the shop"]
    when = 'user.title == "Clerk"'
    groups = ["Shop"]
    [apps.Wiki]
    kind = "bookmark"
    groups = ["Lab"]
    [apps.Store]
    kind = "manual"
    groups = ["Shop"]
    [apps.hr]
    kind = "csv"
    [apps.hr.feed]
    key = "id"
    [apps.hr.feed.columns]
    id = "string"
    dept = "string"
    [apps.hr.source]
    [apps.hr.to_user]
    login = '"fed" + appuser.id + "@example.org"'
    firstName = '"Fed"'
    lastName = 'appuser.id'
    email = '"fed" + appuser.id + "@example.org"'
    department = 'appuser.dept'
"#;

/// A server whose org has people from a feed.
fn server() -> Server {
    let server = Server::start();
    let options = ImportOptions::default();
    server.muster.org_apply(&server.admin, "org.toml", ORG, options, &Quiet).unwrap();
    let mut feed = "id,dept\n".to_owned();
    for id in 0..PEOPLE {
        writeln!(feed, "{id},Fed").unwrap();
    }
    let report =
        server.muster.import(&server.admin, "hr", "hr.csv", feed.as_bytes(), options, &Quiet).unwrap();
    assert_eq!(report.status, PlanStatus::Applied);
    server
}

/// Fails with all that it said unless the client is content.
#[expect(clippy::print_stdout, reason = "who runs the test must see that it was skipped, or how far it came")]
fn satisfies(client: ApiClient) {
    let server = server();
    let Some(outcome) = client.call(&server.base, &server.token).unwrap() else {
        println!("skipped: {} isn't set", client.variable());
        return;
    };
    println!("{}", outcome.said);
    assert!(outcome.success, "{client:?} isn't content; what it said is above");
}

#[test]
fn oktas_client_for_python_works_unmodified() {
    satisfies(ApiClient::Python);
}

#[test]
fn oktas_client_for_node_works_unmodified() {
    satisfies(ApiClient::Node);
}

#[test]
fn oktas_client_for_go_works_unmodified() {
    satisfies(ApiClient::Go);
}

#[test]
fn answers_are_what_the_document_says() {
    satisfies(ApiClient::Schemathesis);
}
