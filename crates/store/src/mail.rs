//! Mail to be sent.

use crate::statements::statements;
use crate::tx::rows;
use crate::{Result, Tx, keys};

statements! {
    ENQUEUE = "INSERT INTO mail (mail_key, recipients, subject, body, created, attempts) \
        VALUES ($1, $2, $3, $4, $5, 0)";
    UNSENT = "SELECT mail_key, recipients, subject, body, created, sent, attempts, error FROM mail \
        WHERE sent IS NULL AND attempts < $1 ORDER BY mail_key LIMIT $2";
    SENT = "UPDATE mail SET sent = $1, attempts = attempts + 1, error = NULL WHERE mail_key = ANY($2)";
    FAILED = "UPDATE mail SET attempts = attempts + 1, error = $1 WHERE mail_key = ANY($2)";
    LATEST = "SELECT mail_key, recipients, subject, body, created, sent, attempts, error FROM mail \
        WHERE mail_key < $1 ORDER BY mail_key DESC LIMIT $2";
}

/// A message to send.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewMail {
    /// Addresses, as a JSON list.
    pub recipients: String,
    /// Subject line.
    pub subject: String,
    /// Text.
    pub body: String,
    /// When it was written.
    pub created: i64,
}

/// A message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MailRow {
    /// The message's key.
    pub mail_key: i64,
    /// What it says.
    pub mail: NewMail,
    /// When it was sent.
    pub sent: Option<i64>,
    /// How often sending was tried.
    pub attempts: i64,
    /// Why the last attempt failed.
    pub error: Option<String>,
}

/// Adds messages to be sent.
pub fn enqueue(tx: &mut dyn Tx, mails: &[NewMail]) -> Result<()> {
    if mails.is_empty() {
        return Ok(());
    }
    let first_key = keys::allocate(tx, "mail", mails.len())?;
    tx.execute_many(ENQUEUE, &mut |put| {
        for (key, mail) in (first_key..).zip(mails) {
            put(&[
                key.into(),
                mail.recipients.as_str().into(),
                mail.subject.as_str().into(),
                mail.body.as_str().into(),
                mail.created.into(),
            ])?;
        }
        Ok(())
    })?;
    Ok(())
}

/// Messages to be sent that were tried fewer than `max_attempts` times, oldest first.
pub fn unsent(tx: &mut dyn Tx, max_attempts: i64, limit: usize) -> Result<Vec<MailRow>> {
    rows(tx, UNSENT, &[max_attempts.into(), (limit as i64).into()], mail_row)
}

/// A page of messages before `before` (start with `i64::MAX`), newest first.
pub fn mails_before(tx: &mut dyn Tx, before: i64, limit: usize) -> Result<Vec<MailRow>> {
    rows(tx, LATEST, &[before.into(), (limit as i64).into()], mail_row)
}

/// Notes that messages were sent.
pub fn mark_sent(tx: &mut dyn Tx, mails: &[i64], at: i64) -> Result<u64> {
    tx.execute(SENT, &[at.into(), mails.into()])
}

/// Notes that sending failed.
pub fn mark_failed(tx: &mut dyn Tx, mails: &[i64], error: &str) -> Result<u64> {
    tx.execute(FAILED, &[error.into(), mails.into()])
}

fn mail_row(row: &crate::Row<'_>) -> Result<MailRow> {
    Ok(MailRow {
        mail_key: row.int(0)?,
        mail: NewMail {
            recipients: row.string(1)?,
            subject: row.string(2)?,
            body: row.string(3)?,
            created: row.int(4)?,
        },
        sent: row.opt_int(5)?,
        attempts: row.int(6)?,
        error: row.opt_string(7)?,
    })
}
