//! The demo's applications, and what they hold, asked over HTTP and compared with what is wanted.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, Result, bail};
use muster_connectors::{Connector, connect};
use muster_demo_app::{Config, DemoApp};
use muster_engine::derive::Wanted;
use muster_engine::model::{IdKind, public_id};
use muster_engine::outbound::{AccountState, DesiredAccount, RemoteAccount, differs};
use muster_service::Muster;
use muster_store::accounts::accounts_of_app;
use secrecy::SecretString;
use serde_json::json;
use tokio::runtime::Runtime;

/// The names of the apps by SCIM, as in the org file.
pub(crate) const NAMES: [&str; 2] = ["directory", "crm"];

const PAGE: usize = 2_000;
/// How many differences are told.
const TOLD: usize = 5;

/// The running applications.
pub(crate) struct Apps {
    runtime: Runtime,
    apps: Vec<(DemoApp, Box<dyn Connector>)>,
}

/// What an application lists, by its own ids.
pub(crate) type Listing = BTreeMap<String, RemoteAccount>;

impl Apps {
    /// Starts them on free loopback ports.
    pub(crate) fn start(token: &str) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let mut apps = Vec::new();
        for name in NAMES {
            let config = Config { token: token.to_owned(), ..Config::default() };
            let app = runtime
                .block_on(DemoApp::start(config))
                .with_context(|| format!("starting the application {name}"))?;
            let settings = json!({ "base_url": app.base_url });
            let connector = connect("scim", &settings, Some(SecretString::from(token.to_owned())))?;
            apps.push((app, connector));
        }
        Ok(Self { runtime, apps })
    }

    /// The base URLs, in the order of [`NAMES`].
    pub(crate) fn urls(&self) -> Vec<&str> {
        self.apps.iter().map(|(app, _)| app.base_url.as_str()).collect()
    }

    /// How many requests came in so far.
    pub(crate) fn requests(&self) -> u64 {
        self.apps.iter().map(|(app, _)| app.all_requests()).sum()
    }

    /// What each lists, in the order of [`NAMES`].
    pub(crate) fn listings(&self) -> Result<Vec<Listing>> {
        let mut listings = Vec::new();
        for (at, (_, connector)) in self.apps.iter().enumerate() {
            let listing = self.runtime.block_on(list(&**connector));
            listings.push(listing.with_context(|| format!("listing {}", NAMES.get(at).unwrap_or(&"")))?);
        }
        Ok(listings)
    }

    /// Stops them, and leaves behind what they hold, for people to look at.
    pub(crate) fn stop(self, dir: &Path) -> Result<()> {
        std::fs::create_dir_all(dir)?;
        for (at, (app, _)) in self.apps.into_iter().enumerate() {
            let file = dir.join(format!("{}.json", NAMES.get(at).unwrap_or(&"app")));
            std::fs::write(&file, serde_json::to_vec_pretty(&app.users())?)
                .with_context(|| format!("writing {}", file.display()))?;
            self.runtime.block_on(app.shutdown())?;
        }
        self.runtime.shutdown_background();
        Ok(())
    }
}

async fn list(connector: &dyn Connector) -> Result<Listing> {
    let mut listing = Listing::new();
    let mut cursor: Option<String> = None;
    loop {
        let page = connector.list(cursor.as_deref()).await?;
        for mut account in page.accounts {
            // When a resource was last written says nothing about what it holds.
            account.attributes.retain(|name, _| !name.starts_with("meta"));
            if listing.insert(account.id.clone(), account).is_some() {
                bail!("an account is listed twice");
            }
        }
        cursor = page.next;
        if cursor.is_none() {
            return Ok(listing);
        }
    }
}

/// How an application's listing compares with what is wanted.
#[derive(Debug, Default)]
pub(crate) struct Compared {
    /// Accounts listed.
    pub(crate) listed: usize,
    /// Of those, the ones that can be used.
    pub(crate) active: usize,
    /// Values compared.
    pub(crate) values: usize,
    /// What differs, in words.
    pub(crate) differences: Vec<String>,
}

/// Compares a listing with what is wanted of the app of that name.
pub(crate) fn compare(muster: &Muster, name: &str, listing: &Listing) -> Result<Compared> {
    let app = muster.find_app(&*muster.config()?, name)?;
    let mut compared = Compared {
        listed: listing.len(),
        active: listing.values().filter(|a| a.active).count(),
        ..Compared::default()
    };
    let mut ours: BTreeSet<String> = BTreeSet::new();
    let (mut differences, mut after) = (0usize, 0);
    let mut differ = |compared: &mut Compared, what: String| {
        differences += 1;
        if differences <= TOLD {
            compared.differences.push(format!("{name}: {what}"));
        }
    };
    loop {
        let rows = muster.store().read(|tx| accounts_of_app(tx, app.0, after, PAGE))?;
        let Some(last) = rows.last() else { break };
        after = last.account_key;
        for row in &rows {
            let Some(wanted) = row.wanted.as_deref().and_then(Wanted::from_json) else { continue };
            let Some(user) = row.user_key else { continue };
            let desired = DesiredAccount {
                external_id: public_id(IdKind::User, user),
                user_name: wanted.user_name,
                state: wanted.state,
                attributes: wanted
                    .attributes
                    .into_iter()
                    .map(|(name, value)| (name.to_string(), value))
                    .collect(),
            };
            let there = row.remote_id.as_deref().and_then(|id| listing.get(id));
            if let Some(id) = &row.remote_id {
                ours.insert(id.clone());
            }
            compared.values += desired.attributes.len() + 2;
            match (desired.state, there) {
                (AccountState::Active, None) => {
                    differ(&mut compared, format!("{} isn't there", desired.user_name));
                }
                (AccountState::Active, Some(there)) if !there.active || differs(&desired, there) => {
                    differ(&mut compared, format!("{} differs from what is wanted", desired.user_name));
                }
                (AccountState::Inactive | AccountState::Absent, Some(there)) if there.active => {
                    differ(&mut compared, format!("{} can still be used", desired.user_name));
                }
                _ => {}
            }
        }
    }
    for id in listing.keys().filter(|id| !ours.contains(*id)) {
        differ(&mut compared, format!("account {id} belongs to nobody"));
    }
    if differences > TOLD {
        compared.differences.push(format!("{name}: and {} more differences", differences - TOLD));
    }
    Ok(compared)
}
