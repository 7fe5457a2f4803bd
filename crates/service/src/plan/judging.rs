//! What becomes of the people of a chunk once their profiles are derived: unique values, what doesn't fit, and what works
//! behind must know of them.

use muster_engine::derive::derive_profile;
use muster_engine::model::AttributeType;
use muster_store::Tx;

use super::claims::{self, Allocated, Need};
use super::matching::comes_again;
use super::process::{Frame, Outcome, Pass, RejectedRow, Slot, login_of};
use crate::error::{Result, ServiceError};

/// Allocates what the profiles need and derives those again.
pub(super) fn allocate(
    tx: &mut dyn Tx,
    frame: &Frame<'_>,
    slots: &mut [Slot<'_>],
    pass: &mut Pass,
) -> Result<()> {
    let mut needs: Vec<Need> = Vec::new();
    for (person, slot) in slots.iter().enumerate() {
        needs.extend(slot.part.needs().map(|n| Need {
            person,
            user: slot.facts.user,
            slot: n.slot,
            base: n.base.clone(),
            next: n.next.clone(),
            taken: n.taken,
            whole: slot.works.iter().any(|w| w.row().is_some()),
        }));
    }
    if needs.is_empty() {
        return Ok(());
    }
    let got = claims::allocate(tx, frame.config, &needs, &mut pass.provisional)?;
    let mut conflicts: Vec<(usize, String, String)> = Vec::new();
    for (need, got) in needs.iter().zip(got) {
        let Some(slot) = slots.get_mut(need.person) else { continue };
        match got {
            Allocated::Value(shown) => {
                let claim = claims::claim(frame.config, need, &shown, frame.at, frame.plan);
                slot.facts.claims.retain(|c| c.attribute != claim.attribute || c.value != claim.value);
                slot.facts.claims.push(claim);
            }
            Allocated::Taken => {
                let name = frame.config.attribute_name(need.slot).to_owned();
                let reason = format!("{name}: {:?} is taken by somebody else; it must be unique", need.base);
                conflicts.push((need.person, name, reason));
            }
            Allocated::LeftOut => {}
        }
    }
    let mut again: Vec<usize> = needs.iter().map(|n| n.person).collect();
    again.dedup();
    for person in again {
        if let Some(slot) = slots.get_mut(person) {
            slot.part = derive_profile(frame.config, &slot.facts, slot.as_of);
        }
    }
    for (person, about, reason) in conflicts {
        if let Some(slot) = slots.get_mut(person) {
            slot.part.problems.push(muster_engine::derive::Problem { about, reason });
        }
    }
    Ok(())
}

/// What doesn't fit: a row is left out, a request is refused, a change of configuration is told of it.
pub(super) fn judge_problems(frame: &Frame<'_>, slot: &mut Slot<'_>, out: &mut Outcome) -> Result<()> {
    if slot.part.problems.is_empty() {
        advance_dates(frame, slot);
        return Ok(());
    }
    let old = match slot.person.rows {
        Some(_) => derive_profile(frame.config, &slot.person.facts, slot.as_of).problems,
        None => Vec::new(),
    };
    let new: Vec<String> =
        slot.part.problems.iter().filter(|p| !old.contains(p)).map(|p| p.reason.clone()).collect();
    if new.is_empty() {
        advance_dates(frame, slot);
        return Ok(());
    }
    if let Some((line, key)) = slot.works.iter().find_map(|w| w.row()) {
        out.rejected.push(RejectedRow { line, key: Some(key.to_owned()), reason: new.join("; ") });
        slot.left_out = true;
        return Ok(());
    }
    // What a record says of its former owner's doesn't keep the two from being parted.
    let parted = slot.works.iter().any(|w| w.takes().is_some());
    if frame.lenient || parted || slot.works.iter().all(|w| w.ops.is_empty()) {
        let login = login_of(frame.config, &slot.part.values, &slot.person);
        out.problems.extend(new.into_iter().map(|p| (login.clone(), p)));
        advance_dates(frame, slot);
        return Ok(());
    }
    Err(ServiceError::Invalid(new.join("; ")))
}

/// A changed date is a word about time: she is derived with the plan's instant.
fn advance_dates(frame: &Frame<'_>, slot: &mut Slot<'_>) {
    if slot.as_of == frame.at || slot.person.rows.is_none() {
        return;
    }
    let dated = frame.config.attributes.iter().enumerate().any(|(at, attribute)| {
        matches!(attribute.def.kind, AttributeType::Date | AttributeType::DateTime)
            && slot.part.values.get(at) != slot.person.stored.profile.get(at)
    });
    if dated {
        slot.as_of = slot.facts.clock(frame.at);
        slot.part = derive_profile(frame.config, &slot.facts, slot.as_of);
    }
}

/// People whose row was left out although it would have taken over other records of theirs.
pub(super) fn spare(slots: &[Slot<'_>], pass: &mut Pass) {
    let left = slots.iter().filter(|s| s.left_out && s.begins.as_ref().is_some_and(|ends| !ends.is_empty()));
    pass.spared.extend(left.map(|s| s.facts.user));
}

/// Takes note of what later works must know of a person.
pub(super) fn note(frame: &Frame<'_>, slot: &mut Slot<'_>, pass: &mut Pass) -> Result<()> {
    let (user, known) = (slot.facts.user, slot.person.rows.is_some());
    let begins = known && slot.begins.is_some();
    if begins {
        pass.spared.remove(&user);
    }
    // Somebody new may have more rows where a person may have several jobs.
    let source = slot.works.iter().find_map(|w| w.record()).and_then(|(app, _)| frame.config.source(app));
    let several = source.is_some_and(|s| s.source.several);
    slot.again =
        several || known && (pass.several.contains(&user) || comes_again(frame, &slot.works, &slot.facts)?);
    if slot.again {
        pass.several.insert(user);
    }
    if frame.dry {
        pass.unwritten.work(user, begins);
        if slot.again {
            pass.unwritten.keep(&slot.person, &slot.facts, &slot.part.values);
        }
    }
    Ok(())
}
