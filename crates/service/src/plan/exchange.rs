//! What goes from one person to another: records, unique values, accounts.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};

use muster_engine::facts::{Before, Claim, Fact, fold};
use muster_engine::model::{AppKey, UserKey};
use muster_store::{Tx, lookups};

use super::process::{Outcome, Slot};
use super::work::{ChangedSince, Op, Taken, Work};
use crate::error::{Result, ServiceError};

/// Gives what works take over: the unique values and the accounts of the person whom the work behind is about.
pub(super) fn hand_over(slots: &mut [Slot<'_>], dry: bool, out: &mut Outcome) -> Result<()> {
    for at in 0..slots.len() {
        let takes: Vec<Taken> =
            slots.get(at).iter().flat_map(|s| &s.works).filter_map(|w| w.takes()).cloned().collect();
        for taken in takes {
            let giver = slots.iter().position(|s| s.facts.user == taken.other);
            let Some(giver) = giver.filter(|giver| *giver != at) else {
                return Err(ServiceError::Premise(format!("user {} is gone meanwhile", taken.other)));
            };
            let (Some(from), Some(to)) = pair(slots, giver, at) else { continue };
            give_claims(from, to, &taken);
            give_accounts(from, to, &taken, dry, out);
            from.gave = Some(Taken { other: to.facts.user, ..taken });
        }
    }
    Ok(())
}

type Both<'s, 'w> = (Option<&'s mut Slot<'w>>, Option<&'s mut Slot<'w>>);

/// Two slots at once, the one at `a` and the one at `b`.
fn pair<'s, 'w>(slots: &'s mut [Slot<'w>], a: usize, b: usize) -> Both<'s, 'w> {
    let (low, high) = slots.split_at_mut(a.max(b));
    let (low, high) = (low.get_mut(a.min(b)), high.first_mut());
    if a < b { (low, high) } else { (high, low) }
}

fn give_claims(from: &mut Slot<'_>, to: &mut Slot<'_>, taken: &Taken) {
    let moves = |attribute: &str, value: &str| taken.claims.iter().any(|(a, v)| a == attribute && v == value);
    let (mut moved, stays): (Vec<Claim>, Vec<Claim>) = std::mem::take(&mut from.facts.claims)
        .into_iter()
        .partition(|claim| moves(&claim.attribute, &claim.value));
    from.facts.claims = stays;
    // Of two values made from one base her own goes on being the one she goes by.
    let own: HashSet<(&str, String)> =
        to.facts.claims.iter().map(|c| (c.attribute.as_str(), fold(&c.base))).collect();
    for claim in &mut moved {
        claim.held &= !own.contains(&(claim.attribute.as_str(), fold(&claim.base)));
    }
    to.facts.claims.extend(moved);
}

/// Accounts go over with all that is known of them. Where she has one herself she keeps that.
fn give_accounts(from: &mut Slot<'_>, to: &mut Slot<'_>, taken: &Taken, dry: bool, out: &mut Outcome) {
    for app in &taken.accounts {
        if to.person.stored.apps.contains_key(app) {
            continue;
        }
        let Some(stored) = from.person.stored.apps.remove(app) else { continue };
        to.person.stored.apps.insert(*app, stored);
        if let Some(kept) = from.facts.accounts.remove(app) {
            from.person.facts.accounts.remove(app);
            to.facts.accounts.insert(*app, kept.clone());
            to.person.facts.accounts.insert(*app, kept);
        }
        let Some(rows) = from.person.rows.as_mut() else { continue };
        let Some(place) = rows.accounts.iter().position(|a| a.app_key == app.0) else { continue };
        let account = rows.accounts.remove(place);
        if !dry {
            out.writes.accounts_moved.push((account.account_key, to.facts.user.0));
        }
        to.person.taken.push(account);
    }
}

/// Takes out of the works what can't be restored any more: a record whose key has become somebody else's since. What
/// the works themselves give away is free.
pub(super) fn taken_since(
    tx: &mut dyn Tx,
    works: &[Work],
    freed: &mut HashSet<(AppKey, String)>,
) -> Result<HashMap<(AppKey, String), UserKey>> {
    let mut asked: BTreeMap<AppKey, Vec<&str>> = BTreeMap::new();
    let mut given: HashSet<(AppKey, &str)> = HashSet::new();
    // What was linked by the same plan that took it from somebody goes back to her.
    let mut removed: HashSet<(AppKey, &str)> = HashSet::new();
    for op in works.iter().flat_map(|w| &w.ops) {
        match op {
            Op::Restore { line: Before { fact: Fact::Record { app, external_id }, before, moved, .. } } => {
                match before {
                    Some(_) => asked.entry(*app).or_default().push(external_id),
                    None if *moved => {
                        given.insert((*app, external_id));
                    }
                    None => {
                        removed.insert((*app, external_id));
                    }
                }
            }
            Op::Give { fact: Fact::Record { app, external_id } }
            | Op::Unlink { app, external_id }
            | Op::Forgo { app, external_id } => {
                given.insert((*app, external_id));
            }
            _ => {}
        }
    }
    // Works behind these don't see it in the store yet, if nothing is written.
    freed.extend(given.iter().chain(&removed).map(|(app, key)| (*app, (*key).to_owned())));
    let mut owners = HashMap::new();
    for (app, keys) in asked {
        for row in lookups::records_by_ids(tx, app.0, &keys)? {
            let place = (app, row.external_id);
            if !freed.contains(&place) {
                owners.insert(place, UserKey(row.user_key));
            }
        }
    }
    Ok(owners)
}

/// The ops of a work about a person that can still be done, and what has changed since.
pub(super) fn still_possible<'o>(
    ops: &'o [Op],
    user: UserKey,
    owners: &HashMap<(AppKey, String), UserKey>,
    since: &mut Vec<ChangedSince>,
) -> Cow<'o, [Op]> {
    if owners.is_empty() {
        return Cow::Borrowed(ops);
    }
    let possible = |op: &&Op| {
        let Op::Restore { line } = op else { return true };
        let Fact::Record { app, external_id } = &line.fact else { return true };
        let owner = owners.get(&(*app, external_id.clone()));
        let lost = line.before.is_some() && owner.is_some_and(|owner| *owner != user);
        if lost {
            since.push(ChangedSince { fact: line.fact.clone(), by: None });
        }
        !lost
    };
    ops.iter().filter(possible).cloned().collect()
}
