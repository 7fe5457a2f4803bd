//! Accounts of an app that belong to nobody here.

use std::collections::HashSet;

use muster_engine::outbound::RemoteAccount;
use muster_store::accounts::{OrphanRow, add_orphans, remote_ids};
use muster_store::keys;

use super::db::Db;
use super::listing::Listing;
use super::target::Target;
use crate::clock::machine_now;
use crate::error::Result;
use crate::muster::ACCOUNT_KEYS;

/// A larger listing isn't compared: finding orphans in it is a job of its own.
const MOST: usize = 100_000;
/// How many ids are read at once.
const PAGE: usize = 5_000;

/// Records the listed accounts that nobody was linked to and that haven't gone since. To be called when the accounts of the app are worked off.
///
/// # Errors
/// If the store fails.
pub(super) async fn record(
    db: &Db,
    target: &Target,
    listing: &Listing,
    gone: &HashSet<String>,
) -> Result<()> {
    let app = target.app.0;
    if listing.accounts().is_empty() || listing.accounts().len() > MOST {
        return Ok(());
    }
    let left = listing.accounts().iter().filter(|one| !gone.contains(&one.id));
    let listed: Vec<RemoteAccount> = left.cloned().collect();
    db.write(move |tx| {
        let now = machine_now();
        let mut linked = HashSet::new();
        let mut after = String::new();
        loop {
            let page = remote_ids(tx, app, &after, PAGE)?;
            let Some(last) = page.last() else { break };
            after.clone_from(&last.remote_id);
            linked.extend(page.into_iter().map(|head| head.remote_id));
        }
        let strangers: Vec<&RemoteAccount> = listed.iter().filter(|one| !linked.contains(&one.id)).collect();
        if !strangers.is_empty() {
            let first = keys::allocate(tx, ACCOUNT_KEYS, strangers.len())?;
            let rows: Vec<OrphanRow> = (first..)
                .zip(strangers)
                .map(|(account_key, one)| OrphanRow {
                    account_key,
                    app_key: app,
                    remote_id: one.id.clone(),
                    known: serde_json::to_string(one).ok(),
                    known_at: now,
                    since: now,
                    plan: 0,
                })
                .collect();
            add_orphans(tx, &rows)?;
        }
        muster_store::app_state::note_listed(tx, app, now)
    })
    .await
}
