//! Dates and `Time.now()`.

use muster_expr::fuzz::SamplePerson;
use muster_expr::{Person as _, Program, Reads};

use crate::{condition, refused, result, table};

const DAY: i64 = 86_400_000;
/// 2026-03-17T00:00:00Z, the sample's start date.
const START: i64 = 1_773_705_600_000;

fn at(now: i64) -> SamplePerson {
    let [mut person, ..] = SamplePerson::all();
    person.now = now;
    person
}

fn holds(program: &Program, now: i64) -> bool {
    program.matches(&at(now)).unwrap()
}

#[test]
fn compared_with_texts_and_each_other() {
    table(&[
        (r#"user.startDate == "2026-03-17""#, true.into()),
        (r#"user.startDate == "2026-03-17T00:00:00Z""#, true.into()),
        (r#"user.startDate < "2026-03-17T00:00:01Z""#, true.into()),
        (r#""2026-03-16" < user.startDate"#, true.into()),
        (r#"user.startDate >= "2026-03-18""#, false.into()),
        ("user.startDate < user.endDate", true.into()),
        ("user.startDate == user.startDate", true.into()),
        (r#"user.endDate != """#, true.into()),
        (r#"user.startDate in {"2026-03-16", "2026-03-17T00:00:00Z"}"#, true.into()),
        (r#"(user.nothing == null ? user.startDate : "2030-01-01") < "2027-01-01""#, true.into()),
        ("String.substring(user.startDate, 0, 4)", "2026".into()),
    ]);
}

#[test]
fn thresholds_are_exact() {
    let due = |text: &str| {
        let program = condition(text);
        let next = program.next_change(&at(0)).unwrap();
        assert_ne!(holds(&program, next - 1), holds(&program, next), "{text}");
        assert_eq!(holds(&program, next - 1), holds(&program, 0), "{text}");
        assert_eq!(program.next_change(&at(next)), None, "{text}");
        next
    };
    assert_eq!(due("user.startDate <= Time.now()"), START);
    assert_eq!(due("user.startDate > Time.now()"), START);
    assert_eq!(due("user.startDate < Time.now()"), START + 1);
    assert_eq!(due("user.startDate >= Time.now()"), START + 1);
    assert_eq!(due("Time.now() >= user.startDate"), START);
    assert_eq!(due("user.startDate <= Time.now().plusDays(7)"), START - 7 * DAY);
    assert_eq!(due("user.startDate <= Time.now().minusDays(30).plusDays(2)"), START + 28 * DAY);
    assert_eq!(due("user.startDate <= Time.now().plusDays(-1)"), START + DAY);
    assert_eq!(due("DateTime.now() < \"2026-03-17\""), START);
    assert_eq!(due("NOT (user.startDate <= Time.now() AND user.isContractor)"), START);
}

#[test]
fn only_what_time_can_change_is_due() {
    let next = |text: &str| condition(text).next_change(&at(0));
    assert_eq!(next(r#"user.department == "X" AND user.startDate <= Time.now()"#), None);
    assert_eq!(next(r#"user.department == "Sales" AND user.startDate <= Time.now()"#), Some(START));
    assert_eq!(next(r#"user.department == "Sales" OR user.startDate <= Time.now()"#), None);
    assert_eq!(
        next("user.startDate <= Time.now() OR user.startDate <= Time.now().plusDays(1)"),
        Some(START - DAY)
    );
    assert_eq!(next("user.isContractor ? user.firstName == null : user.startDate <= Time.now()"), None);
    assert_eq!(next("user.firstName == null"), None);
    let reads = |text: &str| condition(text).reads().clone();
    assert!(reads("user.startDate <= Time.now()").now);
    assert_eq!(
        reads("user.startDate < \"2026-01-01\""),
        Reads { now: false, ..reads("user.startDate != null") }
    );
}

#[test]
fn now_is_refused_elsewhere() {
    for text in [
        "Time.now() == null",
        "Time.now() < Time.now().plusDays(1)",
        "String.len(Time.now()) > 3",
        "user.firstName < Time.now()",
        "user.level < Time.now()",
        "user.startDate == Time.now()",
        "Time.now(\"Europe/Berlin\") > user.startDate",
        "user.startDate < Time.now().plusDays(user.level)",
        "user.startDate < Time.now().plusMonths(1)",
        "user.startDate < Time.now().plusHours(2400001)",
        "user.startDate.withinDays(user.level)",
        "user.startDate.withinDays(-1)",
        "user.level.withinDays(1)",
        "Time.now().withinDays(1)",
        "user.startDate < Time.now().plusDays(9000000)",
        "user.startDate < \"soon\"",
        "user.startDate in {\"soon\"}",
        "Time.now().plusDays(1)",
        "Time.now()",
    ] {
        assert!(!refused(text).message.is_empty());
    }
    assert!(refused("String.startsWith(Time.now(), \"2\")").message.contains("only be compared with a date"));
}

#[test]
fn what_lies_near_now_turns_twice() {
    // From 2026-03-16T12:00Z to 2026-03-18T12:00Z it is within a day and a half of the start, 2026-03-17.
    let day = 86_400_000;
    let mut person = SamplePerson::all()[0].clone();
    let program = condition("user.startDate.withinHours(36)");
    let start = person.instant("2026-03-17").unwrap();
    assert_eq!(program.matches(&person), Ok(false));
    assert_eq!(program.next_change(&person), Some(start - day * 3 / 2));
    for (at, holds, next) in [
        (start - day * 3 / 2 - 1, false, Some(start - day * 3 / 2)),
        (start - day * 3 / 2, true, Some(start + day * 3 / 2 + 1)),
        (start + day * 3 / 2, true, Some(start + day * 3 / 2 + 1)),
        (start + day * 3 / 2 + 1, false, None),
    ] {
        person.now = at;
        assert_eq!(program.matches(&person), Ok(holds), "{at}");
        assert_eq!(program.next_change(&person), next, "{at}");
    }
    let hours = condition("user.startDate <= Time.now().plusDays(1).minusHours(12)");
    person.now = start - day;
    assert_eq!(hours.next_change(&person), Some(start - day / 2));
}

#[test]
fn formats_are_read_as_they_are_written() {
    for (text, format, wanted) in [
        ("20260307", "yyyyMMdd", "2026-03-07"),
        ("7.3.2026", "d.M.yyyy", "2026-03-07"),
        ("07-MAR-69", "dd-MMM-yy", "2069-03-07"),
        ("07-march-70", "dd-MMM-yy", "1970-03-07"),
        ("2024-366", "yyyy-DDD", "2024-12-31"),
        ("2026-03-07T24:05", "yyyy-MM-dd'T'kk:mm", "2026-03-07T00:05:00.000Z"),
        ("12:30 am, 2026-03-07", "hh:mm a, yyyy-MM-dd", "2026-03-07T00:30:00.000Z"),
        ("Saturday 7 o'clock 2026 3 7", "EEEE H 'o''clock' yyyy M d", "2026-03-07T07:00:00.000Z"),
        ("2026-03-07 01:30:00.5 +0530", "yyyy-MM-dd HH:mm:ss.S Z", "2026-03-06T20:00:00.500Z"),
        ("2026-03-07 01:30 Z", "yyyy-MM-dd HH:mm ZZ", "2026-03-07T01:30:00.000Z"),
    ] {
        let quoted = format.replace('"', "\"\"");
        let found = result(&format!("Time.fromStringToIso8601(\"{text}\", \"{quoted}\")"), 0);
        assert_eq!(found, Ok(wanted.into()), "{text} {format}");
    }
    for (text, format) in [
        ("2026-02-30", "yyyy-MM-dd"),
        ("2026-3-7x", "yyyy-M-d"),
        ("7 Foo 2026", "d MMM yyyy"),
        ("2025-366", "yyyy-DDD"),
        ("2026-03-07 25:00", "yyyy-MM-dd HH:mm"),
        ("2026-03-07 13:00 PM", "yyyy-MM-dd hh:mm a"),
        ("2026-03-07 +99:00 1", "yyyy-MM-dd ZZ H"),
    ] {
        let text = format!("Time.fromStringToIso8601(user.nothing ?: \"{text}\", \"{format}\")");
        assert!(matches!(result(&text, 0), Err(muster_expr::EvalError::NotADate(_))), "{text}");
    }
}
