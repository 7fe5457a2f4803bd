//! What can go wrong, told to people.

use muster_engine::ConfigError;
use muster_engine::model::{PlanKey, RefusedTransition};
use muster_engine::plan::Finding;
use muster_store::StoreError;

/// A failed use case. Nothing has changed, unless the variant says so.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The request can't be carried out as it is.
    #[error("{0}")]
    Invalid(String),
    /// A search asks what can't be asked.
    #[error("{0}")]
    Criteria(String),
    /// A place in a list isn't one.
    #[error("{0}")]
    Cursor(String),
    /// Something named isn't there.
    #[error("{0}")]
    NotFound(String),
    /// The configuration would have mistakes.
    #[error("{}", list(.0))]
    Config(Vec<ConfigError>),
    /// A status doesn't allow the transition.
    #[error(transparent)]
    Transition(#[from] RefusedTransition),
    /// A guard holds the plan: nothing of it has happened.
    #[error("plan {plan} is held: {}", told(.findings))]
    Held {
        /// The plan.
        plan: PlanKey,
        /// Why.
        findings: Vec<Finding>,
    },
    /// The plan was judged on premises that no longer hold.
    #[error("{0}")]
    Premise(String),
    /// Nobody may do this here: it belongs to somebody else (a source, an app).
    #[error("{0}")]
    Forbidden(String),
    /// The actor lacks the right.
    #[error("{0}")]
    Denied(String),
    /// Nobody knows who asks.
    #[error("{0}")]
    Unauthorized(String),
    /// What is to be made is there already.
    #[error("{0}")]
    Conflict(String),
    /// Something stored can't be read.
    #[error("stored data can't be read ({what}): {reason}; restore from a backup or report this")]
    Corrupt {
        /// Which data.
        what: String,
        /// What is wrong.
        reason: String,
    },
    /// Files, network.
    #[error("{what}: {source}")]
    Io {
        /// What was being done.
        what: String,
        /// The cause.
        source: std::io::Error,
    },
}

/// The result of use cases.
pub type Result<T, E = ServiceError> = std::result::Result<T, E>;

fn list(errors: &[ConfigError]) -> String {
    let lines: Vec<String> = errors.iter().map(|e| format!("- {e}")).collect();
    format!("the configuration has {} mistake(s), nothing was changed:\n{}", errors.len(), lines.join("\n"))
}

fn told(findings: &[Finding]) -> String {
    findings.iter().map(|f| f.message.as_str()).collect::<Vec<_>>().join("; ")
}

impl ServiceError {
    /// Stored data that can't be read.
    pub fn corrupt(what: impl Into<String>, reason: impl std::fmt::Display) -> Self {
        Self::Corrupt { what: what.into(), reason: reason.to_string() }
    }

    /// Whether it will work again once somebody has mended what is around the store: room, permissions, a lock.
    pub fn is_around_the_store(&self) -> bool {
        use StoreError as S;
        matches!(self, Self::Store(S::Full { .. } | S::ReadOnly { .. } | S::Locked { .. } | S::Open { .. }))
    }

    /// A failed file or network operation.
    pub fn io(what: impl Into<String>, source: std::io::Error) -> Self {
        Self::Io { what: what.into(), source }
    }
}
