//! Who may fulfil a filter: everybody who does is among them, found by an index, in the order of the keys.

use muster_engine::Config;
use muster_engine::facts::fold;
use muster_engine::model::{IdKind, UserStatus, key_of};
use muster_query::{AttributeName, Compare, Filter};
use muster_store::{Tx, config as stored, lookups, search};
use serde_json::Value as Json;

use super::rules::is_instant;
use crate::error::Result;
use crate::index::{indexed_number, indexed_text};
use crate::world::namespace;

/// Whole numbers up to this are the same as integers and as fractions.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Some of the candidates.
#[derive(Debug)]
pub(super) enum Source {
    /// These, sorted.
    Keys(Vec<i64>),
    /// Whoever has a value of an indexed attribute.
    Value(String, String),
    /// Whoever has a status.
    Status(&'static str),
}

impl Source {
    fn cost(&self) -> usize {
        match self {
            Self::Keys(keys) => keys.len(),
            // More than any list of keys.
            Self::Value(..) => usize::MAX >> 16,
            Self::Status(_) => usize::MAX >> 15,
        }
    }

    fn page(&self, tx: &mut dyn Tx, after: i64, limit: usize) -> Result<Vec<i64>> {
        Ok(match self {
            Self::Keys(keys) => {
                let from = keys.partition_point(|key| *key <= after);
                keys.iter().skip(from).take(limit).copied().collect()
            }
            Self::Value(attribute, value) => search::keys_with_value(tx, attribute, value, after, limit)?,
            Self::Status(status) => search::keys_of_status(tx, status, after, limit)?,
        })
    }
}

/// The candidates: the union of some sources.
#[derive(Debug)]
pub(super) struct Candidates(Vec<Source>);

impl Candidates {
    fn cost(&self) -> usize {
        self.0.iter().fold(0, |sum, source| sum.saturating_add(source.cost()))
    }

    /// Whether they are few: it pays to look at each of them rather than to walk in another order.
    pub(super) fn are_few(&self) -> bool {
        self.0.iter().all(|source| matches!(source, Source::Keys(_)))
    }

    /// A page of them in the order of their keys.
    pub(super) fn page(&self, tx: &mut dyn Tx, after: i64, limit: usize) -> Result<Vec<i64>> {
        if let [one] = self.0.as_slice() {
            return one.page(tx, after, limit);
        }
        let mut all = Vec::new();
        for source in &self.0 {
            all.extend(source.page(tx, after, limit)?);
        }
        all.sort_unstable();
        all.dedup();
        all.truncate(limit);
        Ok(all)
    }
}

/// What the indices can answer now.
pub(super) struct Indices<'a> {
    config: &'a Config,
    /// The oldest version under which not everybody was derived yet.
    walking: i64,
    /// How many people are read at once.
    step: usize,
}

impl<'a> Indices<'a> {
    pub(super) fn new(tx: &mut dyn Tx, config: &'a Config, step: usize) -> Result<Self> {
        let walking = stored::unapplied_versions(tx)?.first().map_or(i64::MAX, |v| v.version);
        Ok(Self { config, walking, step })
    }

    /// How many keys are held at most; beyond that everybody is looked at.
    fn held(&self) -> usize {
        self.step * 40
    }

    /// Whether the index has everybody's values of an attribute.
    pub(super) fn has(&self, attribute: &str) -> bool {
        let since = self.config.index_history.since(attribute, self.config.version);
        since.is_some_and(|since| since < self.walking)
    }

    fn is_claimed(&self, attribute: &str) -> bool {
        let unique = self.config.slot(attribute).is_some_and(|slot| self.config.unique.contains(&slot));
        unique && (attribute == "login" || self.walking == i64::MAX)
    }

    /// The fewest candidates that filters which must all hold leave; `None`: everybody.
    pub(super) fn of_all<'f>(
        &self,
        tx: &mut dyn Tx,
        filters: impl IntoIterator<Item = &'f Filter>,
    ) -> Result<Option<Candidates>> {
        let mut best: Option<Candidates> = None;
        for filter in filters {
            let Some(found) = self.of(tx, filter)? else { continue };
            if best.as_ref().is_none_or(|best| found.cost() < best.cost()) {
                best = Some(found);
            }
        }
        Ok(best)
    }

    fn of(&self, tx: &mut dyn Tx, filter: &Filter) -> Result<Option<Candidates>> {
        match filter {
            Filter::And(parts) => self.of_all(tx, parts),
            Filter::Or(parts) => {
                let mut all = Vec::new();
                for part in parts {
                    let Some(found) = self.of(tx, part)? else { return Ok(None) };
                    all.extend(found.0);
                }
                let union = Candidates(all);
                Ok((union.0.len() <= 16 || union.are_few()).then_some(union))
            }
            Filter::Compare(name, compare, value) => {
                Ok(self.compared(tx, name, *compare, value)?.map(|source| Candidates(vec![source])))
            }
            Filter::Not(_) | Filter::Present(_) | Filter::Element(..) => Ok(None),
        }
    }

    fn compared(
        &self,
        tx: &mut dyn Tx,
        name: &AttributeName,
        compare: Compare,
        value: &Json,
    ) -> Result<Option<Source>> {
        match (name.to_string().as_str(), compare, value) {
            ("id", Compare::Equal, Json::String(id)) => {
                Ok(Some(Source::Keys(key_of(IdKind::User, id).into_iter().collect())))
            }
            ("status", Compare::Equal, Json::String(status)) => {
                let status = UserStatus::parse(&status.to_uppercase());
                Ok(Some(status.map_or(Source::Keys(Vec::new()), |s| Source::Status(s.as_str()))))
            }
            (name, Compare::Equal, value) => match name.strip_prefix("profile.") {
                Some(attribute) => self.equal(tx, attribute, value),
                None => Ok(None),
            },
            (name, Compare::StartsWith, Json::String(text)) if !text.is_empty() => {
                match name.strip_prefix("profile.") {
                    Some(attribute) => self.starting(tx, attribute, text),
                    None => Ok(None),
                }
            }
            _ => Ok(None),
        }
    }

    fn equal(&self, tx: &mut dyn Tx, attribute: &str, value: &Json) -> Result<Option<Source>> {
        if let Json::String(text) = value
            && self.is_claimed(attribute)
            && !is_instant(text)
        {
            let found = lookups::claims_by_value(tx, &namespace(attribute), &[&fold(text)])?;
            return Ok(Some(sorted(found.into_iter().map(|c| c.user_key).collect())));
        }
        let Some(text) = self.text(attribute, value) else { return Ok(None) };
        // Many are streamed.
        let tried = self.step * 2;
        let found = search::keys_with_value(tx, attribute, &text, i64::MIN, tried)?;
        Ok(Some(if found.len() < tried { sorted(found) } else { Source::Value(attribute.to_owned(), text) }))
    }

    /// The text under which the index has a value; `None`: it can't be asked for it.
    fn text(&self, attribute: &str, value: &Json) -> Option<String> {
        if !self.has(attribute) {
            return None;
        }
        match value {
            // The same instant can be written in many ways.
            Json::String(text) => (!is_instant(text)).then(|| indexed_text(text)),
            Json::Bool(b) => Some(b.to_string()),
            Json::Number(number) => number.as_f64().filter(|n| n.abs() <= EXACT).map(indexed_number),
            Json::Null | Json::Array(_) | Json::Object(_) => None,
        }
    }

    fn starting(&self, tx: &mut dyn Tx, attribute: &str, text: &str) -> Result<Option<Source>> {
        if self.is_claimed(attribute) {
            let found = search::claims_with_prefix(tx, &namespace(attribute), &fold(text), self.held())?;
            let keys: Vec<i64> = found.into_iter().map(|c| c.user_key).collect();
            return Ok((keys.len() < self.held()).then(|| sorted(keys)));
        }
        if !self.has(attribute) {
            return Ok(None);
        }
        let found = search::keys_with_prefix(tx, attribute, &indexed_text(text), self.held())?;
        Ok((found.len() < self.held()).then(|| sorted(found)))
    }
}

fn sorted(mut keys: Vec<i64>) -> Source {
    keys.sort_unstable();
    keys.dedup();
    Source::Keys(keys)
}
