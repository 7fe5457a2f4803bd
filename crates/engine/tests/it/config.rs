//! Schema checks, the order of rules, dates, ids.

use muster_engine::Value;
use muster_engine::facts::{MembershipKind, RecordState};
use muster_engine::model::schema::Attribute;
use muster_engine::model::{AttributeDef, AttributeType as T, IdKind, ItemKey, LinkDef, key_of, public_id};

use crate::support::{AGENCY, HR, Person, compiled, mistakes, org, rule};

#[test]
fn generated_numbers_are_written_as_their_attribute_wants_them() {
    let def = |generate: &str| AttributeDef {
        name: "x".into(),
        unique: true,
        generate: Some(generate.into()),
        ..AttributeDef::default()
    };
    for (generate, number, shown) in
        [("P{000}", 7, "P007"), ("P{000}", 1234, "P1234"), ("{0}", 7, "7"), ("2027-{00}/x", 3, "2027-03/x")]
    {
        let numbers = Attribute::compile(def(generate)).unwrap().numbers.unwrap();
        assert_eq!(numbers.show(number), shown);
        assert!(numbers.fits(shown) && !numbers.fits("P07") && !numbers.fits("Q0007"), "{generate}");
    }
    for (wrong, reason) in [
        (def("P"), "as braces around"),
        (def("{00}{00}"), "as braces around"),
        (def("{12}"), "as braces around"),
        (def("{0000000000000000000}"), "1 to 18 zeros"),
        (AttributeDef { unique: false, ..def("{00}") }, "say `unique = true`"),
        (AttributeDef { kind: T::Integer, ..def("{00}") }, "of type string"),
        (AttributeDef { max_length: Some(3), ..def("P{000}") }, "longer than 3 characters"),
    ] {
        let told = Attribute::compile(wrong).unwrap_err();
        assert!(told.contains(reason), "{told}");
    }
}

#[test]
fn values_are_checked_against_the_schema() {
    let s = Value::from;
    let def = |kind: T| AttributeDef { name: "x".into(), kind, ..AttributeDef::default() };
    let list = |items: &[&str]| Value::List(items.iter().map(|i| Value::from(*i)).collect());
    // Definition, value, what becomes of it (`None`: refused).
    let cases: Vec<(AttributeDef, Value, Option<Value>)> = vec![
        (def(T::String), s("a"), Some(s("a"))),
        (def(T::String), Value::Int(5), Some(s("5"))),
        (def(T::String), list(&["a"]), None),
        (def(T::String), s(""), Some(Value::Null)),
        (def(T::Boolean), s("TRUE"), Some(Value::Bool(true))),
        (def(T::Boolean), s("yes"), None),
        (def(T::Integer), s("12"), Some(Value::Int(12))),
        (def(T::Integer), s("1.5"), None),
        (def(T::Integer), Value::Num(1.5), None),
        (def(T::Number), Value::Int(2), Some(Value::Num(2.0))),
        (def(T::Number), s("NaN"), None),
        (def(T::Number), s("inf"), None),
        (def(T::Date), s("2024-02-29"), Some(s("2024-02-29"))),
        (def(T::Date), s("2023-02-29"), None),
        (def(T::DateTime), s("2024-02-29T10:00:00Z"), Some(s("2024-02-29T10:00:00Z"))),
        (def(T::DateTime), s("2024-02-29"), None),
        (def(T::Email), s("ann@x.io"), Some(s("ann@x.io"))),
        (def(T::Email), s("ann"), None),
        (def(T::Email), s("ann @x.io"), None),
        (def(T::StringArray), s("a"), Some(list(&["a"]))),
        (def(T::StringArray), list(&["a", "b"]), Some(list(&["a", "b"]))),
        (def(T::IntegerArray), list(&["1", "x"]), None),
        (AttributeDef { allowed: vec![s("a"), s("b")], ..def(T::String) }, s("b"), Some(s("b"))),
        (AttributeDef { allowed: vec![s("a"), s("b")], ..def(T::String) }, s("c"), None),
        (AttributeDef { allowed: vec![Value::Int(1)], ..def(T::Integer) }, s("1"), Some(Value::Int(1))),
        (AttributeDef { allowed: vec![s("a")], ..def(T::StringArray) }, list(&["a", "c"]), None),
        (AttributeDef { pattern: Some("[A-Z]{2}".into()), ..def(T::String) }, s("AB"), Some(s("AB"))),
        (AttributeDef { pattern: Some("[A-Z]{2}".into()), ..def(T::String) }, s("ABC"), None),
        (AttributeDef { pattern: Some("A|B".into()), ..def(T::String) }, s("AX"), None),
        (AttributeDef { min_length: Some(2), ..def(T::String) }, s("é"), None),
        (AttributeDef { min_length: Some(2), ..def(T::String) }, s("éé"), Some(s("éé"))),
        (AttributeDef { max_length: Some(2), ..def(T::String) }, s("éé"), Some(s("éé"))),
        (AttributeDef { max_length: Some(2), ..def(T::String) }, s("abc"), None),
        (AttributeDef { minimum: Some(1.0), ..def(T::Integer) }, Value::Int(1), Some(Value::Int(1))),
        (AttributeDef { minimum: Some(1.0), ..def(T::Integer) }, Value::Int(0), None),
        (AttributeDef { maximum: Some(1.5), ..def(T::Number) }, Value::Num(1.5), Some(Value::Num(1.5))),
        (AttributeDef { maximum: Some(1.5), ..def(T::Number) }, Value::Num(1.6), None),
        (AttributeDef { required: true, ..def(T::String) }, Value::Null, None),
        (AttributeDef { required: true, ..def(T::String) }, s(""), None),
        (def(T::String), Value::Null, Some(Value::Null)),
    ];
    for (def, value, wanted) in cases {
        let told = format!("{value:?} for {def:?}");
        let got = Attribute::compile(def).unwrap().check(value);
        assert_eq!(got.as_ref().ok(), wanted.as_ref(), "{told}: {got:?}");
    }
}

#[test]
fn definitions_that_contradict_themselves_are_refused() {
    let def = |name: &str| AttributeDef { name: name.into(), ..AttributeDef::default() };
    for bad in [
        def(""),
        def("1a"),
        def("a-b"),
        AttributeDef { pattern: Some("(".into()), ..def("a") },
        AttributeDef { allowed: vec![Value::from("x")], kind: T::Integer, ..def("a") },
    ] {
        assert!(Attribute::compile(bad.clone()).is_err(), "{bad:?}");
    }
}

#[test]
fn names_of_links_are_names_and_unique_over_both_ends() {
    let links = |all: &[(&str, &str)]| {
        let mut org = org();
        for (at, (name, associated)) in all.iter().enumerate() {
            let def =
                LinkDef { name: (*name).into(), associated: (*associated).into(), ..LinkDef::default() };
            org.links.insert(ItemKey(900 + at as i64), def);
        }
        org
    };
    assert_eq!(compiled(links(&[("mentor", "mentee"), ("_guide2", "")])).links.len(), 2);
    for (all, reason) in [
        (&[("mentor", "mentee"), ("guide", "mentor")][..], "the name \"mentor\" is there twice"),
        (&[("same", "same")], "the name \"same\" is there twice"),
        (&[("1st", "")], "\"1st\" can't be the name of a link"),
        (&[("a", "b c")], "\"b c\" can't be the name of a link"),
    ] {
        let told = mistakes(links(all));
        assert!(told.iter().any(|m| m.reason.contains(reason)), "{all:?}: {told:?}");
    }
    let many: Vec<String> = (0..=200).map(|n| format!("l{n}")).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|n| (n.as_str(), "")).collect();
    compiled(links(&many[..200]));
    assert!(mistakes(links(&many))[0].reason.contains("more than 200 links"));
}

#[test]
fn rules_come_after_those_that_fill_the_groups_they_read() {
    let mut org = org();
    rule(&mut org, 30, "isMemberOfGroupName(\"B\")", &[4]);
    rule(&mut org, 31, "isMemberOfGroupName(\"A\")", &[3]);
    rule(&mut org, 32, "user.title == \"clerk\"", &[2]);
    let config = compiled(org);
    let order: Vec<i64> = config.rules.iter().map(|r| r.item.0).collect();
    assert_eq!(order, [32, 31, 30]);
    let clerk = Person::new().record(HR, RecordState::Living, 1).derived(&config, 10);
    let groups: Vec<i64> = clerk.groups.iter().map(|(g, _)| g.0).collect();
    assert_eq!(groups, [2, 3, 4]);
}

#[test]
fn a_cycle_is_shown() {
    let mut org = org();
    rule(&mut org, 30, "isMemberOfGroupName(\"C\")", &[2]);
    rule(&mut org, 31, "isMemberOfGroupName(\"A\")", &[3]);
    rule(&mut org, 32, "user.title == \"x\"", &[4]);
    org.rules.get_mut(&ItemKey(32)).unwrap().except_groups = vec![muster_engine::GroupKey(3)];
    rule(&mut org, 33, "isMemberOfGroupName(\"A\")", &[3]);
    let errors = mistakes(org.clone());
    assert_eq!(errors.len(), 1, "{errors:?}");
    let told = errors[0].to_string();
    let ring = [
        "\"rule 30\" → \"rule 31\" → \"rule 32\" → \"rule 30\"",
        "\"rule 31\" → \"rule 32\" → \"rule 30\" → \"rule 31\"",
        "\"rule 32\" → \"rule 30\" → \"rule 31\" → \"rule 32\"",
    ];
    assert!(ring.iter().any(|r| told.contains(r)), "{told}");
    org.rules.get_mut(&ItemKey(32)).unwrap().status = muster_engine::RuleStatus::Inactive;
    assert_eq!(mistakes(org), [], "an inactive rule closes no cycle");
}

#[test]
fn a_rule_that_reads_the_group_it_fills_is_a_cycle() {
    let mut org = org();
    rule(&mut org, 30, "isMemberOfGroupName(\"A\")", &[2]);
    let told = mistakes(org).first().map(ToString::to_string).unwrap_or_default();
    assert!(told.contains("\"rule 30\" → \"rule 30\""), "{told}");
}

#[test]
fn exclusions_manual_members_and_kept_ones() {
    use MembershipKind::{Excluded, Kept, Manual};
    let mut org = org();
    rule(&mut org, 30, "user.title == \"clerk\"", &[2]);
    rule(&mut org, 31, "user.title == \"clerk\"", &[3]);
    org.rules.get_mut(&ItemKey(31)).unwrap().status = muster_engine::RuleStatus::Inactive;
    let config = compiled(org);
    let base = || Person::new().record(HR, RecordState::Living, 1);
    for (case, person, groups) in [
        ("by rule", base(), vec![2]),
        ("excluded", base().member(2, Excluded, 0), vec![]),
        ("by hand beats exclusion", base().member(2, Excluded, 0).member(2, Manual, 0), vec![2]),
        ("kept from an inactive rule", base().member(3, Kept, 31), vec![2, 3]),
        ("kept, but excluded", base().member(3, Kept, 31).member(3, Excluded, 0), vec![2]),
        ("kept from an active rule doesn't count", base().member(4, Kept, 30), vec![2]),
        ("kept from a rule that is gone", base().member(4, Kept, 99), vec![2, 4]),
        ("in a group that is gone", base().member(99, Manual, 0), vec![2]),
    ] {
        let got: Vec<i64> = person.derived(&config, 10).groups.iter().map(|(g, _)| g.0).collect();
        assert_eq!(got, groups, "{case}");
    }
}

#[test]
fn dates_say_when_to_look_again() {
    const DAY: i64 = 86_400_000;
    let day = |text: &str| format!("{text}T00:00:00Z").parse::<jiff::Timestamp>().unwrap().as_millisecond();
    let start = day("2024-03-10");
    for (when, turns) in [
        ("user.startDate <= Time.now()", start),
        ("user.startDate <= Time.now().plusDays(7)", start - 7 * DAY),
        ("user.startDate <= Time.now().minusDays(7)", start + 7 * DAY),
        ("user.startDate > Time.now()", start),
        ("user.startDate < Time.now()", start + 1),
        ("user.startDate >= Time.now()", start + 1),
    ] {
        let mut org = org();
        rule(&mut org, 30, when, &[2]);
        let config = compiled(org);
        let person = Person::new().record_with(HR, RecordState::Living, 1, "", "2024-03-10");
        let early = person.derived(&config, start - 30 * DAY);
        assert_eq!(early.next_due.map(|d| d.0), Some(turns), "{when}");
        let just_before = person.derived(&config, turns - 1);
        assert_eq!(just_before.groups, early.groups, "{when}: it turned too early");
        let at = person.derived(&config, turns);
        assert_ne!(at.groups, early.groups, "{when}: it didn't turn");
        assert_eq!(at.next_due, None, "{when}");
    }
}

#[test]
fn the_highest_ranked_source_with_a_value_gives_it() {
    let config = compiled(org());
    let title = config.slot("title").unwrap();
    let both = |hr: &str, agency: &str, hr_state| {
        Person::new().record_with(HR, hr_state, 1, hr, "").record_with(
            AGENCY,
            RecordState::Living,
            1,
            agency,
            "",
        )
    };
    for (person, wanted) in [
        (both("a", "b", RecordState::Living), Value::from("a")),
        (both("", "b", RecordState::Living), Value::from("b")),
        (both("a", "b", RecordState::Ended), Value::from("b")),
        (both("a", "", RecordState::Ended), Value::Null),
    ] {
        assert_eq!(person.derived(&config, 10).profile[title], wanted);
    }
}

#[test]
fn ids_name_a_kind_and_a_key() {
    let kinds = [
        IdKind::User,
        IdKind::Group,
        IdKind::App,
        IdKind::GroupRule,
        IdKind::Account,
        IdKind::Mapping,
        IdKind::Plan,
        IdKind::Task,
        IdKind::SourceSession,
    ];
    for kind in kinds {
        for key in [0, 1, 2, 1_000_000, i64::MAX, -1, i64::MIN] {
            let id = public_id(kind, key);
            assert_eq!(id.len(), 20);
            for other in kinds {
                assert_eq!(key_of(other, &id), (other == kind).then_some(key), "{id}");
            }
        }
    }
    for bad in ["", "00u", "00uäöüäöüäöüäöü", "00u00000000000000000", "xyz"] {
        assert_eq!(key_of(IdKind::User, bad), None, "{bad:?}");
    }
}

#[test]
fn settings_that_nothing_is_derived_from_are_checked_as_well() {
    let with = |change: &dyn Fn(&mut muster_engine::Org)| {
        let mut org = org();
        change(&mut org);
        mistakes(org).iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    let path = |path: &'static str| {
        with(&move |org| org.apps.get_mut(&HR).unwrap().feed.as_mut().unwrap().path = Some(path.to_owned()))
    };
    assert!(path("people.csv").contains("from / on"));
    assert!(path("/srv/*/people.csv").contains("last part only"));
    assert!(path("/srv/hr/").contains("a folder"));
    let schedule = |schedule: &'static str, zone: &'static str| {
        with(&move |org| {
            let app = org.apps.get_mut(&HR).unwrap();
            app.feed.as_mut().unwrap().path = Some("/srv/people-*.csv".to_owned());
            let source = app.source.as_mut().unwrap();
            source.schedule = Some(schedule.to_owned());
            source.timezone = Some(zone.to_owned());
        })
    };
    assert!(schedule("every day", "UTC").contains("five fields"));
    assert!(schedule("@daily", "Mars/Olympus").contains("Mars/Olympus"));
    let nowhere = with(&|org| {
        org.apps.get_mut(&HR).unwrap().source.as_mut().unwrap().schedule = Some("@daily".to_owned());
    });
    assert!(nowhere.contains("feed.path"), "{nowhere}");
    let mail = with(&|org| org.settings.mail.smtp = "mail.example.org".to_owned());
    assert!(mail.contains("mail.smtp"), "{mail}");
}
