//! The service: one store, its vault, its clock, its compiled configuration.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use muster_connectors::csv::SortedFeed;
use muster_engine::config::IndexHistory;
use muster_engine::model::{Group, GroupKind, Item, ItemKey, ItemKind, Org};
use muster_engine::{Config, Millis, compile};
use muster_store::config as stored_config;
use muster_store::{OpenOptions, Store, Tx, keys};

use crate::clock::Clock;
use crate::error::{Result, ServiceError};
use crate::index;
use crate::keys::KeyPool;
use crate::look::Times;
use crate::vault::Vault;

/// How many people a transaction takes.
pub const CHUNK: usize = 2_000;

/// A compiled configuration and what tells it from another one of the same number: a version that was read before its
/// commit failed never was, and its number is given again.
struct Known {
    config: Arc<Config>,
    plan: i64,
    /// Shared commits that had failed by then.
    lost: u64,
}

/// The service on one store.
pub struct Muster {
    pub(crate) store: Arc<Store>,
    pub(crate) vault: Vault,
    pub(crate) clock: Clock,
    pub(crate) dir: PathBuf,
    /// This process among those that share the store, for leases.
    pub(crate) node: String,
    /// How many people a transaction takes.
    pub(crate) chunk: usize,
    config: Mutex<Option<Known>>,
    /// Keys for plans.
    pub(crate) plan_keys: KeyPool,
    /// When the configuration's items came and changed, as far as it was asked.
    pub(crate) times: Mutex<Arc<Times>>,
    /// The feed that was just spooled, as it was sorted on the way in: read once, used once.
    pub(crate) sorted_feed: Mutex<Option<(i64, SortedFeed)>>,
}

impl std::fmt::Debug for Muster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Muster").field("dir", &self.dir).field("node", &self.node).finish_non_exhaustive()
    }
}

impl Muster {
    /// Opens the store in a data directory; `create` makes both if they aren't there. `clock` is the text of
    /// `MUSTER_CLOCK`, if set.
    ///
    /// # Errors
    /// If the directory, the database, the key file or the clock can't be used; each says what to do.
    pub fn open(dir: &Path, create: bool, clock: Option<&str>) -> Result<Self> {
        let file = dir.join("muster.db");
        let fresh = !file.exists();
        if fresh && !create {
            return Err(ServiceError::NotFound(format!(
                "there is no Muster data in {}; create some with `muster org apply FILE.toml --data-dir {}`, or name another --data-dir",
                dir.display(),
                dir.display()
            )));
        }
        if create {
            std::fs::create_dir_all(dir)
                .map_err(|e| ServiceError::io(format!("creating {}", dir.display()), e))?;
        }
        let store = Store::open(&file, &if create { OpenOptions::create() } else { OpenOptions::default() })?;
        let vault = Vault::open(dir, create).map_err(|e| ServiceError::Invalid(e.to_string()))?;
        let clock = Clock::open(&store, clock)?;
        let node = format!("{}-{}", std::process::id(), clock.now().0);
        let muster = Self {
            store: Arc::new(store),
            vault,
            clock,
            dir: dir.to_owned(),
            node,
            chunk: CHUNK,
            config: Mutex::new(None),
            plan_keys: KeyPool::new(PLAN_KEYS),
            times: Mutex::default(),
            sorted_feed: Mutex::new(None),
        };
        muster.found()?;
        index::fill(&muster)?;
        Ok(muster)
    }

    /// Takes another number of people to a transaction, so that tests see small plans carried out as big ones.
    #[doc(hidden)]
    #[must_use]
    pub fn with_chunk(mut self, people: usize) -> Self {
        self.chunk = people.max(1);
        self
    }

    /// Gives an empty store its first configuration: the group that everybody is in.
    fn found(&self) -> Result<()> {
        let now = self.clock.now().0;
        self.store.write(|tx| {
            if stored_config::current_version(tx)?.is_some() {
                return Ok(());
            }
            let key = keys::allocate(tx, ITEM_KEYS, 1)?;
            let everyone = Item::Group(Group {
                name: "Everyone".to_owned(),
                description: "Everybody in this org".to_owned(),
                kind: GroupKind::BuiltIn,
                ..Group::default()
            });
            let put = stored_config::ConfigItemPut {
                kind: ItemKind::Group.as_str().to_owned(),
                item: key,
                name: "Everyone".to_owned(),
                body: everyone.to_json(),
            };
            let writes = stored_config::ConfigWrites {
                version: 1,
                plan: 0,
                created: now,
                put: vec![put],
                ended: Vec::new(),
            };
            stored_config::publish(tx, &writes)?;
            // There is nobody yet.
            stored_config::mark_applied(tx, 1, now)?;
            index::note_filled(tx)
        })?;
        Ok(())
    }

    /// The org's present instant.
    pub fn now(&self) -> Millis {
        self.clock.now()
    }

    /// Sets the clock of a store that runs on a given one.
    ///
    /// # Errors
    /// If the store runs on the machine's clock.
    pub fn set_clock(&self, at: Millis) -> Result<()> {
        self.clock.set(&self.store, at)
    }

    /// The data directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The store, for reading views of it.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The compiled configuration that holds now.
    ///
    /// # Errors
    /// If the store fails or holds a configuration that doesn't compile.
    pub fn config(&self) -> Result<Arc<Config>> {
        self.store.try_read(|tx| self.config_in(tx))
    }

    /// The configuration as it was when it was last looked at: for whoever finds out in his own transaction whether it
    /// still holds.
    pub(crate) fn recent_config(&self) -> Result<Arc<Config>> {
        let lost = self.store.commits().lost;
        let known = self.config.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.as_ref().filter(|known| known.lost == lost) {
            return Ok(known.config.clone());
        }
        drop(known);
        self.config()
    }

    /// The same, within a transaction.
    pub(crate) fn config_in(&self, tx: &mut dyn Tx) -> Result<Arc<Config>> {
        let (version, plan) = stored_config::current_version(tx)?.map_or((0, 0), |v| (v.version, v.plan));
        let lost = self.store.commits().lost;
        let mut cached = self.config.lock().unwrap_or_else(PoisonError::into_inner);
        let same = |known: &&Known| (known.config.version, known.plan, known.lost) == (version, plan, lost);
        if let Some(known) = cached.as_ref().filter(same) {
            return Ok(known.config.clone());
        }
        let config = Arc::new(load_config(tx, version)?);
        *cached = Some(Known { config: config.clone(), plan, lost });
        Ok(config)
    }
}

/// The sequence of configuration items' keys.
pub(crate) const ITEM_KEYS: &str = "item";
/// The sequence of plans' keys.
const PLAN_KEYS: &str = "plan";
/// The sequence of users' keys.
pub(crate) const USER_KEYS: &str = "user";
/// The sequence of source records' keys.
pub(crate) const RECORD_KEYS: &str = "record";
/// The sequence of accounts' keys.
pub(crate) const ACCOUNT_KEYS: &str = "account";

/// Loads and compiles a version.
pub(crate) fn load_config(tx: &mut dyn Tx, version: i64) -> Result<Config> {
    let rows = stored_config::items_at(tx, version)?;
    let org = org_of(&rows)?;
    let mut config = compile(version, org).map_err(ServiceError::Config)?;
    let rules = rows.iter().filter(|r| r.kind == ItemKind::Rule.as_str());
    config.rule_versions = rules.map(|r| (ItemKey(r.item), r.from_version)).collect();
    config.index_history = index_history(tx, version)?;
    // Deleted rules: what they gave is kept, like what deactivated ones gave.
    for row in stored_config::items_ended(tx, ItemKind::Rule.as_str(), version)? {
        let key = ItemKey(row.item);
        if let (false, Ok(Item::Rule(rule))) =
            (config.org.rules.contains_key(&key), Item::from_json(ItemKind::Rule, &row.body))
        {
            config.inactive_rules.insert(key, rule.groups);
            config.rule_versions.insert(key, row.until_version.unwrap_or_default());
        }
    }
    Ok(config)
}

/// What people were found by under which versions up to this one.
fn index_history(tx: &mut dyn Tx, version: i64) -> Result<IndexHistory> {
    let kind = ItemKind::Attribute;
    let mut history = IndexHistory::default();
    for row in stored_config::items_of(tx, kind.as_str(), version)? {
        if let Ok(Item::Attribute(def)) = Item::from_json(kind, &row.body) {
            history.note(&def, row.from_version, row.until_version.filter(|until| *until <= version));
        }
    }
    let kind = ItemKind::App;
    for row in stored_config::items_of(tx, kind.as_str(), version)? {
        if let Ok(Item::App(app)) = Item::from_json(kind, &row.body)
            && let Some(source) = &app.source
        {
            history.note_source(source, row.from_version, row.until_version.filter(|u| *u <= version));
        }
    }
    Ok(history)
}

/// The configuration that rows hold.
fn org_of(rows: &[stored_config::ConfigItemRow]) -> Result<Org> {
    let mut org = Org::default();
    for row in rows {
        let kind = ItemKind::parse(&row.kind)
            .ok_or_else(|| ServiceError::corrupt("configuration", format!("unknown kind {:?}", row.kind)))?;
        let item = Item::from_json(kind, &row.body)
            .map_err(|e| ServiceError::corrupt(format!("configuration {} {}", row.kind, row.name), e))?;
        org.set(kind, ItemKey(row.item), Some(item));
    }
    Ok(org)
}
