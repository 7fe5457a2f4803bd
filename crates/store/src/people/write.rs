//! Writing: a write-set is data, and each of its lists is one prepared statement run down the list.

use std::collections::BTreeMap;

use super::rows::{
    AccountPut, AssignmentRow, ClaimRow, LinkRow, MembershipFactRow, MembershipRow, RecordRow, UserRow,
    ValueRow,
};
use crate::pending::{self, PendingRow};
use crate::statements::statements;
use crate::tx::Producer;
use crate::{Param, Result, Tx};

statements! {
    // What stands in an index isn't set again where it is the same: engines write each index whose columns a statement
    // names, be they changed or not.
    PUT_USER = "INSERT INTO users (user_key, status, login, profile, said, as_of, next_due, config_version, created, \
        created_plan, activated, status_changed, last_updated, rev, plan, profile_since) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) \
        ON CONFLICT (user_key) DO UPDATE SET \
        profile = excluded.profile, said = excluded.said, as_of = excluded.as_of, \
        config_version = excluded.config_version, created = excluded.created, created_plan = excluded.created_plan, \
        activated = excluded.activated, status_changed = excluded.status_changed, \
        last_updated = excluded.last_updated, rev = excluded.rev, plan = excluded.plan, \
        profile_since = excluded.profile_since";
    FIND_USER = "UPDATE users SET status = $1, login = $2, next_due = $3 WHERE user_key = $4 \
        AND (status <> $1 OR login IS DISTINCT FROM $2 OR next_due IS DISTINCT FROM $3)";
    PUT_RECORD = "INSERT INTO source_record (app_key, external_id, user_key, record_key, state, \"values\", hash, \
        said_at, first_seen, changed, plan) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) \
        ON CONFLICT (record_key) DO UPDATE SET state = excluded.state, \"values\" = excluded.\"values\", \
        hash = excluded.hash, said_at = excluded.said_at, first_seen = excluded.first_seen, \
        changed = excluded.changed, plan = excluded.plan";
    PUT_MEMBERSHIP = "INSERT INTO membership (user_key, group_key, since, plan) VALUES ($1, $2, $3, $4) \
        ON CONFLICT (user_key, group_key) DO UPDATE SET since = excluded.since, plan = excluded.plan";
    PUT_FACT = "INSERT INTO membership_fact (user_key, group_key, kind, ref_key, since, plan, until, gone) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (user_key, group_key, kind, ref_key) DO UPDATE SET \
        since = excluded.since, plan = excluded.plan, until = excluded.until, gone = excluded.gone";
    PUT_ASSIGNMENT = "INSERT INTO assignment (user_key, app_key, kind, profile, until, gone, since, plan) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (user_key, app_key, kind) DO UPDATE SET \
        profile = excluded.profile, until = excluded.until, gone = excluded.gone, since = excluded.since, \
        plan = excluded.plan";
    PUT_LINK = "INSERT INTO link (user_key, link_item, value, since, plan) VALUES ($1, $2, $3, $4, $5) \
        ON CONFLICT (user_key, link_item) DO UPDATE SET value = excluded.value, since = excluded.since, \
        plan = excluded.plan";
    PUT_CLAIM = "INSERT INTO claim (namespace, value, user_key, base, state, reserved_until, since, plan, \
        shown) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (namespace, value) DO UPDATE SET \
        user_key = excluded.user_key, base = excluded.base, state = excluded.state, \
        reserved_until = excluded.reserved_until, since = excluded.since, plan = excluded.plan, \
        shown = excluded.shown";
    // A higher wanted_rev is new work: it is tried at once, and an urgent lane isn't lost while it waits.
    PUT_ACCOUNT = "INSERT INTO account (account_key, user_key, app_key, scope, group_key, assigned_since, \
        assigned_plan, wanted, state, kept, wanted_rev, since, plan, lane, done_rev, lease_token, attempts, \
        next_attempt) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 0, 0, 0, 0) \
        ON CONFLICT (account_key) DO UPDATE SET scope = excluded.scope, group_key = excluded.group_key, assigned_since = excluded.assigned_since, \
        assigned_plan = excluded.assigned_plan, wanted = excluded.wanted, state = excluded.state, \
        kept = excluded.kept, wanted_rev = excluded.wanted_rev, since = excluded.since, plan = excluded.plan, \
        lane = CASE WHEN excluded.wanted_rev <= account.wanted_rev THEN account.lane \
            WHEN account.wanted_rev > account.done_rev AND account.lane < excluded.lane THEN account.lane \
            ELSE excluded.lane END, \
        attempts = CASE WHEN excluded.wanted_rev > account.wanted_rev THEN 0 ELSE account.attempts END, \
        next_attempt = CASE WHEN excluded.wanted_rev > account.wanted_rev THEN 0 ELSE account.next_attempt END";
    PUT_VALUE = "INSERT INTO user_value (attribute, value, user_key) VALUES ($1, $2, $3) \
        ON CONFLICT (attribute, value, user_key) DO NOTHING";
    PUT_GROUP_STATE = "INSERT INTO group_state (group_key, members_changed) VALUES ($1, $2) \
        ON CONFLICT (group_key) DO UPDATE SET members_changed = excluded.members_changed";
    REMOVE_VALUE = "DELETE FROM user_value WHERE attribute = $1 AND value = $2 AND user_key = $3";
    REMOVE_RECORD = "DELETE FROM source_record WHERE record_key = $1";
    REMOVE_MEMBERSHIP = "DELETE FROM membership WHERE user_key = $1 AND group_key = $2";
    REMOVE_FACT = "DELETE FROM membership_fact WHERE user_key = $1 AND group_key = $2 AND kind = $3 AND ref_key = $4";
    REMOVE_ASSIGNMENT = "DELETE FROM assignment WHERE user_key = $1 AND app_key = $2 AND kind = $3";
    REMOVE_LINK = "DELETE FROM link WHERE user_key = $1 AND link_item = $2";
    REMOVE_CLAIM = "DELETE FROM claim WHERE namespace = $1 AND value = $2";
    MOVE_ACCOUNT = "UPDATE account SET user_key = $1 WHERE account_key = $2";
    REMOVE_ACCOUNT = "DELETE FROM account WHERE account_key = $1";
}

/// What one transaction writes about people. Rows that are put replace the row of the same key, but records and accounts
/// keep the person and the app they were first put with, and records their key there. Lists in key order are written
/// fastest. Removals go first, so a value may move from one owner to another within one set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PeopleWrites {
    /// People to put.
    pub users: Vec<UserRow>,
    /// Records to put.
    pub records: Vec<RecordRow>,
    /// Records to remove.
    pub records_removed: Vec<i64>,
    /// Memberships to put.
    pub memberships: Vec<MembershipRow>,
    /// Memberships to remove: person and group.
    pub memberships_removed: Vec<(i64, i64)>,
    /// Membership facts to put.
    pub membership_facts: Vec<MembershipFactRow>,
    /// Membership facts to remove: person, group, kind and reference.
    pub membership_facts_removed: Vec<(i64, i64, String, i64)>,
    /// Assignments to put.
    pub assignments: Vec<AssignmentRow>,
    /// Assignments to remove: person, app and kind.
    pub assignments_removed: Vec<(i64, i64, String)>,
    /// Links to put.
    pub links: Vec<LinkRow>,
    /// Links to remove: person and link.
    pub links_removed: Vec<(i64, i64)>,
    /// Claims to put.
    pub claims: Vec<ClaimRow>,
    /// Claims to remove: namespace and value.
    pub claims_removed: Vec<(String, String)>,
    /// Values by which people are found, to put; those that are there already stay.
    pub values: Vec<ValueRow>,
    /// The same, to remove.
    pub values_removed: Vec<ValueRow>,
    /// Groups whose members change, and when.
    pub groups_changed: BTreeMap<i64, i64>,
    /// Derived columns of accounts to put; the operational ones of an existing row stay.
    pub accounts: Vec<AccountPut>,
    /// Accounts to remove.
    pub accounts_removed: Vec<i64>,
    /// Accounts that become somebody else's: account and person.
    pub accounts_moved: Vec<(i64, i64)>,
    /// Rows of sources that wait, to put.
    pub pending: Vec<PendingRow>,
    /// The same, to remove: source and key.
    pub pending_removed: Vec<(i64, String)>,
}

impl PeopleWrites {
    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Writes a set.
pub fn write_people(tx: &mut dyn Tx, writes: &PeopleWrites) -> Result<()> {
    remove(tx, writes)?;
    if !writes.pending_removed.is_empty() {
        pending::remove_all(tx, &writes.pending_removed)?;
    }
    if !writes.pending.is_empty() {
        pending::put_all(tx, &writes.pending)?;
    }
    put_people(tx, writes)?;
    put_access(tx, writes)
}

/// Runs a statement for a list, unless the list is empty.
fn many<T>(tx: &mut dyn Tx, sql: &'static str, list: &[T], rows: Producer<'_>) -> Result<()> {
    if !list.is_empty() {
        tx.execute_many(sql, rows)?;
    }
    Ok(())
}

fn remove(tx: &mut dyn Tx, writes: &PeopleWrites) -> Result<()> {
    let list = &writes.membership_facts_removed;
    many(tx, REMOVE_FACT, list, &mut |put| {
        list.iter().try_for_each(|(user, group, kind, reference)| {
            put(&[(*user).into(), (*group).into(), kind.into(), (*reference).into()]).map(drop)
        })
    })?;
    let list = &writes.claims_removed;
    many(tx, REMOVE_CLAIM, list, &mut |put| {
        list.iter().try_for_each(|(namespace, value)| put(&[namespace.into(), value.into()]).map(drop))
    })?;
    let list = &writes.assignments_removed;
    many(tx, REMOVE_ASSIGNMENT, list, &mut |put| {
        list.iter()
            .try_for_each(|(user, app, kind)| put(&[(*user).into(), (*app).into(), kind.into()]).map(drop))
    })?;
    many(tx, REMOVE_VALUE, &writes.values_removed, &mut |put| {
        writes.values_removed.iter().try_for_each(|row| put(&value_params(row)).map(drop))
    })?;
    for (sql, list) in
        [(REMOVE_MEMBERSHIP, &writes.memberships_removed), (REMOVE_LINK, &writes.links_removed)]
    {
        many(tx, sql, list, &mut |put| {
            list.iter().try_for_each(|(user, other)| put(&[(*user).into(), (*other).into()]).map(drop))
        })?;
    }
    for (sql, list) in [(REMOVE_RECORD, &writes.records_removed), (REMOVE_ACCOUNT, &writes.accounts_removed)]
    {
        many(tx, sql, list, &mut |put| list.iter().try_for_each(|key| put(&[(*key).into()]).map(drop)))?;
    }
    let list = &writes.accounts_moved;
    many(tx, MOVE_ACCOUNT, list, &mut |put| {
        list.iter().try_for_each(|(account, user)| put(&[(*user).into(), (*account).into()]).map(drop))
    })
}

fn value_params(row: &ValueRow) -> [Param<'_>; 3] {
    [row.attribute.as_str().into(), row.value.as_str().into(), row.user_key.into()]
}

fn put_people(tx: &mut dyn Tx, writes: &PeopleWrites) -> Result<()> {
    many(tx, PUT_USER, &writes.users, &mut |put| {
        for row in &writes.users {
            put(&[
                row.user_key.into(),
                row.status.as_str().into(),
                (&row.login).into(),
                row.profile.as_str().into(),
                (&row.said).into(),
                row.as_of.into(),
                row.next_due.into(),
                row.config_version.into(),
                row.created.into(),
                row.created_plan.into(),
                row.activated.into(),
                row.status_changed.into(),
                row.last_updated.into(),
                row.rev.into(),
                row.plan.into(),
                (&row.profile_since).into(),
            ])?;
        }
        Ok(())
    })?;
    let known: Vec<&UserRow> = writes.users.iter().filter(|row| row.rev != 1).collect();
    many(tx, FIND_USER, &known, &mut |put| {
        known.iter().try_for_each(|row| {
            put(&[row.status.as_str().into(), (&row.login).into(), row.next_due.into(), row.user_key.into()])
                .map(drop)
        })
    })?;
    many(tx, PUT_RECORD, &writes.records, &mut |put| {
        for row in &writes.records {
            put(&[
                row.app_key.into(),
                row.external_id.as_str().into(),
                row.user_key.into(),
                row.record_key.into(),
                row.state.as_str().into(),
                row.values.as_str().into(),
                row.hash.into(),
                row.said_at.into(),
                row.first_seen.into(),
                row.changed.into(),
                row.plan.into(),
            ])?;
        }
        Ok(())
    })?;
    many(tx, PUT_LINK, &writes.links, &mut |put| {
        for row in &writes.links {
            put(&[
                row.user_key.into(),
                row.link_item.into(),
                row.value.as_str().into(),
                row.since.into(),
                row.plan.into(),
            ])?;
        }
        Ok(())
    })?;
    many(tx, PUT_VALUE, &writes.values, &mut |put| {
        // In the order of the table: neighbours share its pages.
        let mut sorted: Vec<&ValueRow> = writes.values.iter().collect();
        sorted.sort_unstable_by_key(|row| (&row.attribute, &row.value, row.user_key));
        sorted.into_iter().try_for_each(|row| put(&value_params(row)).map(drop))
    })?;
    many(tx, PUT_CLAIM, &writes.claims, &mut |put| {
        for row in &writes.claims {
            put(&[
                row.namespace.as_str().into(),
                row.value.as_str().into(),
                row.user_key.into(),
                row.base.as_str().into(),
                row.state.as_str().into(),
                row.reserved_until.into(),
                row.since.into(),
                row.plan.into(),
                row.shown.as_str().into(),
            ])?;
        }
        Ok(())
    })
}

fn put_access(tx: &mut dyn Tx, writes: &PeopleWrites) -> Result<()> {
    many(tx, PUT_MEMBERSHIP, &writes.memberships, &mut |put| {
        for row in &writes.memberships {
            put(&[row.user_key.into(), row.group_key.into(), row.since.into(), row.plan.into()])?;
        }
        Ok(())
    })?;
    let touched: Vec<(i64, i64)> = writes.groups_changed.iter().map(|(group, at)| (*group, *at)).collect();
    many(tx, PUT_GROUP_STATE, &touched, &mut |put| {
        touched.iter().try_for_each(|(group, at)| put(&[(*group).into(), (*at).into()]).map(drop))
    })?;
    many(tx, PUT_FACT, &writes.membership_facts, &mut |put| {
        for row in &writes.membership_facts {
            put(&[
                row.user_key.into(),
                row.group_key.into(),
                row.kind.as_str().into(),
                row.ref_key.into(),
                row.since.into(),
                row.plan.into(),
                row.until.into(),
                row.gone.into(),
            ])?;
        }
        Ok(())
    })?;
    many(tx, PUT_ASSIGNMENT, &writes.assignments, &mut |put| {
        for row in &writes.assignments {
            put(&[
                row.user_key.into(),
                row.app_key.into(),
                row.kind.as_str().into(),
                (&row.profile).into(),
                row.until.into(),
                row.gone.into(),
                row.since.into(),
                row.plan.into(),
            ])?;
        }
        Ok(())
    })?;
    many(tx, PUT_ACCOUNT, &writes.accounts, &mut |put| {
        for row in &writes.accounts {
            put(&[
                row.account_key.into(),
                row.user_key.into(),
                row.app_key.into(),
                (&row.scope).into(),
                row.group_key.into(),
                row.assigned_since.into(),
                row.assigned_plan.into(),
                (&row.wanted).into(),
                (&row.state).into(),
                (&row.kept).into(),
                row.wanted_rev.into(),
                row.since.into(),
                row.plan.into(),
                row.lane.into(),
            ])?;
        }
        Ok(())
    })
}
