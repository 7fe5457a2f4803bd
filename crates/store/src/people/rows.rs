//! The rows, column by column; `docs/data-model.md` says what each column means.

use serde::{Deserialize, Serialize};

/// A person: facts (`said`, `created`, `created_plan`) and what is derived.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserRow {
    /// The person's key.
    pub user_key: i64,
    /// Lifecycle status.
    pub status: String,
    /// Login, if deriving gave one.
    pub login: Option<String>,
    /// Effective profile, as JSON.
    pub profile: String,
    /// Since when and by which plan attributes hold their values, as JSON, where it isn't `created`.
    pub profile_since: Option<String>,
    /// What admins said, as JSON.
    pub said: Option<String>,
    /// The instant last derived with.
    pub as_of: i64,
    /// The earliest instant at which time alone changes something.
    pub next_due: Option<i64>,
    /// The configuration version last derived under.
    pub config_version: i64,
    /// When the person was created.
    pub created: i64,
    /// The plan that created the person.
    pub created_plan: i64,
    /// When the person became active.
    pub activated: Option<i64>,
    /// When the status changed last.
    pub status_changed: Option<i64>,
    /// When anything of the person changed last.
    pub last_updated: i64,
    /// Grows with each change, from 1 on.
    pub rev: i64,
    /// The plan whose value the row holds.
    pub plan: i64,
    /// A held due plan the person waits for. Operational: [`write_people`](super::write_people) leaves it alone.
    pub held_plan: Option<i64>,
}

/// What a source says of a person.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordRow {
    /// The source.
    pub app_key: i64,
    /// The source's key of the record.
    pub external_id: String,
    /// The person.
    pub user_key: i64,
    /// Key of the record, growing in the order of arrival.
    pub record_key: i64,
    /// LIVING, ENDED or WITHDRAWN.
    pub state: String,
    /// The columns as imported, as JSON.
    pub values: String,
    /// Hash of values and state as the feed said them.
    pub hash: i64,
    /// When the source last changed between living and ended.
    pub said_at: i64,
    /// When the record was first seen.
    pub first_seen: i64,
    /// When the record changed last.
    pub changed: i64,
    /// The plan whose value the row holds.
    pub plan: i64,
}

/// A derived membership.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MembershipRow {
    /// The person.
    pub user_key: i64,
    /// The group.
    pub group_key: i64,
    /// Member since.
    pub since: i64,
    /// The plan whose value the row holds.
    pub plan: i64,
}

/// What was said about a membership.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MembershipFactRow {
    /// The person.
    pub user_key: i64,
    /// The group.
    pub group_key: i64,
    /// MANUAL, EXCLUDED, KEPT, IMPORTED …
    pub kind: String,
    /// The rule or app the fact refers to, 0 if none.
    pub ref_key: i64,
    /// When the fact ends by itself.
    pub until: Option<i64>,
    /// Whether it was taken back; the row stays as the last word.
    pub gone: bool,
    /// Holds since.
    pub since: i64,
    /// The plan whose value the row holds.
    pub plan: i64,
}

/// A direct assignment of an app.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssignmentRow {
    /// The person.
    pub user_key: i64,
    /// The app.
    pub app_key: i64,
    /// DIRECT …
    pub kind: String,
    /// Overrides, as JSON.
    pub profile: Option<String>,
    /// When the assignment ends.
    pub until: Option<i64>,
    /// Whether it was taken back; the row stays as the last word.
    pub gone: bool,
    /// Assigned since.
    pub since: i64,
    /// The plan whose value the row holds.
    pub plan: i64,
}

/// A derived link to another person, by that person's external key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkRow {
    /// The person.
    pub user_key: i64,
    /// The link's definition.
    pub link_item: i64,
    /// The other person's external key.
    pub value: String,
    /// Holds since.
    pub since: i64,
    /// The plan whose value the row holds.
    pub plan: i64,
}

/// The owner of a unique value.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimRow {
    /// What must be unique.
    pub namespace: String,
    /// The value, case folded.
    pub value: String,
    /// The owner.
    pub user_key: i64,
    /// The value as it is written.
    pub shown: String,
    /// The value it was made from.
    pub base: String,
    /// HELD or RESERVED.
    pub state: String,
    /// Reserved until.
    pub reserved_until: Option<i64>,
    /// Holds since.
    pub since: i64,
    /// The plan whose value the row holds.
    pub plan: i64,
}

/// A value by which a person is found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ValueRow {
    /// The indexed attribute.
    pub attribute: String,
    /// One of its values, case folded.
    pub value: String,
    /// The person.
    pub user_key: i64,
}

/// An account with all its columns, derived and operational.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountRow {
    /// The account's key.
    pub account_key: i64,
    /// The person; none for an orphan.
    pub user_key: Option<i64>,
    /// The app.
    pub app_key: i64,
    /// Scope of the assignment (DIRECT or GROUP); none: not assigned.
    pub scope: Option<String>,
    /// The group that gave it first.
    pub group_key: Option<i64>,
    /// Assigned since.
    pub assigned_since: Option<i64>,
    /// The plan that assigned it.
    pub assigned_plan: Option<i64>,
    /// The desired account, as JSON.
    pub wanted: Option<String>,
    /// The state that `wanted` asks for.
    pub state: Option<String>,
    /// Values set once, as JSON.
    pub kept: Option<String>,
    /// Grows whenever the account has work to do.
    pub wanted_rev: i64,
    /// The derived columns hold since.
    pub since: i64,
    /// The plan whose value the derived columns hold.
    pub plan: i64,
    /// The revision the target was last brought to.
    pub done_rev: i64,
    /// The target's id of the account.
    pub remote_id: Option<String>,
    /// What the target is known to hold, as JSON.
    pub known: Option<String>,
    /// When that was learned.
    pub known_at: Option<i64>,
    /// 0 takes away, 1 gives, 2 fills.
    pub lane: i64,
    /// Who works on it.
    pub lease_owner: Option<String>,
    /// Grows with each lease.
    pub lease_token: i64,
    /// When the lease runs out; none: not leased.
    pub lease_until: Option<i64>,
    /// What a create in flight was sent as, as JSON; its outcome is unknown until this is cleared.
    pub attempt: Option<String>,
    /// Attempts since it was last in line.
    pub attempts: i64,
    /// Not before this time.
    pub next_attempt: i64,
    /// The revision that failed for good.
    pub failed_rev: Option<i64>,
    /// The last error.
    pub error: Option<String>,
}

/// The columns of an account that a plan writes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountPut {
    /// The account's key.
    pub account_key: i64,
    /// The person; none for an orphan.
    pub user_key: Option<i64>,
    /// The app.
    pub app_key: i64,
    /// Scope of the assignment (DIRECT or GROUP); none: not assigned.
    pub scope: Option<String>,
    /// The group that gave it first.
    pub group_key: Option<i64>,
    /// Assigned since.
    pub assigned_since: Option<i64>,
    /// The plan that assigned it.
    pub assigned_plan: Option<i64>,
    /// The desired account, as JSON.
    pub wanted: Option<String>,
    /// The state that `wanted` asks for.
    pub state: Option<String>,
    /// Values set once, as JSON.
    pub kept: Option<String>,
    /// Higher than before if the account has work to do.
    pub wanted_rev: i64,
    /// The derived columns hold since.
    pub since: i64,
    /// The plan whose value the derived columns hold.
    pub plan: i64,
    /// Lane of the work; counts only when `wanted_rev` grows.
    pub lane: i64,
}

impl From<AccountRow> for AccountPut {
    fn from(row: AccountRow) -> Self {
        Self {
            account_key: row.account_key,
            user_key: row.user_key,
            app_key: row.app_key,
            scope: row.scope,
            group_key: row.group_key,
            assigned_since: row.assigned_since,
            assigned_plan: row.assigned_plan,
            wanted: row.wanted,
            state: row.state,
            kept: row.kept,
            wanted_rev: row.wanted_rev,
            since: row.since,
            plan: row.plan,
            lane: row.lane,
        }
    }
}

/// Everything the store holds of one person.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonRows {
    /// The person.
    pub user: UserRow,
    /// By app and external id.
    pub records: Vec<RecordRow>,
    /// By group.
    pub memberships: Vec<MembershipRow>,
    /// By group, kind and reference.
    pub membership_facts: Vec<MembershipFactRow>,
    /// By app.
    pub assignments: Vec<AssignmentRow>,
    /// By link.
    pub links: Vec<LinkRow>,
    /// By namespace and value.
    pub claims: Vec<ClaimRow>,
    /// By app.
    pub accounts: Vec<AccountRow>,
}
