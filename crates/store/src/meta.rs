//! What the store knows of itself, by name.

use crate::statements::statements;
use crate::tx::{first, rows};
use crate::{Result, Tx};

statements! {
    GET = "SELECT value FROM meta WHERE name = $1";
    SET = "INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    ALL = "SELECT name, value FROM meta ORDER BY name";
}

/// The name under which the schema's version is kept.
pub const SCHEMA_VERSION: &str = "schema_version";

/// A value.
pub fn get(tx: &mut dyn Tx, name: &str) -> Result<Option<String>> {
    first(tx, GET, &[name.into()], |row| row.string(0))
}

/// Sets a value.
pub fn set(tx: &mut dyn Tx, name: &str, value: &str) -> Result<()> {
    tx.execute(SET, &[name.into(), value.into()])?;
    Ok(())
}

/// All values, by name.
pub fn all(tx: &mut dyn Tx) -> Result<Vec<(String, String)>> {
    rows(tx, ALL, &[], |row| Ok((row.string(0)?, row.string(1)?)))
}
