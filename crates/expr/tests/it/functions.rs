//! Every function and operator, by example.

use muster_expr::{EvalError, Value};

use crate::{result, table, value};

fn s(text: &str) -> Value {
    text.into()
}

#[test]
fn strings() {
    table(&[
        (r#"String.append("a", "b")"#, s("ab")),
        ("String.append(user.login, 5)", s("jane.doe@example.com5")),
        (r#"String.join(",", "a", "b", "c")"#, s("a,b,c")),
        (r#"String.join("-", user.nothing, "b")"#, s("b")),
        (r#"String.len("")"#, 0.into()),
        (r#"String.len("This is a test")"#, 14.into()),
        (r#"String.len("żółw")"#, 4.into()),
        (r#"String.removeSpaces("This is a test")"#, s("Thisisatest")),
        (r#"String.replace("This is a test", "is", "at")"#, s("That at a test")),
        (r#"String.replace("abc", "", "x")"#, s("abc")),
        (r#"String.replaceFirst("This is a test", "is", "at")"#, s("That is a test")),
        (r#"String.startsWith("This is a test", "This")"#, true.into()),
        (r#"String.startsWith("This is a test", "this")"#, false.into()),
        (r#"String.stringContains("This is a test", "test")"#, true.into()),
        (r#"String.stringContains("This is a test", "Test")"#, false.into()),
        (
            r#"String.stringSwitch("wins the match", "default", "match", "value1", "wins", "value2")"#,
            s("value1"),
        ),
        (r#"String.stringSwitch("This is a test", "default", "key1", "value1")"#, s("default")),
        (r#"String.stringSwitch("a key2 b", "default", "key1", "value1", "key2", "value2")"#, s("value2")),
        (r#"String.substring("This is a test", 2, 9)"#, s("is is a")),
        (r#"String.substring("abc", 1, 99)"#, s("bc")),
        (r#"String.substring("abc", 2, 1)"#, s("")),
        (r#"String.substring("abc", -5, 1)"#, s("a")),
        (r#"String.substring("żółw", 1, 3)"#, s("ół")),
        (r#"String.substringAfter("abc@example.com", "@")"#, s("example.com")),
        (r#"String.substringAfter("abc", "@")"#, s("")),
        (r#"String.substringBefore("abc@example.com", "@")"#, s("abc")),
        (r#"String.substringBefore("abc", "@")"#, s("abc")),
        (r#"String.toUpperCase("This straße")"#, s("THIS STRASSE")),
        (r#"String.toLowerCase("THIS ΟΔΟΣ")"#, s("this οδος")),
        (r#"toUpperCase("a") + toLowerCase("B")"#, s("Ab")),
        (r#"substring("abc", 0, 1) + substringBefore("a-b", "-") + substringAfter("a-b", "-")"#, s("aab")),
    ]);
}

#[test]
fn string_methods() {
    table(&[
        ("user.firstName.toUpperCase()", s("JANE")),
        ("user.firstName.toLowerCase()", s("jane")),
        (r#""abcdef".substring(2)"#, s("cdef")),
        (r#""abcdef".substring(2, 4)"#, s("cd")),
        (r#""a.b.c".replace(".", "/")"#, s("a/b/c")),
        (r#""a.b.c".replaceFirst(".", "/")"#, s("a/b.c")),
        (r#""abc".length()"#, 3.into()),
        (r#""a b".removeSpaces()"#, s("ab")),
        (r#"user.profile.login.contains("@example.com")"#, true.into()),
        (r#""a@b".substringBefore("@")"#, s("a")),
        (r#""a@b".substringAfter("@")"#, s("b")),
        (r#""41.6".toInteger()"#, 42.into()),
        (r#""41.5".toNumber()"#, 41.5.into()),
        (r#""DE".parseCountryCode().toAlpha3()"#, s("DEU")),
        (r#"user.any.contains("20")"#, true.into()),
    ]);
}

#[test]
fn arrays() {
    table(&[
        ("Arrays.add({10, 20, 30}, 40)", vec![10, 20, 30, 40].into()),
        ("Arrays.remove({10, 20, 30}, 20)", vec![10, 30].into()),
        ("Arrays.clear({10, 20, 30})", Value::List(vec![])),
        ("Arrays.get({0, 1, 2}, 0)", 0.into()),
        ("Arrays.get({0, 1, 2}, 3)", Value::Null),
        ("Arrays.get({0, 1, 2}, -1)", Value::Null),
        ("Arrays.flatten(10, {20, 30}, 40)", vec![10, 20, 30, 40].into()),
        ("Arrays.flatten('10, 20, 30, 40')", vec!["10", "20", "30", "40"].into()),
        ("Arrays.contains({10, 20, 30}, 10)", true.into()),
        (r#"Arrays.contains("10, 20, 30", "10")"#, true.into()),
        ("Arrays.contains({10, 20, 30}, 50)", false.into()),
        ("Arrays.contains({10}, 10.0)", true.into()),
        (r#"Arrays.contains(user.colors, "blue")"#, true.into()),
        ("Arrays.size({10, 20, 30})", 3.into()),
        (r#"Arrays.size("a,b")"#, 2.into()),
        ("Arrays.isEmpty({10, 20})", false.into()),
        ("Arrays.isEmpty({})", true.into()),
        (r#"Arrays.toCsvString({"This", " is ", " a ", " test"})"#, s("This, is , a , test")),
        ("user.colors[1]", s("blue")),
        ("{1, 2, 3}[0]", 1.into()),
        ("user.colors[9]", Value::Null),
        (r#"user.colors.contains("red")"#, true.into()),
        ("user.colors.size()", 2.into()),
        ("user.colors.isEmpty()", false.into()),
        (r#"user.colors.add("green")"#, vec!["red", "blue", "green"].into()),
        (r#"user.colors.remove("red")"#, vec!["blue"].into()),
        ("user.colors.flatten()", vec!["red", "blue"].into()),
    ]);
}

#[test]
fn conversions() {
    table(&[
        (r#"Convert.toInt("1234")"#, 1234.into()),
        ("Convert.toInt(123.4)", 123.into()),
        ("Convert.toInt(123.6)", 124.into()),
        (r#"Convert.toInt("9007199254740993")"#, 9_007_199_254_740_993_i64.into()),
        (r#"Convert.toNum("2.75")"#, 2.75.into()),
        (r#"Iso3166Convert.toAlpha2("IND")"#, s("IN")),
        (r#"Iso3166Convert.toAlpha3("840")"#, s("USA")),
        (r#"Iso3166Convert.toNumeric("USA")"#, s("840")),
        (r#"Iso3166Convert.toName("IN")"#, s("India")),
        (r#"Iso3166Convert.toName("ZZ")"#, Value::Null),
        ("Time.fromUnixToIso8601(\"1773705600123\")", s("2026-03-17T00:00:00.123Z")),
        ("Time.fromWindowsToIso8601(134181792000000000)", s("2026-03-17T00:00:00.000Z")),
        ("Time.fromIso8601ToUnix(user.startDate)", s("1773705600000")),
        ("Time.fromIso8601ToWindows(\"2026-03-17\")", s("134181792000000000")),
        ("Time.fromUnixToIso8601(\"\")", Value::Null),
        ("Time.fromUnixToIso8601(0) < user.startDate", true.into()),
    ]);
    assert_eq!(result("Convert.toInt(user.firstName)", 0), Err(EvalError::NotANumber("Jane".into())));
    assert_eq!(
        result("Convert.toNum(user.firstName + \"inf\")", 0),
        Err(EvalError::NotANumber("Janeinf".into()))
    );
    assert_eq!(
        result("Time.fromIso8601ToUnix(user.login)", 0),
        Err(EvalError::NotADate("jane.doe@example.com".into()))
    );
    assert_eq!(result("Time.fromUnixToIso8601(user.level)", 1), Err(EvalError::OutOfRange));
    assert_eq!(result("Time.fromWindowsToIso8601(user.level)", 1), Err(EvalError::OutOfRange));
    assert_eq!(result("Convert.toInt(user.rate)", 1), Err(EvalError::OutOfRange));
}

#[test]
fn operators() {
    table(&[
        ("1 + 2 * 3 - 4", 3.into()),
        ("7 / 2", 3.into()),
        ("7 / 2.0", 3.5.into()),
        ("-7 % 3", Value::Int(-1)),
        ("user.level + 1", 8.into()),
        (r#"1 + 2 + "a""#, s("3a")),
        (r#""a" + 1 + 2"#, s("a12")),
        (r#""a" + true + 2.0"#, s("atrue2.0")),
        (r#"user.firstName + " " + user.lastName"#, s("Jane Doe")),
        ("1 == 1.0", true.into()),
        ("user.level >= 7 AND user.level lt 8", true.into()),
        (r#""a" < "b""#, true.into()),
        ("user.department eq 'Sales' && user.department ne 'sales'", true.into()),
        ("true and false or true", true.into()),
        ("not false AND !false", true.into()),
        (r#"!user.department == "Sales""#, false.into()),
        (r#"user.department == "Sales" ? 1 : 2"#, 1.into()),
        ("false ? 1 : false ? 2 : 3", 3.into()),
        (r#"user.nothing ?: "x""#, s("x")),
        (r#""" ?: "x""#, s("x")),
        (r#"user.firstName ?: "x""#, s("Jane")),
        (r#"user.login matches "[a-z.]+@example\.com""#, true.into()),
        (r#"user.login matches "example""#, false.into()),
        (r#"user.department matches "(?i)sales|marketing""#, true.into()),
        (r#"user.department in {"Sales", "Marketing"}"#, true.into()),
        (r#"user.department not in {"Sales", "Marketing"}"#, false.into()),
        ("user.level in {1, 7}", true.into()),
        (r#"user.firstName in {user.lastName, "Jane"}"#, true.into()),
        (r#""red" in user.colors"#, true.into()),
        (r#"'it''s' == "it's""#, true.into()),
        (r#""XDOMAIN\" + user.firstName"#, s(r"XDOMAIN\Jane")),
        ("{1, 2} == {1, 2.0}", true.into()),
        ("user.isContractor", true.into()),
        ("user?.firstName", s("Jane")),
    ]);
    assert_eq!(result("user.level / (user.level - 7)", 0), Err(EvalError::DivisionByZero));
    assert_eq!(result("user.level - 1", 1), Err(EvalError::OutOfRange));
    assert_eq!(result("-user.level", 1), Err(EvalError::OutOfRange));
    assert_eq!(result("user.rate * 10", 1), Err(EvalError::OutOfRange));
}

#[test]
fn a_part_that_decides_outweighs_one_that_fails() {
    let fails = "1 / (user.level - 7) == 1";
    for (text, wanted) in [
        (format!("{fails} AND user.level == 3"), Ok(false)),
        (format!("user.level == 3 AND {fails}"), Ok(false)),
        (format!("{fails} OR user.isContractor"), Ok(true)),
        (format!("{fails} AND user.isContractor"), Err(EvalError::DivisionByZero)),
        (format!("{fails} OR user.level == 3"), Err(EvalError::DivisionByZero)),
        (format!("NOT ({fails})"), Err(EvalError::DivisionByZero)),
    ] {
        assert_eq!(result(&text, 0), wanted.map(Value::Bool), "{text}");
    }
}

#[test]
fn people_and_groups() {
    table(&[
        (r#"user.getInternalProperty("id")"#, s("00u1")),
        (r#"user.getInternalProperty("status") == "ACTIVE""#, true.into()),
        (r#"user.getLinkedObject("manager").department"#, s("Board")),
        (r#"user.getLinkedObject("manager").profile.department"#, s("Board")),
        (r#"user.getLinkedObject("manager").country"#, Value::Null),
        (r#"isMemberOfGroup("00g1")"#, true.into()),
        (r#"isMemberOfGroup("00g3")"#, false.into()),
        (r#"isMemberOfAnyGroup("00g3", "00g2")"#, true.into()),
        (r#"isMemberOfGroupName("Sales Europe")"#, true.into()),
        (r#"isMemberOfGroupNameStartsWith("Sales")"#, true.into()),
        (r#"isMemberOfGroupNameStartsWith("Support")"#, false.into()),
        (r#"isMemberOfGroupNameContains("Europe")"#, true.into()),
        (r#"isMemberOfGroupNameRegex("Sales (US|Asia)")"#, false.into()),
        (r#"isMemberOfGroupNameRegex("Sales .*")"#, true.into()),
        (r#"user.isMemberOf({'group.id': {"00g3", "00g2"}})"#, true.into()),
        ("user.isMemberOf({'group.profile.name': 'Sales'})", true.into()),
        ("user.isMemberOf({'group.profile.name': 'Sales Europe', 'operator': 'EXACT'})", true.into()),
        ("user.isMemberOf({'group.profile.name': 'Sales'}, {'group.type': 'BUILT_IN'})", false.into()),
        ("appuser.firstName + source.lastName + zendesk_9.country", s("JaneDoeDE")),
    ]);
}

#[test]
fn case_changes_are_compared_as_made() {
    for text in ["user.department", "user.firstName", "user.login", "user.email", "user.level", "user.any"] {
        for case in ["Lower", "Upper"] {
            for person in 0..3 {
                let made = result(&format!("String.to{case}Case({text})"), person).unwrap();
                for other in ["sales", "SALES", "jane", "i\u{307}ßσ ς\u{301}", "İSSΣ Σ\u{301}", "7", ""]
                {
                    let call = |function: &str| {
                        result(&format!("{function}(String.to{case}Case({text}), \"{other}\")"), person)
                            .unwrap()
                    };
                    let equal =
                        result(&format!("String.to{case}Case({text}) == \"{other}\""), person).unwrap();
                    assert_eq!(
                        equal,
                        (made.as_str() == Some(other)).into(),
                        "{text} {case} {other} {person}"
                    );
                    let starts = made.as_str().is_some_and(|m| m.starts_with(other));
                    assert_eq!(call("String.startsWith"), starts.into(), "{text} {case} {other} {person}");
                    let contains = made.as_str().is_some_and(|m| m.contains(other));
                    assert_eq!(
                        call("String.stringContains"),
                        contains.into(),
                        "{text} {case} {other} {person}"
                    );
                    let among = format!("String.to{case}Case({text}) in {{\"zz\", \"{other}\", \"a\"}}");
                    assert_eq!(result(&among, person).unwrap(), equal, "{among}");
                }
            }
        }
    }
}

#[test]
fn expressions_seen_in_real_orgs() {
    for text in [
        r#"String.startsWith(user.firstName,"bob")"#,
        r#"String.startsWith(user.firstName,String.toLowerCase("bob"))"#,
        r#"user.lastName=="Doe""#,
        r#"isMemberOfAnyGroup("00g2")"#,
        r#"user.department=="Engineer""#,
    ] {
        crate::condition(text);
    }
    assert_eq!(value(r#"appuser.country == null ? "America/Los_Angeles" : appuser.country"#), s("DE"));
    assert_eq!(value("appuser.firstName"), s("Jane"));
    assert_eq!(value(r#"user.profile.login.contains("@x.com")"#), false.into());
}
