//! The OpenAPI document.

use crate::support::Server;

#[test]
fn the_document_checked_in_is_what_the_handlers_say() {
    let now: serde_json::Value = serde_json::to_value(muster_api::openapi()).unwrap();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");
    let checked_in: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert!(
        now == checked_in,
        "docs/openapi.json is out of date: cargo run -p muster-api --example openapi > docs/openapi.json"
    );
}

#[test]
fn the_server_hands_it_out_to_anybody() {
    let server = Server::start();
    let address = server.url("").replace("/api/v1", "/openapi.json");
    let reply = server.send(reqwest::Method::GET, &address, None, &[("authorization", "")]).expect(200);
    assert!(reply.body["paths"]["/api/v1/users/{id}"]["get"]["operationId"] == "getUser");
}
