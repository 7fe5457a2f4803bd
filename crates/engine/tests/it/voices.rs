//! Who gives an attribute's value, and what it means that a source has somebody again.

use muster_engine::derive::{StatusCause, ValueCause};
use muster_engine::facts::RecordState::{Ended, Living};
use muster_engine::facts::{Fact, FactValue, Said};
use muster_engine::model::schema::AttributeDef;
use muster_engine::model::{LeaverAction, Millis, OnReturn, Org, PlanKey, UserStatus as S};
use muster_engine::{ItemKey, Value};

use crate::support::{AGENCY, HR, Person, compiled, leaving, mistakes, org, source};

/// The title comes from whom the list says.
fn titled(sources: &[&str]) -> Org {
    let mut org = org();
    let sources = sources.iter().map(|s| (*s).to_owned()).collect();
    org.attributes
        .insert(ItemKey(21), AttributeDef { name: "title".into(), sources, ..AttributeDef::default() });
    org
}

/// Somebody with a title in HR, one at the agency, and one an admin has set.
fn person(hr: &str, agency: muster_engine::facts::RecordState) -> Person {
    let mut person =
        Person::new().record_with(HR, Living, 1, hr, "").record_with(AGENCY, agency, 1, "cook", "");
    let said =
        Said { value: Some(FactValue::Profile(Value::from("chief"))), at: Millis(1), plan: PlanKey(9) };
    person.0.said.insert(Fact::Profile { attribute: "title".into() }, said);
    person
}

#[test]
fn an_attribute_may_have_an_order_of_its_own() {
    let cases = [
        (&[][..], person("clerk", Living), "clerk"),
        (&["agency", "hr"], person("clerk", Living), "cook"),
        // Who doesn't speak any more gives nothing: the next one does.
        (&["agency", "hr"], person("clerk", Ended), "clerk"),
        (&["admin", "hr"], person("clerk", Living), "chief"),
        (&["hr", "admin", "agency"], person("", Living), "chief"),
        // Who isn't named doesn't give it at all.
        (&["agency"], person("clerk", Living), "cook"),
        (&["agency"], person("clerk", Ended), ""),
    ];
    for (sources, person, title) in cases {
        let config = compiled(titled(sources));
        let derived = person.derived(&config, 5);
        let slot = config.slot("title").unwrap();
        assert_eq!(derived.profile[slot].as_str().unwrap_or_default(), title, "{sources:?}");
        let by_admin = matches!(derived.value_causes[slot], ValueCause::Admin { .. });
        assert_eq!(by_admin, title == "chief", "{sources:?}");
    }
}

#[test]
fn an_order_names_sources_and_admins_only() {
    let reasons: Vec<String> = mistakes(titled(&["hr", "agnecy"])).into_iter().map(|e| e.reason).collect();
    assert_eq!(
        reasons,
        [
            "sources names \"agnecy\", which is no source; did you mean \"agency\"?; name apps with a [source], and \
          \"admin\" for what is said by hand"
        ]
    );
}

#[test]
fn a_source_that_has_somebody_again_may_leave_it_to_an_admin_to_bring_her_back() {
    let mut org = org();
    source(&mut org, HR).on_return = OnReturn::Nothing;
    // She came with the feed at 0 and is living again since 50.
    let back = || Person::new().record(HR, Living, 50);
    let config = compiled(org.clone());
    assert_eq!(Person::new().record(HR, Living, 0).derived(&config, 60).status, S::Active);
    let waits = back().derived(&config, 60);
    assert_eq!(waits.status, S::Deprovisioned);
    assert_eq!(waits.status_cause, StatusCause::Returned { app: HR, at: Millis(50) });
    assert_eq!(back().admin(S::Active, 55).derived(&config, 60).status, S::Active);
    leaving(&mut org, HR, LeaverAction::Suspend);
    assert_eq!(back().derived(&compiled(org), 60).status, S::Suspended);
}
