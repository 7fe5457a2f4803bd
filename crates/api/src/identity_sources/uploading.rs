//! What both kinds of loads share.

use muster_service::import::Entry;
use serde::Deserialize;
use serde_json::{Map, Value as Json};
use utoipa::ToSchema;

use super::SESSION;
use super::wire::LoadedRows;
use crate::base::{Answer, ApiError, Call, Changed, Result};

/// What is told of one record.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ToldRecord {
    /// The stable key of the person.
    #[serde(default)]
    external_id: String,
    /// The values by the names of the source's columns: null empties one, and what is left out stays as it was.
    #[serde(default)]
    profile: Map<String, Json>,
}

/// Rows of a load.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ToldRecords {
    /// `USERS`, if anything.
    entity_type: Option<String>,
    /// The rows.
    profiles: Vec<ToldRecord>,
}

impl ToldRecords {
    fn entries(self, gone: bool) -> Result<Vec<Entry>> {
        if self.entity_type.as_deref().is_some_and(|kind| kind != "USERS") {
            return Err(ApiError::invalid("entityType", "entityType: The field entityType is not valid."));
        }
        let entry = |told: ToldRecord| Entry {
            id: told.external_id,
            gone,
            values: if gone { Map::new() } else { told.profile },
            ..Entry::default()
        };
        Ok(self.profiles.into_iter().map(entry).collect())
    }
}

/// Adds rows to a session.
pub(super) async fn upload(
    call: Call,
    (source, session): (String, String),
    told: ToldRecords,
    gone: bool,
) -> Result<Changed<LoadedRows>> {
    call.change_now(move |cx| {
        let entries = told.entries(gone)?;
        let loaded = cx.session.source_session_load(&cx.session.actor, &source, &session, &entries);
        let loaded = loaded.map_err(ApiError::missing(&session, SESSION))?;
        Ok(Changed::Done(Answer::accepted(LoadedRows::from(loaded))))
    })
    .await
}
