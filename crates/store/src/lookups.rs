//! Finding people and counting them.

use crate::people::{ClaimRow, RecordRow, claim_row, record_row};
use crate::statements::statements;
use crate::tx::{number, rows};
use crate::{Result, Row, Tx};

statements! {
    SCAN_RECORDS = "SELECT external_id, user_key, hash, state FROM source_record \
        WHERE app_key = $1 AND external_id > $2 ORDER BY external_id LIMIT $3";
    COUNT_RECORDS = "SELECT COUNT(*) FROM source_record WHERE app_key = $1 AND state = $2";
    RECORDS_BY_ID = "SELECT app_key, external_id, user_key, record_key, state, \"values\", hash, said_at, first_seen, \
        changed, plan FROM source_record WHERE app_key = $1 AND external_id = ANY($2) ORDER BY external_id";
    CLAIMS_BY_VALUE = "SELECT namespace, value, user_key, base, state, reserved_until, since, plan, shown FROM claim \
        WHERE namespace = $1 AND value = ANY($2) ORDER BY value";
    CLAIMS_BY_PREFIX = "SELECT namespace, value, user_key, base, state, reserved_until, since, plan, shown FROM claim \
        WHERE namespace = $1 AND value >= $2 AND value < $3 ORDER BY value LIMIT $4";
    USERS_BY_LOGIN = "SELECT user_key, status, login, profile, last_updated FROM users WHERE login = ANY($1) \
        ORDER BY login";
    USER_KEYS = "SELECT user_key FROM users WHERE user_key > $1 ORDER BY user_key LIMIT $2";
    PROFILES = "SELECT user_key, status, login, profile, last_updated FROM users WHERE user_key > $1 \
        ORDER BY user_key LIMIT $2";
    PROFILES_OF = "SELECT user_key, status, login, profile, last_updated FROM users WHERE user_key = ANY($1) \
        ORDER BY user_key";
    USERS_BY_STATUS = "SELECT user_key, status, login, profile, last_updated FROM users WHERE status = $1 \
        AND user_key > $2 ORDER BY user_key LIMIT $3";
    MEMBERS = "SELECT user_key FROM membership WHERE group_key = $1 AND user_key > $2 ORDER BY user_key LIMIT $3";
    GROUP_SIZE = "SELECT COUNT(*) FROM membership WHERE group_key = $1";
    GROUP_SIZES = "SELECT group_key, COUNT(*) FROM membership GROUP BY group_key ORDER BY group_key";
    // The sum keeps engines from reading all of an app's rows and sorting them, for each page.
    USERS_WITH_ACCOUNT = "SELECT user_key FROM account WHERE user_key > $1 AND app_key + 0 = $2 \
        ORDER BY user_key LIMIT $3";
    USERS_WITH_FACTS = "SELECT DISTINCT user_key FROM membership_fact WHERE group_key = $1 AND user_key > $2 \
        ORDER BY user_key LIMIT $3";
    USERS_ASSIGNED = "SELECT DISTINCT user_key FROM assignment WHERE app_key = $1 AND user_key > $2 \
        ORDER BY user_key LIMIT $3";
    // As above: by person, not by app.
    USERS_WITH_RECORD = "SELECT DISTINCT user_key FROM source_record WHERE user_key > $1 AND app_key + 0 = $2 \
        ORDER BY user_key LIMIT $3";
    RECORDS_OF_RANGE = "SELECT user_key, \"values\" FROM source_record WHERE user_key > $1 AND user_key <= $2 \
        AND app_key + 0 = $3 ORDER BY user_key, external_id";
    USERS_KEPT_FROM = "SELECT DISTINCT user_key FROM membership_fact WHERE user_key > $1 AND ref_key = $2 \
        AND kind = 'KEPT' AND gone = 0 ORDER BY user_key LIMIT $3";
    USERS_SAID = "SELECT user_key FROM users WHERE user_key > $1 AND said IS NOT NULL ORDER BY user_key LIMIT $2";
    HOLDERS = "SELECT DISTINCT user_key FROM claim WHERE namespace = $1 AND value = ANY($2) AND user_key > $3 \
        ORDER BY user_key LIMIT $4";
    STATES = "SELECT user_key, status, as_of, profile FROM users WHERE user_key > $1 ORDER BY user_key LIMIT $2";
    GROUPS_OF_RANGE = "SELECT user_key, group_key FROM membership WHERE user_key > $1 AND user_key <= $2 \
        ORDER BY user_key, group_key";
    LINKS_OF_RANGE = "SELECT user_key, link_item, value FROM link WHERE user_key > $1 AND user_key <= $2 \
        ORDER BY user_key, link_item";
    LINKED_TO = "SELECT user_key FROM link WHERE link_item = $1 AND value = $2 AND user_key > $3 \
        ORDER BY user_key LIMIT $4";
    DUE = "SELECT next_due, user_key FROM users WHERE next_due IS NOT NULL AND held_plan IS NULL AND next_due <= $1 \
        AND (next_due, user_key) > ($2, $3) ORDER BY next_due, user_key LIMIT $4";
    NEXT_DUE = "SELECT MIN(next_due) FROM users WHERE next_due IS NOT NULL AND held_plan IS NULL";
    HOLD_DUE = "UPDATE users SET held_plan = $1 WHERE user_key = ANY($2)";
    FREE_DUE = "UPDATE users SET held_plan = NULL WHERE held_plan = $1";
    DEPENDANTS = "SELECT link_item, value, user_key FROM link WHERE link_item = $1 AND value = ANY($2) \
        ORDER BY value, user_key";
    STATUS_COUNTS = "SELECT status, COUNT(*) FROM users GROUP BY status ORDER BY status";
    // Whoever keeps an app for a while has lost it already.
    ACCOUNTS_HELD = "SELECT app_key, SUM(CASE WHEN scope <> 'GRACE' THEN 1 ELSE 0 END), \
        SUM(CASE WHEN state <> 'ABSENT' THEN 1 ELSE 0 END) FROM account \
        WHERE app_key = ANY($1) AND user_key IS NOT NULL GROUP BY app_key ORDER BY app_key";
    LIVING_MEMBERS = "SELECT m.group_key, COUNT(*) FROM membership m JOIN users u ON u.user_key = m.user_key \
        WHERE m.group_key = ANY($1) AND u.status NOT IN ('DEPROVISIONED', 'DELETED') \
        GROUP BY m.group_key ORDER BY m.group_key";
    // A quote in a text is written with a backslash before it, so $1 stands where the attribute has a value only. There
    // is no word for a member of a JSON object that all engines have.
    VALUED = "SELECT COUNT(*) FROM users WHERE status NOT IN ('DEPROVISIONED', 'DELETED') \
        AND replace(profile, $1, '') <> profile";
    ACCOUNT_COUNTS = "SELECT app_key, COUNT(*), COUNT(scope), \
        SUM(CASE WHEN wanted_rev <= done_rev THEN 1 ELSE 0 END), SUM(CASE WHEN user_key IS NULL THEN 1 ELSE 0 END) \
        FROM account GROUP BY app_key ORDER BY app_key";
}

/// What the comparison of a full feed needs of a record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecordHead {
    /// The source's key.
    pub external_id: String,
    /// The person.
    pub user_key: i64,
    /// Hash of what the feed said.
    pub hash: i64,
    /// LIVING, ENDED or WITHDRAWN.
    pub state: String,
}

/// What lists and filters need of a person.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserHead {
    /// The person.
    pub user_key: i64,
    /// Lifecycle status.
    pub status: String,
    /// Login, if there is one.
    pub login: Option<String>,
    /// Effective profile, as JSON.
    pub profile: String,
    /// When anything changed last.
    pub last_updated: i64,
}

/// What conditions read of a person.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserState {
    /// The person.
    pub user_key: i64,
    /// Lifecycle status.
    pub status: String,
    /// The instant she was derived with.
    pub as_of: i64,
    /// Effective profile, as JSON.
    pub profile: String,
}

/// A person waiting for a link's other end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dependant {
    /// The link's definition.
    pub link_item: i64,
    /// The other person's external key.
    pub value: String,
    /// The person.
    pub user_key: i64,
}

/// The accounts of an app.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AccountCounts {
    /// The app.
    pub app_key: i64,
    /// All, orphans included.
    pub total: i64,
    /// Assigned now.
    pub assigned: i64,
    /// In line with what is wanted.
    pub in_line: i64,
    /// Belonging to nobody.
    pub orphans: i64,
}

/// A page of an app's records in the byte order of their external ids; start after "".
pub fn scan_records(tx: &mut dyn Tx, app: i64, after: &str, limit: usize) -> Result<Vec<RecordHead>> {
    rows(tx, SCAN_RECORDS, &[app.into(), after.into(), (limit as i64).into()], |row| {
        Ok(RecordHead {
            external_id: row.string(0)?,
            user_key: row.int(1)?,
            hash: row.int(2)?,
            state: row.string(3)?,
        })
    })
}

/// How many records of an app are in a state.
pub fn count_records(tx: &mut dyn Tx, app: i64, state: &str) -> Result<i64> {
    number(tx, COUNT_RECORDS, &[app.into(), state.into()])
}

/// Records of an app by external id.
pub fn records_by_ids(tx: &mut dyn Tx, app: i64, ids: &[&str]) -> Result<Vec<RecordRow>> {
    rows(tx, RECORDS_BY_ID, &[app.into(), ids.into()], record_row)
}

/// Who has the given values (case folded) in a namespace.
pub fn claims_by_value(tx: &mut dyn Tx, namespace: &str, values: &[&str]) -> Result<Vec<ClaimRow>> {
    rows(tx, CLAIMS_BY_VALUE, &[namespace.into(), values.into()], claim_row)
}

/// Claims in a namespace whose value begins with `prefix` (case folded), in value order.
pub fn claims_by_prefix(
    tx: &mut dyn Tx,
    namespace: &str,
    prefix: &str,
    limit: usize,
) -> Result<Vec<ClaimRow>> {
    let end = after_prefix(prefix);
    let params = [namespace.into(), prefix.into(), end.as_str().into(), (limit as i64).into()];
    rows(tx, CLAIMS_BY_PREFIX, &params, claim_row)
}

/// People by login, as it is written.
pub fn users_by_login(tx: &mut dyn Tx, logins: &[&str]) -> Result<Vec<UserHead>> {
    rows(tx, USERS_BY_LOGIN, &[logins.into()], user_head)
}

/// A page of everybody's keys.
pub fn user_keys_after(tx: &mut dyn Tx, after: i64, limit: usize) -> Result<Vec<i64>> {
    rows(tx, USER_KEYS, &[after.into(), (limit as i64).into()], |row| row.int(0))
}

/// A page of everybody, in key order.
pub fn profiles_after(tx: &mut dyn Tx, after: i64, limit: usize) -> Result<Vec<UserHead>> {
    rows(tx, PROFILES, &[after.into(), (limit as i64).into()], user_head)
}

/// The given people, in key order.
pub fn profiles_of(tx: &mut dyn Tx, keys: &[i64]) -> Result<Vec<UserHead>> {
    rows(tx, PROFILES_OF, &[keys.into()], user_head)
}

/// A page of the people of a status, in key order.
pub fn users_by_status(tx: &mut dyn Tx, status: &str, after: i64, limit: usize) -> Result<Vec<UserHead>> {
    rows(tx, USERS_BY_STATUS, &[status.into(), after.into(), (limit as i64).into()], user_head)
}

/// A page of a group's members.
pub fn members_of(tx: &mut dyn Tx, group: i64, after: i64, limit: usize) -> Result<Vec<i64>> {
    rows(tx, MEMBERS, &[group.into(), after.into(), (limit as i64).into()], |row| row.int(0))
}

/// How many members a group has.
pub fn group_size(tx: &mut dyn Tx, group: i64) -> Result<i64> {
    number(tx, GROUP_SIZE, &[group.into()])
}

/// How many members each group has; groups without any are left out.
pub fn group_sizes(tx: &mut dyn Tx) -> Result<Vec<(i64, i64)>> {
    rows(tx, GROUP_SIZES, &[], |row| Ok((row.int(0)?, row.int(1)?)))
}

/// A page of the people who have an account row in an app.
pub fn users_with_account(tx: &mut dyn Tx, app: i64, after: i64, limit: usize) -> Result<Vec<i64>> {
    rows(tx, USERS_WITH_ACCOUNT, &[after.into(), app.into(), (limit as i64).into()], |row| row.int(0))
}

/// A page of the people of whom a membership fact speaks about a group.
pub fn users_with_facts_on_group(tx: &mut dyn Tx, group: i64, after: i64, limit: usize) -> Result<Vec<i64>> {
    rows(tx, USERS_WITH_FACTS, &[group.into(), after.into(), (limit as i64).into()], |row| row.int(0))
}

/// A page of the people with a direct assignment of an app.
pub fn users_assigned(tx: &mut dyn Tx, app: i64, after: i64, limit: usize) -> Result<Vec<i64>> {
    rows(tx, USERS_ASSIGNED, &[app.into(), after.into(), (limit as i64).into()], |row| row.int(0))
}

/// A page of the people with a record of a source.
pub fn users_with_record(tx: &mut dyn Tx, app: i64, after: i64, limit: usize) -> Result<Vec<i64>> {
    rows(tx, USERS_WITH_RECORD, &[after.into(), app.into(), (limit as i64).into()], |row| row.int(0))
}

/// What the records say that people in a range of keys have in a source: person, values.
pub fn records_of_range(tx: &mut dyn Tx, app: i64, after: i64, last: i64) -> Result<Vec<(i64, String)>> {
    rows(tx, RECORDS_OF_RANGE, &[after.into(), last.into(), app.into()], |row| {
        Ok((row.int(0)?, row.text(1)?.to_owned()))
    })
}

/// A page of the people with memberships kept from a rule.
pub fn users_kept_from(tx: &mut dyn Tx, rule: i64, after: i64, limit: usize) -> Result<Vec<i64>> {
    rows(tx, USERS_KEPT_FROM, &[after.into(), rule.into(), (limit as i64).into()], |row| row.int(0))
}

/// A page of the people of whom an admin has said something, or who keep values that were given once.
pub fn users_said(tx: &mut dyn Tx, after: i64, limit: usize) -> Result<Vec<i64>> {
    rows(tx, USERS_SAID, &[after.into(), (limit as i64).into()], |row| row.int(0))
}

/// A page of the people who have one of the given values (case folded) in a namespace.
pub fn holders(
    tx: &mut dyn Tx,
    namespace: &str,
    values: &[&str],
    after: i64,
    limit: usize,
) -> Result<Vec<i64>> {
    let params = [namespace.into(), values.into(), after.into(), (limit as i64).into()];
    rows(tx, HOLDERS, &params, |row| row.int(0))
}

/// A page of everybody with what conditions read of a person, in key order.
pub fn states_after(tx: &mut dyn Tx, after: i64, limit: usize) -> Result<Vec<UserState>> {
    rows(tx, STATES, &[after.into(), (limit as i64).into()], |row| {
        Ok(UserState {
            user_key: row.int(0)?,
            status: row.string(1)?,
            as_of: row.int(2)?,
            profile: row.string(3)?,
        })
    })
}

/// The groups of the people behind `after` up to `last`, as (person, group), in that order.
pub fn groups_of_range(tx: &mut dyn Tx, after: i64, last: i64) -> Result<Vec<(i64, i64)>> {
    rows(tx, GROUPS_OF_RANGE, &[after.into(), last.into()], |row| Ok((row.int(0)?, row.int(1)?)))
}

/// The links of the people behind `after` up to `last`, in their order.
pub fn links_of_range(tx: &mut dyn Tx, after: i64, last: i64) -> Result<Vec<Dependant>> {
    rows(tx, LINKS_OF_RANGE, &[after.into(), last.into()], |row| {
        Ok(Dependant { user_key: row.int(0)?, link_item: row.int(1)?, value: row.string(2)? })
    })
}

/// A page of those whose link leads to a key.
pub fn linked_to(tx: &mut dyn Tx, link_item: i64, value: &str, after: i64, limit: usize) -> Result<Vec<i64>> {
    let params = [link_item.into(), value.into(), after.into(), (limit as i64).into()];
    rows(tx, LINKED_TO, &params, |row| row.int(0))
}

/// A page of those who are due (and wait for no held plan), as (due, person), the longest due first. Start after
/// `(i64::MIN, i64::MIN)`.
pub fn due_users(tx: &mut dyn Tx, now: i64, after: (i64, i64), limit: usize) -> Result<Vec<(i64, i64)>> {
    let params = [now.into(), after.0.into(), after.1.into(), (limit as i64).into()];
    rows(tx, DUE, &params, |row| Ok((row.int(0)?, row.int(1)?)))
}

/// The earliest instant at which somebody is due.
pub fn next_due(tx: &mut dyn Tx) -> Result<Option<i64>> {
    Ok(crate::tx::first(tx, NEXT_DUE, &[], |row| row.opt_int(0))?.flatten())
}

/// Marks people as waiting for a held due plan, so that they aren't found due again.
pub fn hold_due(tx: &mut dyn Tx, plan: i64, keys: &[i64]) -> Result<u64> {
    tx.execute(HOLD_DUE, &[plan.into(), keys.into()])
}

/// Takes back every mark of [`hold_due`] for a plan.
pub fn free_due(tx: &mut dyn Tx, plan: i64) -> Result<u64> {
    tx.execute(FREE_DUE, &[plan.into()])
}

/// Who links to the people of the given external keys.
pub fn dependants(tx: &mut dyn Tx, link_item: i64, values: &[&str]) -> Result<Vec<Dependant>> {
    rows(tx, DEPENDANTS, &[link_item.into(), values.into()], |row| {
        Ok(Dependant { link_item: row.int(0)?, value: row.string(1)?, user_key: row.int(2)? })
    })
}

/// How many people have each status.
pub fn status_counts(tx: &mut dyn Tx) -> Result<Vec<(String, i64)>> {
    rows(tx, STATUS_COUNTS, &[], |row| Ok((row.string(0)?, row.int(1)?)))
}

/// The accounts of each app. It looks at every account; [`crate::accounts::queue_counts`] only at those not in line.
pub fn account_counts(tx: &mut dyn Tx) -> Result<Vec<AccountCounts>> {
    rows(tx, ACCOUNT_COUNTS, &[], |row| {
        Ok(AccountCounts {
            app_key: row.int(0)?,
            total: row.int(1)?,
            assigned: row.int(2)?,
            in_line: row.int(3)?,
            orphans: row.int(4)?,
        })
    })
}

/// What people hold of an app.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AccountsHeld {
    /// The app.
    pub app_key: i64,
    /// People who have it, but for those who only keep it for a while.
    pub assigned: i64,
    /// People who have an account, usable or not.
    pub accounts: i64,
}

/// What people hold of the given apps. It looks at every account of these.
pub fn accounts_held(tx: &mut dyn Tx, apps: &[i64]) -> Result<Vec<AccountsHeld>> {
    rows(tx, ACCOUNTS_HELD, &[apps.into()], |row| {
        Ok(AccountsHeld {
            app_key: row.int(0)?,
            assigned: row.opt_int(1)?.unwrap_or_default(),
            accounts: row.opt_int(2)?.unwrap_or_default(),
        })
    })
}

/// How many members the given groups have who haven't left.
pub fn living_members(tx: &mut dyn Tx, groups: &[i64]) -> Result<Vec<(i64, i64)>> {
    rows(tx, LIVING_MEMBERS, &[groups.into()], |row| Ok((row.int(0)?, row.int(1)?)))
}

/// How many people who haven't left have a value of an attribute. It looks at everybody's profile.
pub fn people_with_value(tx: &mut dyn Tx, attribute: &str) -> Result<i64> {
    number(tx, VALUED, &[format!("\"{attribute}\":").as_str().into()])
}

fn user_head(row: &Row<'_>) -> Result<UserHead> {
    Ok(UserHead {
        user_key: row.int(0)?,
        status: row.string(1)?,
        login: row.opt_string(2)?,
        profile: row.string(3)?,
        last_updated: row.int(4)?,
    })
}

/// A text behind every text that begins with `prefix`, in byte order.
fn after_prefix(prefix: &str) -> String {
    format!("{prefix}{}", char::MAX)
}
