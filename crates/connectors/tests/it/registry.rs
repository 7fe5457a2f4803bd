//! Connectors out of settings.

use muster_connectors::{connect, kinds};
use serde_json::{Value, json};

fn refused(kind: &str, settings: &Value, secret: Option<&str>) -> String {
    connect(kind, settings, secret.map(Into::into)).map(|_| ()).unwrap_err().to_string()
}

#[test]
fn settings_make_a_connector() {
    assert_eq!(kinds().collect::<Vec<_>>(), ["manual", "scim"]);
    assert!(!connect("manual", &Value::Null, None).unwrap().capabilities().automatic);
    let settings = json!({
        "base_url": "https://example.org/scim/v2/", "update": "put", "timeout_seconds": 5, "page_size": 50,
        "max_answer_bytes": 65536, "user_agent": "x", "deletes": false, "external_id_filter": false,
        "unique_user_names": false, "allow_http": false
    });
    let capabilities = connect("scim", &settings, Some("token\n".into())).unwrap().capabilities();
    assert!(capabilities.automatic && capabilities.list && capabilities.deactivate);
    assert!(!capabilities.delete && !capabilities.find_by_external_id && !capabilities.unique_user_names);
}

#[test]
fn mistakes_in_settings_are_named() {
    let url = "https://example.org";
    for (kind, settings, secret, expected) in [
        ("scmi", json!({}), None, "there is no connector `scmi`; there are `manual`, `scim`"),
        ("manual", json!({ "url": 1 }), None, "there is no setting `url`; there are none"),
        (
            "scim",
            json!({ "baseUrl": url }),
            Some("t"),
            "there is no setting `baseUrl`; there are `base_url`, `update`",
        ),
        ("scim", json!({}), Some("t"), "setting `base_url`: is required"),
        ("scim", json!([]), Some("t"), "setting `settings`: must be an object"),
        ("scim", json!({ "base_url": url }), None, "the secret is missing"),
        ("scim", json!({ "base_url": url }), Some(" \n"), "the secret is missing"),
        ("scim", json!({ "base_url": 1 }), Some("t"), "setting `base_url`: must be a string"),
        ("scim", json!({ "base_url": url, "update": "post" }), Some("t"), "must be `patch` or `put`"),
        (
            "scim",
            json!({ "base_url": url, "page_size": 0 }),
            Some("t"),
            "`page_size`: must be a whole number from 1",
        ),
        ("scim", json!({ "base_url": url, "deletes": "no" }), Some("t"), "`deletes`: must be true or false"),
        ("scim", json!({ "base_url": "http://example.org" }), Some("t"), "use https"),
    ] {
        let error = refused(kind, &settings, secret);
        assert!(error.contains(expected), "{error}");
    }
}
