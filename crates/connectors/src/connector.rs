//! The seam between provisioning and applications.

use std::time::Duration;

use async_trait::async_trait;
use muster_engine::outbound::{DesiredAccount, RemoteAccount};

/// What an application can do; the worker never calls what isn't there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each stands for itself")]
pub struct Capabilities {
    /// Calls are carried out by the application. `false`: a person does the work, each change becomes a task.
    pub automatic: bool,
    /// Accounts can be listed, so that a first fill matches in memory.
    pub list: bool,
    /// Accounts can be looked up by the reference we gave them.
    pub find_by_external_id: bool,
    /// The application refuses a second account with the same user name.
    pub unique_user_names: bool,
    /// Accounts can be made unusable and usable again.
    pub deactivate: bool,
    /// Accounts can be deleted.
    pub delete: bool,
}

/// How to find one account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LookUp {
    /// By the application's own id.
    Id(String),
    /// By our reference.
    ExternalId(String),
    /// By the unique user name.
    UserName(String),
}

/// A page of a listing.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// The accounts of this page.
    pub accounts: Vec<RemoteAccount>,
    /// Where the next page starts; `None` after the last one.
    pub next: Option<String>,
    /// How many accounts the application says there are.
    pub total: Option<u64>,
}

/// What a failure means for the worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// Nothing was done; try again later, not before the given time if the application named one (429, 503,
    /// connection refused).
    Later(Option<Duration>),
    /// It isn't known whether the work was done (time-out, cut connection, 5xx after sending, an answer that can't be
    /// read): look the account up before doing anything else.
    Unknown,
    /// The application has another account with this user name or reference (409).
    Conflict,
    /// The account isn't there (404).
    NotFound,
    /// The application refuses this account for good (400, 422): a person must look.
    Rejected,
    /// The application refuses us (401, 403) or isn't set up right: no account of it can be served.
    Refused,
}

/// A failed call, told in the application's own words.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct ConnectorError {
    /// What it means.
    pub kind: ErrorKind,
    /// What happened, where and what to do, with the application's own words; never a secret.
    pub message: String,
    /// The status of the answer, where there was one.
    pub status: Option<u16>,
}

impl ConnectorError {
    /// An error that isn't the status of an answer.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), status: None }
    }
}

/// An application that holds accounts.
///
/// Each call is one step, with the time-out the connector was built with, and no retry inside: the worker decides.
#[async_trait]
pub trait Connector: Send + Sync {
    /// What the application can do.
    fn capabilities(&self) -> Capabilities;

    /// Whether the application can be reached and accepts us.
    ///
    /// # Errors
    /// [`ErrorKind::Refused`] or [`ErrorKind::Later`] with the reason.
    async fn check(&self) -> Result<(), ConnectorError>;

    /// A page of all accounts; `cursor` is [`Page::next`] of the page before.
    ///
    /// # Errors
    /// As told by [`ErrorKind`].
    async fn list(&self, cursor: Option<&str>) -> Result<Page, ConnectorError>;

    /// The accounts that match; empty if there is none.
    ///
    /// # Errors
    /// As told by [`ErrorKind`]; never [`ErrorKind::NotFound`].
    async fn find(&self, by: &LookUp) -> Result<Vec<RemoteAccount>, ConnectorError>;

    /// Creates an account with the desired attributes and state.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] if it exists; others as told by [`ErrorKind`].
    async fn create(&self, desired: &DesiredAccount) -> Result<RemoteAccount, ConnectorError>;

    /// Makes attributes, user name, reference and state of account `id` those desired, and changes nothing else.
    /// `known` is what the
    /// application was last known to hold: with it a connector may send only the difference.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if it has gone; others as told by [`ErrorKind`].
    async fn update(
        &self,
        id: &str,
        known: Option<&RemoteAccount>,
        desired: &DesiredAccount,
    ) -> Result<RemoteAccount, ConnectorError>;

    /// Makes account `id` unusable, or usable again, and changes nothing else.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if it has gone; others as told by [`ErrorKind`].
    async fn set_active(&self, id: &str, active: bool) -> Result<RemoteAccount, ConnectorError>;

    /// Deletes account `id`; that it has gone already is success.
    ///
    /// # Errors
    /// As told by [`ErrorKind`].
    async fn delete(&self, id: &str) -> Result<(), ConnectorError>;
}
