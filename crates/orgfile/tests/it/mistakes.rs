//! Mistakes in a file, and what is told about them.

use muster_orgfile::parse;
use proptest::prelude::*;

use crate::{changes, read, told};

/// All that is told about a text.
fn wrong(text: &str) -> String {
    told(&parse(text).expect_err("it has a mistake"))
}

#[test]
fn tells_place_key_and_what_was_meant() {
    let text = "[apps.hr]\nkind = \"csv\"\n\n[apps.hr.feed]\nkey = \"id\"\ndelimeter = \";\"\ncolumns = { id = \"string\" }\n";
    let expected = "6:1: apps.hr.feed: unknown key \"delimeter\"; did you mean \"delimiter\"?\n  6 | delimeter = \";\"\n    | ^^^^^^^^^";
    assert_eq!(wrong(text), expected);
}

#[test]
fn each_mistake_is_told() {
    for (text, expected) in [
        ("[orgs]", "1:2: the file: unknown key \"orgs\"; did you mean \"org\"?"),
        (
            "[whatever]",
            "unknown key \"whatever\"; the keys here are org, attributes, links, groups, rules, apps",
        ),
        ("[org]\nname = 7", "2:8: org.name: must be a text in quotes, and is an integer"),
        (
            "[org]\nadmins = \"x\"",
            "org.admins: must be a list of texts, such as [\"one\", \"two\"], and is a text",
        ),
        ("[org]\nadmins = [\"x\", 4]", "2:16: org.admins: must be a text in quotes, and is an integer"),
        (
            "org = 3",
            "org: must be a table with name, timezone, admins, legal_hold, tell_leaver, postpone_days, guard, protected_users, mail, retention, and is an integer",
        ),
        ("[org.mail]\npassword = \"geheim\"", "2:12: org.mail.password: a secret is given by reference"),
        (
            "[org.mail]\ntls = \"never\"",
            "org.mail.tls: \"never\" is none of \"auto\", \"required\", \"none\"",
        ),
        ("[org.retention]\nlogs = 3", "unknown key \"logs\"; did you mean \"log\"?"),
        ("[org.guard]\npercent = -1", "org.guard.percent: is negative or too large"),
        ("[org.guard]\npercent = 99999999999", "org.guard.percent: is negative or too large"),
        ("[org.guard]\npercent = 1.5", "must be a whole number, and is a number with a fraction"),
        (
            "[org.guard]\nwindow_hours = 9000",
            "2:16: org.guard.window_hours: is too long; at most 8760 hours, which is a year",
        ),
        (
            "[org.guard.people]\npercnt = 1",
            "org.guard.people: unknown key \"percnt\"; did you mean \"percent\"?",
        ),
        (
            "[apps.x]\nkind = \"scim\"\nexpires = \"soon\"",
            "3:11: apps.x.expires: must be a day without quotes, such as 2027-12-31, and is a text",
        ),
        ("[apps.x]\nkind = \"scim\"\nexpires = 2027-12-31T10:00:00", "must be a day without quotes"),
        ("[attributes.a]\ngenerate = 1", "attributes.a.generate: must be a text in quotes"),
        (
            "[apps.x]\nkind = \"csv\"\nto_app = { a = { expression = ['user.login'] } }",
            "must be a text in quotes",
        ),
        (
            "[apps.x]\nkind = \"scim\"\n[apps.x.guard]\nwindow_hours = 1",
            "apps.x.guard: unknown key \"window_hours\"; the keys here are percent, minimum, count, feed_percent, deletions",
        ),
        ("[groups.a]\nguard = { feed_percent = 1 }", "groups.a.guard: unknown key \"feed_percent\""),
        ("[groups.a]\nprotected = 1", "groups.a.protected: must be true or false, and is an integer"),
        (
            "[apps.x]\nkind = \"scim\"\nprovisioning = { protected_accounts = [\"\"] }",
            "3:40: apps.x.provisioning.protected_accounts: the user name is empty",
        ),
        ("[attributes]\nx = \"strin\"", "attributes.x: \"strin\" is none of \"string\", \"boolean\""),
        ("[attributes]\nx = \"strin\"", "; did you mean \"string\"?"),
        ("[attributes.x]\nmax = 3", "unknown key \"max\""),
        ("[attributes.x]\nrequired = \"yes\"", "attributes.x.required: must be true or false, and is a text"),
        ("[attributes.x]\nmaximum = \"big\"", "attributes.x.maximum: must be a number, and is a text"),
        ("[attributes.x]\nmaximum = inf", "the number is too large"),
        (
            "[attributes.x]\nenum = [[1]]",
            "must be a text, a number, true, false or a list of these, and is a list",
        ),
        ("[attributes.\"\"]", "the name is empty"),
        ("[links.m]\nattribute = \"managerId\"", "1:8: links.m: matches is missing; add matches ="),
        (
            "[rules.r]\ngroups = [\"a\"]",
            "rules.r: when is missing; add when = 'user.department == \"Sales\"'",
        ),
        ("[rules.r]\nwhen = 'true'", "rules.r: groups is missing"),
        ("[rules.\"a b\"]\nwhen = 1\ngroups = []", "rules.\"a b\".when: must be a text"),
        (
            "[apps.x]",
            "1:7: apps.x: kind is missing; add kind = \"csv\", \"scim\", \"manual\" or \"bookmark\"",
        ),
        (
            "[apps.x]\nkind = \"manual\"\nextra = \"[1]\"",
            "3:9: apps.x.extra: must be a JSON object within quotes, as the export writes it",
        ),
        (
            "[apps.x]\nkind = \"sicm\"",
            "apps.x.kind: \"sicm\" is none of \"csv\", \"scim\", \"manual\", \"bookmark\"; did you mean \"scim\"?",
        ),
        ("[apps.x]\nkind = \"csv\"\n[apps.x.feed]\nkey = \"a\"", "apps.x.feed: columns is missing"),
        (
            "[apps.x]\nkind = \"csv\"\nfeed = { key = \"a\", delimiter = \"ab\", columns = {} }",
            "must be one character, and \"ab\" has 2",
        ),
        (
            "[apps.x]\nkind = \"csv\"\nfeed = { key = \"a\", terminated = { column = \"a\" }, columns = {} }",
            "apps.x.feed.terminated: values is missing",
        ),
        (
            "[apps.x]\nkind = \"csv\"\nfeed = { key = \"a\", deleted = { values = [\"D\"] }, columns = {} }",
            "apps.x.feed.deleted: column is missing; add column = \"op\"",
        ),
        (
            "[apps.x]\nkind = \"csv\"\n[apps.x.feed]\nencoding = \"windows-1225\"",
            "4:12: apps.x.feed.encoding: \"windows-1225\" is none of \"auto\", \"utf-8\"",
        ),
        (
            "[apps.x]\nkind = \"csv\"\n[apps.x.feed]\nmode = \"changes\"",
            "4:8: apps.x.feed.mode: \"changes\" is none of \"full\", \"delta\"",
        ),
        (
            "[apps.x]\nkind = \"csv\"\n[apps.x.feed.columns]\na = { names = \"b\" }",
            "4:15: apps.x.feed.columns.a.names: must be a list of texts",
        ),
        (
            "[apps.x]\nkind = \"scim\"\n[apps.x.to_app]\nname.givenName = 'user.firstName'",
            "4:1: apps.x.to_app.name: is a table here; a name with dots needs quotes: \"name.givenName\" = …",
        ),
        (
            "[apps.x]\nkind = \"scim\"\n[apps.x.to_app]\na = { expression = 'b', taken = \"counter\" }",
            "apps.x.to_app.a: unknown key \"taken\"",
        ),
        (
            "[apps.x]\nkind = \"scim\"\n[apps.x.to_user]\na = { when = \"create\" }",
            "apps.x.to_user.a: expression is missing",
        ),
        (
            "[apps.x]\nkind = \"csv\"\n[[apps.x.source.match]]\nno = [\"email\"]",
            "4:1: apps.x.source.match: unknown key \"no\"; did you mean \"on\"?",
        ),
        (
            "[apps.x]\nkind = \"csv\"\n[[apps.x.source.match]]",
            "3:1: apps.x.source.match: on is missing; add on = [\"firstName\", \"lastName\"]",
        ),
        (
            "[apps.x]\nkind = \"csv\"\n[apps.x.source]\nmatch = [\"email\"]",
            "4:10: apps.x.source.match: must be a table with on, and is a text",
        ),
        (
            "[apps.x]\nkind = \"csv\"\n[apps.x.source.confirm]\nexact = \"aks\"",
            "4:9: apps.x.source.confirm.exact: \"aks\" is none of \"link\", \"ask\"; did you mean \"ask\"?",
        ),
        (
            "[apps.x]\nkind = \"scim\"\ngroups = [\"A\", \"A\"]",
            "apps.x.groups: names \"A\" twice; take one out",
        ),
        (
            "[apps.x]\nkind = \"scim\"\n[apps.x.settings]\na.b = 1",
            "a name with dots needs quotes: \"a.b\" = …",
        ),
    ] {
        let told = wrong(text);
        assert!(told.contains(expected), "{text}\n--- told\n{told}\n--- expected\n{expected}");
    }
}

#[test]
fn all_mistakes_are_told_in_the_order_of_the_file() {
    let told = parse("[apps.x]\nlabl = \"a\"\n[rules.r]\n[org]\nname = 1\n").unwrap_err();
    let lines: Vec<usize> = told.iter().map(|error| error.position.unwrap().line).collect();
    assert_eq!(lines, [1, 2, 3, 3, 5]);
}

#[test]
fn what_is_not_toml_says_so() {
    let told = wrong("[org]\nname = \"a\"\nname = \"b\"\nadmins = [\n");
    assert!(told.starts_with("3:1: this isn't TOML: duplicate key"), "{told}");
    assert!(told.contains("\n  3 | name = \"b\"\n    | ^^^^"), "{told}");
    assert!(wrong("[org\nname = 1").starts_with("1:5: this isn't TOML"), "{}", wrong("[org\nname = 1"));
    assert!(parse("\u{feff}[org]\nname = \"a\"\n").is_ok());
    assert!(parse("[org]\r\nname = \"a\"\r\n").is_ok());
}

#[test]
fn secrets_are_given_by_reference_and_never_shown() {
    let app = "[apps.x]\nkind = \"scim\"\n[apps.x.secrets]\n";
    for good in ["env:CRM_TOKEN", "env:_a1", "file:/run/secrets/crm", "file:token"] {
        assert!(parse(&format!("{app}token = \"{good}\"")).is_ok(), "{good}");
    }
    for bad in ["hunter2", "env:", "env:1A", "env:A B", "file:", "file: ", "ENV:HUNTER2", "vault:hunter2"] {
        let told = wrong(&format!("{app}token = \"{bad}\""));
        assert!(told.starts_with("4:9: apps.x.secrets.token: a secret is given by reference"), "{told}");
        assert!(!told.to_lowercase().contains("hunter2"), "{told}");
    }
    for broken in ["token = hunter2", "token = \"hunter2", "token = 'env:A' hunter2", "token = [\"hunter2\"]"]
    {
        let told = wrong(&format!("{app}{broken}\n"));
        assert!(!told.contains("hunter2"), "{told}");
    }
}

#[test]
fn names_that_do_not_exist_are_told_with_their_places() {
    let text = "[groups]\nSales = \"\"\n[rules.r]\nwhen = 'true'\ngroups = [\"Sales\", \"Salse\"]\nexcept_users = [\"nobody\"]\nexcept_groups = [\"Everyne\"]\n[apps.x]\nkind = \"manual\"\ngroups = [\"Quite another\"]\n";
    let told = told(&changes(&read(text), &muster_engine::Org::default()).unwrap_err());
    for expected in [
        "5:20: rules.r.groups: there is no group \"Salse\"; did you mean \"Sales\"?",
        "6:17: rules.r.except_users: nobody has the login \"nobody\"",
        "7:18: rules.r.except_groups: there is no group \"Everyne\"; did you mean \"Everyone\"?",
        "10:11: apps.x.groups: there is no group \"Quite another\"; name it under [groups]",
    ] {
        assert!(told.contains(expected), "{told}");
    }
}

proptest! {
    #[test]
    fn no_text_breaks_the_reader(text in "(\\[|\\]|\\{|\\}|=|\"|'|\\.|,|#|\n| |é|org|apps|feed|secrets|x|1|true){0,60}") {
        if let Err(errors) = parse(&text) {
            prop_assert!(!errors.is_empty());
            let _ = told(&errors);
        }
    }

    #[test]
    fn a_whole_file_with_a_hole_breaks_nothing(from in 0usize..8000, length in 1usize..200) {
        let whole = include_str!("../../../../demo/org.toml");
        let cut: String = whole.chars().take(from).chain(whole.chars().skip(from + length)).collect();
        match parse(&cut) {
            Ok(file) => drop(changes(&file, &muster_engine::Org::default())),
            Err(errors) => prop_assert!(errors.iter().all(|error| error.position.is_some())),
        }
    }
}
