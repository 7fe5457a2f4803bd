//! The application as a client sees it, over plain TCP so that every byte is seen.

#![expect(clippy::unwrap_used, reason = "what fails here is to fail the test")]

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};

use muster_demo_app::{Act, Config, DemoApp, Kind, On, Which};
use serde_json::{Value, json};

/// Sends one request, without body if it is null, and gives back all that came until the connection ended.
async fn raw(addr: SocketAddr, token: &str, line: &str, body: Value) -> String {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let request = format!(
        "{line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/scim+json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let exchange = move || {
        let mut stream = TcpStream::connect(addr).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        // A connection that is cut may end with an error.
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    };
    tokio::task::spawn_blocking(exchange).await.unwrap()
}

/// Sends one request and reads the answer: status and body.
async fn ask(demo: &DemoApp, line: &str, body: Value) -> (u16, Value) {
    let answer = raw(demo.addr, "demo-token", line, body).await;
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    let body = answer.split_once("\r\n\r\n").unwrap().1;
    (status, serde_json::from_str(body).unwrap_or_default())
}

fn user(name: &str) -> Value {
    json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": name })
}

#[tokio::test]
async fn users_live_their_lives() {
    let demo = DemoApp::start(Config { max_page: 2, ..Config::default() }).await.unwrap();
    let (status, created) = ask(&demo, "POST /scim/v2/Users", user("ada")).await;
    assert_eq!((status, &created["active"]), (201, &json!(true)));
    let id = created["id"].as_str().unwrap().to_owned();
    assert_eq!(created["meta"]["location"], format!("{}/Users/{id}", demo.base_url));

    let (status, error) = ask(&demo, "POST /scim/v2/Users", user("ADA")).await;
    assert_eq!((status, &error["scimType"], &error["status"]), (409, &json!("uniqueness"), &json!("409")));
    let (status, error) = ask(&demo, "POST /scim/v2/Users", json!({ "userName": "x" })).await;
    assert_eq!((status, &error["scimType"]), (400, &json!("invalidSyntax")));

    let patch = json!({ "Operations": [{ "op": "Replace", "path": "active", "value": "False" }] });
    let (status, patched) = ask(&demo, &format!("PATCH /scim/v2/Users/{id}"), patch).await;
    assert_eq!((status, &patched["active"]), (200, &json!(false)));
    let (status, replaced) = ask(&demo, &format!("PUT /scim/v2/Users/{id}"), user("ada.l")).await;
    assert_eq!((status, &replaced["userName"], &replaced["active"]), (200, &json!("ada.l"), &json!(true)));
    assert_eq!(replaced["meta"]["created"], created["meta"]["created"]);

    for name in ["b", "c"] {
        assert_eq!(ask(&demo, "POST /scim/v2/Users", user(name)).await.0, 201);
    }
    let (_, page) = ask(&demo, "GET /scim/v2/Users?startIndex=3&count=50", Value::Null).await;
    assert_eq!((&page["totalResults"], &page["itemsPerPage"]), (&json!(3), &json!(1)));
    let (_, found) =
        ask(&demo, "GET /scim/v2/Users?filter=userName%20sw%20%22a%22%20or%20id%20eq%20%22x%22", Value::Null)
            .await;
    assert_eq!((&found["totalResults"], &found["Resources"][0]["id"]), (&json!(1), &json!(id)));
    let (status, error) = ask(&demo, "GET /scim/v2/Users?filter=nonsense", Value::Null).await;
    assert_eq!((status, &error["scimType"]), (400, &json!("invalidFilter")));

    assert_eq!(ask(&demo, &format!("DELETE /scim/v2/Users/{id}"), Value::Null).await.0, 204);
    assert_eq!(ask(&demo, &format!("DELETE /scim/v2/Users/{id}"), Value::Null).await.0, 404);
    for path in ["ServiceProviderConfig", "ResourceTypes", "Schemas", "ResourceTypes/User"] {
        assert_eq!(ask(&demo, &format!("GET /scim/v2/{path}"), Value::Null).await.0, 200, "{path}");
    }
    assert!(raw(demo.addr, "wrong", "GET /scim/v2/Users", Value::Null).await.starts_with("HTTP/1.1 401"));
    assert_eq!((demo.requests(Kind::Create), demo.requests(Kind::Unauthorized)), (5, 1));
    assert_eq!(demo.users().len(), 2);
}

#[tokio::test]
async fn faults_are_real() {
    let demo = DemoApp::start(Config::default()).await.unwrap();
    let create = |name: &'static str| raw(demo.addr, "demo-token", "POST /scim/v2/Users", user(name));
    let strike = |act: Act| {
        demo.faults().clear();
        demo.faults().add(On::Writes, Which::Always, act);
    };
    strike(Act::too_many(Duration::from_secs(7)));
    let answer = create("a").await;
    assert!(answer.starts_with("HTTP/1.1 429") && answer.contains("retry-after: 7\r\n"), "{answer}");
    strike(Act::Cut);
    assert_eq!(create("a").await, "");
    strike(Act::Lie);
    assert!(create("a").await.starts_with("HTTP/1.1 201"));
    strike(Act::Html);
    assert!(create("a").await.contains("text/html"));
    assert_eq!(demo.users().len(), 0);

    strike(Act::WorkThenCut);
    assert_eq!(create("a").await, "");
    strike(Act::CutMidBody);
    let answer = create("b").await;
    assert!(answer.contains("\r\n\r\n{") && !answer.ends_with('}'), "{answer}");
    strike(Act::WorkThenSlow(Duration::from_millis(50)));
    let started = Instant::now();
    assert!(create("c").await.starts_with("HTTP/1.1 201"));
    assert!(started.elapsed() >= Duration::from_millis(50));
    strike(Act::NoId);
    assert!(!create("d").await.contains("\"id\""));
    assert_eq!(demo.users().len(), 4);
}

#[tokio::test]
async fn users_outlive_the_application() {
    let folder = tempfile::tempdir().unwrap();
    let config = Config { file: Some(folder.path().join("users.json")), ..Config::default() };
    let demo = DemoApp::start(config.clone()).await.unwrap();
    ask(&demo, "POST /scim/v2/Users", user("ada")).await;
    let (_, gone) = ask(&demo, "POST /scim/v2/Users", user("bob")).await;
    ask(&demo, &format!("DELETE /scim/v2/Users/{}", gone["id"].as_str().unwrap()), Value::Null).await;
    let before = demo.users();
    demo.shutdown().await.unwrap();

    let demo = DemoApp::start(config).await.unwrap();
    assert_eq!(demo.users(), before);
    let (_, new) = ask(&demo, "POST /scim/v2/Users", user("eve")).await;
    assert_ne!(new["id"], gone["id"]);
    // A request that hangs doesn't hold the shutdown up.
    demo.faults().add(On::Any, Which::Always, Act::Slow(Duration::from_secs(60)));
    let addr = demo.addr;
    let hanging =
        tokio::spawn(async move { raw(addr, "demo-token", "GET /scim/v2/Users", Value::Null).await });
    tokio::time::sleep(Duration::from_millis(50)).await;
    let started = Instant::now();
    demo.shutdown().await.unwrap();
    assert!(started.elapsed() < Duration::from_secs(5));
    hanging.await.unwrap();
}
