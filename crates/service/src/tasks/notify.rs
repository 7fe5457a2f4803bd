//! The digest: each owner of new tasks gets one mail.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::Timestamp;
use muster_engine::model::AppKey;
use muster_engine::{Config, Millis};
use muster_store::mail::{self as stored_mail, NewMail};
use muster_store::tasks as stored;

use super::Task;
use super::words::{DEPROVISION, FAILED, IN_DOUBT, PROVISION, REFUSED, UPDATE};
use crate::error::Result;
use crate::mail::{Mail, MailFolder};
use crate::muster::Muster;

/// The most tasks of one run; the next run tells of the others.
const MOST_TASKS: usize = 100_000;
/// The most lines of tasks in a mail.
const MOST_LINES: usize = 500;
/// How often writing a mail is tried.
const MOST_ATTEMPTS: i64 = 20;
/// How many mails are written before it is noted.
const MAILS: usize = 100;

/// Whom a run told of what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NotifyReport {
    /// Mails written.
    pub mails: usize,
    /// Tasks told of.
    pub tasks: usize,
    /// Tasks nobody can be told of, since neither their app has an owner nor the org admins.
    pub without_owner: usize,
    /// Mails that couldn't be written, with the reason; they are tried again.
    pub failed: Vec<String>,
}

impl Muster {
    /// Tells the owners of new tasks, each in one mail, written as a file to `mail` in the data directory.
    ///
    /// The mails are put down together with the note that the tasks were told of, and written afterwards under names
    /// that stay the same: a crash in between neither loses a mail nor doubles it.
    ///
    /// # Errors
    /// If the store fails. That a mail can't be written is in the report.
    pub fn notify(&self) -> Result<NotifyReport> {
        let at = self.clock.now();
        let mut report = self.store.try_write(|tx| {
            let config = self.config_in(tx)?;
            let mut report = NotifyReport::default();
            let mut by_owner: BTreeMap<Vec<String>, Vec<Task>> = BTreeMap::new();
            for row in stored::unnotified(tx, MOST_TASKS)? {
                let task = Task::from(row);
                let recipients = match &task.owner {
                    Some(owner) => vec![owner.clone()],
                    None => config.org.settings.admins.clone(),
                };
                if recipients.is_empty() {
                    report.without_owner += 1;
                } else {
                    by_owner.entry(recipients).or_default().push(task);
                }
            }
            let mut told = Vec::new();
            let mut mails = Vec::new();
            for (recipients, tasks) in by_owner {
                mails.push(NewMail {
                    recipients: serde_json::to_string(&recipients).unwrap_or_default(),
                    subject: subject(&config, &tasks),
                    body: digest(&config, &tasks),
                    created: at.0,
                });
                told.extend(tasks.iter().map(|task| task.key));
            }
            report.tasks = told.len();
            stored_mail::enqueue(tx, &mails)?;
            stored::mark_notified(tx, &told, at.0)?;
            Ok::<_, crate::error::ServiceError>(report)
        })?;
        self.deliver(at, &mut report)?;
        Ok(report)
    }

    /// Writes what waits to be sent.
    fn deliver(&self, at: Millis, report: &mut NotifyReport) -> Result<()> {
        let folder = MailFolder::new(self.dir.join("mail"));
        loop {
            let waiting = self.store.read(|tx| stored_mail::unsent(tx, MOST_ATTEMPTS, MAILS))?;
            let mut sent = Vec::new();
            let mut failed = Vec::new();
            for row in &waiting {
                let mail = Mail {
                    id: row.mail_key,
                    to: serde_json::from_str(&row.mail.recipients).unwrap_or_default(),
                    subject: row.mail.subject.clone(),
                    text: row.mail.body.clone(),
                    date: Timestamp::from_millisecond(row.mail.created).unwrap_or_default(),
                    message_id: format!("muster-{}-{}@localhost", row.mail_key, row.mail.created),
                };
                match folder.write(&mail) {
                    Ok(_) => sent.push(row.mail_key),
                    Err(error) => failed.push((row.mail_key, error.to_string())),
                }
            }
            self.store.write(|tx| {
                stored_mail::mark_sent(tx, &sent, at.0)?;
                for (key, error) in &failed {
                    stored_mail::mark_failed(tx, &[*key], error)?;
                }
                Ok(())
            })?;
            report.mails += sent.len();
            let all_failed = sent.is_empty();
            report.failed.extend(failed.into_iter().map(|(_, error)| error));
            if waiting.len() < MAILS || all_failed {
                return Ok(());
            }
        }
    }
}

fn app_name(config: &Config, app: Option<AppKey>) -> String {
    app.map_or_else(|| config.org.settings.name.clone(), |app| config.app_name(app))
}

fn subject(config: &Config, tasks: &[Task]) -> String {
    let count = match tasks.len() {
        1 => "1 new task".to_owned(),
        count => format!("{count} new tasks"),
    };
    format!("{}: {count}", config.org.settings.name)
}

/// A kind of task, for people.
fn kind_words(kind: &str) -> &str {
    match kind {
        PROVISION => "accounts to create or enable by hand",
        UPDATE => "accounts to change by hand",
        DEPROVISION => "accounts to take away by hand",
        FAILED => "accounts that the application refused",
        IN_DOUBT => "accounts that can't be told apart",
        REFUSED => "applications that refuse to be provisioned",
        kind => kind,
    }
}

fn digest(config: &Config, tasks: &[Task]) -> String {
    let mut counts: BTreeMap<(String, &str), usize> = BTreeMap::new();
    for task in tasks {
        *counts.entry((app_name(config, task.app), kind_words(&task.kind))).or_default() += 1;
    }
    let mut text = String::from("New tasks for you:\n\n");
    for ((app, kind), count) in &counts {
        let _ = writeln!(text, "  {app}: {count} {kind}");
    }
    let mut lines = 0;
    for (at, task) in tasks.iter().enumerate() {
        let mut words = format!("\n{} (task {})", task.title, task.id());
        if let Some(due) = task.due {
            let _ = write!(words, ", due {}", day(due));
        }
        words.push('\n');
        for line in task.what().lines() {
            let _ = writeln!(words, "    {line}");
        }
        lines += words.lines().count();
        if lines > MOST_LINES && at > 0 {
            let _ = writeln!(text, "\nand {} more: muster tasks", tasks.len() - at);
            return text;
        }
        text.push_str(&words);
    }
    text.push_str("\nWhen something is done: muster task done ID\n");
    text
}

fn day(at: Millis) -> String {
    let text = at.to_string();
    text.get(..10).map_or(text.clone(), str::to_owned)
}
