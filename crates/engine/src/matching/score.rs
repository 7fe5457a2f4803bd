//! How much two descriptions resemble each other.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::Traits;
use super::names::{Name, distance};

/// How much two descriptions resemble each other, and in what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Score {
    /// From 0 to 100.
    pub points: u32,
    /// What they share and what speaks against it, in words.
    pub reasons: Vec<String>,
}

/// The most that people of quite different names can have in common.
const OTHER_NAMES: i64 = 60;
/// What one name of two counts.
const ONE_NAME: i64 = 40;

/// How two pairs of names compare.
struct Names {
    first: u32,
    last: u32,
    swapped: bool,
}

fn names(a: &Traits, b: &Traits) -> Names {
    let straight = (a.first.likeness(&b.first), a.last.likeness(&b.last));
    let across = (a.first.likeness(&b.last), a.last.likeness(&b.first));
    // Both must fit the other way round: a last name that happens to be a first name says nothing.
    if across.0 > 0 && across.1 > 0 && across.0 + across.1 > straight.0 + straight.1 {
        Names { first: across.0, last: across.1, swapped: true }
    } else {
        Names { first: straight.0, last: straight.1, swapped: false }
    }
}

fn is_nameless(t: &Traits) -> bool {
    t.first.is_empty() && t.last.is_empty()
}

pub(super) fn has_another_name(a: &Traits, b: &Traits) -> bool {
    if is_nameless(a) || is_nameless(b) {
        return false;
    }
    let found = names(a, b);
    let either = |one: &Name, other: &Traits| one.likeness(&other.first).max(one.likeness(&other.last)) > 0;
    found.first == 0 && found.last == 0 && !either(&a.first, b) && !either(&a.last, b)
}

pub(super) fn score(a: &Traits, b: &Traits) -> Score {
    let mut reasons = Vec::new();
    let by_name = by_names(a, b, &mut reasons);
    let mut points = by_name;
    let shared = |one: &std::collections::BTreeSet<String>, other| one.intersection(other).next().is_some();
    if shared(&a.emails, &b.emails) {
        points += 30;
        reasons.push("same e-mail".to_owned());
    }
    if shared(&a.phones, &b.phones) {
        points += 25;
        reasons.push("same phone".to_owned());
    }
    points += by_dates(&a.dates, &b.dates, &mut reasons);
    for (attribute, mark) in &a.marks {
        let Some(other) = b.marks.get(attribute) else { continue };
        if mark == other {
            points += 35;
            reasons.push(format!("same {attribute}"));
        } else {
            points -= 15;
            reasons.push(format!("another {attribute}"));
        }
    }
    let most = if by_name == 0 { OTHER_NAMES } else { 100 };
    Score { points: points.clamp(0, most).try_into().unwrap_or(0), reasons }
}

fn by_names(a: &Traits, b: &Traits, reasons: &mut Vec<String>) -> i64 {
    if is_nameless(a) || is_nameless(b) {
        return 0;
    }
    let found = names(a, b);
    let said = |likeness: u32, what: &str| match likeness {
        100 => format!("same {what}"),
        0 => format!("another {what}"),
        _ => format!("{what} written much the same"),
    };
    match (found.first, found.last, found.swapped) {
        (0, 0, _) => {
            reasons.push("another name".to_owned());
            0
        }
        (first, last, true) => {
            reasons.push("first and last name swapped".to_owned());
            i64::from(first.midpoint(last)) - 3
        }
        (100, 100, false) => {
            reasons.push("same name".to_owned());
            100
        }
        (first, last, false) => {
            let missing = |x: &Name, y: &Name| x.is_empty() || y.is_empty();
            let no_first = missing(&a.first, &b.first);
            let no_last = missing(&a.last, &b.last);
            if !no_first {
                reasons.push(said(first, "first name"));
            }
            if !no_last {
                reasons.push(said(last, "last name"));
            }
            match (first, last) {
                (0, known) | (known, 0) => ONE_NAME * i64::from(known) / 100,
                (first, last) => i64::from(first.midpoint(last)),
            }
        }
    }
}

/// What dates say for or against it.
fn by_dates(a: &BTreeMap<String, Date>, b: &BTreeMap<String, Date>, reasons: &mut Vec<String>) -> i64 {
    let mut points = 0;
    for (attribute, date) in a {
        let Some(other) = b.get(attribute) else { continue };
        let (counts, said) = if date == other {
            (40, format!("same {attribute}"))
        } else if let Some(how) = close(*date, *other) {
            (25, format!("{attribute} close: {how}"))
        } else {
            (-30, format!("another {attribute}"))
        };
        points += counts;
        reasons.push(said);
    }
    points
}

/// Why two dates may be one that was mistyped.
fn close(a: Date, b: Date) -> Option<&'static str> {
    let text = |d: Date| d.to_string().chars().collect::<Vec<_>>();
    let days = (a - b).get_days().abs();
    let swapped = a.year() == b.year() && a.month() == b.day() && a.day() == b.month();
    if swapped {
        Some("day and month swapped")
    } else if days == 1 {
        Some("one day apart")
    } else if distance(&text(a), &text(b)) == 1 {
        Some("one digit differs")
    } else {
        None
    }
}
