//! API tokens: only hashes of them are kept.

use crate::statements::statements;
use crate::tx::{first, rows};
use crate::{Result, Row, Tx, keys};

/// The columns that [`token_row`] reads, in its order.
macro_rules! token_columns {
    () => {
        "token_key, name, rights, user_key, creator, created, expires, last_used"
    };
}

statements! {
    INSERT = "INSERT INTO token (token_key, hash, name, rights, user_key, creator, created, expires) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    BY_HASH = concat!("SELECT ", token_columns!(), " FROM token WHERE hash = $1");
    BY_KEY = concat!("SELECT ", token_columns!(), " FROM token WHERE token_key = $1");
    BY_NAME = concat!("SELECT ", token_columns!(), " FROM token WHERE name = $1");
    ALL = concat!("SELECT ", token_columns!(), " FROM token ORDER BY token_key");
    DELETE = "DELETE FROM token WHERE token_key = $1";
    USED = "UPDATE token SET last_used = $1 WHERE token_key = $2";
}

/// A token, without what it is: that nobody knows any more.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TokenRow {
    /// Its key.
    pub token_key: i64,
    /// Its unique name.
    pub name: String,
    /// READ, WRITE or ADMIN.
    pub rights: String,
    /// Whose it is; none: a program's own.
    pub user_key: Option<i64>,
    /// Who made it.
    pub creator: String,
    /// When.
    pub created: i64,
    /// Until when it is good.
    pub expires: Option<i64>,
    /// When it was used last, to the minute.
    pub last_used: Option<i64>,
}

/// Adds a token and gives its key; `token_key` of the row is passed over.
pub fn insert_token(tx: &mut dyn Tx, token: &TokenRow, hash: &[u8]) -> Result<i64> {
    let key = keys::allocate(tx, "token", 1)?;
    tx.execute(
        INSERT,
        &[
            key.into(),
            hash.into(),
            token.name.as_str().into(),
            token.rights.as_str().into(),
            token.user_key.into(),
            token.creator.as_str().into(),
            token.created.into(),
            token.expires.into(),
        ],
    )?;
    Ok(key)
}

/// The token of a hash.
pub fn token_by_hash(tx: &mut dyn Tx, hash: &[u8]) -> Result<Option<TokenRow>> {
    first(tx, BY_HASH, &[hash.into()], token_row)
}

/// The token of a key.
pub fn token(tx: &mut dyn Tx, key: i64) -> Result<Option<TokenRow>> {
    first(tx, BY_KEY, &[key.into()], token_row)
}

/// The token of a name.
pub fn token_by_name(tx: &mut dyn Tx, name: &str) -> Result<Option<TokenRow>> {
    first(tx, BY_NAME, &[name.into()], token_row)
}

/// All tokens, oldest first.
pub fn tokens(tx: &mut dyn Tx) -> Result<Vec<TokenRow>> {
    rows(tx, ALL, &[], token_row)
}

/// Takes a token away; whether it was there.
pub fn delete_token(tx: &mut dyn Tx, key: i64) -> Result<bool> {
    Ok(tx.execute(DELETE, &[key.into()])? > 0)
}

/// Notes that a token was used.
pub fn token_used(tx: &mut dyn Tx, key: i64, at: i64) -> Result<()> {
    tx.execute(USED, &[at.into(), key.into()])?;
    Ok(())
}

fn token_row(row: &Row<'_>) -> Result<TokenRow> {
    Ok(TokenRow {
        token_key: row.int(0)?,
        name: row.string(1)?,
        rights: row.string(2)?,
        user_key: row.opt_int(3)?,
        creator: row.string(4)?,
        created: row.int(5)?,
        expires: row.opt_int(6)?,
        last_used: row.opt_int(7)?,
    })
}
