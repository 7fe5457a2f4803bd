//! Allocation of unique values for a chunk of people, with as few look-ups as there are rounds of collisions.

use std::collections::{HashMap, HashSet};

use muster_engine::Config;
use muster_engine::facts::{Claim, fold};
use muster_engine::model::{Millis, PlanKey, UserKey, WhenTaken};
use muster_store::{Tx, lookups};

use crate::error::Result;
use crate::world::namespace;

/// Claims that a plan makes before it is applied: what a preview knows and the store doesn't yet.
#[derive(Debug, Default)]
pub(crate) struct Provisional {
    owners: HashMap<u128, UserKey>,
    /// The next number of each attribute that has been handed out from, where the store doesn't hear of it.
    pub(super) numbers: HashMap<usize, i64>,
}

/// A claim's place in the map. Two values fall together once in 2^64 maps of a billion claims.
pub(crate) fn print(slot: usize, value: &str) -> u128 {
    use std::hash::{Hash, Hasher};
    let half = |salt: u64| {
        let mut h = std::hash::DefaultHasher::new();
        (salt, slot, value).hash(&mut h);
        h.finish()
    };
    (u128::from(half(1)) << 64) | u128::from(half(2))
}

impl Provisional {
    pub(crate) fn owner(&self, slot: usize, value: &str) -> Option<UserKey> {
        self.owners.get(&print(slot, value)).copied()
    }
    pub(crate) fn note(&mut self, slot: usize, value: &str, owner: UserKey) {
        self.owners.insert(print(slot, value), owner);
    }
}

/// A unique value somebody needs.
#[derive(Clone, Debug)]
pub(crate) struct Need {
    /// The place of the person in the chunk.
    pub(crate) person: usize,
    pub(crate) user: UserKey,
    pub(crate) slot: usize,
    pub(crate) base: String,
    /// What is tried in turn where the base value is taken.
    pub(crate) next: Vec<String>,
    pub(crate) taken: WhenTaken,
    /// If one of the person's values is taken she is left out whole, and takes none.
    pub(crate) whole: bool,
}

/// What came of it.
#[derive(Clone, Debug)]
pub(crate) enum Allocated {
    /// The value as it is written.
    Value(String),
    /// Somebody has it.
    Taken,
    /// Another of her values is taken, and she is left out.
    LeftOut,
}

/// The value with the counter: before the `@` if there is one.
fn counted(base: &str, n: u32) -> String {
    if n < 2 {
        return base.to_owned();
    }
    match base.split_once('@') {
        Some((local, domain)) => format!("{local}{n}@{domain}"),
        None => format!("{base}{n}"),
    }
}

impl Need {
    /// What is tried at the `n`th time, from 1 on: the values in turn, then the last one with a counter from 2.
    fn candidate(&self, n: u32) -> String {
        let later = (n as usize).checked_sub(2).and_then(|at| self.next.get(at));
        match (later, self.next.last()) {
            (Some(value), _) => value.clone(),
            (None, Some(last)) if n > 1 => counted(last, n - self.next.len() as u32),
            _ => counted(&self.base, n),
        }
    }
}

/// Allocates in order: who comes first gets the lower counter. What the plan frees isn't free within it.
pub(crate) fn allocate(
    tx: &mut dyn Tx,
    config: &Config,
    needs: &[Need],
    provisional: &mut Provisional,
) -> Result<Vec<Allocated>> {
    // What the store says of a value: who has it, or nobody.
    let mut asked: HashMap<(usize, String), Option<UserKey>> = HashMap::new();
    let mut window = 1u32;
    loop {
        let mut unknown: HashMap<usize, HashSet<String>> = HashMap::new();
        if let Some(done) = attempt(needs, &asked, provisional, window, &mut unknown) {
            for (need, got) in needs.iter().zip(&done) {
                if let Allocated::Value(shown) = got {
                    provisional.note(need.slot, &fold(shown), need.user);
                }
            }
            return Ok(done);
        }
        for (slot, values) in unknown {
            let list: Vec<&str> = values.iter().map(String::as_str).collect();
            let found = lookups::claims_by_value(tx, &namespace(config.attribute_name(slot)), &list)?;
            let owners: HashMap<String, UserKey> =
                found.into_iter().map(|c| (c.value, UserKey(c.user_key))).collect();
            for value in values {
                let owner = owners.get(&value).copied();
                asked.insert((slot, value), owner);
            }
        }
        window = (window * 4).min(1 << 16);
    }
}

/// Goes through all needs with what is known; `None` if something must be asked first.
fn attempt(
    needs: &[Need],
    asked: &HashMap<(usize, String), Option<UserKey>>,
    provisional: &Provisional,
    window: u32,
    unknown: &mut HashMap<usize, HashSet<String>>,
) -> Option<Vec<Allocated>> {
    let mut taken: HashMap<(usize, String), UserKey> = HashMap::new();
    let mut done: Vec<Allocated> = Vec::with_capacity(needs.len());
    // What the present person has taken so far, and where her needs begin.
    let mut hers: (usize, Vec<(usize, String)>) = (0, Vec::new());
    for (at, need) in needs.iter().enumerate() {
        if at.checked_sub(1).and_then(|b| needs.get(b)).is_none_or(|b| b.person != need.person) {
            hers = (done.len(), Vec::new());
        }
        let mut n = 1u32;
        let got = loop {
            let shown = need.candidate(n);
            let key = (need.slot, fold(&shown));
            let owner = taken.get(&key).copied().or_else(|| provisional.owner(need.slot, &key.1));
            let owner = match (owner, asked.get(&key)) {
                (Some(owner), _) => Some(owner),
                (None, Some(owner)) => *owner,
                (None, None) => {
                    let place = unknown.entry(need.slot).or_default();
                    let last = if need.taken == WhenTaken::Refuse { n } else { n + window - 1 };
                    place.extend((n..=last).map(|i| fold(&need.candidate(i))));
                    break None;
                }
            };
            match owner {
                Some(owner) if owner != need.user && need.taken != WhenTaken::Refuse => n += 1,
                Some(owner) if owner != need.user => break Some(Allocated::Taken),
                _ => {
                    hers.1.push(key.clone());
                    taken.insert(key, need.user);
                    break Some(Allocated::Value(shown));
                }
            }
        };
        // Go on with the others even if this one must wait: their questions are asked in the same round.
        let refused = matches!(got, Some(Allocated::Taken));
        done.extend(got);
        if need.whole && refused {
            for key in hers.1.drain(..) {
                taken.remove(&key);
            }
            for earlier in done.iter_mut().skip(hers.0).filter(|d| matches!(d, Allocated::Value(_))) {
                *earlier = Allocated::LeftOut;
            }
        }
    }
    (done.len() == needs.len()).then_some(done)
}

/// The claim that follows from an allocation.
pub(crate) fn claim(config: &Config, need: &Need, shown: &str, at: Millis, plan: PlanKey) -> Claim {
    Claim {
        attribute: config.attribute_name(need.slot).to_owned(),
        value: fold(shown),
        shown: shown.to_owned(),
        base: need.base.clone(),
        held: true,
        since: at,
        plan,
    }
}
