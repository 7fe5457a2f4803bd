//! Plans: the one way to change anything. Proposed, judged, held or applied, undone.

mod apply;
pub(crate) mod claims;
mod dates;
mod digest;
mod exchange;
mod farewell;
mod feed_guard;
mod former;
pub(crate) mod guards;
mod judging;
mod kept;
mod manage;
mod matching;
mod narrow;
mod numbers;
pub(crate) mod others;
pub(crate) mod process;
pub(crate) mod queue;
mod record;
mod run;
mod settle;
pub(crate) mod stream;
mod undo;
mod unwritten;
pub(crate) mod work;

use muster_engine::model::{AppKey, FeedMode, ItemChange, Millis, PlanKey};
use muster_engine::plan::{Finding, Tally, UserEffects};
use serde::{Deserialize, Serialize};

pub use manage::{EffectsPage, PlanView};
pub use process::RejectedRow;
pub use queue::{Asked, Candidate, MatchCounts, WaitState};

use crate::access::Right;
use crate::error::{Result, ServiceError};
use crate::import::FeedStats;
use stream::Source;

/// What makes a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the fields say what the trigger is about")]
pub enum Trigger {
    /// A feed.
    Import { app: AppKey, name: String, feed: i64 },
    /// An org file.
    OrgFile,
    /// A change by hand, in words (`user create jsmith`).
    Edit { what: String },
    /// Another plan is taken back.
    Undo { plan: PlanKey },
    /// Time.
    Due,
    /// A look at what time alone will have brought by an instant; it is never applied.
    Ahead { at: i64 },
}

impl Trigger {
    /// The text by which a newer plan supersedes an older held one.
    pub(crate) fn key(&self) -> String {
        match self {
            Self::Import { app, .. } => format!("import:{app}"),
            Self::OrgFile => "org".to_owned(),
            Self::Edit { what } => format!("edit:{what}"),
            Self::Undo { plan } => format!("undo:{plan}"),
            Self::Due => "due".to_owned(),
            Self::Ahead { at } => format!("ahead:{at}"),
        }
    }

    /// What the keys of all deltas of the same source begin with.
    pub(crate) fn deltas_key(&self) -> String {
        format!("{}:delta:", self.key())
    }

    /// In words.
    pub fn describe(&self) -> String {
        match self {
            Self::Import { name, .. } => format!("import of {name}"),
            Self::OrgFile => "org file".to_owned(),
            Self::Edit { what } => what.clone(),
            Self::Undo { plan } => format!("undo of plan {plan}"),
            Self::Due => "dates that have come".to_owned(),
            Self::Ahead { at } => format!("dates that will have come by {}", Millis(*at)),
        }
    }
}

/// A secret of an app, sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SecretChange {
    pub(crate) app: AppKey,
    pub(crate) name: String,
    pub(crate) reference: String,
    pub(crate) sealed: Vec<u8>,
}

/// What is asked for.
#[derive(Clone, Debug)]
pub(crate) struct Proposal {
    pub(crate) trigger: Trigger,
    pub(crate) source: Source,
    pub(crate) items: Vec<ItemChange>,
    pub(crate) secrets: Vec<SecretChange>,
    pub(crate) undo_of: Option<PlanKey>,
    pub(crate) preview: bool,
    pub(crate) force: bool,
}

impl Proposal {
    /// The text by which a newer plan supersedes an older held one. No delta stands for another one.
    pub(crate) fn key(&self) -> String {
        match self.source {
            Source::Feed { feed, mode: FeedMode::Delta, .. } => {
                format!("{}{feed}", self.trigger.deltas_key())
            }
            _ => self.trigger.key(),
        }
    }

    /// What it takes to make this plan.
    pub(crate) fn right(&self) -> Right {
        let secrets = self.secrets.iter().map(|_| Right::Admin);
        self.items.iter().map(|c| Right::to_change(c.kind)).chain(secrets).max().unwrap_or(Right::Write)
    }
}

/// Where a plan stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "the names say it")]
pub enum PlanStatus {
    Planned,
    Held,
    Applying,
    Applied,
    Stopped,
    Undone,
    Discarded,
    Superseded,
    Failed,
}

impl PlanStatus {
    /// The name in the store and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Planned => "PLANNED",
            Self::Held => "HELD",
            Self::Applying => "APPLYING",
            Self::Applied => "APPLIED",
            Self::Stopped => "STOPPED",
            Self::Undone => "UNDONE",
            Self::Discarded => "DISCARDED",
            Self::Superseded => "SUPERSEDED",
            Self::Failed => "FAILED",
        }
    }

    /// The status of that name.
    pub fn parse(name: &str) -> Option<Self> {
        use PlanStatus as S;
        [
            S::Planned,
            S::Held,
            S::Applying,
            S::Applied,
            S::Stopped,
            S::Undone,
            S::Discarded,
            S::Superseded,
            S::Failed,
        ]
        .into_iter()
        .find(|s| s.as_str() == name)
    }
}

/// What a plan has to say besides its effects.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Notes {
    /// What guards found.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
    /// Rows left out (the first hundred).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rejected: Vec<RejectedRow>,
    /// What couldn't be worked out for whom: login, reason (the first hundred).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<(String, String)>,
    /// Rows that come to wait until somebody says whose they are (the first hundred).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub asked: Vec<Asked>,
    /// Anything else, in sentences.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<String>,
}

/// How many examples notes hold of a kind.
const EXAMPLES: usize = 100;

impl Notes {
    fn ask(&mut self, asked: Vec<Asked>) {
        self.asked.extend(asked);
        self.asked.truncate(EXAMPLES);
    }

    fn take(&mut self, rejected: Vec<RejectedRow>, problems: Vec<(String, String)>) {
        self.rejected.extend(rejected);
        self.rejected.truncate(EXAMPLES);
        self.problems.extend(problems);
        self.problems.truncate(EXAMPLES);
    }
}

/// What a plan does, counted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// People, memberships, accounts.
    #[serde(flatten)]
    pub tally: Tally,
    /// Configuration items added, changed, removed.
    pub items: (u64, u64, u64),
    /// What the comparison of a feed found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub feed: Option<FeedStats>,
    /// What becomes of rows that wait until somebody says whose they are.
    #[serde(skip_serializing_if = "MatchCounts::is_nothing")]
    pub matches: MatchCounts,
    /// Facts an undo left alone, since somebody has spoken since.
    pub changed_since: u64,
}

/// What came of a proposal.
#[derive(Clone, Debug)]
pub struct PlanReport {
    /// The plan; `None`: there was nothing to do and nothing was recorded.
    pub plan: Option<PlanKey>,
    /// Where it stands.
    pub status: PlanStatus,
    /// What it does or did.
    pub counts: Counts,
    /// What there is to say.
    pub notes: Notes,
    /// The first effects.
    pub sample: Vec<UserEffects>,
}

impl PlanReport {
    /// There was nothing to do.
    pub(crate) fn nothing() -> Self {
        Self {
            plan: None,
            status: PlanStatus::Applied,
            counts: Counts::default(),
            notes: Notes::default(),
            sample: Vec::new(),
        }
    }

    /// Turns a held plan into an error, for callers that can't go on without it.
    ///
    /// # Errors
    /// [`ServiceError::Held`] if a guard holds it.
    pub fn applied(self) -> Result<Self> {
        match (self.status, self.plan) {
            (PlanStatus::Held, Some(plan)) => Err(ServiceError::Held { plan, findings: self.notes.findings }),
            _ => Ok(self),
        }
    }
}

/// Is told how long work gets on.
pub trait Progress: Sync {
    /// `done` of `total` in what `phase` names; a total of 0 isn't known.
    fn step(&self, phase: &str, done: u64, total: u64);
}

/// Tells nobody.
pub struct Quiet;

impl Progress for Quiet {
    fn step(&self, _: &str, _: u64, _: u64) {}
}
