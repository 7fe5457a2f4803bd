//! The leases a worker holds, kept alive while it works.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use muster_engine::model::AccountKey;
use muster_store::accounts::{self, Lease};

use super::db::Db;
use crate::clock::machine_now;

/// How long a lease lasts without being renewed: so long the accounts of a worker that died wait for the next one.
pub(super) const LEASE: Duration = Duration::from_secs(15);
/// How often leases are renewed.
const RENEW: Duration = Duration::from_secs(5);

#[derive(Default)]
struct Held {
    leases: HashMap<i64, Lease>,
    lost: HashSet<i64>,
}

/// Leases held by a worker.
#[derive(Clone, Default)]
pub(super) struct Leases(Arc<Mutex<Held>>);

impl Leases {
    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn add(&self, lease: Lease) {
        let mut held = self.held();
        held.lost.remove(&lease.account_key);
        held.leases.insert(lease.account_key, lease);
    }

    /// Forgets a lease. Gives whether it was still held.
    pub(super) fn end(&self, account: AccountKey) -> bool {
        let mut held = self.held();
        held.leases.remove(&account.0);
        !held.lost.remove(&account.0)
    }

    /// Whether somebody else may have the account by now.
    pub(super) fn is_lost(&self, account: AccountKey) -> bool {
        self.held().lost.contains(&account.0)
    }

    /// Renews for as long as it is polled.
    pub(super) async fn renew(self, db: Db) {
        loop {
            tokio::time::sleep(RENEW).await;
            let leases: Vec<Lease> = self.held().leases.values().copied().collect();
            if leases.is_empty() {
                continue;
            }
            let until = machine_now() + LEASE.as_millis() as i64;
            let asked = leases.clone();
            match db.write(move |tx| accounts::renew_leases(tx, &asked, until)).await {
                Ok(kept) => {
                    let mut held = self.held();
                    for (lease, _) in leases.iter().zip(kept).filter(|(_, kept)| !kept) {
                        // What ended meanwhile isn't lost, it is done.
                        if held.leases.get(&lease.account_key) == Some(lease) {
                            held.lost.insert(lease.account_key);
                        }
                    }
                }
                // Leases are fenced: whatever runs out here is refused when it is settled.
                Err(error) => tracing::warn!(%error, "leases couldn't be renewed"),
            }
        }
    }
}
