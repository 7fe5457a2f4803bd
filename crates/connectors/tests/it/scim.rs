//! What SCIM services do wrong, and that little is sent.

use std::sync::{Arc, Mutex};

use axum::http::{HeaderMap, Method, StatusCode, Uri};
use muster_connectors::{
    Connector, ErrorKind, LookUp,
    scim::{ScimConfig, ScimConnector, UpdateBy},
};
use muster_demo_app::{Act, Config, DemoApp, Kind, On, Which};
use muster_engine::{
    Value,
    outbound::{AccountState, DesiredAccount},
};
use serde_json::json;

async fn demo() -> DemoApp {
    DemoApp::start(Config::default()).await.unwrap()
}

fn connect(demo: &DemoApp, change: impl FnOnce(&mut ScimConfig)) -> ScimConnector {
    let mut config = ScimConfig::new(&demo.base_url, Config::default().token.into());
    config.page_size = 2;
    change(&mut config);
    ScimConnector::new(config).unwrap()
}

fn desired(user_name: &str, attributes: &[(&str, &str)]) -> DesiredAccount {
    DesiredAccount {
        external_id: format!("ref-{user_name}"),
        user_name: user_name.to_owned(),
        state: AccountState::Active,
        attributes: attributes
            .iter()
            .map(|(name, value)| ((*name).to_owned(), Value::from(*value)))
            .collect(),
    }
}

#[tokio::test]
async fn paging_that_is_ignored_ends_the_list() {
    let demo = demo().await;
    let connector = connect(&demo, |_| {});
    for name in ["a", "b", "c"] {
        connector.create(&desired(name, &[])).await.unwrap();
    }
    demo.faults().add(On::Kind(Kind::List), Which::Always, Act::IgnorePaging);
    let first = connector.list(None).await.unwrap();
    assert_eq!((first.accounts.len(), first.total), (2, Some(3)));
    let error = connector.list(first.next.as_deref()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Refused);
    assert!(error.message.contains("ignores paging"), "{error}");
}

#[tokio::test]
async fn filters_that_are_ignored_find_nobody_else() {
    let demo = DemoApp::start(Config { max_page: 2, ..Config::default() }).await.unwrap();
    let connector = connect(&demo, |_| {});
    connector.create(&desired("a", &[])).await.unwrap();
    connector.create(&desired("b", &[])).await.unwrap();
    demo.faults().add(On::Kind(Kind::Find), Which::Always, Act::IgnoreFilter);
    // All accounts came, so the answer can be trusted once it is sifted.
    let found = connector.find(&LookUp::UserName("B".to_owned())).await.unwrap();
    assert_eq!(found.iter().map(|account| account.user_name.as_str()).collect::<Vec<_>>(), ["b"]);
    assert_eq!(connector.find(&LookUp::UserName("z".to_owned())).await.unwrap(), []);
    connector.create(&desired("c", &[])).await.unwrap();
    let error = connector.find(&LookUp::UserName("c".to_owned())).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Refused);
    assert!(error.message.contains("ignores filters"), "{error}");
}

#[tokio::test]
async fn answers_that_prove_nothing_are_not_believed() {
    let demo = demo().await;
    let connector = connect(&demo, |_| {});
    demo.faults().add(On::Kind(Kind::Create), Which::Nth(1), Act::NoId);
    let error = connector.create(&desired("a", &[])).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unknown);
    assert!(error.message.contains("no `id`"), "{error}");
    assert_eq!(demo.users().len(), 1);

    demo.faults().add(On::Kind(Kind::Create), Which::Nth(1), Act::Html);
    let error = connector.create(&desired("b", &[])).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unknown);
    assert!(error.message.contains("text/html") && error.message.contains("Sign in"), "{error}");

    // An answer without the id of the account which was written is read again.
    let created = connector.create(&desired("c", &[])).await.unwrap();
    demo.faults().add(On::Kind(Kind::Patch), Which::Nth(1), Act::NoId);
    let changed =
        connector.update(&created.id, Some(&created), &desired("c", &[("title", "T")])).await.unwrap();
    assert_eq!(changed.attributes.get("title"), Some(&"T".into()));
    assert_eq!(demo.requests(Kind::Get), 1);
}

#[tokio::test]
async fn words_of_the_application_are_told() {
    let demo = demo().await;
    let connector = connect(&demo, |_| {});
    let detail = "bob may not have a licence".to_owned();
    demo.faults().add(On::Any, Which::Always, Act::RejectUserName { user_name: "BOB".to_owned(), detail });
    let error = connector.create(&desired("bob", &[])).await.unwrap_err();
    assert_eq!((error.kind, error.status), (ErrorKind::Rejected, Some(400)));
    let url = &demo.base_url;
    assert_eq!(
        error.message,
        format!("POST {url}/Users answered 400 Bad Request: bob may not have a licence")
    );
    connector.create(&desired("ada", &[])).await.unwrap();

    let nowhere = connect(&demo, |config| config.base_url.push_str("/nothing"));
    let error = nowhere.create(&desired("eve", &[])).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Refused);
    assert!(error.message.contains("base URL"), "{error}");

    let bad = connector.create(&desired("eve", &[("a b", "x")])).await.unwrap_err();
    assert_eq!(bad.kind, ErrorKind::Rejected);
    let keeping = connect(&demo, |config| config.deletes = false);
    assert_eq!(keeping.delete("1").await.unwrap_err().kind, ErrorKind::Rejected);
}

#[tokio::test]
async fn answers_have_a_limit() {
    let demo = demo().await;
    let long = "x".repeat(5000);
    connect(&demo, |_| {}).create(&desired("a", &[("title", &long)])).await.unwrap();
    let error = connect(&demo, |config| config.max_answer_bytes = 4096).list(None).await.unwrap_err();
    assert!(error.message.contains("more than 4096 bytes"), "{error}");
}

#[tokio::test]
async fn nothing_is_sent_without_need() {
    let demo = demo().await;
    let connector = connect(&demo, |_| {});
    let mut wanted =
        desired("a", &[("title", "T"), ("emails[type eq \"work\"].value", "a@x"), ("nickName", "N")]);
    let created = connector.create(&wanted).await.unwrap();
    assert_eq!(demo.all_requests(), 1);
    // What is known says which attribute differs: one request.
    wanted.attributes.insert("title".to_owned(), "U".into());
    let updated = connector.update(&created.id, Some(&created), &wanted).await.unwrap();
    assert_eq!((demo.all_requests(), demo.requests(Kind::Patch)), (2, 1));
    // An element has to be looked at first.
    wanted.attributes.insert("emails[type eq \"work\"].value".to_owned(), "b@x".into());
    let updated = connector.update(&updated.id, Some(&updated), &wanted).await.unwrap();
    assert_eq!((demo.all_requests(), demo.requests(Kind::Get), demo.requests(Kind::Patch)), (4, 1, 2));
    // Nothing differs: only a look.
    connector.update(&updated.id, None, &wanted).await.unwrap();
    assert_eq!((demo.all_requests(), demo.requests(Kind::Patch)), (5, 2));
    assert_eq!(demo.users()[0]["emails"], json!([{ "type": "work", "value": "b@x" }]));
}

#[tokio::test]
async fn what_others_set_stays() {
    for update in [UpdateBy::Patch, UpdateBy::Put] {
        let demo = demo().await;
        let connector = connect(&demo, |config| config.update = update);
        let theirs = [("emails[type eq \"home\"].value", "h@x"), ("roles", "admin"), ("name.givenName", "A")];
        let created = connector.create(&desired("a", &theirs)).await.unwrap();
        let ours = [("emails[type eq \"work\"].value", "w@x"), ("name.familyName", "B")];
        connector.update(&created.id, None, &desired("a", &ours)).await.unwrap();
        let user = demo.users().remove(0);
        let home = json!({ "type": "home", "value": "h@x" });
        assert_eq!(user["emails"], json!([home, { "type": "work", "value": "w@x" }]), "{update:?}");
        assert_eq!(user["roles"], json!([{ "value": "admin" }]));
        assert_eq!(user["name"], json!({ "givenName": "A", "familyName": "B" }));
    }
}

#[tokio::test]
async fn a_lie_shows_at_the_next_look() {
    let demo = demo().await;
    let connector = connect(&demo, |_| {});
    let created = connector.create(&desired("a", &[])).await.unwrap();
    // The answer to the change lies; nothing but a later look can show it.
    demo.faults().add(On::Kind(Kind::Patch), Which::Nth(1), Act::Lie);
    assert!(!connector.set_active(&created.id, false).await.unwrap().active);
    let held = connector.find(&LookUp::Id(created.id)).await.unwrap();
    assert!(held[0].active);
}

type Answer = (u16, Vec<(&'static str, &'static str)>, &'static str);

/// A connector to an application which answers by rote, and the requests that have reached it.
async fn by_rote(answer: fn(&str) -> Answer) -> (ScimConnector, Arc<Mutex<Vec<String>>>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}/scim", listener.local_addr().unwrap());
    let seen = Arc::new(Mutex::new(Vec::new()));
    let seeing = Arc::clone(&seen);
    let router = axum::Router::new().fallback(move |method: Method, uri: Uri| async move {
        seeing.lock().unwrap().push(format!("{method} {uri}"));
        let (status, headers, body) = answer(method.as_str());
        let headers: HeaderMap =
            headers.into_iter().map(|(k, v)| (k.parse().unwrap(), v.parse().unwrap())).collect();
        (StatusCode::from_u16(status).unwrap(), headers, body)
    });
    tokio::spawn(async move { axum::serve(listener, router).await });
    (ScimConnector::new(ScimConfig::new(base_url, "t".into())).unwrap(), seen)
}

#[tokio::test]
async fn an_answer_without_content_is_read_again() {
    let (connector, seen) = by_rote(|method| match method {
        "PATCH" => (204, vec![], ""),
        _ => (200, vec![], r#"{ "id": 7, "userName": "a", "active": "False" }"#),
    })
    .await;
    let account = connector.set_active("7", false).await.unwrap();
    assert_eq!((account.id.as_str(), account.active), ("7", false));
    assert_eq!(*seen.lock().unwrap(), ["PATCH /scim/Users/7", "GET /scim/Users/7"]);
}

#[tokio::test]
async fn a_deactivation_that_has_no_effect_is_told() {
    let (connector, _) =
        by_rote(|_| (200, vec![], r#"{ "id": "7", "userName": "a", "active": true }"#)).await;
    let error = connector.set_active("7", false).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Rejected);
    assert!(error.message.contains("shows it as active"), "{error}");
}

#[tokio::test]
async fn conflicts_are_known_by_their_kind_too() {
    let (connector, _) =
        by_rote(|_| (400, vec![], r#"{ "scimType": "uniqueness", "detail": "taken" }"#)).await;
    assert_eq!(connector.create(&desired("a", &[])).await.unwrap_err().kind, ErrorKind::Conflict);
}

#[tokio::test]
async fn the_token_follows_no_redirect() {
    let (connector, seen) = by_rote(|_| (302, vec![("location", "/elsewhere")], "")).await;
    let error = connector.check().await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Refused);
    assert!(error.message.contains("redirects to /elsewhere"), "{error}");
    assert_eq!(seen.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn ids_and_names_are_sent_as_they_are() {
    let (connector, seen) = by_rote(|_| {
        (200, vec![], r#"{ "totalResults": 0, "id": "a/b ?#", "userName": "a", "active": true }"#)
    })
    .await;
    connector.find(&LookUp::Id("a/b ?#".to_owned())).await.unwrap();
    connector.find(&LookUp::UserName("a+b \"c\" é".to_owned())).await.unwrap();
    let expected = [
        "GET /scim/Users/a%2Fb%20%3F%23",
        "GET /scim/Users?filter=userName%20eq%20%22a%2Bb%20%5C%22c%5C%22%20%C3%A9%22",
    ];
    assert_eq!(*seen.lock().unwrap(), expected);
}

#[tokio::test]
async fn a_page_for_people_is_no_proof_that_an_account_has_gone() {
    let (connector, _) = by_rote(|_| (404, vec![("content-type", "text/html")], "<h1>Not found</h1>")).await;
    assert_eq!(connector.delete("7").await.unwrap_err().kind, ErrorKind::Refused);
    assert_eq!(connector.find(&LookUp::Id("7".to_owned())).await.unwrap_err().kind, ErrorKind::Refused);
}
