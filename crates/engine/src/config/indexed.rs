//! By which attributes people are found, under which versions of the configuration.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::matching::ALWAYS_INDEXED;
use crate::model::{AttributeDef, Source};

/// Indexed whatever the org says: lists and searches of every face ask for them.
const ALWAYS: [&str; 3] = ALWAYS_INDEXED;

/// Whether people are found by an attribute's values.
pub(crate) fn is_indexed(def: &AttributeDef) -> bool {
    def.indexed || ALWAYS.contains(&def.name.as_str())
}

/// Which attributes were indexed under which versions: the index rows of a person are those of the version she was
/// written under, so whoever writes her next knows what to take away and what to bring.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IndexHistory {
    /// By name the ranges of versions: the first that indexes it, the first that no longer does.
    ranges: BTreeMap<String, Vec<(i64, Option<i64>)>>,
}

impl IndexHistory {
    /// Adds that a definition held from one version until before another.
    pub fn note(&mut self, def: &AttributeDef, from: i64, until: Option<i64>) {
        if is_indexed(def) {
            self.ranges.entry(def.name.clone()).or_default().push((from, until));
        }
    }

    /// Adds that a source's settings held from one version until before another: what it finds people by is indexed.
    pub fn note_source(&mut self, source: &Source, from: i64, until: Option<i64>) {
        for name in source.match_indexes() {
            self.ranges.entry(name).or_default().push((from, until));
        }
    }

    /// The indexes that only matching needs, under a version.
    pub fn match_indexes(&self, version: i64) -> impl Iterator<Item = &str> {
        self.ranges.keys().map(String::as_str).filter(move |n| n.starts_with('~') && self.holds(n, version))
    }

    /// The history with one more version, under which the attributes of these names are indexed.
    #[must_use]
    pub fn then<'a>(&self, version: i64, names: impl Iterator<Item = &'a str>) -> Self {
        let names: BTreeSet<&str> = names.collect();
        let mut next = self.clone();
        for (name, ranges) in &mut next.ranges {
            if !names.contains(name.as_str()) {
                for (_, until) in ranges.iter_mut().filter(|(_, until)| until.is_none()) {
                    *until = Some(version);
                }
            }
        }
        for name in names {
            let ranges = next.ranges.entry(name.to_owned()).or_default();
            if ranges.iter().all(|(_, until)| until.is_some()) {
                ranges.push((version, None));
            }
        }
        next
    }

    /// Whether an attribute is indexed under a version.
    pub fn holds(&self, name: &str, version: i64) -> bool {
        // A base attribute that no item lays over has no row in the store to tell of it.
        ALWAYS.contains(&name)
            || self.ranges.get(name).is_some_and(|ranges| {
                ranges.iter().any(|(from, until)| *from <= version && until.is_none_or(|u| u > version))
            })
    }

    /// Whether the two versions index different attributes. A change of the configuration between two such versions
    /// concerns everybody, since everybody's rows in the index follow from it.
    pub fn differs(&self, one: i64, other: i64) -> bool {
        one != other && self.ranges.keys().any(|name| self.holds(name, one) != self.holds(name, other))
    }

    /// The version since which an attribute has been indexed without a break, up to `version`; `None`: it isn't.
    pub fn since(&self, name: &str, version: i64) -> Option<i64> {
        if ALWAYS.contains(&name) {
            return Some(0);
        }
        let ranges = self.ranges.get(name)?;
        let mut since = None;
        let mut at = version;
        while let Some((from, _)) =
            ranges.iter().find(|(from, until)| *from <= at && until.is_none_or(|u| u > at))
        {
            since = Some(*from);
            at = from - 1;
        }
        since
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_versions_apart() {
        let city = AttributeDef { name: "city".into(), indexed: true, ..AttributeDef::default() };
        let mut told = IndexHistory::default();
        told.note(&city, 2, Some(3));
        told.note(&city, 3, Some(5));
        told.note(&AttributeDef { indexed: false, ..city.clone() }, 5, None);
        let grown = IndexHistory::default()
            .then(1, ["email"].into_iter())
            .then(2, ["email", "city"].into_iter())
            .then(5, ["email"].into_iter());
        for history in [&told, &grown] {
            assert_eq!(
                (1..=6).map(|v| history.holds("city", v)).collect::<Vec<_>>(),
                [false, true, true, true, false, false]
            );
            assert!(
                history.differs(1, 4)
                    && history.differs(4, 5)
                    && !history.differs(2, 4)
                    && !history.differs(1, 6)
            );
            assert_eq!((history.since("city", 4), history.since("city", 5)), (Some(2), None));
            assert!(history.holds("email", 1));
        }
    }
}
