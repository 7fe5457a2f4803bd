//! The digest: each owner of new tasks gets one mail.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use muster_engine::model::AppKey;
use muster_engine::{Config, Millis};
use muster_store::mail::{self as stored_mail, NewMail};
use muster_store::tasks as stored;

use super::Task;
use super::words::{
    DEPROVISION, EXPIRES, FAILED, IN_DOUBT, JOB_FAILED, MAIL_FAILED, PROTECTED, PROVISION, REFUSED, UPDATE,
};
use crate::error::Result;
use crate::mail::MOST_ATTEMPTS;
use crate::muster::Muster;

/// The most tasks of one run; the next run tells of the others.
const MOST_TASKS: usize = 100_000;
/// The most lines of tasks in a mail.
const MOST_LINES: usize = 500;

/// Whom a run told of what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NotifyReport {
    /// Mails that went out.
    pub mails: usize,
    /// Tasks told of.
    pub tasks: usize,
    /// Tasks nobody can be told of, since neither their app has an owner nor the org admins.
    pub without_owner: usize,
    /// Why mails couldn't go out; they are tried again, but those that are refused for good.
    pub failed: Vec<String>,
    /// Mails that wait for another attempt.
    pub waiting: usize,
    /// Where mails go: a mail server or a folder.
    pub to: String,
}

impl NotifyReport {
    /// In a line.
    pub(crate) fn in_words(&self) -> String {
        let mut words = match (self.mails, self.tasks) {
            (0, 0) => "nobody to tell".to_owned(),
            (mails, tasks) => format!("{mails} mails about {tasks} new tasks"),
        };
        if let Some(first) = self.failed.first() {
            let _ = write!(words, "; {} failed: {first}", self.failed.len());
        }
        if self.waiting > 0 {
            let _ = write!(words, "; {} wait for another attempt", self.waiting);
        }
        words
    }
}

impl Muster {
    /// Tells the owners of new tasks, each in one mail, by the org's mail server or as a file in `mail` in the data
    /// directory.
    ///
    /// The mails are put down together with the note that the tasks were told of, and sent afterwards under ids that
    /// stay the same: a crash in between loses none, and one that goes out twice is known by its id.
    ///
    /// # Errors
    /// If the store fails. That a mail can't be sent is in the report.
    pub fn notify(&self) -> Result<NotifyReport> {
        let at = self.clock.now();
        let mut report = self.write_digests(at)?;
        let config = self.config()?;
        let settings = &config.org.settings.mail;
        report.to = match settings.server() {
            Ok(Some(server)) => format!("{}:{}", server.host, server.port),
            _ => self.dir.join("mail").display().to_string(),
        };
        let delivery = self.deliver(settings, at)?;
        report.mails = delivery.sent;
        report.failed = delivery.failed;
        let waiting = self.store.read(|tx| stored_mail::waiting(tx, MOST_ATTEMPTS))?;
        report.waiting = usize::try_from(waiting).unwrap_or(0);
        Ok(report)
    }

    /// The same, but mails that failed before are tried at once, also those that were given up.
    ///
    /// # Errors
    /// As [`Muster::notify`].
    pub fn notify_now(&self) -> Result<NotifyReport> {
        self.store.write(stored_mail::retry_now)?;
        self.notify()
    }

    /// One mail a recipient about all tasks that are new to her.
    fn write_digests(&self, at: Millis) -> Result<NotifyReport> {
        self.store.try_write(|tx| {
            let config = self.config_in(tx)?;
            let admins = &config.org.settings.admins;
            let mut report = NotifyReport::default();
            let tasks: Vec<Task> = stored::unnotified(tx, MOST_TASKS)?.into_iter().map(Task::from).collect();
            let mut by_recipient: BTreeMap<&str, Vec<&Task>> = BTreeMap::new();
            let mut told = Vec::new();
            for task in &tasks {
                let recipients = task.owner.as_ref().map_or(admins.as_slice(), std::slice::from_ref);
                if recipients.is_empty() {
                    report.without_owner += 1;
                    continue;
                }
                for recipient in recipients {
                    by_recipient.entry(recipient).or_default().push(task);
                }
                told.push(task.key);
            }
            let mails: Vec<NewMail> = by_recipient
                .into_iter()
                .map(|(recipient, tasks)| NewMail {
                    recipients: serde_json::to_string(&[recipient]).unwrap_or_default(),
                    subject: subject(&config, &tasks),
                    body: digest(&config, &tasks),
                    created: at.0,
                })
                .collect();
            report.tasks = told.len();
            stored_mail::enqueue(tx, &mails)?;
            stored::mark_notified(tx, &told, at.0)?;
            Ok(report)
        })
    }
}

fn app_name(config: &Config, app: Option<AppKey>) -> String {
    app.map_or_else(|| config.org.settings.name.clone(), |app| config.app_name(app))
}

fn subject(config: &Config, tasks: &[&Task]) -> String {
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
        PROTECTED => "accounts that would be protected ones",
        REFUSED => "applications that refuse to be provisioned",
        EXPIRES => "applications whose last day is near",
        JOB_FAILED => "scheduled jobs that failed",
        MAIL_FAILED => "people whom mail can't reach",
        kind => kind,
    }
}

fn digest(config: &Config, tasks: &[&Task]) -> String {
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
