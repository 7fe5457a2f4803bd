//! The table of nulls: what becomes of a value that isn't there.

use muster_expr::Value;

use crate::blank;

#[test]
fn nulls() {
    let null = || Value::Null;
    let s = |text: &str| Value::from(text);
    let rows: Vec<(&str, Value)> = vec![
        ("user.firstName", null()),
        (r#""a" + user.firstName"#, s("a")),
        (r#"user.firstName + " " + user.lastName"#, s(" ")),
        ("user.firstName + user.lastName", null()),
        ("user.level + 1", null()),
        ("user.level * user.rate", null()),
        ("-user.level", null()),
        ("user.level < 5", false.into()),
        ("user.level >= 5", false.into()),
        ("null < 1", false.into()),
        ("user.level == 5", false.into()),
        ("user.level != 5", true.into()),
        (r#"user.department != "x""#, true.into()),
        ("user.department == null", true.into()),
        ("null == null", true.into()),
        ("user.department == user.lastName", true.into()),
        (r#"user.department != "" AND user.department != null"#, false.into()),
        ("!user.isContractor", true.into()),
        ("user.isContractor AND true", false.into()),
        ("user.isContractor ? 1 : 2", 2.into()),
        ("user.isContractor == false", false.into()),
        (r#"user.department matches ".*""#, false.into()),
        (r#"user.department in {"a", "b"}"#, false.into()),
        ("user.department in user.colors", false.into()),
        (r#"user.firstName ?: user.lastName ?: "z""#, s("z")),
        ("String.append(user.firstName, user.lastName)", null()),
        (r#"String.append(user.firstName, "x")"#, s("x")),
        (r#"String.join(",", user.firstName, "x", user.lastName, "y")"#, s("x,y")),
        ("String.len(user.firstName)", 0.into()),
        ("String.removeSpaces(user.firstName)", null()),
        (r#"String.replace(user.firstName, "a", "b")"#, null()),
        (r#"String.replaceFirst(user.firstName, "a", "b")"#, null()),
        (r#"String.startsWith(user.firstName, "a")"#, false.into()),
        ("String.startsWith(user.firstName, user.lastName)", false.into()),
        (r#"String.stringContains(user.firstName, "a")"#, false.into()),
        (r#"String.stringSwitch(user.firstName, "d", "", "x")"#, s("d")),
        ("String.substring(user.firstName, 0, 1)", null()),
        (r#"String.substringAfter(user.firstName, "@")"#, null()),
        (r#"String.substringBefore(user.firstName, "@")"#, null()),
        ("String.toUpperCase(user.firstName)", null()),
        ("String.toLowerCase(user.firstName)", null()),
        (r#"Arrays.add(user.colors, "a")"#, vec!["a"].into()),
        (r#"Arrays.remove(user.colors, "a")"#, null()),
        ("Arrays.clear(user.colors)", Value::List(vec![])),
        ("Arrays.get(user.colors, 0)", null()),
        ("Arrays.flatten(user.colors, 1)", vec![1].into()),
        (r#"Arrays.contains(user.colors, "a")"#, false.into()),
        ("Arrays.size(user.colors)", 0.into()),
        ("Arrays.isEmpty(user.colors)", true.into()),
        ("Arrays.toCsvString(user.colors)", s("")),
        ("user.colors[0]", null()),
        ("Convert.toInt(user.firstName)", null()),
        ("Convert.toNum(user.firstName)", null()),
        ("Iso3166Convert.toName(user.country)", null()),
        ("Time.fromUnixToIso8601(user.login)", null()),
        ("Time.fromIso8601ToWindows(user.endDate)", null()),
        (r#"user.getLinkedObject("manager").email"#, null()),
        ("user.startDate <= Time.now()", false.into()),
        ("user.startDate > Time.now()", false.into()),
        (r#"user.startDate < "2026-01-01""#, false.into()),
        (r#"user.startDate != "2026-01-01""#, true.into()),
        ("user.startDate == null", true.into()),
    ];
    for (text, wanted) in rows {
        assert_eq!(blank(text), wanted, "{text}");
    }
}
