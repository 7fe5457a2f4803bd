//! Guards: each tripped once, and each just not.

use std::collections::BTreeMap;

use muster_engine::model::{GuardSettings, Org};
use muster_engine::plan::{FindingKind, Population, Tally, judge};

use crate::support::{CRM, compiled, org};

fn found(org: Org, tally: &Tally, population: &Population) -> Vec<(FindingKind, bool)> {
    judge(&compiled(org), tally, population).into_iter().map(|f| (f.kind, f.waivable)).collect()
}

#[test]
fn per_cent_count_where_there_are_enough() {
    use FindingKind::{AppLost, PeopleEnd};
    let people = |deactivated, suspended| Tally { deactivated, suspended, ..Tally::default() };
    let lost = |n| Tally { unassigned: BTreeMap::from([(CRM, n)]), ..Tally::default() };
    let of = |people, app| Population { people, apps: BTreeMap::from([(CRM, app)]) };
    for (case, tally, population, findings) in [
        ("20 % just are not too many", people(20, 0), of(100, 0), vec![]),
        ("21 % are", people(21, 0), of(100, 0), vec![(PeopleEnd, true)]),
        ("suspended people count too", people(11, 10), of(100, 0), vec![(PeopleEnd, true)]),
        ("99 people are too few to say", people(99, 0), of(99, 0), vec![]),
        ("100 are enough", people(100, 0), of(100, 0), vec![(PeopleEnd, true)]),
        ("20 % of an app", lost(20), of(0, 100), vec![]),
        ("21 % of an app", lost(21), of(0, 100), vec![(AppLost, true)]),
        ("an app with few people", lost(99), of(0, 99), vec![]),
        (
            "both",
            Tally { unassigned: BTreeMap::from([(CRM, 50)]), ..people(50, 0) },
            of(200, 100),
            vec![(PeopleEnd, true), (AppLost, true)],
        ),
    ] {
        assert_eq!(found(org(), &tally, &population), findings, "{case}");
    }
}

#[test]
fn a_count_is_too_many_whatever_the_percentage() {
    let mut org = org();
    org.settings.guard = GuardSettings { count: Some(5), ..GuardSettings::default() };
    let population = Population { people: 10_000, apps: BTreeMap::new() };
    let tally = |deactivated| Tally { deactivated, ..Tally::default() };
    assert_eq!(found(org.clone(), &tally(5), &population), []);
    assert_eq!(found(org, &tally(6), &population), [(FindingKind::PeopleEnd, true)]);
}

#[test]
fn an_app_may_have_guards_of_its_own() {
    let mut org = org();
    let strict = GuardSettings { percent: 1, minimum: 1, ..GuardSettings::default() };
    org.apps.get_mut(&CRM).unwrap().guard = Some(strict);
    let population = Population { people: 100, apps: BTreeMap::from([(CRM, 100)]) };
    let lost = |n| Tally { unassigned: BTreeMap::from([(CRM, n)]), ..Tally::default() };
    assert_eq!(found(org.clone(), &lost(1), &population), []);
    assert_eq!(found(org, &lost(2), &population), [(FindingKind::AppLost, true)]);
}
