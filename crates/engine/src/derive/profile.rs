//! The profile: per attribute the highest-ranked source that gives a value, else what an admin set.

use muster_expr::Value;

use super::Problem;
use super::env::RecordEnv;
use super::standing::{Ranked, in_order, standings};
use super::status::status_of;
use crate::config::{Config, Inbound, ProfileSource, Voice};
use crate::facts::{Facts, Record, fold};
use crate::model::{AppKey, ItemKey, Millis, PlanKey, PushWhen, UserStatus, WhenTaken};

/// Why an attribute has its value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ValueCause {
    /// It has none.
    #[default]
    Nothing,
    /// A source's mapping gives it.
    Source {
        /// The source.
        app: AppKey,
        /// The mapping.
        mapping: ItemKey,
    },
    /// A source's mapping gave it once, on create.
    Kept {
        /// The source.
        app: AppKey,
        /// The mapping.
        mapping: ItemKey,
    },
    /// An admin set it.
    Admin {
        /// In this plan.
        plan: PlanKey,
    },
}

/// A unique value a person uses, or needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimUse {
    /// The attribute's slot.
    pub slot: usize,
    /// The base value, as the expression or the admin gave it.
    pub base: String,
    /// The value that is hers; `None`: it must be allocated.
    pub shown: Option<String>,
    /// What to do when it is taken.
    pub taken: WhenTaken,
}

/// The profile and what belongs to it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ProfilePart {
    /// The values, by slot.
    pub values: Vec<Value>,
    /// Why those, by slot.
    pub causes: Vec<ValueCause>,
    /// Values kept from now on: slot, value.
    pub keeps: Vec<(usize, Value)>,
    /// Unique values used or needed.
    pub claims: Vec<ClaimUse>,
    /// Links: the definition, the other's key.
    pub links: Vec<(ItemKey, String)>,
    /// When time alone makes a record begin or end.
    pub due: Option<Millis>,
    /// What couldn't be done.
    pub problems: Vec<Problem>,
}

impl ProfilePart {
    /// Unique values that must be allocated before the profile is whole.
    pub fn needs(&self) -> impl Iterator<Item = &ClaimUse> {
        self.claims.iter().filter(|c| c.shown.is_none())
    }
}

/// Derives the profile. It reads nothing of other people, so theirs can be derived first.
pub fn derive_profile(config: &Config, facts: &Facts, as_of: Millis) -> ProfilePart {
    let count = config.attributes.len();
    let mut part = ProfilePart {
        values: vec![Value::Null; count],
        causes: vec![ValueCause::Nothing; count],
        ..ProfilePart::default()
    };
    let (all, due) = standings(config, facts, as_of);
    // Who is deleted has no profile, so she holds no unique value and nobody finds her.
    let said_deleted = matches!(facts.lifecycle(), Some((UserStatus::Deleted, ..)));
    if said_deleted && status_of(config, facts, &all).0 == UserStatus::Deleted {
        return part;
    }
    part.due = due;
    let records = in_order(config, all);
    for slot in 0..count {
        let (value, cause, taken) = base_value(config, facts, &records, slot, as_of, &mut part);
        settle(config, facts, slot, value, cause, taken, &mut part);
    }
    for &slot in &config.required {
        let missing = part.values.get(slot).is_none_or(Value::is_null);
        let waits = part.claims.iter().any(|c| c.slot == slot && c.shown.is_none());
        let name = config.attribute_name(slot);
        if missing && !waits && !part.problems.iter().any(|p| p.about == name) {
            part.problems.push(Problem {
                about: name.to_owned(),
                reason: format!("{name}: is required and has no value"),
            });
        }
    }
    for link in &config.links {
        let key = if link.is_said() {
            facts.link(&link.name).map(|other| other.to_string())
        } else {
            link.held(&part.values)
        };
        part.links.extend(key.map(|key| (link.item, key)));
    }
    part
}

type Found = (Value, ValueCause, WhenTaken);

/// The value before it is checked and made unique.
fn base_value(
    config: &Config,
    facts: &Facts,
    records: &[Ranked<'_>],
    slot: usize,
    as_of: Millis,
    part: &mut ProfilePart,
) -> Found {
    let admin = || said_by_admin(config, facts, slot);
    let mut given = |ranked: &Ranked<'_>| given(config, facts, ranked, slot, as_of, part);
    let found = match config.voices.get(&slot) {
        None => records.iter().find_map(given).or_else(admin),
        Some(voices) => voices.iter().find_map(|voice| match voice {
            Voice::Source(app) => records.iter().filter(|r| r.source.app == *app).find_map(&mut given),
            Voice::Admin => admin(),
        }),
    };
    found.unwrap_or((Value::Null, ValueCause::Nothing, WhenTaken::Refuse))
}

fn said_by_admin(config: &Config, facts: &Facts, slot: usize) -> Option<Found> {
    let (value, said) = facts.profile(config.attribute_name(slot)).filter(|(v, _)| !v.is_null())?;
    Some((value.clone(), ValueCause::Admin { plan: said.plan }, WhenTaken::Refuse))
}

/// The value a record gives, if it gives one.
fn given(
    config: &Config,
    facts: &Facts,
    Ranked { source, record, .. }: &Ranked<'_>,
    slot: usize,
    as_of: Millis,
    part: &mut ProfilePart,
) -> Option<Found> {
    let name = config.attribute_name(slot);
    let mapping = source.mapping(slot)?;
    let once = mapping.when == PushWhen::Create;
    let kept = ValueCause::Kept { app: source.app, mapping: mapping.item };
    if once {
        // A value given only once belongs to whoever spoke last: an admin may change it for good.
        if let Some(found) = said_by_admin(config, facts, slot) {
            return Some(found);
        }
        if let Some(value) = facts.kept.get(name) {
            return Some((value.clone(), kept, mapping.taken));
        }
        if !record.fresh {
            return None;
        }
    }
    match evaluate(config, facts, source, record, mapping, as_of) {
        Ok(Value::Null) => None,
        Ok(value) if once => {
            part.keeps.push((slot, value.clone()));
            Some((value, kept, mapping.taken))
        }
        Ok(value) => {
            Some((value, ValueCause::Source { app: source.app, mapping: mapping.item }, mapping.taken))
        }
        Err(reason) => {
            part.problems.push(Problem { about: name.to_owned(), reason: format!("{name}: {reason}") });
            None
        }
    }
}

fn evaluate(
    config: &Config,
    facts: &Facts,
    source: &ProfileSource,
    record: &Record,
    mapping: &Inbound,
    as_of: Millis,
) -> Result<Value, String> {
    let env = RecordEnv { config, record: &record.values, app: &source.properties, user: facts.user, as_of };
    match mapping.program.eval(&env) {
        Ok(value) => {
            let value = value.into_value();
            Ok(if value == Value::from("") { Value::Null } else { value })
        }
        Err(e) => Err(format!("its mapping from {} failed: {e}", config.app_name(source.app))),
    }
}

/// Checks a value, makes it unique where it must be, and puts it in its place.
fn settle(
    config: &Config,
    facts: &Facts,
    slot: usize,
    value: Value,
    cause: ValueCause,
    taken: WhenTaken,
    part: &mut ProfilePart,
) {
    let Some(attribute) = config.attribute(slot).filter(|_| !value.is_null()) else { return };
    let name = &attribute.def.name;
    let checked = match attribute.check(value) {
        Ok(v) if v.is_null() => return,
        Ok(v) => v,
        Err(e) => {
            part.problems.push(Problem { about: name.clone(), reason: e.to_string() });
            return;
        }
    };
    let value = if attribute.def.unique {
        let base = checked.to_text().unwrap_or_default().into_owned();
        let folded = fold(&base);
        let own = facts
            .claims
            .iter()
            .filter(|c| c.attribute == *name && fold(&c.base) == folded)
            .filter(|c| taken == WhenTaken::Counter || c.value == folded)
            .max_by_key(|c| c.held);
        let shown = own.map(|c| if c.value == folded { base.clone() } else { c.shown.clone() });
        let value = shown.as_deref().map(Value::from);
        part.claims.push(ClaimUse { slot, base, shown, taken });
        match value {
            Some(v) => attribute.def.kind.convert(v).unwrap_or_default(),
            None => return,
        }
    } else {
        checked
    };
    if let (Some(v), Some(c)) = (part.values.get_mut(slot), part.causes.get_mut(slot)) {
        *v = value;
        *c = cause;
    }
}
