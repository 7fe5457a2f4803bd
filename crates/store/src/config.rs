//! Configuration: immutable versions made of items that say from and until which version they hold.

use serde::{Deserialize, Serialize};

use crate::statements::statements;
use crate::tx::{first, number, rows};
use crate::{Result, Row, Tx};

/// The columns that [`item_row`] reads, in its order.
macro_rules! item_columns {
    () => {
        "kind, item, from_version, until_version, name, body, plan"
    };
}

statements! {
    CURRENT = "SELECT version, plan, created, applied_through FROM config_version ORDER BY version DESC LIMIT 1";
    UNAPPLIED = "SELECT version, plan, created, applied_through FROM config_version WHERE applied_through IS NULL \
        ORDER BY version";
    VERSIONS = "SELECT version, plan, created, applied_through FROM config_version WHERE version < $1 \
        ORDER BY version DESC LIMIT $2";
    PUT_VERSION = "INSERT INTO config_version (version, plan, created) VALUES ($1, $2, $3)";
    CHANGES = "SELECT i.kind, i.item, v.created FROM config_item i JOIN config_version v ON v.version = i.from_version \
        WHERE i.from_version > $1 AND i.from_version <= $2 ORDER BY i.from_version";
    APPLIED = "UPDATE config_version SET applied_through = $1 WHERE version = $2 AND applied_through IS NULL";
    THROUGH = "SELECT COALESCE((SELECT MIN(version) - 1 FROM config_version WHERE applied_through IS NULL), \
        (SELECT MAX(version) FROM config_version), 0)";
    ITEMS = concat!("SELECT ", item_columns!(), " FROM config_item WHERE from_version <= $1 \
        AND (until_version IS NULL OR until_version > $1) ORDER BY kind, item");
    CHANGED = concat!("SELECT ", item_columns!(), " FROM config_item WHERE (from_version > $1 AND from_version <= $2) \
        OR (until_version > $1 AND until_version <= $2) ORDER BY kind, item, from_version");
    ENDED = concat!("SELECT ", item_columns!(), " FROM config_item WHERE kind = $1 AND until_version IS NOT NULL \
        AND until_version <= $2 ORDER BY item, from_version");
    OF_KIND = concat!("SELECT ", item_columns!(), " FROM config_item WHERE kind = $1 AND from_version <= $2 \
        ORDER BY item, from_version");
    HISTORY = concat!("SELECT ", item_columns!(), " FROM config_item WHERE kind = $1 AND item = $2 \
        ORDER BY from_version");
    BY_NAME = concat!("SELECT ", item_columns!(), " FROM config_item WHERE kind = $1 AND name = $2 \
        AND until_version IS NULL ORDER BY item");
    END_ITEM = "UPDATE config_item SET until_version = $1 WHERE kind = $2 AND item = $3 AND until_version IS NULL \
        AND from_version < $1";
    DROP_ITEM = "DELETE FROM config_item WHERE kind = $1 AND item = $2 AND from_version = $3";
    PUT_ITEM = "INSERT INTO config_item (kind, item, from_version, name, body, plan) VALUES ($1, $2, $3, $4, $5, $6) \
        ON CONFLICT (kind, item, from_version) DO UPDATE SET name = excluded.name, body = excluded.body, \
        plan = excluded.plan";
}

/// A published version.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ConfigVersionRow {
    /// Its number; versions start at 1.
    pub version: i64,
    /// The plan that published it.
    pub plan: i64,
    /// When.
    pub created: i64,
    /// When everybody whom it touches had been derived under it; none: a run is still walking.
    pub applied_through: Option<i64>,
}

/// An item as it held over a range of versions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigItemRow {
    /// What it is.
    pub kind: String,
    /// Its key, the same through renames.
    pub item: i64,
    /// The first version with it.
    pub from_version: i64,
    /// The first version without it; none: it holds now.
    pub until_version: Option<i64>,
    /// Its name.
    pub name: String,
    /// Its content, as JSON.
    pub body: String,
    /// The plan that published it.
    pub plan: i64,
}

/// An item to publish.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigItemPut {
    /// What it is.
    pub kind: String,
    /// Its key.
    pub item: i64,
    /// Its name.
    pub name: String,
    /// Its content, as JSON.
    pub body: String,
}

/// A version to publish: what changes from the one before.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConfigWrites {
    /// The new version, one above the current.
    pub version: i64,
    /// The publishing plan.
    pub plan: i64,
    /// When.
    pub created: i64,
    /// New and changed items.
    pub put: Vec<ConfigItemPut>,
    /// Items that end: kind and key.
    pub ended: Vec<(String, i64)>,
}

/// The newest version; none: nothing was published yet.
pub fn current_version(tx: &mut dyn Tx) -> Result<Option<ConfigVersionRow>> {
    first(tx, CURRENT, &[], version_row)
}

/// Versions whose runs are still walking, oldest first.
pub fn unapplied_versions(tx: &mut dyn Tx) -> Result<Vec<ConfigVersionRow>> {
    rows(tx, UNAPPLIED, &[], version_row)
}

/// A page of versions before `before`, newest first.
pub fn versions_before(tx: &mut dyn Tx, before: i64, limit: usize) -> Result<Vec<ConfigVersionRow>> {
    rows(tx, VERSIONS, &[before.into(), (limit as i64).into()], version_row)
}

/// The newest version that, like every older one, has been applied through: whoever was last written under an older one
/// is what this one makes of her too.
pub fn applied_through(tx: &mut dyn Tx) -> Result<i64> {
    number(tx, THROUGH, &[])
}

/// Notes that everybody whom `version` touches was derived under it.
pub fn mark_applied(tx: &mut dyn Tx, version: i64, at: i64) -> Result<u64> {
    tx.execute(APPLIED, &[at.into(), version.into()])
}

/// That an item came or changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConfigChange {
    /// What it is.
    pub kind: String,
    /// Its key.
    pub item: i64,
    /// When the version that did so was published.
    pub published: i64,
}

/// What came or changed after version `from`, up to `to`, in the order of the versions.
pub fn changes(tx: &mut dyn Tx, from: i64, to: i64) -> Result<Vec<ConfigChange>> {
    rows(tx, CHANGES, &[from.into(), to.into()], |row| {
        Ok(ConfigChange { kind: row.string(0)?, item: row.int(1)?, published: row.int(2)? })
    })
}

/// The items of a version, by kind and key.
pub fn items_at(tx: &mut dyn Tx, version: i64) -> Result<Vec<ConfigItemRow>> {
    rows(tx, ITEMS, &[version.into()], item_row)
}

/// Every row that began or ended after version `from`, up to `to`: what differs between the two.
pub fn items_changed(tx: &mut dyn Tx, from: i64, to: i64) -> Result<Vec<ConfigItemRow>> {
    rows(tx, CHANGED, &[from.into(), to.into()], item_row)
}

/// Every state of items of a kind that no longer held at a version, by item, oldest first.
pub fn items_ended(tx: &mut dyn Tx, kind: &str, version: i64) -> Result<Vec<ConfigItemRow>> {
    rows(tx, ENDED, &[kind.into(), version.into()], item_row)
}

/// Every state of the items of a kind up to a version, by item, oldest first.
pub fn items_of(tx: &mut dyn Tx, kind: &str, version: i64) -> Result<Vec<ConfigItemRow>> {
    rows(tx, OF_KIND, &[kind.into(), version.into()], item_row)
}

/// Every state of an item, oldest first.
pub fn item_history(tx: &mut dyn Tx, kind: &str, item: i64) -> Result<Vec<ConfigItemRow>> {
    rows(tx, HISTORY, &[kind.into(), item.into()], item_row)
}

/// The items of a kind that bear a name now.
pub fn items_named(tx: &mut dyn Tx, kind: &str, name: &str) -> Result<Vec<ConfigItemRow>> {
    rows(tx, BY_NAME, &[kind.into(), name.into()], item_row)
}

/// Publishes a version. Publishing a version that exists breaks a constraint, so of two writers one loses.
pub fn publish(tx: &mut dyn Tx, writes: &ConfigWrites) -> Result<()> {
    let version = writes.version;
    tx.execute(PUT_VERSION, &[version.into(), writes.plan.into(), writes.created.into()])?;
    let puts = writes.put.iter().map(|put| (put.kind.as_str(), put.item));
    let ended = || writes.ended.iter().map(|(kind, item)| (kind.as_str(), *item));
    tx.execute_many(END_ITEM, &mut |end| {
        puts.clone()
            .chain(ended())
            .try_for_each(|(kind, item)| end(&[version.into(), kind.into(), item.into()]).map(drop))
    })?;
    tx.execute_many(PUT_ITEM, &mut |put| {
        for item in &writes.put {
            put(&[
                item.kind.as_str().into(),
                item.item.into(),
                version.into(),
                item.name.as_str().into(),
                item.body.as_str().into(),
                writes.plan.into(),
            ])?;
        }
        Ok(())
    })?;
    // An item both put and ended by one plan never was.
    tx.execute_many(DROP_ITEM, &mut |end| {
        ended().try_for_each(|(kind, item)| end(&[kind.into(), item.into(), version.into()]).map(drop))
    })?;
    Ok(())
}

fn version_row(row: &Row<'_>) -> Result<ConfigVersionRow> {
    Ok(ConfigVersionRow {
        version: row.int(0)?,
        plan: row.int(1)?,
        created: row.int(2)?,
        applied_through: row.opt_int(3)?,
    })
}

fn item_row(row: &Row<'_>) -> Result<ConfigItemRow> {
    Ok(ConfigItemRow {
        kind: row.string(0)?,
        item: row.int(1)?,
        from_version: row.int(2)?,
        until_version: row.opt_int(3)?,
        name: row.string(4)?,
        body: row.string(5)?,
        plan: row.int(6)?,
    })
}
