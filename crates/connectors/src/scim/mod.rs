//! Applications that speak SCIM 2.0 (RFC 7643, RFC 7644).
//!
//! Traps seen in real services, and what is done about them: filters that are ignored (answers are compared with what
//! was asked for), paging that is ignored (a page that begins like the one before ends the list with an error),
//! pages for people in the place of JSON, PATCH answered with 204 or without the changed attributes (the account is
//! read again), booleans as strings, ids as numbers, `Resources` left out of empty lists.

mod account;
mod client;
mod config;

use async_trait::async_trait;
use muster_engine::outbound::{DesiredAccount, RemoteAccount};

use muster_scim::{AttributeName, Filter, Op, Operation, PatchOp, Path, User};
use reqwest::Method;

pub use config::{SETTINGS, ScimConfig, UpdateBy};

use self::{account::Owned, client::Client};
use crate::{
    connector::{Capabilities, Connector, ConnectorError, ErrorKind, LookUp, Page},
    settings::ConfigError,
};

/// An application that speaks SCIM 2.0.
pub struct ScimConnector {
    config: ScimConfig,
    client: Client,
}

impl ScimConnector {
    /// The connector for a configuration; nothing is sent.
    ///
    /// # Errors
    /// If the base URL isn't one, or isn't safe for a token.
    pub fn new(config: ScimConfig) -> Result<Self, ConfigError> {
        let client = Client::new(&config)?;
        Ok(Self { config, client })
    }

    /// The connector from its settings and its bearer token.
    ///
    /// # Errors
    /// If a setting is unknown or wrong, or there is no token.
    pub fn from_settings(
        settings: &serde_json::Value,
        secret: Option<secrecy::SecretString>,
    ) -> Result<Self, ConfigError> {
        Self::new(ScimConfig::from_settings(settings, secret)?)
    }

    async fn fetch(&self, id: &str) -> Result<User, ConnectorError> {
        let answer = self.client.user(Method::GET, id, None).await?;
        answer.user()?.ok_or_else(|| answer.error(ErrorKind::Later(None), "the answer is empty"))
    }

    /// The account a write was answered with. It is read again if the answer doesn't show all that was written: what
    /// counts is what the application holds.
    async fn written(
        &self,
        answer: client::Answered,
        id: Option<&str>,
        owned: &Owned,
        is_shown: impl Fn(&User) -> bool + Send,
    ) -> Result<RemoteAccount, ConnectorError> {
        let shown = answer.user()?;
        let answered_id = shown.as_ref().and_then(User::id);
        let Some(id) = answered_id.as_deref().or(id) else {
            return Err(answer.error(ErrorKind::Unknown, "the answer has no `id`"));
        };
        let user = match shown.filter(|user| user.id().is_some() && is_shown(user)) {
            Some(user) => user,
            // The write was done; that it can't be seen now doesn't undo it.
            None => self.fetch(id).await.map_err(|error| ConnectorError {
                kind: if error.kind == ErrorKind::NotFound { error.kind } else { ErrorKind::Unknown },
                message: format!("the change was accepted, but can't be seen: {error}"),
                ..error
            })?,
        };
        owned.remote(&user).ok_or_else(|| answer.error(ErrorKind::Unknown, "the account has no `id`"))
    }

    /// Writes what is owned into the resource as it is now, and leaves all else as it is.
    async fn update_fetched(&self, id: &str, owned: &Owned) -> Result<RemoteAccount, ConnectorError> {
        let current = self.fetch(id).await?;
        let mut changed = current.clone();
        owned.write(&mut changed);
        if changed == current {
            return owned.remote(&current).ok_or_else(no_id);
        }
        match self.config.update {
            UpdateBy::Put => self.put(id, changed, owned).await,
            UpdateBy::Patch => {
                let patch = PatchOp::between(current.as_object(), changed.as_object());
                self.patch(id, &patch, owned).await
            }
        }
    }

    async fn put(&self, id: &str, mut user: User, owned: &Owned) -> Result<RemoteAccount, ConnectorError> {
        user.remove_read_only();
        let answer = self.client.user(Method::PUT, id, Some(&user.into_json())).await?;
        self.written(answer, Some(id), owned, |user| owned.is_shown(user, self.config.external_id_filter))
            .await
    }

    async fn patch(&self, id: &str, patch: &PatchOp, owned: &Owned) -> Result<RemoteAccount, ConnectorError> {
        let answer = self.client.user(Method::PATCH, id, Some(&patch.to_json())).await?;
        self.written(answer, Some(id), owned, |user| owned.is_shown(user, self.config.external_id_filter))
            .await
    }

    async fn filtered(
        &self,
        name: &str,
        value: &str,
        is_wanted: impl Fn(&User) -> bool + Send,
    ) -> Result<Vec<RemoteAccount>, ConnectorError> {
        let filter = Filter::equal(AttributeName::new([name]), value).to_string();
        let (answer, page) = self.client.list(&[("filter", &filter)]).await?;
        let received = page.resources.len();
        let users: Vec<User> =
            page.resources.into_iter().filter_map(User::from_json).filter(is_wanted).collect();
        // A service that ignores filters answers with others too. If these are all there are, nothing is lost.
        if users.len() < received && page.total_results.is_none_or(|total| total > received as u64) {
            let words = format!("it ignores filters: others came for `{filter}`");
            return Err(answer.error(ErrorKind::Refused, &words));
        }
        users.iter().map(|user| Owned::default().remote(user).ok_or_else(no_id)).collect()
    }
}

fn no_id() -> ConnectorError {
    ConnectorError::new(ErrorKind::Refused, "the application answers accounts without `id`")
}

#[async_trait]
impl Connector for ScimConnector {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            automatic: true,
            list: true,
            find_by_external_id: self.config.external_id_filter,
            unique_user_names: self.config.unique_user_names,
            deactivate: true,
            delete: self.config.deletes,
        }
    }

    async fn check(&self) -> Result<(), ConnectorError> {
        self.client.list(&[("startIndex", "1"), ("count", "1")]).await.map(|_| ())
    }

    /// RFC 7644, section 3.4.2.4. The cursor is the start index and the first id of the page before.
    async fn list(&self, cursor: Option<&str>) -> Result<Page, ConnectorError> {
        let (start, first_before) = match cursor {
            None => (1, ""),
            Some(cursor) => cursor
                .split_once(':')
                .and_then(|(start, first)| Some((start.parse::<u64>().ok()?, first)))
                .ok_or_else(|| {
                    ConnectorError::new(ErrorKind::Rejected, "the cursor isn't one of this list")
                })?,
        };
        let count = self.config.page_size.to_string();
        let (answer, page) =
            self.client.list(&[("startIndex", &start.to_string()), ("count", &count)]).await?;
        let none = Owned::default();
        let accounts = page
            .resources
            .into_iter()
            .map(|resource| none.remote(&User::from_json(resource)?))
            .collect::<Option<Vec<_>>>()
            .ok_or_else(no_id)?;
        let Some(first) = accounts.first() else {
            return match page.total_results {
                Some(total) if start <= total && cursor.is_none() => {
                    let words = format!("it says that there are {total} accounts and lists none");
                    Err(answer.error(ErrorKind::Refused, &words))
                }
                total => Ok(Page { accounts, next: None, total }),
            };
        };
        if cursor.is_some() && first.id == first_before {
            let words = format!("it ignores paging: from {start} on it lists what it listed before");
            return Err(answer.error(ErrorKind::Refused, &words));
        }
        let next = start + accounts.len() as u64;
        let is_last = page.total_results.is_some_and(|total| next > total);
        let next = (!is_last).then(|| format!("{next}:{}", first.id));
        Ok(Page { accounts, next, total: page.total_results })
    }

    async fn find(&self, by: &LookUp) -> Result<Vec<RemoteAccount>, ConnectorError> {
        match by {
            LookUp::Id(id) => match self.fetch(id).await {
                Ok(user) => Ok(vec![Owned::default().remote(&user).ok_or_else(no_id)?]),
                Err(error) if error.kind == ErrorKind::NotFound => Ok(Vec::new()),
                Err(error) => Err(error),
            },
            LookUp::ExternalId(wanted) => {
                self.filtered("externalId", wanted, |user| user.external_id() == Some(wanted)).await
            }
            LookUp::UserName(wanted) => {
                let lower = wanted.to_lowercase();
                self.filtered("userName", wanted, |user| {
                    user.user_name().is_some_and(|name| name.to_lowercase() == lower)
                })
                .await
            }
        }
    }

    async fn create(&self, desired: &DesiredAccount) -> Result<RemoteAccount, ConnectorError> {
        let owned = Owned::new(desired)?;
        let mut user = User::new();
        owned.write(&mut user);
        let answer = self.client.create(&user.into_json()).await?;
        self.written(answer, None, &owned, |user| owned.is_shown(user, self.config.external_id_filter)).await
    }

    async fn update(
        &self,
        id: &str,
        known: Option<&RemoteAccount>,
        desired: &DesiredAccount,
    ) -> Result<RemoteAccount, ConnectorError> {
        let owned = Owned::new(desired)?;
        // A service that takes PATCH needs no look at the resource if what is known of it says all that matters.
        let patch = match known {
            Some(known) if self.config.update == UpdateBy::Patch => owned.patch(known),
            _ => None,
        };
        match patch.filter(|patch| !patch.is_empty()) {
            Some(patch) => self.patch(id, &patch, &owned).await,
            None => self.update_fetched(id, &owned).await,
        }
    }

    async fn set_active(&self, id: &str, active: bool) -> Result<RemoteAccount, ConnectorError> {
        let none = Owned::default();
        let answer = match self.config.update {
            UpdateBy::Patch => {
                let operation =
                    Operation { op: Op::Replace, path: Some(Path::of("active")), value: active.into() };
                let patch = PatchOp { operations: vec![operation] };
                self.client.user(Method::PATCH, id, Some(&patch.to_json())).await?
            }
            UpdateBy::Put => {
                let mut user = self.fetch(id).await?;
                if user.active() == Some(active) {
                    return none.remote(&user).ok_or_else(no_id);
                }
                user.set_active(active);
                user.remove_read_only();
                self.client.user(Method::PUT, id, Some(&user.into_json())).await?
            }
        };
        let account = self.written(answer, Some(id), &none, |user| user.active().is_some()).await?;
        if account.active == active {
            return Ok(account);
        }
        let (wanted, is) = if active { ("activated", "inactive") } else { ("deactivated", "active") };
        let message = format!("the application says that account {id} was {wanted}, but shows it as {is}");
        Err(ConnectorError::new(ErrorKind::Rejected, message))
    }

    async fn delete(&self, id: &str) -> Result<(), ConnectorError> {
        if !self.config.deletes {
            return Err(ConnectorError::new(
                ErrorKind::Rejected,
                "this application is set to keep its accounts",
            ));
        }
        match self.client.user(Method::DELETE, id, None).await {
            // Whatever JSON it says, or nothing; a page for people says nothing about the account.
            Ok(answer) => answer.json().map(|_| ()),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }
}
