//! What a compiled expression tells about itself.

use muster_expr::fuzz::{Sample, SamplePerson};
use muster_expr::{Item, Limits, LinkId, Program, Purpose, Slot, Type, Value, normalize};

use crate::{condition, refused};

fn user(index: u16) -> Slot {
    Slot { root: 0, index }
}

#[test]
fn reads() {
    let program = condition(
        r#"user.login == appuser.login AND user.login != "" OR user.getLinkedObject("manager").email == user.email
           OR isMemberOfAnyGroup("00g3", "00g1", "00g3") OR user.getInternalProperty("status") == "ACTIVE""#,
    );
    let reads = program.reads();
    assert_eq!(reads.slots, [user(0), user(4), Slot { root: 1, index: 0 }]);
    assert_eq!(reads.links, [(LinkId(0), user(4))]);
    assert_eq!(reads.groups, [1, 3]);
    assert!(reads.status && !reads.now && !reads.group_patterns);
    assert!(condition("isMemberOfGroupNameStartsWith(\"Sales\")").reads().group_patterns);
}

#[test]
fn guards() {
    let guard = |text: &str| {
        let program = condition(text);
        program
            .equality_guard()
            .map(|(slot, values)| (slot, values.iter().map(ToString::to_string).collect::<Vec<_>>()))
    };
    let one =
        |index: u16, values: &[&str]| Some((user(index), values.iter().map(|v| (*v).to_owned()).collect()));
    assert_eq!(guard(r#"user.department == "Sales""#), one(1, &["Sales"]));
    assert_eq!(guard(r#""Sales" eq user.department"#), one(1, &["Sales"]));
    assert_eq!(guard(r#"user.level > 3 AND (user.isContractor AND user.department == "X")"#), one(1, &["X"]));
    assert_eq!(
        guard(r#"user.department == "b" OR user.department == "a" OR user.department == "b""#),
        one(1, &["a", "b"])
    );
    assert_eq!(guard(r#"user.department in {"b", "a"}"#), one(1, &["a", "b"]));
    assert_eq!(guard(r#"user.department == "a" OR user.login == "b""#), None);
    assert_eq!(guard(r#"user.department != "a""#), None);
    assert_eq!(guard(r#"String.toLowerCase(user.department) == "a""#), None);
    assert_eq!(guard(r#"user.getLinkedObject("manager").department == "a""#), None);
}

#[test]
fn explanations_name_what_decided() {
    let explain = |text: &str, person: usize| -> Vec<(String, Value, bool)> {
        let steps = condition(text).explain(&SamplePerson::all()[person]);
        steps.into_iter().map(|s| (s.text, s.value, s.decisive)).collect()
    };
    let row = |text: &str, value: bool, decisive: bool| (text.to_owned(), Value::Bool(value), decisive);
    let text =
        r#"user.level > 3 AND (user.department == "X" OR user.isContractor) AND NOT user.login == "y""#;
    assert_eq!(
        explain(text, 0),
        [
            row(text, true, true),
            row("user.level > 3", true, true),
            row(r#"(user.department == "X" OR user.isContractor)"#, true, true),
            row(r#"user.department == "X""#, false, false),
            row("user.isContractor", true, true),
            row(r#"NOT user.login == "y""#, true, true),
            row(r#"user.login == "y""#, false, true),
        ]
    );
    let steps = condition(
        r#"String.len(user.login + user.login) > 3 AND user.getLinkedObject("manager").email == user.email"#,
    )
    .explain(&SamplePerson::all()[0]);
    assert_eq!(steps[0].operands, []);
    assert_eq!(steps[1].operands, [("user.login".to_owned(), "jane.doe@example.com".into())]);
    assert_eq!(
        steps[2].operands,
        [
            ("user.getLinkedObject(\"manager\").email".to_owned(), Value::Null),
            ("user.email".to_owned(), "Jane.Doe@Example.com".into()),
        ]
    );
    let steps = explain(text, 2);
    assert_eq!(steps[1], row("user.level > 3", false, true));
    assert_eq!(steps[4], ("user.isContractor".to_owned(), Value::Null, false));
    let steps = condition("user.any AND user.isContractor").explain(&SamplePerson::all()[0]);
    assert!(steps[1].error.is_some() && steps[1].decisive && !steps[2].decisive);
}

#[test]
fn templates() {
    let template = |text: &str| Program::compile_template(text, &Sample, &Limits::default());
    let value = |text: &str, person: usize| {
        let program = template(text).unwrap_or_else(|error| panic!("{error}"));
        program.eval(&SamplePerson::all()[person]).unwrap().into_value()
    };
    for (text, wanted) in [
        ("${source.login}", "jane.doe@example.com"),
        ("${fn:toLowerCase(source.email)}", "jane.doe@example.com"),
        (r#"${fn:substringBefore(source.email, "@")}"#, "Jane.Doe"),
        ("${source.login}${instance.userSuffix}", "jane.doe@example.com.acme"),
        (r#"x-${"}" + source.country}-${source.level}!"#, "x-}DE-7!"),
        ("source.login", "jane.doe@example.com"),
        (r#"String.substringBefore(source.login, "@") + "@corp""#, "jane.doe@corp"),
    ] {
        assert_eq!(value(text, 0), Value::from(wanted), "{text}");
    }
    assert_eq!(value("${source.login}${instance.userSuffix}", 2), Value::Null);
    assert_eq!(template("${source.level}").unwrap().result_type(), Type::Int);
    assert_eq!(template("a${source.level}").unwrap().result_type(), Type::Str);
    for text in [
        "${source.login",
        "${}",
        "${source.logn}",
        "a${source.colors}",
        "$source.login",
        "${source.login} ${",
    ] {
        assert!(template(text).is_err(), "{text}");
    }
    let error = template("ab${source.logn}").unwrap_err();
    assert_eq!(error.span, 11..15);
    assert!(refused("fn:toLowerCase(user.login) == \"a\"").message.contains('`'));
}

#[test]
fn types() {
    let ty = |text: &str| {
        Program::compile(text, Purpose::Mapping, &Sample, &Limits::default()).unwrap().result_type()
    };
    assert_eq!(ty("user.level + 1"), Type::Int);
    assert_eq!(ty("user.level + user.rate"), Type::Num);
    assert_eq!(ty("user.level + \"\""), Type::Str);
    assert_eq!(ty("user.startDate ?: \"2026-01-01\""), Type::Date);
    assert_eq!(ty("user.startDate ?: \"none\""), Type::Str);
    assert_eq!(ty("user.isContractor ? 1 : null"), Type::Int);
    assert_eq!(ty("user.isContractor ? 1 : \"x\""), Type::Any);
    assert_eq!(ty("{1, 2}"), Type::List(Item::Int));
    assert_eq!(ty("{1, 2}[0]"), Type::Int);
    assert_eq!(ty("Arrays.get(user.colors, 0)"), Type::Str);
    assert_eq!(ty("user.login == null"), Type::Bool);
}

#[test]
fn uniform_spelling() {
    let spelled = |text: &str| normalize(text, &Limits::default()).unwrap();
    assert_eq!(spelled("(a.b eq 'x''y')&&(!c.d)"), "a.b == \"x'y\" AND NOT c.d");
    assert_eq!(spelled("(1+2)*3-(4-5)"), "(1 + 2) * 3 - (4 - 5)");
    assert_eq!(spelled("(a OR b) and (c ? d : e) or ((f))"), "(a OR b) AND (c ? d : e) OR f");
    assert_eq!(spelled("a not in {1,2.0}"), "NOT a in {1, 2.0}");
    assert_eq!(spelled("user.isMemberOf({group:'x'})"), "user.isMemberOf({\"group\": \"x\"})");
}

#[test]
fn programs_are_shared_between_threads() {
    fn shared<T: Send + Sync>(_: &T) {}
    shared(&condition("true"));
}
