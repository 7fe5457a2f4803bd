//! Hired, moved, left: told over sessions of an identity source.

use serde_json::{Value, json};

use crate::support::Org;

/// Tells the HR source something in a session of its own and has it imported; each call starts a server of its own.
#[track_caller]
fn tell(org: &Org, load: &str, profiles: &Value) -> Value {
    let (status, session) = org.http("POST", "/api/v1/identity-sources/hr/sessions", None);
    assert_eq!(status, 201, "{session}");
    let path = format!("/api/v1/identity-sources/hr/sessions/{}", session["id"].as_str().unwrap());
    let body = json!({ "entityType": "USERS", "profiles": profiles });
    let (status, loaded) = org.http("POST", &format!("{path}/{load}"), Some(body));
    assert_eq!((status, &loaded["rejected"]), (202, &json!([])), "{loaded}");
    let (status, done) = org.http("POST", &format!("{path}/start-import"), None);
    assert_eq!((status, &done["status"]), (200, &json!("COMPLETED")), "{done}");
    done
}

#[test]
fn hired_moved_and_left_over_sessions_of_an_identity_source() {
    let mut org = Org::new();
    // Somebody whom a file brought is known to sessions by the same key.
    org.hr(&["2,Bea,Brown,Lab"]);
    let ada = json!({ "first": "Ada", "last": "Adams", "department": "Sales", "begins": "2027-01-04", "state": null });
    tell(&org, "bulk-upsert", &json!([{ "externalId": "1", "profile": ada }]));
    org.sync();
    let before = org.account("crm", "Ada Adams").unwrap();
    assert!(before.active && org.can_use("mail", "Ada Adams"));
    let moved = json!({ "department": "Lab", "title": "Lead", "state": "" });
    tell(&org, "bulk-upsert", &json!([{ "externalId": "1", "profile": moved }]));
    org.sync();
    assert_eq!(org.user("Ada Adams")["profile"]["lastName"], "Adams");
    assert_eq!(org.account("crm", "Ada Adams").unwrap().all["nickName"], "lead");
    tell(&org, "bulk-delete", &json!([{ "externalId": "1" }]));
    org.sync();
    assert_eq!(
        (org.status("Ada Adams").as_str(), org.status("Bea Brown").as_str()),
        ("DEPROVISIONED", "ACTIVE")
    );
    assert!(!org.can_use("crm", "Ada Adams") && org.can_use("mail", "Ada Adams"));
    org.at("2027-03-04T07:00:00Z").sync();
    assert!(!org.can_use("mail", "Ada Adams"));
    // Who has left in a row's own words.
    tell(&org, "bulk-upsert", &json!([{ "externalId": "2", "profile": { "state": "left" } }]));
    assert_eq!(org.status("Bea Brown"), "DEPROVISIONED");
}
