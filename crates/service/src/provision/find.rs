//! Finding the account of a person in an app, where it isn't known which it is.

use std::collections::BTreeSet;

use muster_connectors::{ConnectorError, LookUp};
use muster_engine::model::{IdKind, key_of};
use muster_engine::outbound::RemoteAccount;
use muster_store::accounts;

use super::db::Db;
use super::job::Job;
use super::target::Target;
use crate::error::Result;

/// What was found.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Found {
    /// Her account.
    One(Box<RemoteAccount>),
    /// She has none.
    None,
    /// Accounts that can't be told apart, told to a person.
    Unclear(String),
}

/// Whether two user names are the same to applications, which seldom tell cases apart.
pub(super) fn same_name(a: &str, b: &str) -> bool {
    a == b || a.to_lowercase() == b.to_lowercase()
}

/// Whether an account bears the reference of another person.
pub(super) fn is_anothers(account: &RemoteAccount, external_id: &str) -> bool {
    let other = account.external_id.as_deref().filter(|reference| *reference != external_id);
    other.is_some_and(|reference| {
        key_of(IdKind::User, reference).is_some() || key_of(IdKind::Account, reference).is_some()
    })
}

/// Says which of several accounts is meant, if it can be said: one with our reference comes before those without.
pub(super) fn choose(mut candidates: Vec<RemoteAccount>, external_id: &str, what: &str) -> Found {
    let is_ours = |account: &RemoteAccount| account.external_id.as_deref() == Some(external_id);
    if candidates.iter().any(is_ours) {
        candidates.retain(is_ours);
    }
    if candidates.len() > 1 {
        let ids: Vec<&str> = candidates.iter().take(5).map(|account| account.id.as_str()).collect();
        return Found::Unclear(format!(
            "there are {} accounts with {what} ({}…), and nothing tells which one is meant: leave one of them, or \
             give it the reference of this person",
            candidates.len(),
            ids.join(", ")
        ));
    }
    candidates.pop().map_or(Found::None, |account| Found::One(Box::new(account)))
}

/// Looks an account up: by the app's own id, by our reference, then by the user names it may have been created under.
///
/// # Errors
/// The outer one if the store fails, the inner one if the app does.
pub(super) async fn look_up(
    db: &Db,
    target: &Target,
    job: &Job,
    by_id: bool,
) -> Result<Result<Found, ConnectorError>> {
    if let Some(id) = job.remote_id.as_ref().filter(|_| by_id) {
        match target.connector.find(&LookUp::Id(id.clone())).await {
            Err(error) => return Ok(Err(error)),
            Ok(found) => {
                if let Some(account) = found.into_iter().find(|account| account.id == *id) {
                    return Ok(Ok(Found::One(Box::new(account))));
                }
            }
        }
    }
    if target.capabilities.find_by_external_id {
        match target.connector.find(&LookUp::ExternalId(job.external_id().to_owned())).await {
            Err(error) => return Ok(Err(error)),
            // Applications that don't know the filter answer with everybody.
            Ok(mut found) => {
                found.retain(|account| account.external_id.as_deref() == Some(job.external_id()));
                if !found.is_empty() {
                    return free(db, target, job, found, "her reference").await.map(Ok);
                }
            }
        }
    }
    let mut names: BTreeSet<&str> =
        job.note.iter().flat_map(|note| &note.user_names).map(String::as_str).collect();
    names.extend(job.desired.as_ref().map(|desired| desired.user_name.as_str()));
    names.retain(|name| target.protects(name).is_none());
    for name in names {
        match target.connector.find(&LookUp::UserName(name.to_owned())).await {
            Err(error) => return Ok(Err(error)),
            Ok(mut found) => {
                found.retain(|account| {
                    same_name(&account.user_name, name) && !is_anothers(account, job.external_id())
                });
                match free(db, target, job, found, &format!("the user name `{name}`")).await? {
                    Found::None => {}
                    found => return Ok(Ok(found)),
                }
            }
        }
    }
    Ok(Ok(Found::None))
}

/// Leaves out accounts that are linked to other people here, and chooses among the others.
async fn free(
    db: &Db,
    target: &Target,
    job: &Job,
    mut found: Vec<RemoteAccount>,
    what: &str,
) -> Result<Found> {
    if found.is_empty() {
        return Ok(Found::None);
    }
    let taken = taken(db, target, found.iter().map(|account| account.id.clone()).collect()).await?;
    found.retain(|account| !taken.iter().any(|(id, owner)| *id == account.id && *owner != job.account.0));
    Ok(choose(found, job.external_id(), what))
}

/// Which of these accounts of the app are linked to a person here, and by which row.
pub(super) async fn taken(db: &Db, target: &Target, ids: Vec<String>) -> Result<Vec<(String, i64)>> {
    let app = target.app.0;
    db.read(move |tx| {
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let rows = accounts::accounts_by_remote_id(tx, app, &ids)?;
        let linked = rows.into_iter().filter(|row| row.user_key.is_some());
        Ok(linked.filter_map(|row| Some((row.remote_id?, row.account_key))).collect())
    })
    .await
}
