//! An event on the wire.

use muster_service::look::EventView;
use serde::Serialize;
use serde_json::{Map, Value as Json};
use utoipa::ToSchema;

/// Who did it.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct LogActor {
    id: String,
    #[serde(rename = "type")]
    kind: &'static str,
    alternate_id: String,
    display_name: String,
    #[schema(value_type = Option<Object>)]
    detail_entry: Option<Json>,
}

/// How it ended.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
struct LogOutcome {
    /// `SUCCESS` or `FAILURE`.
    result: String,
    reason: Option<String>,
}

/// What it is about.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct LogTarget {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    alternate_id: Option<String>,
    display_name: Option<String>,
    #[schema(value_type = Option<Object>)]
    detail_entry: Option<Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    change_details: Option<Json>,
}

/// What led to it.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct LogDebugContext {
    /// `planId`: the plan it belongs to.
    #[schema(value_type = Object)]
    debug_data: Map<String, Json>,
}

/// The transaction it belongs to: the plan.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
struct LogTransaction {
    #[serde(rename = "type")]
    kind: &'static str,
    id: String,
    #[schema(value_type = Object)]
    detail: Map<String, Json>,
}

/// How the actor was known; Muster signs nobody in.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct LogAuthenticationContext {
    authentication_step: i32,
    external_session_id: Option<String>,
}

/// From where it was asked.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct LogRequest {
    ip_chain: Vec<String>,
}

/// An event of the log (Okta: `LogEvent`).
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LogEvent {
    uuid: String,
    published: String,
    event_type: String,
    version: &'static str,
    /// `INFO` or `WARN`.
    severity: &'static str,
    legacy_event_type: Option<String>,
    display_message: String,
    actor: LogActor,
    outcome: LogOutcome,
    target: Vec<LogTarget>,
    transaction: LogTransaction,
    debug_context: LogDebugContext,
    authentication_context: LogAuthenticationContext,
    request: LogRequest,
}

impl From<EventView> for LogEvent {
    fn from(event: EventView) -> Self {
        let data = event.debug_context.debug_data;
        let plan =
            data.get("planId").and_then(Json::as_str).map_or_else(|| event.uuid.clone(), str::to_owned);
        Self {
            uuid: event.uuid,
            published: event.published,
            event_type: event.event_type,
            version: event.version,
            severity: event.severity,
            legacy_event_type: None,
            display_message: event.display_message,
            actor: LogActor {
                id: event.actor.id,
                kind: event.actor.kind,
                alternate_id: event.actor.alternate_id,
                display_name: event.actor.display_name,
                detail_entry: None,
            },
            outcome: LogOutcome { result: event.outcome.result, reason: event.outcome.reason },
            target: event
                .target
                .into_iter()
                .map(|t| LogTarget {
                    id: t.id,
                    kind: t.kind,
                    alternate_id: t.alternate_id,
                    display_name: t.display_name,
                    detail_entry: None,
                    change_details: t.change_details,
                })
                .collect(),
            transaction: LogTransaction { kind: "JOB", id: plan, detail: Map::new() },
            debug_context: LogDebugContext { debug_data: data },
            authentication_context: LogAuthenticationContext::default(),
            request: LogRequest::default(),
        }
    }
}
