//! Whom a work is about: somebody known, somebody a row of a new key matches, or somebody new.

use std::collections::{BTreeMap, HashMap, HashSet};

use muster_engine::derive::derive_profile;
use muster_engine::facts::{Facts, RecordState, fold};
use muster_engine::model::UserKey;
use muster_store::people::load_people;
use muster_store::{Tx, lookups};

use super::process::{Frame, Pass};
use super::work::{Op, Who, Work, apply};
use crate::error::Result;
use crate::world::namespace;

/// Which records a feed has begun and ended, as far as it has been read.
#[derive(Clone, Debug, Default)]
pub(super) struct Said {
    /// People with a living row.
    begun: HashSet<UserKey>,
    /// Records that ended, by person and key.
    ended: HashSet<(UserKey, String)>,
}

impl Said {
    /// Takes note of what a work says of somebody known.
    fn hear(&mut self, user: UserKey, work: &Work) {
        for op in &work.ops {
            match op {
                Op::Row { ended: false, .. } => {
                    self.begun.insert(user);
                }
                Op::Row { external_id, .. } | Op::Gone { external_id, .. } => {
                    self.ended.insert((user, external_id.clone()));
                }
                _ => {}
            }
        }
    }
}

/// The person of each work; `None`: somebody new.
pub(super) fn resolve(
    tx: &mut dyn Tx,
    frame: &Frame<'_>,
    works: &[Work],
    pass: &mut Pass,
) -> Result<Vec<Option<UserKey>>> {
    let mut whom: Vec<Option<UserKey>> = Vec::with_capacity(works.len());
    // For each unique attribute that a source matches on: the place of the work and the value.
    let mut asked: BTreeMap<usize, Vec<(usize, String)>> = BTreeMap::new();
    for (at, work) in works.iter().enumerate() {
        whom.push(match work.who {
            Who::Known(user) => Some(user),
            Who::New | Who::Match => None,
        });
        let app = work.ops.iter().find_map(|op| match op {
            Op::Row { app, .. } => Some(*app),
            _ => None,
        });
        let source = app.and_then(|a| frame.config.source(a)).filter(|s| !s.match_on.is_empty());
        if let (Who::Match, Some(source)) = (&work.who, source) {
            let mut facts = Facts::default();
            apply(&mut facts, &work.ops, frame.at, frame.plan, &mut Vec::new());
            let part = derive_profile(frame.config, &facts, frame.at);
            for slot in &source.match_on {
                if let Some(claim) = part.claims.iter().find(|c| c.slot == *slot) {
                    asked.entry(*slot).or_default().push((at, fold(&claim.base)));
                }
            }
        }
    }
    if asked.is_empty() && !frame.dry {
        return Ok(whom);
    }
    // Whom each row of a new key may be about.
    let mut candidates: Vec<Option<UserKey>> = vec![None; works.len()];
    for (slot, wanted) in asked {
        let values: Vec<&str> = wanted.iter().map(|(_, v)| v.as_str()).collect();
        let name = frame.config.attribute_name(slot);
        let owners: HashMap<String, UserKey> = lookups::claims_by_value(tx, &namespace(name), &values)?
            .into_iter()
            .map(|c| (c.value, UserKey(c.user_key)))
            .collect();
        for (at, value) in wanted {
            if let (Some(owner), Some(place)) = (owners.get(&value), candidates.get_mut(at)) {
                place.get_or_insert(*owner);
            }
        }
    }
    match_rows(tx, frame, works, &candidates, &mut whom, pass)?;
    Ok(whom)
}

/// Matches rows in their order. A person whom the same source has under another key already is not matched again: two
/// living records of one source are two people.
fn match_rows(
    tx: &mut dyn Tx,
    frame: &Frame<'_>,
    works: &[Work],
    candidates: &[Option<UserKey>],
    whom: &mut [Option<UserKey>],
    pass: &mut Pass,
) -> Result<()> {
    let mut found: Vec<i64> = candidates.iter().flatten().map(|u| u.0).collect();
    found.sort_unstable();
    found.dedup();
    let mut living: HashMap<(i64, i64), Vec<String>> = HashMap::new();
    if !found.is_empty() {
        for rows in load_people(tx, &found)? {
            for r in rows.records.into_iter().filter(|r| r.state == RecordState::Living.as_str()) {
                living.entry((rows.user.user_key, r.app_key)).or_default().push(r.external_id);
            }
        }
    }
    // What is written is found in the store; only a pass that writes nothing must remember.
    let mut said = if frame.dry { std::mem::take(&mut pass.said) } else { Said::default() };
    for ((work, candidate), who) in works.iter().zip(candidates).zip(whom.iter_mut()) {
        let app = work.ops.iter().find_map(|op| match op {
            Op::Row { app, .. } => Some(app.0),
            _ => None,
        });
        if let (Who::Match, Some(user), Some(app)) = (&work.who, *candidate, app) {
            let stored = living.get(&(user.0, app)).into_iter().flatten();
            let lives = said.begun.contains(&user)
                || stored.into_iter().any(|id| !said.ended.contains(&(user, id.clone())));
            if !lives {
                *who = Some(user);
            }
        }
        if let Some(user) = *who {
            said.hear(user, work);
        }
    }
    if frame.dry {
        pass.said = said;
    }
    Ok(())
}
