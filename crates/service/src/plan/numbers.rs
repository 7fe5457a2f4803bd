//! Generated numbers: from a counter in the store, past those that sources and admins have given.

use std::collections::HashSet;

use muster_engine::derive::derive_profile;
use muster_engine::facts::{Claim, fold};
use muster_engine::model::NumberFormat;
use muster_engine::{Config, Value};
use muster_store::{Tx, keys, lookups};

use super::claims::Provisional;
use super::process::{Frame, Pass, Slot};
use crate::error::Result;
use crate::world::namespace;

/// How many numbers are looked at at once while most of them are taken.
const MOST_AT_ONCE: usize = 1 << 16;

/// Gives whoever needs one the next number, in the order of the people. It is hers from then on.
pub(super) fn hand_out(
    tx: &mut dyn Tx,
    frame: &Frame<'_>,
    slots: &mut [Slot<'_>],
    pass: &mut Pass,
) -> Result<()> {
    for (at, attribute) in frame.config.attributes.iter().enumerate() {
        let Some(format) = &attribute.numbers else { continue };
        let mut needing: Vec<&mut Slot<'_>> =
            slots.iter_mut().filter(|s| !s.left_out && s.part.numbers.contains(&at)).collect();
        if needing.is_empty() {
            continue;
        }
        let numbers = take(tx, frame, at, format, needing.len(), &mut pass.provisional)?;
        for (slot, shown) in needing.iter_mut().zip(numbers) {
            let name = &attribute.def.name;
            pass.provisional.note(at, &fold(&shown), slot.facts.user);
            slot.facts.kept.insert(name.clone(), Value::from(shown.as_str()));
            slot.facts.claims.push(Claim {
                attribute: name.clone(),
                value: fold(&shown),
                base: shown.clone(),
                shown,
                held: true,
                since: frame.at,
                plan: frame.plan,
            });
        }
    }
    for slot in slots.iter_mut().filter(|s| !s.left_out && !s.part.numbers.is_empty()) {
        slot.part = derive_profile(frame.config, &slot.facts, slot.as_of);
    }
    Ok(())
}

/// The next `wanted` numbers that nobody has, as they are written. A pass that writes nothing leaves them in the store.
fn take(
    tx: &mut dyn Tx,
    frame: &Frame<'_>,
    slot: usize,
    format: &NumberFormat,
    wanted: usize,
    provisional: &mut Provisional,
) -> Result<Vec<String>> {
    let sequence = format!("number.{}", frame.config.attribute_name(slot));
    loop {
        let first = match provisional.numbers.get(&slot) {
            Some(next) => *next,
            None => keys::next(tx, &sequence)?,
        };
        let (found, end) = free(tx, frame.config, slot, format, first, wanted, provisional)?;
        if frame.dry {
            provisional.numbers.insert(slot, end);
            return Ok(found);
        }
        let count = usize::try_from(end - first).unwrap_or_default();
        // Unless another process was quicker.
        if keys::allocate(tx, &sequence, count)? == first {
            return Ok(found);
        }
    }
}

/// The first `wanted` numbers from `first` on that nobody has, and the number behind them.
fn free(
    tx: &mut dyn Tx,
    config: &Config,
    slot: usize,
    format: &NumberFormat,
    first: i64,
    wanted: usize,
    provisional: &Provisional,
) -> Result<(Vec<String>, i64)> {
    let mut found = Vec::with_capacity(wanted);
    let (mut at, mut window) = (first, wanted);
    loop {
        let numbers: Vec<(String, String)> =
            (at..).take(window).map(|n| format.show(n)).map(|s| (fold(&s), s)).collect();
        let values: Vec<&str> = numbers.iter().map(|(value, _)| value.as_str()).collect();
        let claims = lookups::claims_by_value(tx, &namespace(config.attribute_name(slot)), &values)?;
        let taken: HashSet<String> = claims.into_iter().map(|c| c.value).collect();
        for (value, shown) in numbers {
            at += 1;
            if !taken.contains(&value) && provisional.owner(slot, &value).is_none() {
                found.push(shown);
            }
            if found.len() == wanted {
                return Ok((found, at));
            }
        }
        window = (window * 4).min(MOST_AT_ONCE);
    }
}
