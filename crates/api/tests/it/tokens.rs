//! Tokens and the org over HTTP.

use muster_service::Right;
use reqwest::Method;
use serde_json::json;

use crate::support::Server;

#[test]
fn tokens_are_listed_and_revoked_but_never_shown() {
    let server = Server::start();
    let other = server.token("other", Right::Write);
    let list = server.get("/api-tokens").expect(200);
    assert_eq!(list.body.as_array().unwrap().len(), 2);
    assert!(!list.body.to_string().contains(&other));
    let id = list.body[1]["id"].as_str().unwrap();
    assert!(id.starts_with("00T"));
    assert_eq!(server.get(&format!("/api-tokens/{id}")).expect(200).body["rights"], "WRITE");
    let bearer = format!("SSWS {other}");
    let as_other =
        |method: Method, path: &str| server.send(method, path, None, &[("authorization", &bearer)]);
    let first = list.body[0]["id"].as_str().unwrap();
    as_other(Method::DELETE, &format!("/api-tokens/{first}")).refused(403, "E0000006");
    as_other(Method::DELETE, "/api-tokens/current").expect(204);
    as_other(Method::GET, "/users").refused(401, "E0000011");
    server.delete(&format!("/api-tokens/{id}")).refused(404, "E0000007");
}

#[test]
fn anybody_may_know_the_org_and_a_token_its_status() {
    let server = Server::start();
    let address = server.url("").replace("/api/v1", "/.well-known/okta-organization");
    let org = server.send(Method::GET, &address, None, &[("authorization", "")]).expect(200);
    assert_eq!(org.body["pipeline"], "v1");
    server.user("ann@example.org");
    assert_eq!(server.get("/status").expect(200).body["usersByStatus"], json!({ "ACTIVE": 1 }));
    assert_eq!(server.get("/tasks").expect(200).body, json!([]));
    server.call("/tasks/tsknothing/done").refused(404, "E0000007");
}
