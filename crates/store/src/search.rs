//! Searching: people by the values of their attributes, and what is known of groups.

use crate::people::{ClaimRow, claim_row};
use crate::statements::statements;
use crate::tx::rows;
use crate::{Result, Row, Tx};

/// The columns that [`found_row`] reads, in its order.
macro_rules! found_columns {
    () => {
        "user_key, status, profile, created, activated, status_changed, last_updated, config_version"
    };
}

statements! {
    FOUND = concat!("SELECT ", found_columns!(), " FROM users WHERE user_key > $1 AND status <> $2 \
        ORDER BY user_key LIMIT $3");
    FOUND_OF = concat!("SELECT ", found_columns!(), " FROM users WHERE user_key = ANY($1) ORDER BY user_key");
    FOUND_BY_LOGIN = concat!("SELECT ", found_columns!(), " FROM users WHERE login = $1 ORDER BY user_key");
    OF_STATUS = "SELECT user_key FROM users WHERE status = $1 AND user_key > $2 ORDER BY user_key LIMIT $3";
    WITH_VALUE = "SELECT user_key FROM user_value WHERE attribute = $1 AND value = $2 AND user_key > $3 \
        ORDER BY user_key LIMIT $4";
    WITH_PREFIX = "SELECT user_key FROM user_value WHERE attribute = $1 AND value >= $2 AND value < $3 LIMIT $4";
    WITH_CLAIM = "SELECT namespace, value, user_key, base, state, reserved_until, since, plan, shown FROM claim \
        WHERE namespace = $1 AND value >= $2 AND value < $3 ORDER BY value LIMIT $4";
    UP = "SELECT value, user_key FROM user_value WHERE attribute = $1 AND (value, user_key) > ($2, $3) \
        ORDER BY value, user_key LIMIT $4";
    DOWN = "SELECT value, user_key FROM user_value WHERE attribute = $1 AND (value, user_key) < ($2, $3) \
        ORDER BY value DESC, user_key DESC LIMIT $4";
    GROUP_STATES = "SELECT group_key, members_changed FROM group_state ORDER BY group_key";
    GROUP_STATES_OF = "SELECT group_key, members_changed FROM group_state WHERE group_key = ANY($1) ORDER BY group_key";
    SIZES_OF = "SELECT group_key, COUNT(*) FROM membership WHERE group_key = ANY($1) GROUP BY group_key \
        ORDER BY group_key";
}

/// What a search compares and shows of a person.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FoundRow {
    /// The person.
    pub user_key: i64,
    /// Lifecycle status.
    pub status: String,
    /// Effective profile, as JSON.
    pub profile: String,
    /// When the person was created.
    pub created: i64,
    /// When the person became active.
    pub activated: Option<i64>,
    /// When the status changed last.
    pub status_changed: Option<i64>,
    /// When anything changed last.
    pub last_updated: i64,
    /// The configuration version last derived under.
    pub config_version: i64,
}

/// A page of everybody who isn't of the status `but` (which may be none at all), in key order.
pub fn found_after(tx: &mut dyn Tx, after: i64, but: &str, limit: usize) -> Result<Vec<FoundRow>> {
    rows(tx, FOUND, &[after.into(), but.into(), (limit as i64).into()], found_row)
}

/// The given people, in key order.
pub fn found_of(tx: &mut dyn Tx, keys: &[i64]) -> Result<Vec<FoundRow>> {
    rows(tx, FOUND_OF, &[keys.into()], found_row)
}

/// The people of a login, as it is written: one or nobody.
pub fn found_by_login(tx: &mut dyn Tx, login: &str) -> Result<Vec<FoundRow>> {
    rows(tx, FOUND_BY_LOGIN, &[login.into()], found_row)
}

/// A page of the keys of the people of a status.
pub fn keys_of_status(tx: &mut dyn Tx, status: &str, after: i64, limit: usize) -> Result<Vec<i64>> {
    rows(tx, OF_STATUS, &[status.into(), after.into(), (limit as i64).into()], |row| row.int(0))
}

/// A page of the keys of the people with a value of an indexed attribute.
pub fn keys_with_value(
    tx: &mut dyn Tx,
    attribute: &str,
    value: &str,
    after: i64,
    limit: usize,
) -> Result<Vec<i64>> {
    rows(tx, WITH_VALUE, &[attribute.into(), value.into(), after.into(), (limit as i64).into()], |row| {
        row.int(0)
    })
}

/// Up to `limit` keys of people of whom a value of an indexed attribute begins so, in no order; one may come twice.
pub fn keys_with_prefix(tx: &mut dyn Tx, attribute: &str, prefix: &str, limit: usize) -> Result<Vec<i64>> {
    let end = behind(prefix);
    let params = [attribute.into(), prefix.into(), end.as_str().into(), (limit as i64).into()];
    rows(tx, WITH_PREFIX, &params, |row| row.int(0))
}

/// Up to `limit` claims whose value begins so.
pub fn claims_with_prefix(
    tx: &mut dyn Tx,
    namespace: &str,
    prefix: &str,
    limit: usize,
) -> Result<Vec<ClaimRow>> {
    let end = behind(prefix);
    let params = [namespace.into(), prefix.into(), end.as_str().into(), (limit as i64).into()];
    rows(tx, WITH_CLAIM, &params, claim_row)
}

/// A place in the order of an indexed attribute: value and person.
pub type Place = (String, i64);

/// A page of the values of an indexed attribute in byte order, ties by key, behind a place (`None`: from the beginning).
pub fn values_up(
    tx: &mut dyn Tx,
    attribute: &str,
    after: Option<&Place>,
    limit: usize,
) -> Result<Vec<Place>> {
    let (value, key) = after.map_or(("", i64::MIN), |(value, key)| (value, *key));
    rows(tx, UP, &[attribute.into(), value.into(), key.into(), (limit as i64).into()], place)
}

/// The same, backwards (`None`: from the end).
pub fn values_down(
    tx: &mut dyn Tx,
    attribute: &str,
    after: Option<&Place>,
    limit: usize,
) -> Result<Vec<Place>> {
    let last = LAST.to_string().repeat(4);
    let (value, key) = after.map_or((last.as_str(), i64::MAX), |(value, key)| (value, *key));
    rows(tx, DOWN, &[attribute.into(), value.into(), key.into(), (limit as i64).into()], place)
}

/// When the members of groups changed last; groups whose members never did are left out.
pub fn group_states(tx: &mut dyn Tx) -> Result<Vec<(i64, i64)>> {
    rows(tx, GROUP_STATES, &[], pair)
}

/// The same for some groups.
pub fn group_states_of(tx: &mut dyn Tx, groups: &[i64]) -> Result<Vec<(i64, i64)>> {
    rows(tx, GROUP_STATES_OF, &[groups.into()], pair)
}

/// How many members some groups have; groups without any are left out.
pub fn group_sizes_of(tx: &mut dyn Tx, groups: &[i64]) -> Result<Vec<(i64, i64)>> {
    rows(tx, SIZES_OF, &[groups.into()], pair)
}

/// Nothing that is written stands behind it.
const LAST: char = char::MAX;

/// A text behind every text that begins with `prefix`, in byte order.
fn behind(prefix: &str) -> String {
    format!("{prefix}{LAST}")
}

fn pair(row: &Row<'_>) -> Result<(i64, i64)> {
    Ok((row.int(0)?, row.int(1)?))
}

fn place(row: &Row<'_>) -> Result<Place> {
    Ok((row.string(0)?, row.int(1)?))
}

fn found_row(row: &Row<'_>) -> Result<FoundRow> {
    Ok(FoundRow {
        user_key: row.int(0)?,
        status: row.string(1)?,
        profile: row.string(2)?,
        created: row.int(3)?,
        activated: row.opt_int(4)?,
        status_changed: row.opt_int(5)?,
        last_updated: row.int(6)?,
        config_version: row.int(7)?,
    })
}
