//! Groups that a feed brings: those its rows name and nobody has seen so far.

use std::collections::{BTreeMap, BTreeSet};

use muster_connectors::csv::{FeedReader, FeedRow};
use muster_engine::Config;
use muster_engine::config::named_in;
use muster_engine::model::{AppKey, FeedMode, Group, GroupKind, Item, ItemChange, ItemKey, ItemKind};
use muster_store::{feeds, keys};

use super::spool::format;
use crate::error::{Result, ServiceError};
use crate::muster::{ITEM_KEYS, Muster};

/// How many groups the rows of one feed may name.
const MOST: usize = 20_000;
/// How long the name of a group may be (Okta's limit).
const LONGEST: usize = 255;

impl Muster {
    /// The groups that must be made before a feed's rows are worked out; those that were `planned` keep their keys.
    pub(crate) fn feed_groups(
        &self,
        config: &Config,
        app: AppKey,
        feed: i64,
        mode: FeedMode,
        planned: Vec<ItemChange>,
    ) -> Result<Vec<ItemChange>> {
        let Some(source) = config.source(app).filter(|s| s.groups.is_some()) else { return Ok(Vec::new()) };
        let named = self.named_groups(config, app, feed, mode)?;
        let mut missing: BTreeSet<String> =
            named.into_iter().filter(|name| !source.imported.contains_key(name)).collect();
        let mut items = BTreeMap::new();
        for change in planned {
            if let Some(Item::Group(group)) = &change.item
                && let Some(name) = missing.take(&group.name)
            {
                items.insert(name, change);
            }
        }
        if !missing.is_empty() {
            let count = missing.len();
            let first = self.store.write(|tx| keys::allocate(tx, ITEM_KEYS, count))?;
            for (key, name) in (first..).zip(missing) {
                let kind = GroupKind::AppGroup;
                let group = Group { name: name.clone(), kind, app: Some(app), ..Group::default() };
                let item = Some(Item::Group(group));
                items.insert(name, ItemChange { kind: ItemKind::Group, key: ItemKey(key), item });
            }
        }
        Ok(items.into_values().collect())
    }

    /// The names of groups in a feed's rows.
    fn named_groups(
        &self,
        config: &Config,
        app: AppKey,
        feed: i64,
        mode: FeedMode,
    ) -> Result<BTreeSet<String>> {
        let settings =
            config.app(app).ok_or_else(|| ServiceError::NotFound("the feed's app is gone".to_owned()))?;
        let told = |e: &dyn std::fmt::Display| ServiceError::Invalid(format!("{}: {e}", settings.name));
        let layout = settings.feed.as_ref().ok_or_else(|| told(&"it has no feed any more"))?;
        let column = layout.columns.iter().position(|c| layout.groups.as_ref() == Some(&c.name));
        let content = feeds::FeedReader::new(&self.store, feed);
        let mut names: BTreeSet<String> = BTreeSet::new();
        for row in FeedReader::open(content, &format(layout, mode)).map_err(|e| told(&e))? {
            let FeedRow::Valid(row) = row.map_err(|e| told(&e))? else { continue };
            // Whoever has left is in no group.
            let said = column.and_then(|at| row.values.get(at)).filter(|_| !row.terminated);
            for name in
                said.into_iter().flat_map(named_in).filter(|name| !names.contains(*name)).collect::<Vec<_>>()
            {
                if name.chars().count() > LONGEST {
                    return Err(told(&format!(
                        "line {}: the name of a group has more than {LONGEST} characters, beginning with {:?}; is it \
                         the right column (feed.groups), the right list_separator?",
                        row.line,
                        name.chars().take(40).collect::<String>()
                    )));
                }
                if names.len() == MOST {
                    return Err(told(&format!(
                        "line {}: the feed names more than {MOST} groups; is it the right column (feed.groups)?",
                        row.line
                    )));
                }
                names.insert(name.to_owned());
            }
        }
        Ok(names)
    }
}
