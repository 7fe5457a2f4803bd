//! Times that come again: cron expressions in a time zone.

use std::cmp::Ordering;

use croner::errors::CronError;
use croner::parser::{CronParser, Seconds, Year};
use croner::{CivilDate, CivilDateTime, CivilTime, Cron, CronDateTime, Resolution, Weekday};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp, ZonedDateTime, civil};

use crate::model::Millis;

/// A cron expression of five fields (minute, hour, day of month, month, day of week) in a time zone.
///
/// A time that the clock leaps over in spring comes at the end of the gap; a fixed time that it passes twice in autumn
/// comes once, the first time. Expressions that repeat by the hour or minute keep their distance through both.
#[derive(Clone, Debug)]
pub struct Schedule {
    cron: Cron,
    zone: TimeZone,
}

impl Schedule {
    /// Reads an expression (`0 6 * * 1-5`, `@daily`) for a zone (`Europe/Berlin`).
    ///
    /// # Errors
    /// What is wrong with either, and what to do.
    pub fn parse(expression: &str, zone: &str) -> Result<Self, String> {
        let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
        let cron = parser.parse(expression).map_err(|error| {
            let error = error.to_string();
            format!(
                "the schedule {expression:?} can't be read: {}; write five fields for minute, hour, day, month and \
                 weekday, such as \"0 6 * * 1-5\" for 6:00 from Monday to Friday",
                error.trim_end_matches('.')
            )
        })?;
        let zone = TimeZone::get(zone)
            .map_err(|_| format!("the time zone {zone:?} is unknown: write one such as \"Europe/Berlin\""))?;
        let schedule = Self { cron, zone };
        // The search is bounded, and so is what a date that never comes (30 February) can cost.
        if schedule.after(Millis(0)).is_none() {
            return Err(format!("the schedule {expression:?} never comes: no date fits it"));
        }
        Ok(schedule)
    }

    /// The first time after an instant; `None` if none comes any more.
    pub fn after(&self, at: Millis) -> Option<Millis> {
        let from = Timestamp::from_millisecond(at.0).ok()?.to_zoned_datetime(self.zone.clone());
        let next = self.cron.find_next_occurrence(&Local(from), false).ok()?;
        // The search works on whole seconds and keeps the fraction it was given.
        Some(Millis(next.0.timestamp().as_second() * 1000))
    }
}

/// A time in a zone, as the search of cron times wants it.
#[derive(Clone)]
struct Local(ZonedDateTime);

fn whole(number: u32) -> Result<i8, CronError> {
    i8::try_from(number).map_err(|_| CronError::InvalidTime)
}

impl CronDateTime for Local {
    fn to_civil(&self) -> CivilDateTime {
        let part = |part: i8| u32::from(part.unsigned_abs());
        let at = &self.0;
        CivilDateTime::new(
            CivilDate::from_parts_unchecked(i32::from(at.year()), part(at.month()), part(at.day())),
            CivilTime::from_parts_unchecked(part(at.hour()), part(at.minute()), part(at.second())),
        )
    }

    fn civil_weekday(&self) -> Weekday {
        Weekday::from_days_from_sunday(u32::from(self.0.weekday().to_sunday_zero_offset().unsigned_abs()))
    }

    fn resolve_civil(&self, civil: CivilDateTime) -> Result<Resolution<Self>, CronError> {
        let year = i16::try_from(civil.year()).map_err(|_| CronError::InvalidDate)?;
        let (month, day) = (whole(civil.month())?, whole(civil.day())?);
        let (hour, minute, second) = (whole(civil.hour())?, whole(civil.minute())?, whole(civil.second())?);
        let civil = civil::DateTime::new(year, month, day, hour, minute, second, 0)
            .map_err(|_| CronError::InvalidDate)?;
        let found = self.0.time_zone().to_ambiguous_zoned_datetime(civil);
        let wrong = |_| CronError::InvalidTime;
        Ok(match found.offset() {
            AmbiguousOffset::Unambiguous { .. } => {
                Resolution::Single(Self(found.unambiguous().map_err(wrong)?))
            }
            AmbiguousOffset::Fold { .. } => Resolution::Ambiguous(
                Self(found.clone().earlier().map_err(wrong)?),
                Self(found.later().map_err(wrong)?),
            ),
            AmbiguousOffset::Gap { .. } => Resolution::Gap,
        })
    }

    fn checked_add_seconds(&self, seconds: i64) -> Option<Self> {
        self.0.checked_add(SignedDuration::from_secs(seconds)).ok().map(Self)
    }

    fn cmp_instant(&self, other: &Self) -> Ordering {
        self.0.timestamp().cmp(&other.0.timestamp())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Millis {
        Millis(text.parse::<Timestamp>().unwrap().as_millisecond())
    }

    /// The next times after an instant, in words of the zone's clock.
    fn times(expression: &str, zone: &str, from: &str, count: usize) -> Vec<String> {
        let schedule = Schedule::parse(expression, zone).unwrap();
        let mut last = at(from);
        let mut found = Vec::new();
        for _ in 0..count {
            last = schedule.after(last).unwrap();
            found.push(last.to_string().replace(":00.000Z", "Z"));
        }
        found
    }

    #[test]
    fn working_days_at_six_in_the_morning() {
        // 2027-01-01 is a Friday; Berlin is an hour ahead of UTC in winter.
        let found = times("0 6 * * 1-5", "Europe/Berlin", "2027-01-01T05:00:00.500Z", 3);
        assert_eq!(found, ["2027-01-04T05:00Z", "2027-01-05T05:00Z", "2027-01-06T05:00Z"]);
        assert_eq!(times("@daily", "UTC", "2027-01-01T00:00:00Z", 1), ["2027-01-02T00:00Z"]);
    }

    #[test]
    fn a_time_in_the_gap_of_spring_comes_at_its_end() {
        // On 2027-03-28 the clock goes from 2:00 to 3:00, which is 1:00 UTC.
        let found = times("30 2 * * *", "Europe/Berlin", "2027-03-27T12:00:00Z", 2);
        assert_eq!(found, ["2027-03-28T01:00Z", "2027-03-29T00:30Z"]);
        // Every half hour goes on every half hour.
        let found = times("*/30 * * * *", "Europe/Berlin", "2027-03-28T00:15:00Z", 3);
        assert_eq!(found, ["2027-03-28T00:30Z", "2027-03-28T01:00Z", "2027-03-28T01:30Z"]);
    }

    #[test]
    fn a_time_that_autumn_repeats_comes_once() {
        // On 2027-10-31 the clock goes from 3:00 back to 2:00, which is 1:00 UTC.
        let found = times("30 2 * * *", "Europe/Berlin", "2027-10-30T12:00:00Z", 2);
        assert_eq!(found, ["2027-10-31T00:30Z", "2027-11-01T01:30Z"]);
        let found = times("*/30 * * * *", "Europe/Berlin", "2027-10-31T00:15:00Z", 4);
        assert_eq!(
            found,
            ["2027-10-31T00:30Z", "2027-10-31T01:00Z", "2027-10-31T01:30Z", "2027-10-31T02:00Z"]
        );
    }

    #[test]
    fn mistakes_are_told() {
        let error = |expression, zone| Schedule::parse(expression, zone).unwrap_err();
        for expression in ["", "x", "0 6 * *", "0 0 6 * * 1-5", "61 * * * *", "0 6 * * 1-5 2027"] {
            let error = error(expression, "UTC");
            assert!(error.contains("can't be read") && error.contains("five fields"), "{error}");
        }
        assert!(error("0 6 30 2 *", "UTC").contains("never comes"), "{}", error("0 6 30 2 *", "UTC"));
        assert!(error("@daily", "Europe/Berlim").contains("unknown"));
    }
}
