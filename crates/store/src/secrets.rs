//! Secrets: references and what they held when applied, sealed. Rows are never overwritten; the newest counts.

use crate::statements::statements;
use crate::tx::{first, rows};
use crate::{Result, Row, Tx, keys};

statements! {
    ADD = "INSERT INTO secret (secret_key, owner_kind, owner_key, name, reference, sealed, deadline, plan) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    NEWEST = "SELECT secret_key, owner_kind, owner_key, name, reference, sealed, deadline, plan FROM secret \
        WHERE owner_kind = $1 AND owner_key = $2 AND name = $3 ORDER BY secret_key DESC LIMIT 1";
    BY_KEY = "SELECT secret_key, owner_kind, owner_key, name, reference, sealed, deadline, plan FROM secret \
        WHERE secret_key = $1";
    OF_OWNER = "SELECT secret_key, owner_kind, owner_key, name, reference, sealed, deadline, plan FROM secret \
        WHERE owner_kind = $1 AND owner_key = $2 ORDER BY name, secret_key";
    EXPIRED = "DELETE FROM secret WHERE deadline IS NOT NULL AND deadline < $1";
}

/// A secret.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct SecretRow {
    /// The secret's key; ignored when it is added.
    pub secret_key: i64,
    /// What it belongs to.
    pub owner_kind: String,
    /// Key of what it belongs to.
    pub owner_key: i64,
    /// What it is called there.
    pub name: String,
    /// Where it came from (`env:NAME`, `file:PATH`).
    pub reference: Option<String>,
    /// The secret, sealed.
    pub sealed: Option<Vec<u8>>,
    /// Not to be kept longer than this.
    pub deadline: Option<i64>,
    /// The plan that set it.
    pub plan: i64,
}

impl std::fmt::Debug for SecretRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SecretRow")
            .field("secret_key", &self.secret_key)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// Adds a secret, which from now on is the one that counts for its owner and name. Gives its key.
pub fn add_secret(tx: &mut dyn Tx, secret: &SecretRow) -> Result<i64> {
    let key = keys::allocate(tx, "secret", 1)?;
    tx.execute(
        ADD,
        &[
            key.into(),
            secret.owner_kind.as_str().into(),
            secret.owner_key.into(),
            secret.name.as_str().into(),
            (&secret.reference).into(),
            secret.sealed.as_deref().into(),
            secret.deadline.into(),
            secret.plan.into(),
        ],
    )?;
    Ok(key)
}

/// The secret that counts.
pub fn secret(tx: &mut dyn Tx, owner_kind: &str, owner_key: i64, name: &str) -> Result<Option<SecretRow>> {
    first(tx, NEWEST, &[owner_kind.into(), owner_key.into(), name.into()], secret_row)
}

/// A secret by its key, whether it counts or not.
pub fn secret_by_key(tx: &mut dyn Tx, secret_key: i64) -> Result<Option<SecretRow>> {
    first(tx, BY_KEY, &[secret_key.into()], secret_row)
}

/// Every secret of an owner, by name, oldest first.
pub fn secrets_of(tx: &mut dyn Tx, owner_kind: &str, owner_key: i64) -> Result<Vec<SecretRow>> {
    rows(tx, OF_OWNER, &[owner_kind.into(), owner_key.into()], secret_row)
}

/// Destroys secrets whose deadline is over. Gives how many.
pub fn drop_expired(tx: &mut dyn Tx, now: i64) -> Result<u64> {
    tx.execute(EXPIRED, &[now.into()])
}

fn secret_row(row: &Row<'_>) -> Result<SecretRow> {
    Ok(SecretRow {
        secret_key: row.int(0)?,
        owner_kind: row.string(1)?,
        owner_key: row.int(2)?,
        name: row.string(3)?,
        reference: row.opt_string(4)?,
        sealed: row.opt_blob(5)?.map(<[u8]>::to_vec),
        deadline: row.opt_int(6)?,
        plan: row.int(7)?,
    })
}
