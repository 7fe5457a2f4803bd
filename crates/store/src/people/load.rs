//! Loading: one query a table, whatever the number of people.

use super::rows::{
    AccountRow, AssignmentRow, ClaimRow, LinkRow, MembershipFactRow, MembershipRow, PersonRows, RecordRow,
    UserRow,
};
use crate::statements::statements;
use crate::{Result, Row, Tx};

/// The columns that [`account_row`] reads, in its order.
macro_rules! account_columns {
    () => {
        "account_key, user_key, app_key, scope, group_key, assigned_since, assigned_plan, wanted, state, kept, \
         wanted_rev, since, plan, done_rev, remote_id, known, known_at, lane, lease_owner, lease_token, lease_until, \
         attempt, attempts, next_attempt, failed_rev, error"
    };
}
pub(crate) use account_columns;

statements! {
    USERS = "SELECT user_key, status, login, profile, said, as_of, next_due, config_version, created, created_plan, \
        activated, status_changed, last_updated, rev, plan, profile_since, held_plan FROM users WHERE user_key = ANY($1) ORDER BY user_key";
    RECORDS = "SELECT app_key, external_id, user_key, record_key, state, \"values\", hash, said_at, first_seen, changed, \
        plan FROM source_record WHERE user_key = ANY($1) ORDER BY user_key, app_key, external_id";
    MEMBERSHIPS = "SELECT user_key, group_key, since, plan FROM membership WHERE user_key = ANY($1) \
        ORDER BY user_key, group_key";
    FACTS = "SELECT user_key, group_key, kind, ref_key, since, plan, until, gone FROM membership_fact WHERE user_key = ANY($1) \
        ORDER BY user_key, group_key, kind, ref_key";
    ASSIGNMENTS = "SELECT user_key, app_key, profile, until, since, plan, kind, gone FROM assignment WHERE user_key = ANY($1) \
        ORDER BY user_key, app_key, kind";
    LINKS = "SELECT user_key, link_item, value, since, plan FROM link WHERE user_key = ANY($1) \
        ORDER BY user_key, link_item";
    CLAIMS = "SELECT namespace, value, user_key, base, state, reserved_until, since, plan, shown FROM claim \
        WHERE user_key = ANY($1) ORDER BY user_key, namespace, value";
    ACCOUNTS = concat!("SELECT ", account_columns!(), " FROM account WHERE user_key = ANY($1) \
        ORDER BY user_key, app_key");
}

/// Loads everything of the given people, in key order; keys that aren't there are left out.
pub fn load_people(tx: &mut dyn Tx, keys: &[i64]) -> Result<Vec<PersonRows>> {
    let mut people = Vec::with_capacity(keys.len());
    if keys.is_empty() {
        return Ok(people);
    }
    tx.query(USERS, &[keys.into()], &mut |row| {
        people.push(PersonRows { user: user_row(row)?, ..PersonRows::default() });
        Ok(())
    })?;
    if people.is_empty() {
        return Ok(people);
    }
    merge(tx, RECORDS, keys, &mut people, 2, |person, row| {
        person.records.push(record_row(row)?);
        Ok(())
    })?;
    merge(tx, MEMBERSHIPS, keys, &mut people, 0, |person, row| {
        person.memberships.push(membership_row(row)?);
        Ok(())
    })?;
    merge(tx, FACTS, keys, &mut people, 0, |person, row| {
        person.membership_facts.push(fact_row(row)?);
        Ok(())
    })?;
    merge(tx, ASSIGNMENTS, keys, &mut people, 0, |person, row| {
        person.assignments.push(assignment_row(row)?);
        Ok(())
    })?;
    merge(tx, LINKS, keys, &mut people, 0, |person, row| {
        person.links.push(link_row(row)?);
        Ok(())
    })?;
    merge(tx, CLAIMS, keys, &mut people, 2, |person, row| {
        person.claims.push(claim_row(row)?);
        Ok(())
    })?;
    merge(tx, ACCOUNTS, keys, &mut people, 1, |person, row| {
        person.accounts.push(account_row(row)?);
        Ok(())
    })?;
    Ok(people)
}

/// Hands each row of a query in user order to its person; both sides are sorted, so one pass does.
fn merge(
    tx: &mut dyn Tx,
    sql: &'static str,
    keys: &[i64],
    people: &mut [PersonRows],
    key_column: usize,
    add: impl Fn(&mut PersonRows, &Row<'_>) -> Result<()>,
) -> Result<()> {
    let mut people = people.iter_mut().peekable();
    tx.query(sql, &[keys.into()], &mut |row| {
        let key = row.int(key_column)?;
        while people.next_if(|person| person.user.user_key < key).is_some() {}
        match people.peek_mut() {
            Some(person) if person.user.user_key == key => add(person, row),
            _ => Ok(()),
        }
    })
}

fn user_row(row: &Row<'_>) -> Result<UserRow> {
    Ok(UserRow {
        user_key: row.int(0)?,
        status: row.string(1)?,
        login: row.opt_string(2)?,
        profile: row.string(3)?,
        said: row.opt_string(4)?,
        as_of: row.int(5)?,
        next_due: row.opt_int(6)?,
        config_version: row.int(7)?,
        created: row.int(8)?,
        created_plan: row.int(9)?,
        activated: row.opt_int(10)?,
        status_changed: row.opt_int(11)?,
        last_updated: row.int(12)?,
        rev: row.int(13)?,
        plan: row.int(14)?,
        profile_since: row.opt_string(15)?,
        held_plan: row.opt_int(16)?,
    })
}

pub(crate) fn record_row(row: &Row<'_>) -> Result<RecordRow> {
    Ok(RecordRow {
        app_key: row.int(0)?,
        external_id: row.string(1)?,
        user_key: row.int(2)?,
        record_key: row.int(3)?,
        state: row.string(4)?,
        values: row.string(5)?,
        hash: row.int(6)?,
        said_at: row.int(7)?,
        first_seen: row.int(8)?,
        changed: row.int(9)?,
        plan: row.int(10)?,
    })
}

fn membership_row(row: &Row<'_>) -> Result<MembershipRow> {
    Ok(MembershipRow { user_key: row.int(0)?, group_key: row.int(1)?, since: row.int(2)?, plan: row.int(3)? })
}

fn fact_row(row: &Row<'_>) -> Result<MembershipFactRow> {
    Ok(MembershipFactRow {
        user_key: row.int(0)?,
        group_key: row.int(1)?,
        kind: row.string(2)?,
        ref_key: row.int(3)?,
        since: row.int(4)?,
        plan: row.int(5)?,
        until: row.opt_int(6)?,
        gone: row.flag(7)?,
    })
}

fn assignment_row(row: &Row<'_>) -> Result<AssignmentRow> {
    Ok(AssignmentRow {
        user_key: row.int(0)?,
        app_key: row.int(1)?,
        profile: row.opt_string(2)?,
        until: row.opt_int(3)?,
        since: row.int(4)?,
        plan: row.int(5)?,
        kind: row.string(6)?,
        gone: row.flag(7)?,
    })
}

fn link_row(row: &Row<'_>) -> Result<LinkRow> {
    Ok(LinkRow {
        user_key: row.int(0)?,
        link_item: row.int(1)?,
        value: row.string(2)?,
        since: row.int(3)?,
        plan: row.int(4)?,
    })
}

pub(crate) fn claim_row(row: &Row<'_>) -> Result<ClaimRow> {
    Ok(ClaimRow {
        namespace: row.string(0)?,
        value: row.string(1)?,
        user_key: row.int(2)?,
        base: row.string(3)?,
        state: row.string(4)?,
        reserved_until: row.opt_int(5)?,
        since: row.int(6)?,
        plan: row.int(7)?,
        shown: row.string(8)?,
    })
}

pub(crate) fn account_row(row: &Row<'_>) -> Result<AccountRow> {
    Ok(AccountRow {
        account_key: row.int(0)?,
        user_key: row.opt_int(1)?,
        app_key: row.int(2)?,
        scope: row.opt_string(3)?,
        group_key: row.opt_int(4)?,
        assigned_since: row.opt_int(5)?,
        assigned_plan: row.opt_int(6)?,
        wanted: row.opt_string(7)?,
        state: row.opt_string(8)?,
        kept: row.opt_string(9)?,
        wanted_rev: row.int(10)?,
        since: row.int(11)?,
        plan: row.int(12)?,
        done_rev: row.int(13)?,
        remote_id: row.opt_string(14)?,
        known: row.opt_string(15)?,
        known_at: row.opt_int(16)?,
        lane: row.int(17)?,
        lease_owner: row.opt_string(18)?,
        lease_token: row.int(19)?,
        lease_until: row.opt_int(20)?,
        attempt: row.opt_string(21)?,
        attempts: row.int(22)?,
        next_attempt: row.int(23)?,
        failed_rev: row.opt_int(24)?,
        error: row.opt_string(25)?,
    })
}
