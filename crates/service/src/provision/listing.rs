//! Filling an app: its accounts are listed once and matched in memory.

use std::collections::{HashMap, HashSet};

use muster_connectors::{ConnectorError, ErrorKind};
use muster_engine::outbound::RemoteAccount;

use super::find::{Found, choose, is_anothers};
use super::job::Job;
use super::target::Target;

/// An app is listed where at least as many accounts would be created in one batch; fewer are cheaper to create and, on
/// a conflict, to look up.
pub(super) const WORTH_LISTING: usize = 20;

/// What an app held when it was listed.
#[derive(Debug, Default)]
pub(super) struct Listing {
    accounts: Vec<RemoteAccount>,
    by_reference: HashMap<String, Vec<usize>>,
    by_name: HashMap<String, Vec<usize>>,
    /// Whether it is known that every account was listed.
    pub(super) complete: bool,
}

impl Listing {
    /// Lists all accounts.
    ///
    /// # Errors
    /// If the app can't be reached or refuses us. Where it doesn't list for another reason, the listing is empty.
    pub(super) async fn take(target: &Target) -> Result<Self, ConnectorError> {
        let mut listing = Self::default();
        let mut seen = HashSet::new();
        let mut cursor: Option<String> = None;
        loop {
            let page = match target.connector.list(cursor.as_deref()).await {
                Ok(page) => page,
                Err(error) => match error.kind {
                    ErrorKind::Later(_) | ErrorKind::Unknown | ErrorKind::Refused => return Err(error),
                    ErrorKind::Conflict | ErrorKind::NotFound | ErrorKind::Rejected => return Ok(listing),
                },
            };
            let before = seen.len();
            for account in page.accounts {
                if seen.insert(account.id.clone()) {
                    listing.add(account);
                }
            }
            match page.next {
                None => {
                    listing.complete = page.total.is_none_or(|total| total <= listing.accounts.len() as u64);
                    return Ok(listing);
                }
                // An app that gives the same page again and again: what it has shown is all there is to get.
                Some(_) if seen.len() == before => return Ok(listing),
                next => cursor = next,
            }
        }
    }

    fn add(&mut self, account: RemoteAccount) {
        let at = self.accounts.len();
        if let Some(reference) = &account.external_id {
            self.by_reference.entry(reference.clone()).or_default().push(at);
        }
        self.by_name.entry(account.user_name.to_lowercase()).or_default().push(at);
        self.accounts.push(account);
    }

    /// Every account.
    pub(super) fn accounts(&self) -> &[RemoteAccount] {
        &self.accounts
    }

    fn these(
        &self,
        places: Option<&Vec<usize>>,
        fits: impl Fn(&RemoteAccount) -> bool,
    ) -> Vec<RemoteAccount> {
        let accounts = places.into_iter().flatten().filter_map(|at| self.accounts.get(*at));
        accounts.filter(|account| fits(account)).cloned().collect()
    }

    /// The ids of the accounts that may be a job's.
    pub(super) fn candidates(&self, job: &Job) -> Vec<String> {
        let Some(desired) = &job.desired else { return Vec::new() };
        let by_reference = self.by_reference.get(&desired.external_id);
        let by_name = self.by_name.get(&desired.user_name.to_lowercase());
        let all = by_reference.into_iter().chain(by_name).flatten();
        all.filter_map(|at| self.accounts.get(*at)).map(|account| account.id.clone()).collect()
    }

    /// The account of a job, by our reference, else by its user name in whatever case; `is_free` says of an id whether
    /// it isn't linked to somebody else.
    pub(super) fn find(&self, job: &Job, is_free: impl Fn(&str) -> bool) -> Found {
        let Some(desired) = &job.desired else { return Found::None };
        let by_reference =
            self.these(self.by_reference.get(&desired.external_id), |account| is_free(&account.id));
        if !by_reference.is_empty() {
            return choose(by_reference, &desired.external_id, "her reference");
        }
        let by_name = self.these(self.by_name.get(&desired.user_name.to_lowercase()), |account| {
            is_free(&account.id) && !is_anothers(account, &desired.external_id)
        });
        choose(by_name, &desired.external_id, &format!("the user name `{}`", desired.user_name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use muster_store::people::AccountRow;

    fn account(id: &str, reference: Option<&str>, name: &str) -> RemoteAccount {
        RemoteAccount {
            id: id.into(),
            external_id: reference.map(str::to_owned),
            user_name: name.into(),
            active: true,
            attributes: muster_engine::outbound::AccountAttributes::default(),
        }
    }

    fn job(name: &str) -> Job {
        let wanted = format!(r#"{{"state":"ACTIVE","userName":"{name}","attributes":{{}}}}"#);
        Job::new(&AccountRow {
            account_key: 1,
            user_key: Some(1),
            wanted: Some(wanted),
            ..AccountRow::default()
        })
    }

    #[test]
    fn references_count_more_than_names() {
        let mut listing = Listing::default();
        let (ours, other) = (
            muster_engine::model::public_id(muster_engine::model::IdKind::User, 1),
            muster_engine::model::public_id(muster_engine::model::IdKind::User, 2),
        );
        listing.add(account("a", None, "Ann"));
        listing.add(account("b", Some(&ours), "somebody"));
        listing.add(account("c", Some(&other), "cy"));
        listing.add(account("d", None, "dd"));
        listing.add(account("e", None, "DD"));
        let id = |found| match found {
            Found::One(account) => account.id,
            other => format!("{other:?}"),
        };
        assert_eq!(id(listing.find(&job("ann"), |_| true)), "b");
        assert_eq!(id(listing.find(&job("ann"), |id| id != "b")), "a");
        assert_eq!(listing.find(&job("cy"), |id| id != "b"), Found::None);
        assert!(matches!(listing.find(&job("dd"), |id| id != "b"), Found::Unclear(_)));
    }
}
