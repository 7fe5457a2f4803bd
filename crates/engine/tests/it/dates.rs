//! Records that begin and end by dates of their own.

use muster_engine::derive::StatusCause;
use muster_engine::facts::RecordState::{Ended, Living};
use muster_engine::model::{LeaveAt, LeaverAction, Millis, Org, UserStatus as S};
use muster_engine::{ItemKey, Value};

use crate::support::{AGENCY, HR, Person, at, compiled, leaving, mistakes, org, source};

/// Both sources tell by dates when their records speak; HR also tells the zone.
fn dated() -> Org {
    let mut org = org();
    for app in [HR, AGENCY] {
        let source = source(&mut org, app);
        source.starts = Some("start".into());
        source.ends = Some("end".into());
    }
    let mut zone = org.mappings.values().next().unwrap().clone();
    zone.target = "timezone".into();
    zone.expression = "appuser.zone".into();
    org.mappings.insert(ItemKey(1099), zone);
    org
}

fn status(org: &Org, person: &Person, as_of: &str) -> (S, Option<i64>) {
    let derived = person.derived(&compiled(org.clone()), at(as_of));
    (derived.status, derived.next_due.map(|d| d.0))
}

#[test]
fn a_start_is_the_first_instant_of_its_day_and_an_end_the_last_in_the_persons_zone() {
    let org = dated();
    // Tokyo is nine hours ahead; in Berlin clocks go forward between the two.
    let cases = [
        ("", "2027-03-01T00:00:00Z", "2027-04-01T00:00:00Z"),
        ("Asia/Tokyo", "2027-02-28T15:00:00Z", "2027-03-31T15:00:00Z"),
        ("Europe/Berlin", "2027-02-28T23:00:00Z", "2027-03-31T22:00:00Z"),
    ];
    for (zone, begins, ends) in cases {
        let person = Person::new().dated(HR, "k", 1, ["2027-03-01", "2027-03-31", zone]).claim();
        let (begins, ends) = (at(begins), at(ends));
        let config = compiled(org.clone());
        let on = |as_of: i64| {
            let derived = person.derived(&config, as_of);
            (derived.status, derived.next_due.map(|d| d.0))
        };
        assert_eq!(on(begins - 1), (S::Staged, Some(begins)), "{zone}");
        assert_eq!(on(begins), (S::Active, Some(ends)), "{zone}");
        assert_eq!(on(ends - 1), (S::Active, Some(ends)), "{zone}");
        assert_eq!(on(ends), (S::Deprovisioned, None), "{zone}");
        assert_eq!(
            person.derived(&config, ends).status_cause,
            StatusCause::Left { app: HR, action: LeaverAction::Deactivate, at: Millis(ends) }
        );
    }
}

#[test]
fn the_source_has_a_zone_for_whom_none_is_told() {
    let mut org = dated();
    source(&mut org, HR).timezone = Some("America/New_York".into());
    let person = Person::new().dated(HR, "k", 1, ["2027-03-01", "", ""]);
    assert_eq!(status(&org, &person, "2027-03-01T04:59:59Z").0, S::Staged);
    assert_eq!(status(&org, &person, "2027-03-01T05:00:00Z").0, S::Active);
}

#[test]
fn of_several_jobs_the_last_to_end_ends_the_person_and_the_first_that_speaks_tells_who_she_is() {
    let org = dated();
    let person = Person::new()
        .dated(HR, "clerk", 1, ["2027-01-01", "2027-02-28", ""])
        .dated(HR, "driver", 2, ["2027-02-01", "2027-06-30", ""])
        .dated(AGENCY, "cook", 3, ["2027-08-01", "", ""]);
    let title = |as_of: &str| {
        let config = compiled(org.clone());
        person.derived(&config, at(as_of)).profile[config.slot("title").unwrap()].clone()
    };
    for (day, expected, now) in [
        ("2026-12-31T00:00:00Z", S::Staged, "clerk"),
        ("2027-02-10T00:00:00Z", S::Active, "clerk"),
        ("2027-03-01T00:00:00Z", S::Active, "driver"),
        ("2027-07-01T00:00:00Z", S::Deprovisioned, "driver"),
        ("2027-08-01T00:00:00Z", S::Active, "cook"),
    ] {
        assert_eq!(status(&org, &person, day).0, expected, "{day}");
        assert_eq!(title(day), Value::from(now), "{day}");
    }
    // The next boundary of any of them counts.
    assert_eq!(status(&org, &person, "2027-02-10T00:00:00Z").1, Some(at("2027-03-01T00:00:00Z")));
    assert_eq!(status(&org, &person, "2027-07-01T00:00:00Z").1, Some(at("2027-08-01T00:00:00Z")));
}

#[test]
fn an_admins_word_stands_beside_dates() {
    let org = dated();
    let said = |s, day| (s, at(day));
    let person = |(s, when)| {
        Person::new()
            .dated(HR, "k", at("2027-01-10T00:00:00Z"), ["2027-03-01", "2027-06-30", ""])
            .admin(s, when)
    };
    let cases = [
        // Somebody who doesn't come isn't let in by her start.
        (said(S::Deprovisioned, "2027-02-01T00:00:00Z"), "2027-03-02T00:00:00Z", S::Deprovisioned),
        // Somebody let in early stays in.
        (said(S::Active, "2027-02-01T00:00:00Z"), "2027-02-02T00:00:00Z", S::Active),
        // Somebody let in before her record came isn't sent back to wait.
        (said(S::Active, "2027-01-01T00:00:00Z"), "2027-02-02T00:00:00Z", S::Active),
        // What was said before the end doesn't put it off; what is said after it does.
        (said(S::Active, "2027-05-01T00:00:00Z"), "2027-07-02T00:00:00Z", S::Deprovisioned),
        (said(S::Active, "2027-07-03T00:00:00Z"), "2027-07-04T00:00:00Z", S::Active),
    ];
    for (word, day, expected) in cases {
        assert_eq!(status(&org, &person(word), day).0, expected, "{word:?} on {day}");
    }
    // An end that suspends gives nobody back what an admin took.
    let mut suspends = dated();
    leaving(&mut suspends, HR, LeaverAction::Suspend);
    let gone = person(said(S::Deprovisioned, "2027-05-01T00:00:00Z"));
    assert_eq!(status(&suspends, &gone, "2027-07-02T00:00:00Z").0, S::Deprovisioned);
}

#[test]
fn that_a_record_goes_after_its_end_is_no_new_word() {
    let org = dated();
    let end = at("2027-07-01T00:00:00Z");
    let mut person = Person::new().dated(HR, "k", 1, ["", "2027-06-30", ""]).admin(S::Active, end + 5);
    let gone = person.0.said.values_mut().next().unwrap();
    if let Some(muster_engine::FactValue::Record(r)) = &mut gone.value {
        r.state = Ended;
        r.said_at = Millis(end + 1_000_000);
    }
    assert_eq!(status(&org, &person, "2027-09-01T00:00:00Z").0, S::Active);
}

#[test]
fn a_source_may_let_people_go_at_the_end_of_the_day() {
    let mut org = org();
    source(&mut org, HR).leave = LeaveAt::DayEnd;
    source(&mut org, HR).timezone = Some("Asia/Tokyo".into());
    let person = Person::new().record(HR, Ended, at("2027-03-01T10:00:00Z"));
    let end = at("2027-03-01T15:00:00Z");
    assert_eq!(status(&org, &person, "2027-03-01T10:00:00Z"), (S::Active, Some(end)));
    assert_eq!(status(&org, &person, "2027-03-01T15:00:00Z"), (S::Deprovisioned, None));
}

#[test]
fn who_has_left_one_source_waits_for_the_next_as_somebody_who_has_left() {
    let org = dated();
    let person = Person::new().dated(HR, "k", 1, ["2027-06-01", "", ""]).record(
        AGENCY,
        Ended,
        at("2027-03-01T00:00:00Z"),
    );
    assert_eq!(status(&org, &person, "2027-04-01T00:00:00Z").0, S::Deprovisioned);
    assert_eq!(status(&org, &person, "2027-06-01T00:00:00Z").0, S::Active);
    let beside = Person::new().dated(HR, "k", 1, ["2027-06-01", "", ""]).record(AGENCY, Living, 1);
    assert_eq!(status(&org, &beside, "2027-04-01T00:00:00Z").0, S::Active);
}

#[test]
fn a_column_of_days_must_be_there_and_hold_days() {
    let reasons = |column: &str| {
        let mut org = dated();
        source(&mut org, HR).ends = Some(column.into());
        mistakes(org).into_iter().map(|e| e.reason).collect::<Vec<_>>()
    };
    assert_eq!(
        reasons("zone"),
        ["source.ends names the column \"zone\", which is no date: give it type = \"date\""]
    );
    assert_eq!(
        reasons("ende"),
        [
            "source.ends names the column \"ende\", which isn't among the feed's columns; did you mean \"end\"?"
        ]
    );
}
