//! Sessions in which a program tells a source what has changed, row by row, before it has all of it imported as one delta
//! (Okta: identity source sessions). Rows wait in the store, so that any node takes the next call.

use muster_connectors::csv::{Entry, FeedRow};
use muster_engine::model::{AppKey, FeedMode, IdKind, Millis, PlanKey, key_of, public_id};
use muster_store::source_sessions as stored;

use super::spool::{Written, feed_of, format};
use super::{Import, ImportOptions};
use crate::access::{Actor, Right};
use crate::error::{Result, ServiceError};
use crate::muster::Muster;
use crate::plan::{PlanReport, PlanStatus, Progress};

/// How long a session waits for the next call.
pub(crate) const SESSION_IDLE_MS: i64 = 86_400_000;

/// Where a session stands, by Okta's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceSessionStatus {
    /// It has no rows yet.
    Created,
    /// It has rows and takes more.
    InProgress,
    /// Its import has begun, or waits for somebody because a guard holds it.
    Triggered,
    /// Its rows are imported.
    Completed,
    /// Its plan was discarded or failed.
    Error,
    /// It was given up.
    Closed,
    /// Nobody went on with it for a day.
    Expired,
}

impl SourceSessionStatus {
    /// Its name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "CREATED",
            Self::InProgress => "IN_PROGRESS",
            Self::Triggered => "TRIGGERED",
            Self::Completed => "COMPLETED",
            Self::Error => "ERROR",
            Self::Closed => "CLOSED",
            Self::Expired => "EXPIRED",
        }
    }
}

/// A session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceSession {
    /// Its key.
    pub key: i64,
    /// The source.
    pub app: AppKey,
    /// Where it stands.
    pub status: SourceSessionStatus,
    /// When it was made.
    pub created: Millis,
    /// When something last came of it.
    pub updated: Millis,
    /// How many rows it was told.
    pub rows: u64,
    /// What its import became.
    pub plan: Option<PlanKey>,
}

/// What became of the rows of one load.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Loaded {
    /// How many rows the session took.
    pub accepted: usize,
    /// The rows it didn't take, by their keys, with what is wrong with each.
    pub rejected: Vec<(String, String)>,
    /// Names of values that no column of the source has: they are passed over.
    pub ignored: Vec<String>,
}

impl Muster {
    /// Opens a session of a source, which `source` names by its id or name.
    ///
    /// # Errors
    /// If there is no such app, it is no source with a feed, or `actor` may not import.
    pub fn source_session_create(&self, actor: &Actor, source: &str) -> Result<SourceSession> {
        let app = self.source_for(actor, source)?;
        let now = self.now().0;
        let key = self.store.write(|tx| stored::insert(tx, app.0, now))?;
        self.session_of(app, key)
    }

    /// A page of a source's sessions, newest first: those before the session of the id `before`.
    ///
    /// # Errors
    /// If there is no such app, or it is no source with a feed.
    pub fn source_sessions(
        &self,
        source: &str,
        before: Option<&str>,
        limit: usize,
    ) -> Result<Vec<SourceSession>> {
        let app = self.source(source)?;
        let before = match before {
            Some(id) => key_of(IdKind::SourceSession, id)
                .ok_or_else(|| ServiceError::Cursor("it isn't one of this list".to_owned()))?,
            None => i64::MAX,
        };
        let rows = self.store.read(|tx| stored::sessions_of_app(tx, app.0, before, limit))?;
        let now = self.now().0;
        Ok(rows.iter().map(|row| view(row, now)).collect())
    }

    /// A session of a source.
    ///
    /// # Errors
    /// If there is no such app or session.
    pub fn source_session(&self, source: &str, id: &str) -> Result<SourceSession> {
        self.session_of(self.source(source)?, key(id)?)
    }

    /// Gives a session up that hasn't been started; its rows are dropped.
    ///
    /// # Errors
    /// If there is no such app or session, or it is started or over.
    pub fn source_session_close(&self, actor: &Actor, source: &str, id: &str) -> Result<()> {
        let session = self.session_of(self.source_for(actor, source)?, key(id)?)?;
        let now = self.now().0;
        if is_open(&session) && self.store.write(|tx| stored::close(tx, session.key, now))? {
            return Ok(());
        }
        let what = "Only a session that is in CREATED or IN_PROGRESS status can be canceled.";
        Err(ServiceError::Conflict(format!("importSessionId: {what}")))
    }

    /// Adds rows to a session. Rows that can't be read as the source's columns are left out and told.
    ///
    /// # Errors
    /// If there is no such app or session, or it takes no rows any more; then none of them is taken.
    pub fn source_session_load(
        &self,
        actor: &Actor,
        source: &str,
        id: &str,
        entries: &[Entry],
    ) -> Result<Loaded> {
        let session = self.session_of(self.source_for(actor, source)?, key(id)?)?;
        let config = self.config()?;
        let app = config.app(session.app).ok_or_else(|| no_session(id))?;
        let format = format(feed_of(app)?, FeedMode::Delta);
        let mut loaded = Loaded::default();
        let mut text = Vec::new();
        for entry in entries {
            if format.ignore_unknown_columns && !entry.gone {
                loaded.ignored.extend(entry.unknown(&format).into_iter().map(str::to_owned));
            }
            let start = text.len();
            let reason = match entry.row(0, &format) {
                FeedRow::Rejected(row) => Some(row.reason),
                FeedRow::Valid(_) | FeedRow::Gone(_) => {
                    serde_json::to_writer(&mut text, entry)
                        .map_err(|e| ServiceError::io("keeping a row", e.into()))?;
                    text.push(b'\n');
                    let limit = format.max_row_bytes;
                    (text.len() - start > limit).then(|| format!("the row is longer than {limit} bytes"))
                }
            };
            match reason {
                Some(reason) => {
                    text.truncate(start);
                    loaded.rejected.push((entry.id.clone(), reason));
                }
                None => loaded.accepted += 1,
            }
        }
        loaded.ignored.sort_unstable();
        loaded.ignored.dedup();
        let now = self.now().0;
        let count = loaded.accepted;
        let add = || self.store.write(|tx| stored::add_load(tx, session.key, count, &text, now));
        // A load without rows leaves the session as it is.
        if !is_open(&session) || count > 0 && !add()? {
            let status = self.session_of(session.app, session.key)?.status.as_str();
            return Err(ServiceError::Conflict(format!(
                "importSessionId: the session is {status} and takes no rows any more; open another one"
            )));
        }
        Ok(loaded)
    }

    /// Imports what a session was told as one delta, or says what that would do. A session whose import was begun by a
    /// process that died is imported again.
    ///
    /// # Errors
    /// If there is no such app or session, it has no rows or is over. A plan that a guard holds is no error.
    pub fn source_session_start(
        &self,
        actor: &Actor,
        source: &str,
        id: &str,
        options: ImportOptions,
        progress: &dyn Progress,
    ) -> Result<PlanReport> {
        let session = self.session_of(self.source_for(actor, source)?, key(id)?)?;
        let over = |status: SourceSessionStatus| {
            let status = status.as_str();
            ServiceError::Conflict(format!("importSessionId: the session is {status} and can't be started"))
        };
        let begun = session.status == SourceSessionStatus::Triggered && session.plan.is_none();
        if !is_open(&session) && !begun {
            return Err(over(session.status));
        }
        if session.rows == 0 {
            return Err(ServiceError::Invalid("importSessionId: the session has no rows".to_owned()));
        }
        let name = self.config()?.app_name(session.app);
        let import = |loads| {
            let content = stored::LoadReader::new(&self.store, session.key, loads);
            let title = format!("session {}", public_id(IdKind::SourceSession, session.key));
            let what = Import::new(&name, Some(FeedMode::Delta));
            self.import_written(actor, what, &title, (Written::Entries, content), options, progress)
        };
        let now = self.now().0;
        if options.preview {
            let row =
                self.store.read(|tx| stored::session(tx, session.key))?.ok_or_else(|| no_session(id))?;
            return import(row.loads);
        }
        let loads = self.store.write(|tx| stored::start(tx, session.key, now))?;
        let loads = loads.ok_or_else(|| over(session.status))?;
        let report = match import(loads) {
            Ok(report) => report,
            Err(error) => {
                // Nothing has changed: it can be mended and started again.
                self.store.write(|tx| stored::reopen(tx, session.key))?;
                return Err(error);
            }
        };
        let plan = report.plan.map(|plan| plan.0);
        self.store.write(|tx| stored::finish(tx, session.key, loads, plan, now))?;
        Ok(report)
    }

    /// The app of an id or a name, if it is a source with a feed.
    fn source(&self, source: &str) -> Result<AppKey> {
        let config = self.config()?;
        let key = self.find_app(&config, source)?;
        if let Some(app) = config.app(key) {
            feed_of(app)?;
        }
        Ok(key)
    }

    fn source_for(&self, actor: &Actor, source: &str) -> Result<AppKey> {
        actor.require(Right::Write, "import")?;
        self.source(source)
    }

    fn session_of(&self, app: AppKey, key: i64) -> Result<SourceSession> {
        let row = self.store.read(|tx| stored::session(tx, key))?.filter(|row| row.app_key == app.0);
        let row = row.ok_or_else(|| no_session(&public_id(IdKind::SourceSession, key)))?;
        Ok(view(&row, self.now().0))
    }
}

fn key(id: &str) -> Result<i64> {
    key_of(IdKind::SourceSession, id).ok_or_else(|| no_session(id))
}

fn no_session(id: &str) -> ServiceError {
    ServiceError::NotFound(format!("there is no session {id:?} of this source"))
}

fn is_open(session: &SourceSession) -> bool {
    matches!(session.status, SourceSessionStatus::Created | SourceSessionStatus::InProgress)
}

fn view(row: &stored::SessionRow, now: i64) -> SourceSession {
    use SourceSessionStatus as S;
    let is_idle = row.updated < now - SESSION_IDLE_MS;
    let plan = row.plan_status.as_deref().and_then(PlanStatus::parse);
    let status = match row.state.as_str() {
        stored::OPEN | stored::STARTED if is_idle => S::Expired,
        stored::OPEN if row.rows == 0 => S::Created,
        stored::OPEN => S::InProgress,
        stored::STARTED => S::Triggered,
        stored::CLOSED => S::Closed,
        stored::EXPIRED => S::Expired,
        _ => match plan {
            None | Some(PlanStatus::Applied | PlanStatus::Undone) => S::Completed,
            Some(PlanStatus::Discarded | PlanStatus::Superseded | PlanStatus::Failed) => S::Error,
            Some(PlanStatus::Planned | PlanStatus::Held | PlanStatus::Applying | PlanStatus::Stopped) => {
                S::Triggered
            }
        },
    };
    SourceSession {
        key: row.session_key,
        app: AppKey(row.app_key),
        status,
        created: Millis(row.created),
        updated: Millis(row.updated),
        rows: row.rows.unsigned_abs(),
        plan: row.plan_key.map(PlanKey),
    }
}
