//! Mails: put together here, then written into a folder, from where a mail system or a person takes them, or sent to a
//! mail server.

mod deliver;
mod smtp;

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use jiff::Timestamp;
use lettre::Message;
use lettre::message::{Mailbox, SinglePart};

pub use smtp::{SmtpError, SmtpSender};

/// Who tasks name for what is done about mails.
const ACTOR: &str = "notifier";

/// How often sending a mail is tried.
pub(crate) const MOST_ATTEMPTS: i64 = 20;

/// Who mails come from unless said otherwise.
const SENDER: &str = "Muster <muster@localhost>";

/// The most characters of a subject that go into the name of a file.
const SLUG_LENGTH: usize = 50;

/// A mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// Its number in the store. Writing the same mail again replaces the file.
    pub id: i64,
    /// Who gets it: `ann@example.org` or `Ann <ann@example.org>`.
    pub to: Vec<String>,
    /// What it is about, one line.
    pub subject: String,
    /// What it says, plain text.
    pub text: String,
    /// When it was written.
    pub date: Timestamp,
    /// Its name for mail systems, `something@example.org`, with or without angle brackets.
    pub message_id: String,
}

/// Why a mail can't be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MailError {
    /// An address can't be used.
    #[error("mail {id}: the address {address:?} can't be used ({reason}); correct it where it is set")]
    Address {
        /// The mail.
        id: i64,
        /// The address.
        address: String,
        /// What is wrong.
        reason: String,
    },
    /// There is nobody to send it to.
    #[error("mail {0} has no recipient; set an address for whom it concerns")]
    NoRecipient(i64),
    /// The name for mail systems can't be used.
    #[error(
        "mail {id}: the message id {message_id:?} can't be used; it has to look like something@example.org"
    )]
    MessageId {
        /// The mail.
        id: i64,
        /// The name.
        message_id: String,
    },
    /// The message can't be put together.
    #[error("mail {id} can't be put together: {reason}")]
    Message {
        /// The mail.
        id: i64,
        /// Why.
        reason: String,
    },
    /// The folder can't be used.
    #[error("mail can't be written to {}: {source}; see that the folder can be written and has room", .dir.display())]
    Io {
        /// The folder.
        dir: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// A folder of mails, one file a mail.
#[derive(Clone, Debug)]
pub struct MailFolder {
    dir: PathBuf,
    sender: String,
}

impl MailFolder {
    /// The folder `dir`, made when the first mail is written.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into(), sender: SENDER.to_owned() }
    }

    /// The same folder, with mails coming from `sender`: `muster@example.org` or `Muster <muster@example.org>`.
    #[must_use]
    pub fn from_sender(self, sender: impl Into<String>) -> Self {
        Self { sender: sender.into(), ..self }
    }

    /// Writes a mail and returns its file, `ID-SUBJECT.eml`. The file is there as a whole or not at all, and once this
    /// returns it survives a crash. The same mail written again gives the same file.
    ///
    /// # Errors
    /// Addresses or message id can't be used, or the folder can't be written.
    pub fn write(&self, mail: &Mail) -> Result<PathBuf, MailError> {
        let message = message(&self.sender, mail)?;
        let path = self.dir.join(format!("{}-{}.eml", mail.id, slug(&mail.subject)));
        replace(&self.dir, &path, &message.formatted())
            .map_err(|source| MailError::Io { dir: self.dir.clone(), source })?;
        Ok(path)
    }
}

/// A mail as it travels.
fn message(sender: &str, mail: &Mail) -> Result<Message, MailError> {
    if mail.to.is_empty() {
        return Err(MailError::NoRecipient(mail.id));
    }
    let mut builder = Message::builder()
        .from(mailbox(mail.id, sender)?)
        .date(date(mail)?)
        .message_id(Some(message_id(mail)?))
        .subject(one_line(&mail.subject));
    for address in &mail.to {
        builder = builder.to(mailbox(mail.id, address)?);
    }
    builder
        .singlepart(SinglePart::plain(mail.text.clone()))
        .map_err(|error| MailError::Message { id: mail.id, reason: error.to_string() })
}

fn mailbox(id: i64, address: &str) -> Result<Mailbox, MailError> {
    let wrong = |reason: String| MailError::Address { id, address: address.to_owned(), reason };
    // A line end would begin a header of the address's choosing.
    if address.chars().any(char::is_control) {
        return Err(wrong("it has control characters".to_owned()));
    }
    address.parse().map_err(|error: lettre::address::AddressError| wrong(error.to_string()))
}

fn message_id(mail: &Mail) -> Result<String, MailError> {
    let id = mail.message_id.trim_start_matches('<').trim_end_matches('>');
    let well_formed = id.split_once('@').is_some_and(|(left, right)| {
        let part = |part: &str| {
            !part.is_empty()
                && part.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>@\"(),:;[]\\".contains(&byte))
        };
        part(left) && part(right)
    });
    if well_formed {
        Ok(format!("<{id}>"))
    } else {
        Err(MailError::MessageId { id: mail.id, message_id: mail.message_id.clone() })
    }
}

/// The date as a header can have it: nothing before 1970.
fn date(mail: &Mail) -> Result<SystemTime, MailError> {
    let wrong = || MailError::Message { id: mail.id, reason: format!("{} is no date for a mail", mail.date) };
    if mail.date < Timestamp::UNIX_EPOCH {
        return Err(wrong());
    }
    SystemTime::try_from(mail.date).map_err(|_| wrong())
}

/// Control characters, line ends among them, have no place in a header.
fn one_line(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    text.trim().to_owned()
}

/// The letters and digits of a subject, fit for the name of a file on any system.
fn slug(subject: &str) -> String {
    let mut slug = String::new();
    for character in subject.chars() {
        if slug.len() >= SLUG_LENGTH {
            break;
        }
        if character.is_ascii_alphanumeric() {
            slug.push(character.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { "mail".to_owned() } else { slug.to_owned() }
}

fn replace(dir: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    fs::create_dir_all(dir)?;
    let mut file = tempfile::NamedTempFile::new_in(dir)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    // The name as well, not only the content.
    File::open(dir)?.sync_all()
}
