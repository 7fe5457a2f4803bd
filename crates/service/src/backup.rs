//! Backups: a copy of the store taken while everything runs, and the way back.

use std::path::{Path, PathBuf};

use muster_engine::Millis;
use muster_store::{Store, accounts, log};

use crate::access::{Actor, Right};
use crate::error::{Result, ServiceError};
use crate::events::{Event, EventOutcome};
use crate::muster::Muster;
use crate::vault::KEY_FILE;

/// What a backup or a restore did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackupReport {
    /// The copy.
    pub file: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// Accounts that will be looked up in their apps again.
    pub accounts: u64,
}

fn io(what: String) -> impl FnOnce(std::io::Error) -> ServiceError {
    move |source| ServiceError::io(what, source)
}

/// The store's file in a data directory.
fn database(dir: &Path) -> PathBuf {
    dir.join("muster.db")
}

impl Muster {
    /// Copies the store to a file, consistently and without stopping anybody. The key that seals secrets isn't in it:
    /// who has both has the secrets, so it is kept apart.
    ///
    /// # Errors
    /// If the actor may not, the file is there already, or it can't be written.
    pub fn backup(&self, actor: &Actor, to: &Path) -> Result<BackupReport> {
        actor.require(Right::Admin, "take a backup")?;
        if to.exists() {
            return Err(ServiceError::Invalid(format!(
                "{} is there already; name another file, or take it away first",
                to.display()
            )));
        }
        let bytes = self.store.backup(to)?;
        self.note(actor, "system.backup.create")?;
        Ok(BackupReport { file: to.to_owned(), bytes, accounts: 0 })
    }

    /// Puts a backup in place of the store in a data directory. Every account is then looked up in its app before
    /// anything is done to it, since the apps went on after the backup was taken.
    ///
    /// # Errors
    /// If the file isn't a whole backup, there is a store and `replace` isn't said, somebody has it open, or the key
    /// that its secrets were sealed with isn't there.
    pub fn restore(actor: &Actor, file: &Path, dir: &Path, replace: bool) -> Result<BackupReport> {
        actor.require(Right::Admin, "restore a backup")?;
        let bytes = std::fs::metadata(file).map_err(io(format!("opening {}", file.display())))?.len();
        if database(dir).exists() && !replace {
            return Err(ServiceError::Invalid(format!(
                "there is a store in {} already; say --replace to put the backup in its place",
                dir.display()
            )));
        }
        if !dir.join(KEY_FILE).exists() {
            return Err(ServiceError::Invalid(format!(
                "the key {} isn't there: put it back from where it is kept, then restore; without it the secrets of \
                 the applications can't be opened",
                dir.join(KEY_FILE).display()
            )));
        }
        Store::restore(file, database(dir))?;
        let muster = Self::open(dir, false, None)?;
        // The form of a note of an attempt: its end isn't known, so the account is looked up first.
        let accounts = muster.store.write(|tx| accounts::doubt_all(tx, r#"{"userNames":[]}"#))?;
        muster.note(actor, "system.backup.restore")?;
        Ok(BackupReport { file: file.to_owned(), bytes, accounts })
    }

    fn note(&self, actor: &Actor, event_type: &'static str) -> Result<()> {
        let Millis(published) = self.now();
        let event = Event {
            event_type,
            actor: actor.name.clone(),
            outcome: EventOutcome::success(),
            published: Millis(published),
            targets: Vec::new(),
            plan: None,
        };
        let lines = vec![event.to_line()];
        let events = log::Events { published, actor: actor.name.clone(), lines, ..log::Events::default() };
        self.store.write(|tx| log::append(tx, &events))?;
        Ok(())
    }
}
