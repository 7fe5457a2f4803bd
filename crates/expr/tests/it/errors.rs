//! What is refused, where, and with which suggestion.

use muster_expr::fuzz::{Sample, SamplePerson};
use muster_expr::{EvalError, Limits, Program, Purpose};

use crate::{condition, refused};

#[test]
fn places_and_suggestions() {
    for (text, marked, hint) in [
        (r#"user.departmnt == "Sales""#, "departmnt", "did you mean `department`?"),
        (r#"usr.department == "Sales""#, "usr", "did you mean `user`?"),
        (r#"department == "Sales""#, "department", "did you mean `user.department`?"),
        (r#"user.status == "ACTIVE""#, "status", "did you mean `user.getInternalProperty(\"status\")`?"),
        (r#"String.startWith(user.firstName, "a")"#, "startWith", "did you mean `String.startsWith`?"),
        (r#"String.contains(user.firstName, "a")"#, "contains", "did you mean `String.stringContains`?"),
        (r#"tolowercase(user.firstName) == "a""#, "tolowercase", "did you mean `String.toLowerCase`?"),
        (r#"user.getLinkedObject("manger").email == "x""#, "\"manger\"", "did you mean `manager`?"),
        (r#"isMemberOfGroupName("Sales EU")"#, "\"Sales EU\"", "did you mean `Sales US`?"),
        (r#"isMemberOfGroup("Everyone")"#, "\"Everyone\"", "that is a name: use isMemberOfGroupName"),
        (r#"user.department = "Sales""#, "=", "use == to compare"),
        ("user.level == \"7\"", "user.level == \"7\"", "write the number without quotes"),
        ("user.department == 7", "user.department == 7", "write it in quotes: \"7\""),
        ("user.isContractor == 'true'", "user.isContractor == 'true'", "write true or false without quotes"),
        ("user.colors == \"red\"", "user.colors == \"red\"", "to look for an element, use Arrays.contains"),
        ("user.department", "user.department", "compare it with something, such as == \"value\" or != null"),
        (
            "user.isContractor AND user.colors",
            "user.colors",
            "test it with Arrays.contains or Arrays.isEmpty",
        ),
        ("user.department == “Sales”", "“", "use straight quotes: \" or '"),
        (r#"user.department == "Sales"#, "\"Sales", "a quote inside a string is written twice"),
        ("1 < 2 < 3", "<", "compare two values at a time and join with AND"),
        ("String.len(user.colors) > 1", "user.colors", "turn it into text with Arrays.toCsvString"),
        (
            r#"user.department in "Sales""#,
            "\"Sales\"",
            "for example user.department in {\"Sales\", \"Marketing\"}",
        ),
        (
            r#"getManagerAppUser("active_directory", "crm").email == "x""#,
            "getManagerAppUser",
            "other people's values are those of their profiles: user.getLinkedObject(\"manager\").attribute",
        ),
        (
            r#"getManagerUser("ldap").email == "x""#,
            "\"ldap\"",
            "write \"active_directory\": the link of the org is followed",
        ),
        (
            r#"getManagerUser("active_directory") == "x""#,
            "getManagerUser(\"active_directory\")",
            "choose an attribute: getManagerUser(\"active_directory\").email",
        ),
        (
            "hasWorkdayUser()",
            "hasWorkdayUser()",
            "it reads a source named `workday` or `workday_…`, in mappings to apps",
        ),
        ("findDirectoryUser().emial == null", "emial", "did you mean `email`?"),
        (
            "Arrays.isEmpty(user.getGroups())",
            "user.getGroups()",
            "say what of them: user.getGroups({…}).![name]",
        ),
        ("Arrays.isEmpty(user.getGroups().![nam])", "nam", "did you mean `name`?"),
        ("Arrays.isEmpty(user.getGroups().![created])", "created", "when a group changed is in the log"),
        ("user.isMemberOf({'group.type': 'OKTA'})", "'OKTA'", "there are BUILT_IN, OKTA_GROUP, APP_GROUP"),
        (
            r#"user.endDate.toString("yyyy-bb") == "x""#,
            "bb",
            "letters that stand for themselves go into single quotes",
        ),
        (r"'x' == user.endDate.toString('''o''''clock'' AA')", "AA", "morning and afternoon are `a`"),
        (r#"user.endDate.toString("HH z") == "x""#, "z", "write Z or ZZ for the offset"),
        (r#""1".parseStringTime("xxxx-ww") < user.endDate"#, "xxxx", "name the day by year, month and day"),
        (
            r#"user.endDate.toZone("Europe/Berlim") == "x""#,
            "\"Europe/Berlim\"",
            "for example \"Europe/Berlin\"",
        ),
        ("user.isMemberOf({'group.nam': 'x'})", "'group.nam'", "did you mean `group.id`?"),
    ] {
        let error = refused(text);
        assert_eq!(&text[error.span.clone()], marked, "{error}");
        assert_eq!(error.hint.as_deref(), Some(hint), "{error}");
    }
}

#[test]
fn refused_without_suggestion() {
    for text in [
        "",
        "   ",
        "null",
        "5",
        "user",
        "user.",
        "user.department ==",
        "== 5",
        "(user.isContractor",
        "user.isContractor)",
        "user.isContractor AND",
        "AND",
        "{",
        "{1,",
        "user.colors[",
        "a ? b",
        "user.isContractor ? 1 : 2",
        "1 / 0 == 1",
        "user.isContractor++",
        "@bean == 1",
        "#x == 1",
        "T(java.lang.Runtime)",
        "new String()",
        "String.len()",
        "String.len(\"a\", \"b\") == 1",
        "String.substring(user.login, \"1\", 2) == \"a\"",
        "user.login.foo == \"a\"",
        "user.colors.![length()] == 1",
        "user.colors.?[true] == 1",
        "user.getLinkedObject(\"manager\") == null",
        "user.colors.![name] == null",
        "user.getGroups().![] == null",
        "user.getGroups({'group.id': user.login}).![name] == null",
        "user.getGroups({'group.id': \"00g9\"}).![name] == null",
        "Arrays.isEmpty(getFilteredGroups({\"00g1\"}, \"group.name\", 0))",
        "Arrays.isEmpty(getFilteredGroups({\"00g1\"}, \"group.name\", 101))",
        "Arrays.isEmpty(getFilteredGroups({\"00g1\"}, \"name\", 1))",
        "Arrays.isEmpty(getFilteredGroups(user.colors, \"group.name\", 1))",
        "hasDirectoryUser(1)",
        "findDirectoryUser() == null",
        "getManagerUser().email == \"a\"",
        "getAssistantUser(\"active_directory\").email == \"a\"",
        "Time.fromStringToIso8601(\"1\", user.login) == null",
        "Time.fromStringToIso8601(\"1\", \"HH:mm\") == null",
        "Time.fromStringToIso8601(\"1\", \"yyyy-MM-dd hh\") == null",
        "Time.fromStringToIso8601(\"1\", \"yyyyyyyy-MM-dd\") == null",
        "Time.fromStringToIso8601(\"1\", \"yyyy-MM-dd 'x\") == null",
        "Time.fromStringToIso8601(\"2026-02-30\", \"yyyy-MM-dd\") == null",
        "user.colors.toString() == null",
        "user.endDate.toZone() == null",
        "user.getLinkedObject(\"manager\").isContractor.x",
        "user.getInternalProperty(\"foo\") == \"a\"",
        "user.login matches \"(\"",
        "user.login matches \"(?=a)\"",
        "user.login matches \"(a)\\1\"",
        "user.login matches user.email",
        "user.login matches \"a)|(b\"",
        "isMemberOfGroup(user.login)",
        "isMemberOfGroup()",
        "isMemberOfAnyGroup()",
        "isMemberOfGroup(\"00gx\")",
        "user.isMemberOf()",
        "{'a': 1} == 1",
        "String.stringSwitch(user.login, \"d\", \"k\") == \"a\"",
        "String.stringSwitch(user.login, \"d\", \"k\", \"v\", \"k\") == \"\"",
        "9223372036854775808 == 1",
        "12ab == 1",
        "user.department && true",
        "user.isContractor < true",
        "\"a\" - 1 == 2",
        "user.colors + \"a\" == \"a\"",
        "Convert.toInt(\"abc\") == 1",
        "user.isContractor | true",
        "user.isContractor & true",
        "${user.isContractor}",
        "{{1}, 2} == {1}",
        "user.department == \u{0} 1",
        "matches",
        "in {1}",
        "not",
    ] {
        let error = refused(text);
        assert!(
            error.span.start <= error.span.end && error.span.end <= text.len(),
            "{text}: {:?}",
            error.span
        );
    }
}

#[test]
fn printed_with_line_and_caret() {
    let error = refused("user.isContractor\nAND user.ägypten == \"x\"");
    assert_eq!(
        error.to_string(),
        "2:10: unknown attribute `ägypten` of `user`\n  AND user.ägypten == \"x\"\n           ^^^^^^^"
    );
    let error = refused("user.departmnt == null");
    assert!(
        error
            .to_string()
            .ends_with("\n  user.departmnt == null\n       ^^^^^^^^^\n  hint: did you mean `department`?")
    );
}

#[test]
fn size_and_depth_are_bounded() {
    for text in [
        "(".repeat(10_000),
        "!".repeat(10_000),
        "not ".repeat(4_000),
        "-".repeat(10_000),
        "{".repeat(10_000),
        "a.".repeat(5_000),
        "a[".repeat(5_000),
        "f(".repeat(5_000),
        "a?".repeat(5_000),
        "a?:".repeat(5_000),
        format!("1{}", "+1".repeat(8_000)),
        format!("a{}", ".b()".repeat(4_000)),
        format!("user.isContractor{}", " OR user.isContractor".repeat(10_000)),
        format!("user.login == \"{}\"", "x".repeat(20_000)),
        format!("isMemberOfAnyGroup({}\"\")", "\"00g1\",".repeat(10_000)),
    ] {
        refused(&text);
    }
    // At the limit a thread with a small stack suffices.
    let nested = |open: &str, inner: &str, close: &str| {
        let text = format!("{}{inner}{}", open.repeat(30), close.repeat(30));
        let run = move || {
            let program = condition(&text);
            let _ = program.matches(&SamplePerson::all()[0]).unwrap();
            assert!(!program.explain(&SamplePerson::all()[0]).is_empty());
            program.next_change(&SamplePerson::all()[0]);
            muster_expr::fuzz::run(text.as_bytes());
        };
        std::thread::Builder::new().stack_size(1 << 20).spawn(run).unwrap().join().unwrap();
    };
    nested("((", "user.isContractor", "))");
    nested("!!", "user.isContractor", "");
    let mixed =
        format!("{}user.isContractor{}", "(true AND user.isContractor OR ".repeat(60), ")".repeat(60));
    nested("", &mixed, "");
    nested("(user.isContractor ? ", "user.startDate < Time.now()", " : false)");
    nested("(user.isContractor ?: ", "user.isContractor", ")");
    nested("user.isContractor ? user.startDate < Time.now() : user.isContractor ? false : ", "true", "");
    let call = format!("{}user.login{}", "String.append(".repeat(60), ", \"x\")".repeat(60));
    nested("", &format!("{call} == \"a\""), "");
    // Checking takes no more than each part once.
    condition(&format!("{}true{}", "user.isContractor in {".repeat(30), "}".repeat(30)));
    let deepest = Limits { max_depth: usize::MAX, max_length: usize::MAX, ..Limits::default() };
    let text = "(".repeat(100_000);
    assert!(Program::compile(&text, Purpose::Condition, &Sample, &deepest).is_err());
    // A long list of alternatives is not deep.
    condition(&format!("user.login == \"a\"{}", " OR user.login == \"b\"".repeat(500)));
}

#[test]
fn work_is_bounded() {
    // Each step makes the text a hundred times longer.
    let mut text = "user.login + \"aaaaaaaaaa\"".to_owned();
    for _ in 0..8 {
        text = format!("String.replace({text}, \"a\", \"{}\")", "a".repeat(100));
    }
    let program = Program::compile(&text, Purpose::Mapping, &Sample, &Limits::default()).unwrap();
    assert_eq!(program.eval(&SamplePerson::all()[0]).unwrap_err(), EvalError::TooCostly);
    let constant = text.replace("user.login", "\"a\"");
    assert!(refused(&constant).message.contains("more work"));
    assert!(refused("user.login matches \"((a{1,900}){1,900}){1,900}\"").message.contains("memory"));
}
