//! Events of the log as the store keeps them: one line of JSON each.

use muster_engine::Millis;
use serde::Serialize;

/// What an event is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EventTarget {
    /// The kind of thing (`User`, `AppInstance`, `AppUser`).
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Its public id.
    pub id: String,
    /// The name people know it by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
}

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EventOutcome {
    /// `SUCCESS` or `FAILURE`.
    pub result: &'static str,
    /// Why, where it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl EventOutcome {
    /// It was done.
    pub fn success() -> Self {
        Self { result: "SUCCESS", reason: None }
    }

    /// It wasn't.
    pub fn failure(reason: impl Into<String>) -> Self {
        Self { result: "FAILURE", reason: Some(reason.into()) }
    }
}

/// An event; no part of it may hold a secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// What happened, by Okta's names.
    pub event_type: &'static str,
    /// Who did it.
    pub actor: String,
    /// How it ended.
    pub outcome: EventOutcome,
    /// When, by the org's clock.
    pub published: Millis,
    /// What it is about.
    pub targets: Vec<EventTarget>,
    /// The public id of the plan it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
}

impl Event {
    /// The line the store keeps.
    pub fn to_line(&self) -> String {
        // A struct of texts and numbers always has a JSON form.
        serde_json::to_string(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_line_with_the_names_of_the_log() {
        let event = Event {
            event_type: "application.provision.user.push",
            actor: "provisioning".into(),
            outcome: EventOutcome::failure("a\nb"),
            published: Millis(7),
            targets: vec![EventTarget { kind: "User", id: "00u1".into(), display_name: None }],
            plan: None,
        };
        assert_eq!(
            event.to_line(),
            r#"{"eventType":"application.provision.user.push","actor":"provisioning","outcome":{"result":"FAILURE","reason":"a\nb"},"published":7,"targets":[{"type":"User","id":"00u1"}]}"#
        );
    }
}
