//! Undo: what a plan changed is put back where it still stands.

use muster_engine::model::{AppKey, Item, ItemChange, ItemKey, ItemKind, PlanKey};
use muster_engine::{Config, compile};
use muster_store::config::{item_history, items_changed};
use muster_store::{cleanup, feeds, plans};

use super::record;
use super::stream::Source;
use super::{Counts, PlanReport, PlanStatus, Progress, Proposal, Trigger};
use crate::access::Actor;
use crate::edit::org_after;
use crate::error::{Result, ServiceError};
use crate::import::ImportOptions;
use crate::muster::Muster;

/// How many feeds of a source are looked at.
const RECENT: usize = 200;

impl Muster {
    /// Takes an applied plan back, or says what that would do. It is a plan itself: guarded, and undone in turn.
    ///
    /// # Errors
    /// If there is no such plan, or it isn't one that can be undone.
    pub fn undo(
        &self,
        actor: &Actor,
        plan: PlanKey,
        options: ImportOptions,
        progress: &dyn Progress,
    ) -> Result<PlanReport> {
        self.resume_runs(progress)?;
        let row = self.store.read(|tx| plans::plan(tx, plan.0))?.ok_or_else(|| {
            ServiceError::NotFound(format!("there is no plan {plan}; `muster plans` lists them"))
        })?;
        match PlanStatus::parse(&row.status) {
            Some(PlanStatus::Applied | PlanStatus::Stopped) => {}
            Some(PlanStatus::Undone) => {
                return Err(ServiceError::Invalid(format!("plan {plan} is undone already")));
            }
            _ => {
                return Err(ServiceError::Invalid(format!(
                    "plan {plan} is {}: only an applied plan can be undone; nothing of it has happened",
                    row.status
                )));
            }
        }
        if self.store.read(|tx| cleanup::inverse_is_gone(tx, plan.0))? {
            let days = self.config()?.org.settings.retention.undo;
            return Err(ServiceError::Invalid(format!(
                "plan {plan} can't be undone any more: what it changed was kept for a while (org.retention.undo, now \
                 {days} days) and is gone; put right by hand what is still wrong, or import a feed that says so"
            )));
        }
        let mut items = self.earlier_items(plan)?;
        let mut lasting = what_lasts(&row.counts, &*self.config()?);
        if let Trigger::Import { app, feed, .. } = record::proposal_of(&row)?.trigger
            && !items.is_empty()
            && self.needs(app, feed, &items)?
        {
            items.clear();
            lasting
                .push("the groups it brought stay: a later feed, a rule or an app may need them".to_owned());
        }
        let proposal = Proposal {
            trigger: Trigger::Undo { plan },
            source: Source::Inverse { plan },
            items,
            secrets: Vec::new(),
            undo_of: Some(plan),
            preview: options.preview,
            force: options.force,
        };
        let mut report = self.propose(actor, &proposal, progress)?;
        report.notes.remarks.extend(lasting);
        Ok(report)
    }

    /// Whether groups that a feed brought are needed without it: a later feed of the source was applied, or a rule or an
    /// app refers to them.
    fn needs(&self, app: AppKey, feed: i64, items: &[ItemChange]) -> Result<bool> {
        let recent = self.store.read(|tx| feeds::feeds_of_app(tx, app.0, i64::MAX, RECENT))?;
        let later = |f: &feeds::FeedRow| f.feed_key > feed;
        if recent.iter().any(|f| later(f) && f.state == "APPLIED") || recent.last().is_some_and(later) {
            return Ok(true);
        }
        let config = self.config()?;
        Ok(compile(config.version + 1, org_after(&config.org, items)).is_err())
    }

    /// Configuration items that still are as a plan left them, with what they were before.
    fn earlier_items(&self, plan: PlanKey) -> Result<Vec<ItemChange>> {
        self.store.try_read(|tx| {
            let current = muster_store::config::current_version(tx)?.map_or(0, |v| v.version);
            let mut versions: Vec<i64> = Vec::new();
            let mut before = i64::MAX;
            // The plan published at most one version; undone and redone ones carry other plans' keys.
            loop {
                let page = muster_store::config::versions_before(tx, before, 200)?;
                let Some(last) = page.last() else { break };
                before = last.version;
                versions.extend(page.iter().filter(|v| v.plan == plan.0).map(|v| v.version));
            }
            let mut changes = Vec::new();
            for version in versions {
                for touched in items_changed(tx, version - 1, version)? {
                    let history = item_history(tx, &touched.kind, touched.item)?;
                    let kind = ItemKind::parse(&touched.kind)
                        .ok_or_else(|| ServiceError::corrupt("configuration", &touched.kind))?;
                    let is = history
                        .iter()
                        .find(|r| r.from_version <= current && r.until_version.is_none_or(|u| u > current));
                    let left = history
                        .iter()
                        .find(|r| r.from_version <= version && r.until_version.is_none_or(|u| u > version));
                    let was = history
                        .iter()
                        .find(|r| r.from_version < version && r.until_version.is_none_or(|u| u >= version));
                    // Somebody has changed it since: that stands.
                    if is.map(|r| r.from_version) != left.map(|r| r.from_version) {
                        continue;
                    }
                    let item = was
                        .map(|r| Item::from_json(kind, &r.body))
                        .transpose()
                        .map_err(|e| ServiceError::corrupt(format!("configuration {}", touched.name), e))?;
                    let key = ItemKey(touched.item);
                    if changes.iter().all(|c: &ItemChange| (c.kind, c.key) != (kind, key)) {
                        changes.push(ItemChange { kind, key, item });
                    }
                }
            }
            Ok(changes)
        })
    }
}

/// What a plan did in the world that no undo takes back.
fn what_lasts(counts: &str, config: &Config) -> Vec<String> {
    let counts: Counts = serde_json::from_str(counts).unwrap_or_default();
    let mut lasting: Vec<String> = counts
        .tally
        .accounts_deleted
        .iter()
        .map(|(app, n)| {
            let app = config.app_name(*app);
            format!("{n} accounts were to be deleted in {app}: those that are gone come back as new ones, without their data")
        })
        .collect();
    if counts.tally.changed > 0 {
        lasting.push("mails that were sent about it stay sent".to_owned());
    }
    lasting
}
