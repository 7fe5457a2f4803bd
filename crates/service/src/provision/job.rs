//! One claimed account: what it should be, what it is known to be, and what was tried before.

use muster_engine::derive::Wanted;
use muster_engine::model::{AccountKey, IdKind, UserKey, public_id};
use muster_engine::outbound::{AccountState, Allowed, Call, DesiredAccount, RemoteAccount, bring_into_line};
use muster_store::accounts::Lease;
use muster_store::people::AccountRow;
use serde::{Deserialize, Serialize};

/// What is noted before the first call about an account: whoever finds the note later doesn't know what has become of
/// the call, and looks first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Note {
    /// User names an account may have been created under.
    pub(super) user_names: Vec<String>,
}

impl Note {
    fn read(text: Option<&str>) -> Option<Self> {
        let text = text.filter(|text| !text.is_empty())?;
        // A note that can't be read still says that something was tried.
        Some(serde_json::from_str(text).unwrap_or_default())
    }

    fn with(mut self, user_name: &str) -> Self {
        if !self.user_names.iter().any(|name| name == user_name) {
            self.user_names.push(user_name.to_owned());
        }
        self
    }

    /// The text the store keeps.
    pub(super) fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// A claimed account.
#[derive(Clone, Debug)]
pub(super) struct Job {
    pub(super) account: AccountKey,
    pub(super) user: Option<UserKey>,
    /// The person has the app.
    pub(super) assigned: bool,
    pub(super) lease: Lease,
    /// The revision that was read.
    pub(super) rev: i64,
    /// What is wanted; `None`: nothing that Muster would know of.
    pub(super) desired: Option<DesiredAccount>,
    pub(super) known: Option<RemoteAccount>,
    /// The app's id of the account as stored.
    pub(super) remote_id: Option<String>,
    /// The note as it stands in the store.
    pub(super) note: Option<Note>,
    /// The account has to be looked up before anything else.
    pub(super) look_first: bool,
    /// The account was found by a listing and isn't linked yet.
    pub(super) found: bool,
    pub(super) attempts: i64,
    /// An earlier attempt failed, so there may be a task about it.
    pub(super) failed_before: bool,
}

impl Job {
    /// Reads a claimed row.
    pub(super) fn new(row: &AccountRow) -> Self {
        let external_id = row.user_key.map_or_else(
            || public_id(IdKind::Account, row.account_key),
            |user| public_id(IdKind::User, user),
        );
        let desired = row.wanted.as_deref().and_then(Wanted::from_json).map(|wanted| DesiredAccount {
            external_id,
            user_name: wanted.user_name,
            state: wanted.state,
            attributes: wanted
                .attributes
                .into_iter()
                .map(|(name, value)| (name.to_string(), value))
                .collect(),
        });
        let known: Option<RemoteAccount> =
            row.remote_id.as_ref().and(row.known.as_deref()).and_then(|text| serde_json::from_str(text).ok());
        let note = Note::read(row.attempt.as_deref());
        Self {
            account: AccountKey(row.account_key),
            user: row.user_key.map(UserKey),
            assigned: row.scope.is_some(),
            lease: Lease { account_key: row.account_key, token: row.lease_token },
            rev: row.wanted_rev,
            look_first: note.is_some() || (row.remote_id.is_some() && known.is_none()),
            desired,
            known,
            remote_id: row.remote_id.clone(),
            note,
            found: false,
            attempts: row.attempts,
            failed_before: row.failed_rev.is_some() || row.error.is_some(),
        }
    }

    /// Our reference to the account.
    pub(super) fn external_id(&self) -> &str {
        self.desired.as_ref().map_or("", |desired| desired.external_id.as_str())
    }

    /// Whether the account is wanted and nothing is known of it.
    pub(super) fn is_unlinked(&self) -> bool {
        let wanted = self.desired.as_ref().is_some_and(|desired| desired.state == AccountState::Active);
        wanted && self.known.is_none() && self.remote_id.is_none()
    }

    /// The calls that bring it into line, as far as is known.
    pub(super) fn calls(&self, allowed: Allowed) -> Vec<Call> {
        match &self.desired {
            Some(desired) => bring_into_line(desired, self.known.as_ref(), allowed),
            None => Vec::new(),
        }
    }

    /// The note to be durable before the first call, if there will be one.
    pub(super) fn note_to_write(&self, allowed: Allowed) -> Option<Note> {
        let desired = self.desired.as_ref()?;
        if !self.look_first && self.calls(allowed).is_empty() {
            return None;
        }
        let note = self.note.clone().unwrap_or_default();
        // What isn't wanted active is never created.
        Some(if desired.state == AccountState::Active { note.with(&desired.user_name) } else { note })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> AccountRow {
        AccountRow {
            account_key: 3,
            user_key: Some(9),
            wanted: Some(r#"{"state":"ACTIVE","userName":"ann","attributes":{"title":"x"}}"#.into()),
            wanted_rev: 2,
            ..AccountRow::default()
        }
    }

    const ALL: Allowed = Allowed { create: true, update: true, deactivate: true, delete: true };

    #[test]
    fn a_note_keeps_every_name_that_was_tried() {
        let first = Job::new(&row()).note_to_write(ALL).unwrap();
        assert_eq!(first.to_json(), r#"{"userNames":["ann"]}"#);
        let renamed = AccountRow {
            attempt: Some(first.to_json()),
            wanted: Some(r#"{"state":"ACTIVE","userName":"ann2","attributes":{}}"#.into()),
            ..row()
        };
        let job = Job::new(&renamed);
        assert!(job.look_first);
        assert_eq!(job.note_to_write(ALL).unwrap().user_names, ["ann", "ann2"]);
    }

    #[test]
    fn what_is_in_line_needs_no_note() {
        let known =
            r#"{"id":"u1","external_id":null,"user_name":"ann","active":true,"attributes":{"title":"x"}}"#;
        let row = AccountRow { remote_id: Some("u1".into()), known: Some(known.into()), ..row() };
        let job = Job::new(&row);
        assert!(job.calls(ALL).is_empty());
        assert_eq!(job.note_to_write(ALL), None);
        // Who has an id and nothing known of it is looked up.
        assert!(Job::new(&AccountRow { known: None, ..row }).look_first);
    }
}
