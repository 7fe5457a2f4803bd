//! What becomes of a row of a new key, by who was found for it.

use std::collections::HashSet;

use muster_engine::matching::Traits;
use muster_engine::model::{MatchKind, UserKey, WhenExact, WhenNew};

use super::find::{Found, traits};
use super::{Decision, NewRow, Pass, living, stays};
use crate::error::Result;
use crate::plan::process::Frame;
use crate::plan::queue::{Candidate, Waiting};

/// How many people a row that waits names.
const CANDIDATES: usize = 10;

impl Found {
    /// What becomes of a row. A row that somebody put where it waits isn't decided by itself.
    pub(super) fn decide(
        &self,
        frame: &Frame<'_>,
        at: usize,
        row: &NewRow<'_>,
        waited: Option<&Waiting>,
        touched: &HashSet<UserKey>,
        pass: &Pass,
    ) -> Result<Decision> {
        let apart = waited.map_or(&[][..], |w| &w.apart);
        // What a work before does with the holder of a unique value may give it to somebody else.
        let mut owners = row.asked.iter().filter_map(|a| self.owners.get(a));
        if owners.any(|u| touched.contains(u) && !apart.contains(u)) {
            return Ok(Decision::Later);
        }
        let confirm = row.source.source.confirm;
        if let Some((on, users)) = self.exact(frame, row, apart, pass)? {
            if users.iter().any(|u| touched.contains(u)) {
                return Ok(Decision::Later);
            }
            let mut candidates = Vec::with_capacity(users.len());
            let its = row.traits(frame);
            for user in &users {
                let profile = self.profile(frame.config, *user)?.unwrap_or_default();
                candidates.push(candidate(*user, &on, &its, &traits(frame.config, row.source, &profile)));
            }
            let another_name = candidates.iter().any(|c| c.another_name);
            let plain = apart.is_empty()
                && confirm.exact == WhenExact::Link
                && !(confirm.check_names && another_name);
            return Ok(match users.as_slice() {
                [user] if plain => Decision::Link(*user),
                _ => Decision::Ask(MatchKind::Exact, best(candidates)),
            });
        }
        let mut candidates = Vec::new();
        for (user, score) in self.resembled(at).iter().filter(|(u, _)| !apart.contains(u)) {
            if stays(frame, &self.people, pass, *user, row.app)? {
                continue;
            }
            if touched.contains(user) {
                return Ok(Decision::Later);
            }
            candidates.push(Candidate {
                user: *user,
                score: score.points,
                reasons: score.reasons.clone(),
                another_name: false,
            });
        }
        Ok(if !candidates.is_empty() {
            Decision::Ask(MatchKind::Partial, best(candidates))
        } else if confirm.new == WhenNew::Ask || !apart.is_empty() {
            Decision::Ask(MatchKind::New, Vec::new())
        } else {
            Decision::New
        })
    }

    /// Of those a row names exactly the ones whose own record the same feed ends: they are spared until somebody says
    /// whether the row is theirs. Whom it only resembles is not: what ends, ends.
    pub(super) fn leaving(
        &self,
        frame: &Frame<'_>,
        row: &NewRow<'_>,
        kind: MatchKind,
        candidates: &[Candidate],
        pass: &Pass,
    ) -> Vec<UserKey> {
        if kind != MatchKind::Exact || frame.keys.is_none() {
            return Vec::new();
        }
        let has_record = |user: &UserKey| match pass.unwritten.person(*user) {
            Some(person) => !living(frame, &person.facts, row.app).is_empty(),
            None => self
                .people
                .get(&user.0)
                .is_some_and(|p| p.records.iter().any(|r| r.app_key == row.app.0 && r.state == "LIVING")),
        };
        candidates.iter().map(|c| c.user).filter(has_record).collect()
    }
}

/// Somebody found by a tier.
fn candidate(user: UserKey, on: &str, row: &Traits, hers: &Traits) -> Candidate {
    let (score, another_name) = (row.score(hers), row.has_another_name(hers));
    let same = format!("same {on}");
    let mut reasons = vec![if another_name { format!("{same}, but another name") } else { same.clone() }];
    reasons.extend(score.reasons.into_iter().filter(|r| *r != same && r != "another name"));
    Candidate { user, score: score.points, reasons, another_name }
}

/// The likeliest ones, in order.
fn best(mut candidates: Vec<Candidate>) -> Vec<Candidate> {
    candidates.sort_by_key(|c| (std::cmp::Reverse(c.score), c.user));
    candidates.truncate(CANDIDATES);
    candidates
}
