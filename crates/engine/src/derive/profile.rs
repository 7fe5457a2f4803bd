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
    /// The attribute's generator gave it.
    Generated,
}

/// A unique value a person uses, or needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimUse {
    /// The attribute's slot.
    pub slot: usize,
    /// The base value, as the expression or the admin gave it.
    pub base: String,
    /// What is tried in turn where the base value is taken.
    pub next: Vec<String>,
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
    /// Slots of attributes for which a number must be generated.
    pub numbers: Vec<usize>,
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
        let found = base_value(config, facts, &records, slot, as_of, &mut part);
        let found = if found.value.is_null() { generated(config, facts, slot, &mut part) } else { found };
        settle(config, facts, slot, found, &mut part);
    }
    for &slot in &config.required {
        let missing = part.values.get(slot).is_none_or(Value::is_null);
        let waits =
            part.claims.iter().any(|c| c.slot == slot && c.shown.is_none()) || part.numbers.contains(&slot);
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

/// A value before it is checked and made unique.
#[derive(Default)]
struct Found {
    value: Value,
    cause: ValueCause,
    taken: WhenTaken,
    /// What is tried in turn where the value is taken.
    next: Vec<Value>,
}

impl Found {
    fn new(value: Value, cause: ValueCause) -> Self {
        Self { value, cause, ..Self::default() }
    }
}

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
    found.unwrap_or_default()
}

fn said_by_admin(config: &Config, facts: &Facts, slot: usize) -> Option<Found> {
    let (value, said) = facts.profile(config.attribute_name(slot)).filter(|(v, _)| !v.is_null())?;
    Some(Found::new(value.clone(), ValueCause::Admin { plan: said.plan }))
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
            return Some(Found { taken: mapping.taken, ..Found::new(value.clone(), kept) });
        }
        if !record.fresh {
            return None;
        }
    }
    match evaluate(config, facts, source, record, mapping, as_of) {
        Ok(values) => {
            let mut values = values.into_iter();
            let value = values.next()?;
            let cause = if once {
                part.keeps.push((slot, value.clone()));
                kept
            } else {
                ValueCause::Source { app: source.app, mapping: mapping.item }
            };
            Some(Found { value, cause, taken: mapping.taken, next: values.collect() })
        }
        Err(reason) => {
            part.problems.push(Problem { about: name.to_owned(), reason: format!("{name}: {reason}") });
            None
        }
    }
}

/// The number that the attribute's generator gave her, or that is hers from before; where there is none, one is needed.
fn generated(config: &Config, facts: &Facts, slot: usize, part: &mut ProfilePart) -> Found {
    let Some(attribute) = config.attribute(slot) else { return Found::default() };
    let Some(numbers) = &attribute.numbers else { return Found::default() };
    let name = &attribute.def.name;
    if let Some(value) = facts.kept.get(name) {
        return Found::new(value.clone(), ValueCause::Generated);
    }
    let own = facts.claims.iter().filter(|c| c.attribute == *name && numbers.fits(&c.shown));
    match own.max_by_key(|c| (c.held, c.since, &c.value)) {
        Some(claim) => {
            let value = Value::from(claim.shown.as_str());
            part.keeps.push((slot, value.clone()));
            Found::new(value, ValueCause::Generated)
        }
        None => {
            part.numbers.push(slot);
            Found::default()
        }
    }
}

/// What a mapping's expressions give, in their order; one that gives nothing is passed over.
fn evaluate(
    config: &Config,
    facts: &Facts,
    source: &ProfileSource,
    record: &Record,
    mapping: &Inbound,
    as_of: Millis,
) -> Result<Vec<Value>, String> {
    let env = RecordEnv { config, record: &record.values, app: &source.properties, user: facts.user, as_of };
    let mut values = Vec::with_capacity(1);
    for program in mapping.programs() {
        match program.eval(&env) {
            Ok(value) => values.push(value.into_value()),
            Err(e) => return Err(format!("its mapping from {} failed: {e}", config.app_name(source.app))),
        }
    }
    values.retain(|value| !value.is_null() && *value != Value::from(""));
    Ok(values)
}

/// Checks a value, makes it unique where it must be, and puts it in its place.
fn settle(config: &Config, facts: &Facts, slot: usize, found: Found, part: &mut ProfilePart) {
    let Found { value, cause, taken, next } = found;
    let Some(attribute) = config.attribute(slot).filter(|_| !value.is_null()) else { return };
    let name = &attribute.def.name;
    let mut next = next.into_iter();
    let mut checked = attribute.check(value);
    // Of several expressions one that doesn't fit is passed over, unless none fits.
    while checked.is_err() {
        match next.next().map(|other| attribute.check(other)) {
            Some(Ok(other)) => checked = Ok(other),
            Some(Err(_)) => {}
            None => break,
        }
    }
    let checked = match checked {
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
            .filter(|c| taken != WhenTaken::Refuse || c.value == folded)
            .max_by_key(|c| c.held);
        let shown = own.map(|c| if c.value == folded { base.clone() } else { c.shown.clone() });
        let value = shown.as_deref().map(Value::from);
        let text = |other: Value| attribute.check(other).ok()?.to_text().map(std::borrow::Cow::into_owned);
        let next = if shown.is_some() { Vec::new() } else { next.filter_map(text).collect() };
        part.claims.push(ClaimUse { slot, base, next, shown, taken });
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
