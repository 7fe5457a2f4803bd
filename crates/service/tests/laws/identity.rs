//! Who a feed's rows are about, row by row: living ones in the order of their keys, then what ends.

use std::collections::{BTreeMap, BTreeSet};

use muster_engine::AppKey;
use muster_service::plan::PlanReport;
use muster_store::people::PersonRows;

use crate::sim::{Broken, law};
use crate::world::{Roster, Row};

/// A record's person (below 0: somebody made by the feed) and state.
type Records = BTreeMap<String, (i64, &'static str)>;

fn records(people: &[PersonRows], app: AppKey) -> Records {
    let state = |s: &str| ["LIVING", "ENDED", "WITHDRAWN"].into_iter().find(|k| *k == s).unwrap();
    people
        .iter()
        .flat_map(|p| &p.records)
        .filter(|r| r.app_key == app.0)
        .map(|r| (r.external_id.clone(), (r.user_key, state(&r.state))))
        .collect()
}

struct Feed<'a> {
    rows: BTreeMap<String, &'a Row>,
    rejected: BTreeSet<&'a str>,
}

impl Feed<'_> {
    /// Whether a living record of this key ends.
    fn ends(&self, key: &str) -> bool {
        self.rows.get(key).is_none_or(|r| r.left && !r.unreadable())
    }

    /// Whether another row of the feed brings a record of hers back.
    fn brings_back(&self, records: &Records, user: i64) -> bool {
        let lives = |key: &String| self.rows.get(key).is_some_and(|r| !r.left && !r.unreadable());
        records.iter().any(|(k, (u, state))| *u == user && *state != "LIVING" && lives(k))
    }

    /// Her living records but this one: whether one goes on, and those that end.
    fn others(&self, records: &Records, user: i64, key: &str) -> (bool, Vec<String>) {
        let hers = records.iter().filter(|(k, r)| *k != key && **r == (user, "LIVING"));
        let (end, stay): (Vec<_>, Vec<_>) = hers.map(|(k, _)| k.clone()).partition(|k| self.ends(k));
        (!stay.is_empty(), end)
    }
}

/// Compares the records a feed has left with those that follow from its rows and from which of them were left out.
pub(crate) fn identity(
    before: &[PersonRows],
    after: &[PersonRows],
    app: AppKey,
    roster: &Roster,
    done: &PlanReport,
) -> Result<(), Broken> {
    let feed = Feed {
        rows: roster.iter().map(|(id, row)| (format!("k{id}"), row)).collect(),
        rejected: done.notes.rejected.iter().filter_map(|r| r.key.as_deref()).collect(),
    };
    let numbers: BTreeMap<String, i64> = before
        .iter()
        .flat_map(|p| &p.claims)
        .filter(|c| c.namespace == "user.employeeNumber")
        .map(|c| (c.value.clone(), c.user_key))
        .collect();
    let mut expected = records(before, app);
    let mut spared: BTreeSet<i64> = BTreeSet::new();
    let mut new = 0;
    for (key, row) in feed.rows.iter().filter(|(_, r)| !r.left && !r.unreadable()) {
        let known = expected.get(key).copied();
        let user = match known {
            Some((user, _)) => Some(user),
            None => numbers
                .get(&format!("n{}", row.num))
                .copied()
                .filter(|user| !feed.others(&expected, *user, key).0 && !feed.brings_back(&expected, *user)),
        };
        let begins = known.is_none_or(|(_, state)| state != "LIVING");
        let ends = user.filter(|_| begins).map_or_else(Vec::new, |u| feed.others(&expected, u, key).1);
        if feed.rejected.contains(key.as_str()) {
            spared.extend(user.filter(|_| !ends.is_empty()));
            continue;
        }
        if let Some(user) = user.filter(|_| begins) {
            spared.remove(&user);
        }
        for end in ends {
            expected.get_mut(&end).unwrap().1 = "ENDED";
        }
        let user = user.unwrap_or_else(|| {
            new -= 1;
            new
        });
        expected.insert(key.clone(), (user, "LIVING"));
    }
    for (key, (user, state)) in &mut expected {
        let row = feed.rows.get(key).filter(|r| r.unreadable() || !r.left);
        let gone = *state == "LIVING" && !feed.rows.contains_key(key);
        let left = feed.rows.contains_key(key) && row.is_none() && !feed.rejected.contains(key.as_str());
        if (gone || left) && !spared.contains(user) {
            *state = "ENDED";
        }
    }
    let mut is = records(after, app);
    // New people are named by their keys' order.
    let known: BTreeSet<i64> = before.iter().map(|p| p.user.user_key).collect();
    let mut names: BTreeMap<i64, i64> = BTreeMap::new();
    for (user, _) in is.values_mut().filter(|(u, _)| !known.contains(u)) {
        let next = -1 - names.len() as i64;
        *user = *names.entry(*user).or_insert(next);
    }
    law(is == expected, || format!("records are {is:?}\nshould be {expected:?}"))
}
