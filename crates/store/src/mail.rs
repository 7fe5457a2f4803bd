//! Mail to be sent.

use crate::statements::statements;
use crate::tx::{first, rows};
use crate::{Result, Tx, keys};

/// The columns that [`mail_row`] reads, in its order.
macro_rules! mail_columns {
    () => {
        "mail_key, recipients, subject, body, created, sent, attempts, next_attempt, error"
    };
}

statements! {
    ENQUEUE = "INSERT INTO mail (mail_key, recipients, subject, body, created, attempts) \
        VALUES ($1, $2, $3, $4, $5, 0)";
    DUE = "SELECT COUNT(*) FROM mail WHERE sent IS NULL AND attempts < $1 \
        AND (next_attempt IS NULL OR next_attempt <= $2)";
    // Who takes a mail notes the attempt before it is sent, and has it until then.
    TAKE = concat!("UPDATE mail SET attempts = attempts + 1, error = NULL, next_attempt = $1 WHERE mail_key = \
        (SELECT mail_key FROM mail WHERE sent IS NULL AND attempts < $2 \
        AND (next_attempt IS NULL OR next_attempt <= $3) ORDER BY mail_key LIMIT 1) RETURNING ", mail_columns!());
    SENT = "UPDATE mail SET sent = $1, error = NULL, next_attempt = NULL WHERE mail_key = $2";
    FAILED = "UPDATE mail SET error = $1, attempts = $2, next_attempt = $3 WHERE mail_key = $4";
    RETRY = "UPDATE mail SET attempts = 0, next_attempt = NULL WHERE sent IS NULL AND error IS NOT NULL";
    FEWEST = "SELECT MIN(attempts) FROM mail WHERE sent IS NULL AND attempts < $1 \
        AND (next_attempt IS NULL OR next_attempt <= $2)";
    POSTPONE = "UPDATE mail SET attempts = attempts + 1, error = $1, next_attempt = $2 WHERE sent IS NULL \
        AND attempts < $3 AND (next_attempt IS NULL OR next_attempt <= $4)";
    WAITING = "SELECT COUNT(*) FROM mail WHERE sent IS NULL AND attempts < $1";
    LATEST = concat!("SELECT ", mail_columns!(), " FROM mail WHERE mail_key < $1 ORDER BY mail_key DESC LIMIT $2");
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
    /// Nobody tries before this time of the machine.
    pub next_attempt: Option<i64>,
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

/// How many messages may be tried at `now`, the machine's time.
pub fn due(tx: &mut dyn Tx, max_attempts: i64, now: i64) -> Result<i64> {
    crate::tx::number(tx, DUE, &[max_attempts.into(), now.into()])
}

/// How many messages wait to be sent, due or not.
pub fn waiting(tx: &mut dyn Tx, max_attempts: i64) -> Result<i64> {
    crate::tx::number(tx, WAITING, &[max_attempts.into()])
}

/// Takes the oldest message that may be tried at `now`, and notes the attempt; nobody else gets it before `until`.
pub fn take(tx: &mut dyn Tx, max_attempts: i64, now: i64, until: i64) -> Result<Option<MailRow>> {
    first(tx, TAKE, &[until.into(), max_attempts.into(), now.into()], mail_row)
}

/// A page of messages before `before` (start with `i64::MAX`), newest first.
pub fn mails_before(tx: &mut dyn Tx, before: i64, limit: usize) -> Result<Vec<MailRow>> {
    rows(tx, LATEST, &[before.into(), (limit as i64).into()], mail_row)
}

/// Notes that a message was sent.
pub fn mark_sent(tx: &mut dyn Tx, mail: i64, at: i64) -> Result<u64> {
    tx.execute(SENT, &[at.into(), mail.into()])
}

/// Notes that sending failed, how many attempts that makes, and when the next may be.
pub fn mark_failed(tx: &mut dyn Tx, mail: i64, error: &str, attempts: i64, next: i64) -> Result<u64> {
    tx.execute(FAILED, &[error.into(), attempts.into(), next.into(), mail.into()])
}

/// How often the message that was tried least, of those that may be tried at `now`, was tried.
pub fn fewest_attempts(tx: &mut dyn Tx, max_attempts: i64, now: i64) -> Result<i64> {
    crate::tx::number(tx, FEWEST, &[max_attempts.into(), now.into()])
}

/// Notes that none of the messages that may be tried at `now` can be sent before `next`. Gives how many those are.
pub fn postpone(tx: &mut dyn Tx, max_attempts: i64, now: i64, error: &str, next: i64) -> Result<u64> {
    tx.execute(POSTPONE, &[error.into(), next.into(), max_attempts.into(), now.into()])
}

/// Lets messages whose sending failed be tried again at once, those that were given up too. Gives how many.
pub fn retry_now(tx: &mut dyn Tx) -> Result<u64> {
    tx.execute(RETRY, &[])
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
        next_attempt: row.opt_int(7)?,
        error: row.opt_string(8)?,
    })
}
