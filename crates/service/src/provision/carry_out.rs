//! The calls about one account, and what has become of them.

use std::time::Duration;

use muster_connectors::{ConnectorError, ErrorKind};
use muster_engine::outbound::{AccountState, Call, DesiredAccount, RemoteAccount, bring_into_line};

use super::db::Db;
use super::find::{Found, look_up};
use super::job::Job;
use super::points::point;
use super::target::Target;
use crate::error::Result;

/// Something that was done to an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Did {
    Created,
    Updated,
    Deactivated,
    Reactivated,
    Deleted,
    Linked,
}

/// How work on an account ended.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Verdict {
    /// It is in line with the revision that was read.
    Done,
    /// Nothing more was done; to be tried again.
    Later { after: Option<Duration>, error: String },
    /// It isn't known what was done; to be looked up first.
    Unknown { error: String },
    /// It failed for good: a person must look.
    Failed { error: String },
    /// A person does it, and the account is looked at when she has.
    ByHand { call: Call },
    /// Accounts can't be told apart: a person must look.
    InDoubt { error: String },
    /// The account is one that is left alone: a person must look.
    Protected { user_name: String },
    /// The app refuses us; the account has nothing to do with it.
    Refused { error: String },
    /// Nothing was tried.
    GivenBack,
}

/// What was learned of an account in the app.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum News {
    /// Nothing that wasn't known.
    None,
    /// The app holds this.
    Holds(Box<RemoteAccount>),
    /// The app hasn't got it.
    Gone,
}

impl News {
    fn of(known: Option<&RemoteAccount>) -> Self {
        known.map_or(Self::Gone, |known| Self::Holds(Box::new(known.clone())))
    }
}

/// The end of work on an account.
#[derive(Clone, Debug)]
pub(super) struct Outcome {
    pub(super) job: Job,
    pub(super) verdict: Verdict,
    pub(super) did: Vec<Did>,
    pub(super) learned: News,
    /// The call that failed.
    pub(super) failed_call: Option<Call>,
    /// Whether an account may be there that isn't linked, so that the note must stay.
    pub(super) keeps_note: bool,
}

impl Outcome {
    /// Work that ended before any call.
    pub(super) fn without_calls(job: Job, verdict: Verdict) -> Self {
        let keeps_note = job.look_first || matches!(verdict, Verdict::InDoubt { .. });
        Self { job, verdict, did: Vec::new(), learned: News::None, failed_call: None, keeps_note }
    }
}

/// The work on one account.
struct Work<'a> {
    db: &'a Db,
    target: &'a Target,
    out: Outcome,
    /// What the app holds, as far as is known.
    known: Option<RemoteAccount>,
    /// The account was linked just now and lacks our reference.
    lacks_reference: bool,
    /// Calls that were made; none is made twice.
    made: Vec<Call>,
}

/// Carries out what is to be done about an account.
///
/// # Errors
/// If the store fails.
pub(super) async fn carry_out(db: &Db, target: &Target, job: Job) -> Result<Outcome> {
    let known = job.known.clone();
    let out = Outcome::without_calls(job, Verdict::Done);
    let mut work = Work { db, target, out, known, lacks_reference: false, made: Vec::new() };
    work.run().await?;
    Ok(work.out)
}

impl Work<'_> {
    async fn run(&mut self) -> Result<()> {
        let Some(desired) = self.out.job.desired.clone() else { return Ok(()) };
        if let Some(user_name) = self.target.would_touch(&self.out.job).map(str::to_owned) {
            self.out.verdict = Verdict::Protected { user_name };
            return Ok(());
        }
        if self.out.job.look_first {
            match look_up(self.db, self.target, &self.out.job, true).await? {
                Ok(found) => {
                    if !self.take(found, &desired) {
                        return Ok(());
                    }
                }
                Err(error) => {
                    // What was tried before stays unknown.
                    self.fail(&error, None);
                    return Ok(());
                }
            }
        } else if self.out.job.found {
            self.link(&desired);
        }
        self.out.keeps_note = false;
        while let Some(call) = self.next(&desired) {
            if self.target.leaves_to_people(&self.out.job, call) {
                self.out.verdict = Verdict::ByHand { call };
                return Ok(());
            }
            self.made.push(call);
            point("before_call");
            let answer = self.call(call, &desired).await;
            point("after_call");
            let ended = match answer {
                Ok(account) => {
                    self.done(call, account);
                    false
                }
                Err(error) => self.failed(call, &error, &desired).await?,
            };
            if ended {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Takes over what was looked up. Gives whether work can go on.
    fn take(&mut self, found: Found, desired: &DesiredAccount) -> bool {
        match found {
            Found::One(account) if self.target.protects(&account.user_name).is_some() => {
                self.out.verdict = Verdict::Protected { user_name: account.user_name };
                false
            }
            Found::One(account) => {
                let is_new = self.out.job.remote_id.as_deref() != Some(account.id.as_str());
                self.known = Some(*account);
                self.out.learned = News::of(self.known.as_ref());
                if is_new {
                    self.link(desired);
                }
                true
            }
            Found::None => {
                self.known = None;
                self.out.learned = if self.out.job.remote_id.is_some() { News::Gone } else { News::None };
                true
            }
            Found::Unclear(error) => {
                self.out.keeps_note = true;
                self.out.verdict = Verdict::InDoubt { error };
                false
            }
        }
    }

    fn link(&mut self, desired: &DesiredAccount) {
        self.out.did.push(Did::Linked);
        self.out.learned = News::of(self.known.as_ref());
        let reference = self.known.as_ref().and_then(|known| known.external_id.as_deref());
        self.lacks_reference =
            self.target.capabilities.find_by_external_id && reference != Some(desired.external_id.as_str());
    }

    fn next(&self, desired: &DesiredAccount) -> Option<Call> {
        let allowed = self.target.allowed;
        let mut call = bring_into_line(desired, self.known.as_ref(), allowed).first().copied();
        let writes = self.made.iter().any(|call| matches!(call, Call::Create | Call::Update));
        // Applications may show values in another form than they were sent in; that is no reason to send them again.
        if call == Some(Call::Update) && writes {
            let active = self.known.as_ref().is_some_and(|known| known.active);
            call = (!active).then_some(Call::SetActive(true));
        }
        if call.is_none()
            && self.lacks_reference
            && !writes
            && allowed.update
            && desired.state == AccountState::Active
        {
            call = Some(Call::Update);
        }
        call.filter(|call| !self.made.contains(call))
    }

    async fn call(
        &self,
        call: Call,
        desired: &DesiredAccount,
    ) -> Result<Option<RemoteAccount>, ConnectorError> {
        let connector = &self.target.connector;
        let id = self.known.as_ref().map(|known| known.id.as_str()).unwrap_or_default();
        match call {
            Call::Create => connector.create(desired).await.map(Some),
            Call::Update => connector.update(id, self.known.as_ref(), desired).await.map(Some),
            Call::SetActive(active) => connector.set_active(id, active).await.map(Some),
            Call::Delete => connector.delete(id).await.map(|()| None),
        }
    }

    fn done(&mut self, call: Call, account: Option<RemoteAccount>) {
        let was_active = self.known.as_ref().is_some_and(|known| known.active);
        let is_active = account.as_ref().is_some_and(|account| account.active);
        match call {
            Call::Create => self.out.did.push(Did::Created),
            Call::Update => {
                self.out.did.push(Did::Updated);
                if is_active && !was_active {
                    self.out.did.push(Did::Reactivated);
                }
            }
            Call::SetActive(true) => self.out.did.push(Did::Reactivated),
            Call::SetActive(false) => self.out.did.push(Did::Deactivated),
            Call::Delete => self.out.did.push(Did::Deleted),
        }
        self.known = account;
        self.out.learned = News::of(self.known.as_ref());
    }

    /// Deals with a failed call. Gives whether the work has ended.
    async fn failed(&mut self, call: Call, error: &ConnectorError, desired: &DesiredAccount) -> Result<bool> {
        match (error.kind, call) {
            (ErrorKind::Conflict, Call::Create) => {
                match look_up(self.db, self.target, &self.out.job, false).await? {
                    Ok(Found::One(account)) => return Ok(!self.take(Found::One(account), desired)),
                    Ok(Found::Unclear(reason)) => {
                        self.out.verdict = Verdict::InDoubt { error: format!("{error}; {reason}") };
                        self.out.failed_call = Some(call);
                    }
                    // Taken by somebody who isn't this person.
                    Ok(Found::None) => self.fail(error, Some(call)),
                    Err(error) => self.fail(&error, Some(call)),
                }
                Ok(true)
            }
            (ErrorKind::NotFound, Call::Update | Call::SetActive(_) | Call::Delete) => {
                self.known = None;
                self.out.learned = News::Gone;
                // What is wanted is created anew; what isn't has gone, as it should.
                Ok(false)
            }
            _ => {
                self.fail(error, Some(call));
                Ok(true)
            }
        }
    }

    fn fail(&mut self, error: &ConnectorError, call: Option<Call>) {
        let words = error.message.clone();
        self.out.failed_call = call;
        self.out.verdict = match error.kind {
            ErrorKind::Later(after) => Verdict::Later { after, error: words },
            ErrorKind::Unknown => {
                self.out.keeps_note = true;
                Verdict::Unknown { error: words }
            }
            ErrorKind::Refused => Verdict::Refused { error: words },
            ErrorKind::Conflict | ErrorKind::NotFound | ErrorKind::Rejected => {
                Verdict::Failed { error: words }
            }
        };
    }
}
