//! Where a source's record stands at an instant: yet to begin, speaking, ended.

use jiff::tz::TimeZone;
use muster_expr::Value;

use super::env::{RecordEnv, instant};
use crate::config::{Config, ProfileSource};
use crate::facts::{Facts, Record, RecordState};
use crate::model::{LeaveAt, Millis, PlanKey};

/// Where a record stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It speaks from then on.
    Begins(Millis),
    /// It speaks for her.
    Speaks,
    /// It has ended, then.
    Ended(Millis),
    /// The plan that brought it was undone: it only tells what she was called.
    Withdrawn,
}

/// A record with its source and where it stands.
#[derive(Clone, Copy, Debug)]
pub struct Ranked<'a> {
    /// The source, compiled.
    pub source: &'a ProfileSource,
    /// The record's key there.
    pub key: &'a str,
    /// Its record of her.
    pub record: &'a Record,
    /// The plan whose word the record is.
    pub plan: PlanKey,
    /// Where it stands.
    pub standing: Standing,
}

/// Where each of a person's records stands, and the earliest instant at which that changes by itself.
pub fn standings<'a>(
    config: &'a Config,
    facts: &'a Facts,
    as_of: Millis,
) -> (Vec<Ranked<'a>>, Option<Millis>) {
    let mut due = None;
    let ranked = facts.records().filter_map(|(app, key, record, plan)| {
        let source = config.source(app)?;
        let (standing, next) = standing(config, facts, source, record, as_of);
        super::earlier(&mut due, next);
        Some(Ranked { source, key, record, plan, standing })
    });
    (ranked.collect(), due)
}

/// A person's records in the order in which they speak: those that speak, by rank; with none of them the one that ended
/// last; with none of those either the ones that are to begin, the next one first; behind all, withdrawn ones, which no
/// longer speak but still tell what she was called.
pub fn ranked_records<'a>(config: &'a Config, facts: &'a Facts, as_of: Millis) -> Vec<Ranked<'a>> {
    in_order(config, standings(config, facts, as_of).0)
}

pub(super) fn in_order<'a>(config: &Config, mut all: Vec<Ranked<'a>>) -> Vec<Ranked<'a>> {
    let rank = |r: &Ranked<'_>| config.sources.iter().position(|s| s.app == r.source.app);
    let any = |all: &[Ranked<'_>], is: fn(&Standing) -> bool| all.iter().any(|r| is(&r.standing));
    let speaks = |s: &Standing| *s == Standing::Speaks;
    let ended = |s: &Standing| matches!(s, Standing::Ended(_));
    if any(&all, speaks) {
        all.retain(|r| speaks(&r.standing));
        all.sort_by_key(|r| (rank(r), r.record.first_seen));
        return all;
    }
    let begins = |s: &Standing| matches!(s, Standing::Begins(_));
    if any(&all, ended) {
        all.retain(|r| ended(&r.standing));
    } else if any(&all, begins) {
        all.retain(|r| begins(&r.standing));
    }
    let order = |r: &Ranked<'_>| match r.standing {
        Standing::Begins(at) => (false, at.0),
        Standing::Ended(at) => (false, -at.0),
        Standing::Speaks | Standing::Withdrawn => (true, -r.record.said_at.0),
    };
    all.sort_by_key(|r| (order(r), rank(r)));
    if !any(&all, begins) {
        all.truncate(1);
    }
    all
}

/// Where one record stands, and when that changes by itself.
fn standing(
    config: &Config,
    facts: &Facts,
    source: &ProfileSource,
    record: &Record,
    as_of: Millis,
) -> (Standing, Option<Millis>) {
    let zone = || zone_of(config, facts, source, record, as_of);
    let date = |at: Option<usize>| at.and_then(|at| record.values.get(at)).and_then(Value::as_str);
    match record.state {
        RecordState::Withdrawn => (Standing::Withdrawn, None),
        RecordState::Ended => {
            if source.source.leave == LeaveAt::DayEnd
                && let Some(end) = day_after(record.said_at, &zone()).filter(|end| *end > as_of)
            {
                return (Standing::Speaks, Some(end));
            }
            // That a record is taken out of the feed later than it ended is no new word.
            let by_date = date(source.ends).and_then(|t| end(t, &zone()));
            (Standing::Ended(by_date.map_or(record.said_at, |at| at.min(record.said_at))), None)
        }
        RecordState::Living if !source.is_dated() => (Standing::Speaks, None),
        RecordState::Living => {
            let zone = zone();
            let starts = date(source.starts).and_then(|t| instant(t, &zone)).map(Millis);
            let ends = date(source.ends).and_then(|t| end(t, &zone));
            match (starts, ends) {
                (_, Some(end)) if end <= as_of => (Standing::Ended(end), None),
                // One that ends before it begins has ended then.
                (Some(start), end) if start > as_of => {
                    (Standing::Begins(start), Some(end.map_or(start, |end| end.min(start))))
                }
                (_, end) => (Standing::Speaks, end),
            }
        }
    }
}

/// The zone in which a record's days are counted: that of the person it tells of, else the source's, else the org's.
fn zone_of(
    config: &Config,
    facts: &Facts,
    source: &ProfileSource,
    record: &Record,
    as_of: Millis,
) -> TimeZone {
    let mapped = config.zone_slot.and_then(|slot| source.mapping(slot)).and_then(|mapping| {
        let env =
            RecordEnv { config, record: &record.values, app: &source.properties, user: facts.user, as_of };
        let value = mapping.program.eval(&env).ok()?.into_value();
        TimeZone::get(value.as_str()?).ok()
    });
    let said = || {
        let name = config.attribute_name(config.zone_slot?);
        TimeZone::get(facts.profile(name)?.0.as_str()?).ok()
    };
    mapped.or_else(said).unwrap_or_else(|| source.zone.clone().unwrap_or_else(|| config.zone.clone()))
}

/// The first instant after a date (the day's last instant has passed then), or a date-time itself.
fn end(text: &str, zone: &TimeZone) -> Option<Millis> {
    if let Ok(at) = text.parse::<jiff::Timestamp>() {
        return Some(Millis(at.as_millisecond()));
    }
    let date: jiff::civil::Date = text.parse().ok()?;
    instant(&date.tomorrow().ok()?.to_string(), zone).map(Millis)
}

/// The first instant of the day after the one an instant lies in.
fn day_after(at: Millis, zone: &TimeZone) -> Option<Millis> {
    let day = jiff::Timestamp::from_millisecond(at.0).ok()?.to_zoned_datetime(zone.clone()).date();
    end(&day.to_string(), zone)
}
