//! What waits to be sent goes out, one mail after the other, each noted before and after.

use jiff::Timestamp;
use muster_engine::{MailSettings, Millis};
use muster_store::mail::{self as stored, MailRow};
use muster_store::tasks;

use super::{MOST_ATTEMPTS, Mail, MailError, MailFolder, SmtpError, SmtpSender};
use crate::clock::machine_now;
use crate::error::Result;
use crate::muster::Muster;
use crate::tasks::words;

/// How long a process has a mail for itself: longer than any server takes.
const TAKEN_MS: i64 = 600_000;
/// The first and the longest wait before a mail is tried again.
const BACK_OFF: (i64, i64) = (60_000, 6 * 3_600_000);

/// What became of the mails that waited.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Delivery {
    /// Mails that went out.
    pub(crate) sent: usize,
    /// Why others didn't.
    pub(crate) failed: Vec<String>,
}

/// What a failure says of the mail and of those after it.
enum Trouble {
    /// This one can never be sent.
    Never,
    /// This one can't be sent now.
    Later,
    /// None can be sent now.
    Everything,
}

/// Where mails go.
enum Way {
    Folder(MailFolder),
    Server(SmtpSender),
}

impl Way {
    fn of(muster: &Muster, settings: &MailSettings) -> std::result::Result<Self, SmtpError> {
        if let Some(server) = SmtpSender::new(settings)? {
            server.check()?;
            return Ok(Self::Server(server));
        }
        let folder = MailFolder::new(muster.dir.join("mail"));
        Ok(Self::Folder(if settings.from.is_empty() { folder } else { folder.from_sender(&settings.from) }))
    }

    fn send(&self, row: &MailRow) -> std::result::Result<(), (Trouble, String)> {
        let domain = match self {
            Self::Folder(_) => "localhost",
            Self::Server(server) => server.domain(),
        };
        let mail = Mail {
            id: row.mail_key,
            to: serde_json::from_str(&row.mail.recipients).unwrap_or_default(),
            subject: row.mail.subject.clone(),
            text: row.mail.body.clone(),
            date: Timestamp::from_millisecond(row.mail.created).unwrap_or_default(),
            // The same in all attempts: a mail that went out twice, since nobody noted the first time, is known as one.
            message_id: format!("muster-{}-{}@{domain}", row.mail_key, row.mail.created),
        };
        match self {
            Self::Folder(folder) => folder.write(&mail).map(drop).map_err(|error| {
                let everything = matches!(error, MailError::Io { .. });
                (if everything { Trouble::Everything } else { Trouble::Never }, error.to_string())
            }),
            Self::Server(server) => server.send(&mail).map_err(|error| {
                let trouble = match error {
                    SmtpError::Refused { .. } | SmtpError::Mail(_) => Trouble::Never,
                    SmtpError::Later { .. } => Trouble::Later,
                    _ => Trouble::Everything,
                };
                (trouble, format!("mail {} to {}: {error}", row.mail_key, recipients(row)))
            }),
        }
    }
}

fn recipients(row: &MailRow) -> String {
    let all: Vec<String> = serde_json::from_str(&row.mail.recipients).unwrap_or_default();
    all.join(", ")
}

fn wait(attempts: i64) -> i64 {
    (BACK_OFF.0 << (attempts - 1).clamp(0, 20)).min(BACK_OFF.1)
}

impl Muster {
    /// Sends what waits and is due. `at` is the org's time.
    pub(crate) fn deliver(&self, settings: &MailSettings, at: Millis) -> Result<Delivery> {
        let mut delivery = Delivery::default();
        if self.store.read(|tx| stored::due(tx, MOST_ATTEMPTS, machine_now()))? == 0 {
            return Ok(delivery);
        }
        let way = match Way::of(self, settings) {
            Ok(way) => way,
            Err(error) => {
                let reason = error.to_string();
                self.postpone(&reason)?;
                delivery.failed.push(reason);
                return Ok(delivery);
            }
        };
        loop {
            let now = machine_now();
            let taken = self.store.write(|tx| stored::take(tx, MOST_ATTEMPTS, now, now + TAKEN_MS))?;
            let Some(row) = taken else { return Ok(delivery) };
            let Err((trouble, reason)) = way.send(&row) else {
                self.note_sent(&row, at)?;
                delivery.sent += 1;
                continue;
            };
            // A folder is mended by whoever sees that it can't be written; nobody is spared by waiting.
            let waits = matches!(way, Way::Server(_));
            let next = machine_now() + if waits { wait(row.attempts) } else { 0 };
            let given_up = matches!(trouble, Trouble::Never) || row.attempts >= MOST_ATTEMPTS;
            self.note_failed(&row, &reason, next, given_up, at)?;
            delivery.failed.push(reason.clone());
            if matches!(trouble, Trouble::Everything) {
                if waits {
                    self.postpone(&reason)?;
                }
                return Ok(delivery);
            }
        }
    }

    /// None of the mails that are due can be sent now.
    fn postpone(&self, reason: &str) -> Result<()> {
        let now = machine_now();
        self.store.write(|tx| {
            let attempts = stored::fewest_attempts(tx, MOST_ATTEMPTS, now)?;
            stored::postpone(tx, MOST_ATTEMPTS, now, reason, now + wait(attempts + 1))
        })?;
        Ok(())
    }

    fn note_sent(&self, row: &MailRow, at: Millis) -> Result<()> {
        self.store.write(|tx| {
            stored::mark_sent(tx, row.mail_key, at.0)?;
            tasks::finish_by_dedupe(tx, &[&words::mail_dedupe(&recipients(row))], at.0, super::ACTOR)
        })?;
        Ok(())
    }

    fn note_failed(&self, row: &MailRow, reason: &str, next: i64, given_up: bool, at: Millis) -> Result<()> {
        let attempts = if given_up { MOST_ATTEMPTS } else { row.attempts };
        self.store.write(|tx| {
            stored::mark_failed(tx, row.mail_key, reason, attempts, next)?;
            if given_up {
                tasks::open_tasks(
                    tx,
                    &[words::mail_failed(&recipients(row), &row.mail.subject, reason, at)],
                )?;
            }
            Ok(())
        })?;
        Ok(())
    }
}
