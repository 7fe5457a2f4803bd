//! The suite every connector passes.
//!
//! # What a connector must do
//!
//! 1. *Create* makes an account with the desired attributes and state and gives back its id.
//! 2. *Create* of a user name that is taken is [`ErrorKind::Conflict`], where the application keeps them unique.
//! 3. *Find* by id, reference and user name gives exactly the account asked for, whatever characters its name has,
//!    and nothing for one that isn't there: never an error, never somebody else.
//! 4. *List* gives every account exactly once, over however many pages.
//! 5. *Update* changes what is desired and nothing else: an attribute which isn't named keeps its value.
//! 6. *Update* of an attribute to null takes its value away.
//! 7. *Update* gives the same result with and without knowing what the application holds.
//! 8. *Set active* works both ways, may be repeated, and changes nothing else.
//! 9. *Delete* may be repeated. A deleted account isn't found.
//! 10. *Update* and *set active* of an account which has gone are [`ErrorKind::NotFound`].
//! 11. A request to wait is [`ErrorKind::Later`] with the time; nothing was done.
//! 12. An application which can't be reached is [`ErrorKind::Later`].
//! 13. A write that isn't answered, is cut off, fails on the other side or is answered with something unreadable is
//!     [`ErrorKind::Unknown`]; a look-up then shows what happened. A read is [`ErrorKind::Later`].
//! 14. An application that doesn't accept us is [`ErrorKind::Refused`].
//! 15. An account the application doesn't accept is [`ErrorKind::Rejected`], in the application's own words.
//! 16. No error tells a secret.
//! 17. A connector that isn't automatic refuses all calls.
//!
//! A [`Harness`] stands for the application in a test; [`run`] plays against it.

mod suite;
mod trouble;

use std::{fmt, time::Duration};

use async_trait::async_trait;
use muster_engine::outbound::AccountAttributes;

use crate::connector::{Connector, ConnectorError, ErrorKind};

/// What can be made to go wrong in the application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It asks to wait this long.
    TooManyRequests(Duration),
    /// It does its work and doesn't answer within the time the connector waits.
    WorkThenSilence,
    /// It does its work, and the connection is cut before the answer.
    WorkThenCut,
    /// It does its work, and the connection is cut within the answer.
    CutAnswer,
    /// Something in front of it answers with a page for people; the application does nothing.
    PageForPeople,
    /// It does nothing and says that something is broken on its side.
    Broken,
    /// It doesn't accept us.
    NotAccepted,
    /// Nobody listens.
    Unreachable,
    /// It doesn't accept the account, with these words.
    RejectsAccount(String),
}

/// The application a connector is tried against.
#[async_trait]
pub trait Harness: Send + Sync {
    /// A connector to the application. Listing must take several pages of a few accounts.
    async fn connector(&self) -> Box<dyn Connector>;

    /// A connector to the same application whose next call meets this fault; `None` if that can't be arranged.
    async fn faulty(&self, fault: Fault) -> Option<Box<dyn Connector>>;

    /// Attributes for an account: always the same three or more names, with values that differ by `variant`.
    fn attributes(&self, variant: usize) -> AccountAttributes;

    /// What user names and references begin with; nothing in the application must begin with it.
    fn prefix(&self) -> &'static str {
        "conformance-"
    }

    /// The secret the connector was given, which no error may tell.
    fn secret(&self) -> Option<&str> {
        None
    }
}

/// How a check ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The connector does what it must.
    Passed,
    /// It doesn't.
    Failed(String),
    /// It couldn't be tried.
    Skipped(String),
}

/// What the suite found.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Each check by name.
    pub checks: Vec<(&'static str, Outcome)>,
}

impl Report {
    /// The names of the checks that failed.
    pub fn failed(&self) -> Vec<&'static str> {
        self.names(|outcome| matches!(outcome, Outcome::Failed(_)))
    }

    /// The names of the checks that couldn't be tried.
    pub fn skipped(&self) -> Vec<&'static str> {
        self.names(|outcome| matches!(outcome, Outcome::Skipped(_)))
    }

    fn names(&self, wanted: impl Fn(&Outcome) -> bool) -> Vec<&'static str> {
        self.checks.iter().filter(|(_, outcome)| wanted(outcome)).map(|(name, _)| *name).collect()
    }

    fn add(&mut self, name: &'static str, result: Result<(), Trouble>) {
        let outcome = match result {
            Ok(()) => Outcome::Passed,
            Err(Trouble::Failed(why)) => Outcome::Failed(why),
            Err(Trouble::Skipped(why)) => Outcome::Skipped(why),
        };
        self.checks.push((name, outcome));
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, outcome) in &self.checks {
            match outcome {
                Outcome::Passed => writeln!(f, "passed   {name}")?,
                Outcome::Failed(why) => writeln!(f, "FAILED   {name}: {why}")?,
                Outcome::Skipped(why) => writeln!(f, "skipped  {name}: {why}")?,
            }
        }
        Ok(())
    }
}

/// Why a check didn't pass.
enum Trouble {
    Failed(String),
    Skipped(String),
}

impl From<ConnectorError> for Trouble {
    fn from(error: ConnectorError) -> Self {
        Self::Failed(format!("{:?}: {error}", error.kind))
    }
}

fn failed(why: impl Into<String>) -> Trouble {
    Trouble::Failed(why.into())
}

fn skipped(why: impl Into<String>) -> Trouble {
    Trouble::Skipped(why.into())
}

/// Whether a call failed with the right kind, and told no secret.
fn expect_error<T: fmt::Debug>(
    harness: &dyn Harness,
    result: Result<T, ConnectorError>,
    is_right: impl Fn(&ErrorKind) -> bool,
) -> Result<ConnectorError, Trouble> {
    let error = match result {
        Ok(value) => return Err(failed(format!("it succeeded: {value:?}"))),
        Err(error) => error,
    };
    if harness.secret().is_some_and(|secret| format!("{error} {error:?}").contains(secret)) {
        return Err(failed("the error tells the secret"));
    }
    if is_right(&error.kind) { Ok(error) } else { Err(error.into()) }
}

/// Plays all checks against the application of a harness, and takes away what it made there.
pub async fn run(harness: &dyn Harness) -> Report {
    let mut report = Report::default();
    let connector = harness.connector().await;
    if connector.capabilities().automatic {
        Box::pin(suite::run(harness, connector.as_ref(), &mut report)).await;
        Box::pin(trouble::run(harness, connector.as_ref(), &mut report)).await;
        suite::clean_up(harness, connector.as_ref()).await;
    } else {
        report.add("refuses all calls", suite::refuses_all(harness, connector.as_ref()).await);
    }
    report
}
