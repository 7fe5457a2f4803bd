//! Who resembles whom.

use std::collections::BTreeMap;

use muster_engine::Value;
use muster_engine::matching::{Traits, entries, together};
use muster_engine::model::{AttributeDef, AttributeType, ItemKey, MatchTier, Source};
use proptest::prelude::*;

use crate::support::{HR, mistakes, org};

/// Somebody's traits: first name, last name, then `attribute=value`.
fn traits(text: &str) -> Traits {
    let mut parts = text.split('|');
    let mut values: BTreeMap<String, Value> = BTreeMap::new();
    for name in ["firstName", "lastName"] {
        values.insert(name.to_owned(), Value::from(parts.next().unwrap_or_default()));
    }
    for (name, value) in parts.filter_map(|p| p.split_once('=')) {
        values.insert(name.to_owned(), Value::from(value));
    }
    let telling = ["birthDate", "passport"];
    Traits::of(telling.into_iter(), |name| values.get(name).cloned().unwrap_or_default())
}

fn points(a: &str, b: &str) -> u32 {
    traits(a).score(&traits(b)).points
}

#[test]
fn what_a_source_can_not_match_on_is_refused() {
    let told = |change: &dyn Fn(&mut Source)| {
        let mut org = org();
        let list = AttributeDef {
            name: "skills".into(),
            kind: AttributeType::StringArray,
            ..AttributeDef::default()
        };
        org.attributes.insert(ItemKey(90), list);
        change(org.apps.get_mut(&HR).unwrap().source.as_mut().unwrap());
        mistakes(org).iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    let tier = |on: &[&str]| MatchTier { on: on.iter().map(|n| (*n).to_owned()).collect() };
    for (tiers, expected) in [
        (vec![tier(&["emial"])], "matches on \"emial\", which is no user attribute; did you mean \"email\"?"),
        (vec![tier(&["skills"])], "matches on \"skills\", which is a list"),
        (vec![tier(&[])], "a [[source.match]] is on []; name from one to 10 attributes, each once"),
        (vec![tier(&["email", "email"])], "name from one to 10 attributes, each once"),
        (vec![tier(&["email"]); 11], "has 11 [[source.match]]; at most 10 are looked at"),
    ] {
        let told = told(&|s| s.tiers.clone_from(&tiers));
        assert!(told.contains(expected), "{told}\n{expected}");
    }
    let score = told(&|s| s.confirm.partial_score = 0);
    assert!(score.contains("source.confirm.partial_score is 0; it must be from 1 to 100"), "{score}");
    let unique = told(&|s| s.match_on = vec!["title".into()]);
    assert!(
        unique.contains(
            "isn't unique: set `unique = true` on that attribute, or name it in [[apps.hr.source.match]]"
        ),
        "{unique}"
    );
    assert_eq!(told(&|s| s.tiers = vec![tier(&["email"]), tier(&["startDate", "title"])]), "");
}

#[test]
fn ways_of_writing_one_name_are_one_name() {
    for (a, b) in [
        ("René|Müller", "RENE|Muller"),
        ("Søren|Groß", "Soren|Gross"),
        ("Anne-Marie|O'Brien", "Anne Marie|OBrien"),
        ("Zoë|d’Arc", "zoe|DARC"),
        ("Łukasz|Dvořák", "Lukasz|Dvorak"),
        ("Æsa|Þór", "Aesa|Thor"),
        ("I\u{307}pek|Işık", "ipek|isik"),
        ("e\u{301}va|Nagy", "Éva|Nagy"),
    ] {
        assert_eq!(points(a, b), 100, "{a} {b}");
    }
}

#[test]
fn slips_of_the_pen_still_resemble() {
    for (a, b, least) in [
        ("Ann|Archer", "Archer|Ann", 95),
        ("Robert|Smith", "Robret|Smith", 90),
        ("Robert|Smith", "Robert|Smiht", 90),
        ("Catherine|Stone", "Katherine|Stone", 90),
        ("Maria|Garcia", "Maria|Garcia Lopez", 90),
        ("Maria Luisa|Garcia", "Luisa Maria|Garcia", 95),
        ("J|Smith", "John|Smith", 80),
        ("Konstantin|Papadopoulos", "Konstantin|Papadapoulus", 90),
        ("Ann|Archer|birthDate=1980-05-03", "Ann|Baker|birthDate=1980-05-03", 80),
    ] {
        assert!(points(a, b) >= least, "{a} {b}: {}", points(a, b));
    }
    for (a, b) in
        [("Ann|Archer", "Bob|Baker"), ("Ann|Lee", "Ann|Kim"), ("Jo|Li", "Bo|Lu"), ("Ann|Archer", "|")]
    {
        assert!(points(a, b) < 60, "{a} {b}: {}", points(a, b));
    }
}

#[test]
fn what_else_is_the_same_counts_and_what_differs_counts_against() {
    let her =
        "Ann|Archer|birthDate=1980-05-03|email=ann@x.example|mobilePhone=+49 151 2345678|employeeNumber=0042";
    let reasons = |other: &str| traits(her).score(&traits(other)).reasons;
    assert_eq!(
        reasons(
            "Anne|Archer|birthDate=1980-03-05|email=ANN@x.example|mobilePhone=0151/2345678|employeeNumber=42"
        ),
        [
            "first name written much the same",
            "same last name",
            "same e-mail",
            "same phone",
            "birthDate close: day and month swapped",
            "same employeeNumber"
        ]
    );
    assert_eq!(reasons("Ann|Archer|birthDate=1980-05-04")[1], "birthDate close: one day apart");
    assert_eq!(reasons("Ann|Archer|birthDate=1980-06-03")[1], "birthDate close: one digit differs");
    assert_eq!(
        reasons("Ann|Archer|birthDate=1991-12-24|employeeNumber=7"),
        ["same name", "another birthDate", "another employeeNumber"]
    );
    assert!(
        points(her, "Ann|Archer|birthDate=1991-12-24") < 80,
        "a namesake of another birthday is another person"
    );
    assert!(
        points("Ann|Archer|employeeNumber=1", "Ann|Archer|employeeNumber=2") >= 80,
        "numbers of two sources differ"
    );
    assert_eq!(
        points("Ann|Archer|passport=X-1", "Zoltan|Papp|passport=x1|"),
        35,
        "a mark alone doesn't make them one"
    );
}

#[test]
fn another_name_is_one_of_which_nothing_agrees() {
    let another = |a: &str, b: &str| traits(a).has_another_name(&traits(b));
    assert!(another("Ann|Archer", "Zoltan|Papp"));
    for (a, b) in [
        ("Ann|Archer", "Ann|Baker"), // she has married
        ("Ann|Archer", "Archer|Ann"),
        ("Ann|Archer", "Anna|Papp"),
        ("Ann|Archer", "Zoltan|Archre"),
        ("Ann|Archer", "|"), // nothing is known
        ("|", "|"),
    ] {
        assert!(!another(a, b), "{a} {b}");
    }
}

#[test]
fn those_who_resemble_share_a_key() {
    for (a, b) in [
        ("Ann|Archer", "Archer|Ann"),
        ("Robert|Smith", "Robret|Smiht"),
        ("Maria|Muller", "Maria|Möller"),
        ("Ann|Archer|birthDate=1980-05-03", "Ann|Xaver|birthDate=1980-05-03"),
        ("Ann|Archer|email=ann.archer@x.example", "Bea|Brown|email=annarcher@y.example"),
        ("A|B|mobilePhone=0151 2345678", "C|D|primaryPhone=+49 151 2345678"),
        ("A|B|employeeNumber=007", "C|D|employeeNumber=7"),
    ] {
        let (one, other) = (traits(a).keys(), traits(b).keys());
        assert!(one.intersection(&other).next().is_some(), "{one:?} {other:?}");
    }
    let value = |name: &str| Value::from(if name == "lastName" { "Archer" } else { "" });
    assert_eq!(entries("~firstName+lastName", value).len(), 0, "a value is missing");
    assert_eq!(together([Value::from(" Ann "), Value::Int(3)].into_iter()).as_deref(), Some("ann\u{1f}3"));
}

fn anybody() -> impl Strategy<Value = String> {
    let name = prop_oneof![
        "[a-eA-E]{0,4}",
        "\\PC{0,8}",
        "(Ann|Anne|Anna|Bob|Archer|Arhcer|Ärcher){1,2}( |-)?(Ann|Bob)?"
    ];
    let date = prop_oneof!["19[0-9]{2}-0[1-9]-[0-2][1-9]", "\\PC{0,12}"];
    let mail = prop_oneof!["[ab.]{1,3}@[ab]", "\\PC{0,6}"];
    (name.clone(), name, date, mail, "[0-9 +-]{0,12}", "0?[0-9]{0,2}").prop_map(
        |(first, last, born, mail, phone, number)| {
            format!(
                "{first}|{last}|birthDate={born}|email={mail}|mobilePhone={phone}|employeeNumber={number}"
            )
        },
    )
}

proptest! {
    #[test]
    fn resemblance_is_mutual_and_bounded(a in anybody(), b in anybody()) {
        let (a, b) = (traits(&a), traits(&b));
        let (there, back) = (a.score(&b), b.score(&a));
        prop_assert_eq!(there.points, back.points);
        prop_assert!(there.points <= 100);
        prop_assert_eq!(a.has_another_name(&b), b.has_another_name(&a));
        prop_assert!(!a.has_another_name(&a));
    }

    #[test]
    fn who_has_a_name_resembles_herself_wholly(a in anybody()) {
        let named = traits(&a);
        let letters = |at: usize| a.split('|').nth(at).unwrap_or_default().chars().filter(|c| c.is_alphanumeric()).count();
        if letters(0) > 0 && letters(1) > 0 {
            prop_assert_eq!(named.score(&named).points, 100);
        }
        prop_assert!(named.keys().iter().all(|k| k.chars().count() <= 200));
    }
}
