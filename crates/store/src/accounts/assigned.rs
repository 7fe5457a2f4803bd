//! Who has an app: accounts of people who are assigned, as faces list them.

use crate::people::{AccountRow, account_columns, account_row};
use crate::statements::statements;
use crate::tx::{first, rows};
use crate::{Result, Tx};

statements! {
    PAGE = concat!("SELECT ", account_columns!(), " FROM account WHERE app_key = $1 AND account_key > $2 \
        AND scope IS NOT NULL AND user_key IS NOT NULL ORDER BY account_key LIMIT $3");
    // Profiles and what is wanted are JSON as we write it, so a value is found by its name and opening quote.
    FOUND = concat!("SELECT ", account_columns!(), " FROM account WHERE app_key = $1 AND account_key > $2 \
        AND scope IS NOT NULL AND user_key IS NOT NULL AND (lower(wanted) LIKE $3 ESCAPE '!' OR EXISTS (SELECT 1 \
        FROM users WHERE users.user_key = account.user_key AND (lower(users.profile) LIKE $4 ESCAPE '!' \
        OR lower(users.profile) LIKE $5 ESCAPE '!' OR lower(users.profile) LIKE $6 ESCAPE '!'))) \
        ORDER BY account_key LIMIT $7");
    ONE = concat!("SELECT ", account_columns!(), " FROM account WHERE user_key = $1 AND app_key = $2");
    OF_USER = concat!("SELECT ", account_columns!(), " FROM account WHERE user_key = $1 AND scope IS NOT NULL \
        ORDER BY app_key");
}

/// A page of the accounts of people who have an app, in key order.
pub fn assigned_of_app(tx: &mut dyn Tx, app: i64, after: i64, limit: usize) -> Result<Vec<AccountRow>> {
    rows(tx, PAGE, &[app.into(), after.into(), (limit as i64).into()], account_row)
}

/// The same of those whose user name there, first or last name or e-mail address begins with a text, in whatever case.
pub fn assigned_found(
    tx: &mut dyn Tx,
    app: i64,
    text: &str,
    after: i64,
    limit: usize,
) -> Result<Vec<AccountRow>> {
    let quoted = serde_json::Value::from(text.to_ascii_lowercase()).to_string();
    let value = escape_like(quoted.strip_suffix('"').unwrap_or(&quoted));
    let like = |name: &str| format!("%\"{name}\":{value}%");
    let [name, first, last, email] = ["username", "firstname", "lastname", "email"].map(like);
    let params = [
        app.into(),
        after.into(),
        name.as_str().into(),
        first.as_str().into(),
        last.as_str().into(),
        email.as_str().into(),
        (limit as i64).into(),
    ];
    rows(tx, FOUND, &params, account_row)
}

/// A person's row in an app, whether she has it (still) or not.
pub fn account_of(tx: &mut dyn Tx, user: i64, app: i64) -> Result<Option<AccountRow>> {
    first(tx, ONE, &[user.into(), app.into()], account_row)
}

/// A person's accounts in the apps she has, by app.
pub fn assigned_of_user(tx: &mut dyn Tx, user: i64) -> Result<Vec<AccountRow>> {
    rows(tx, OF_USER, &[user.into()], account_row)
}

fn escape_like(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '!' | '%' | '_') {
            out.push('!');
        }
        out.push(c);
    }
    out
}
