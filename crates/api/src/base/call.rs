//! Who calls, and how an operation gets at the service.

use std::sync::{Arc, OnceLock};

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use axum::http::{HeaderName, Uri};
use muster_engine::model::{IdKind, PlanKey, public_id};
use muster_service::plan::{PlanReport, PlanStatus};
use muster_service::{Actor, Door, ImportOptions, ServiceError, Session};
use tokio::sync::Semaphore;

use super::answer::{Answer, Changed};
use super::client::Client;
use super::error::{ApiError, Result};
use super::limits::Limits;
use crate::plans::wire::Plan;

/// Reads that run at once: more would only fight for the processor.
const READS: usize = 8;
/// Changes that run at once: enough to share a commit well. More of them only take turns at the store.
const CHANGES: usize = 16;
/// Names the plan that a change became.
const PLAN: HeaderName = HeaderName::from_static("x-muster-plan");

/// What all operations share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) door: Door,
    /// The address under which clients reach the server, if it isn't the one they name.
    pub(crate) public_url: Option<String>,
    pub(crate) limits: Limits,
    reads: Arc<Semaphore>,
    changes: Arc<Semaphore>,
}

impl Shared {
    pub(crate) fn new(door: Door, public_url: Option<String>, limits: Limits) -> Self {
        let public_url = public_url.map(|u| u.trim_end_matches('/').to_owned());
        Self {
            door,
            public_url,
            limits,
            reads: Arc::new(Semaphore::new(READS)),
            changes: Arc::new(Semaphore::new(CHANGES)),
        }
    }

    /// The address of this server as the client knows it.
    fn base(&self, parts: &Parts) -> String {
        if let Some(url) = &self.public_url {
            return url.clone();
        }
        let tls = parts.extensions.get::<Secure>().is_some();
        let host = parts
            .headers
            .get(header::HOST)
            .and_then(|h| h.to_str().ok())
            .or_else(|| parts.uri.authority().map(axum::http::uri::Authority::as_str))
            .filter(|h| {
                h.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':' | b'[' | b']'))
            })
            .unwrap_or("localhost");
        format!("{}://{host}", if tls { "https" } else { "http" })
    }
}

/// Marks a request that came over TLS.
#[derive(Clone, Copy, Debug)]
pub struct Secure;

/// Where a call notes who it turned out to be, for whoever logs the answer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Who(pub(crate) Arc<OnceLock<Actor>>);

/// A call: who, and from where. Operations take it as their first argument.
#[derive(Debug)]
pub(crate) struct Call {
    shared: Arc<Shared>,
    token: String,
    base: String,
    client: Client,
    preview: bool,
    who: Who,
}

impl FromRequestParts<Arc<Shared>> for Call {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, shared: &Arc<Shared>) -> Result<Self> {
        // Whoever shows no token at all isn't listened to.
        let Some(token) = token_of(parts).filter(|token| !token.is_empty()) else {
            return Err(ServiceError::Unauthorized(String::new()).into());
        };
        Ok(Self {
            shared: shared.clone(),
            token,
            base: shared.base(parts),
            client: Client::of(&parts.headers),
            preview: wants_preview(&parts.uri)?,
            who: parts.extensions.get().cloned().unwrap_or_default(),
        })
    }
}

/// The token of a request: `SSWS TOKEN`, `Bearer TOKEN`, also without the space, as one client sends it.
pub(crate) fn token_of(parts: &Parts) -> Option<String> {
    let text = parts.headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    ["SSWS", "Bearer"].iter().find_map(|scheme| {
        let (head, rest) = text.split_at_checked(scheme.len())?;
        head.eq_ignore_ascii_case(scheme).then(|| rest.trim().to_owned())
    })
}

fn wants_preview(uri: &Uri) -> Result<bool> {
    // Read as strictly as can be: who meant to preview must never have it done.
    let pairs = axum_extra::extract::Query::<Vec<(String, String)>>::try_from_uri(uri)
        .map_err(|e| ApiError::invalid("query", e.to_string()))?;
    let mut found = pairs.iter().filter(|(name, _)| name.to_ascii_lowercase().contains("preview"));
    match (found.next().map(|(name, value)| (name.as_str(), value.as_str())), found.next()) {
        (None, _) | (Some(("preview", "false")), None) => Ok(false),
        (Some(("preview", "true")), None) => Ok(true),
        _ => Err(ApiError::invalid("preview", "preview: it is `preview=true` or `preview=false`, once")),
    }
}

impl Call {
    /// Runs something that only reads, on a thread that may block.
    pub(crate) async fn read<T: Send + 'static>(
        self,
        work: impl FnOnce(&Cx<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.run(|shared| &shared.reads, Door::enter, work).await
    }

    /// As [`Call::change`], of something that is no plan and can't be previewed.
    ///
    /// # Errors
    /// If a preview is asked for all the same: nothing is done then.
    pub(crate) async fn change_now<T: Send + 'static>(
        self,
        work: impl FnOnce(&Cx<'_>) -> Result<Changed<T>> + Send + 'static,
    ) -> Result<Changed<T>> {
        if self.preview {
            return Err(ApiError::invalid("preview", "preview: this can't be previewed; nothing was done"));
        }
        self.change(work).await
    }

    /// Runs something that changes something, on a thread that may block.
    pub(crate) async fn change<T: Send + 'static>(
        self,
        work: impl FnOnce(&Cx<'_>) -> Result<Changed<T>> + Send + 'static,
    ) -> Result<Changed<T>> {
        self.run(|shared| &shared.changes, Door::enter_to_change, work).await
    }

    async fn run<T: Send + 'static>(
        self,
        queue: impl FnOnce(&Shared) -> &Arc<Semaphore>,
        enter: impl FnOnce(&Door, &str) -> muster_service::Result<Session> + Send + 'static,
        work: impl FnOnce(&Cx<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let Self { shared, token, base, client, preview, who } = self;
        let stopped = |_| ApiError::from(ServiceError::io("serving", std::io::ErrorKind::Interrupted.into()));
        let turn = queue(&shared).clone().acquire_owned().await.map_err(stopped)?;
        let door = shared.door.clone();
        let done = tokio::task::spawn_blocking(move || {
            // Held until the work is over, also if nobody waits for it any more.
            let _turn = turn;
            let session = enter(&door, &token)?;
            // Nobody else sets it: a request is one call.
            let _ = who.0.set(session.actor.clone());
            work(&Cx {
                session: &session,
                base: &base,
                client,
                options: ImportOptions { preview, force: false },
            })
        });
        done.await.map_err(|e| ApiError::from(ServiceError::io("serving", std::io::Error::other(e))))?
    }
}

/// What an operation works with.
#[derive(Debug)]
pub(crate) struct Cx<'a> {
    /// The service, for who calls.
    pub(crate) session: &'a Session,
    /// The server's address, for links.
    pub(crate) base: &'a str,
    /// What calls, where that matters.
    pub(crate) client: Client,
    /// Whether the change is only to be previewed.
    pub(crate) options: ImportOptions,
}

impl Cx<'_> {
    /// The absolute address of a path below `/api/v1`.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}/api/v1{path}", self.base)
    }

    /// What a change answers: the plan if only that was wanted, an error if a guard holds it, else what `then` says.
    pub(crate) fn settle<T>(
        &self,
        report: PlanReport,
        then: impl FnOnce() -> Result<Answer<T>>,
    ) -> Result<Changed<T>> {
        let report = report.applied()?;
        match report.plan {
            Some(plan) if report.status == PlanStatus::Planned => self.planned(plan),
            Some(plan) => Ok(Changed::Done(then()?.with(PLAN, &public_id(IdKind::Plan, plan.0)))),
            None => Ok(Changed::Done(then()?)),
        }
    }

    fn planned<T>(&self, plan: PlanKey) -> Result<Changed<T>> {
        Ok(Changed::Planned(Box::new(Plan::of(self, &self.session.plan(plan)?))))
    }

    /// What `id` names, `me` being the token's own person.
    pub(crate) fn user_id<'i>(&self, id: &'i str) -> Result<std::borrow::Cow<'i, str>> {
        if id != "me" {
            return Ok(id.into());
        }
        match self.session.actor.user {
            Some(user) => Ok(public_id(IdKind::User, user.0).into()),
            None => Err(ApiError::not_found("me", "User")),
        }
    }
}
