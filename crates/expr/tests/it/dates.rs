//! Dates and `Time.now()`.

use muster_expr::fuzz::SamplePerson;
use muster_expr::{Program, Reads};

use crate::{condition, refused, table};

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
        "user.startDate < Time.now().plusHours(1)",
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
