//! What a file changes in an org.

use muster_engine::model::app::AppGroup;
use muster_engine::{
    AppKey, AttributeType, Group, GroupKey, GroupKind, Item, ItemKey, ItemKind, UserKey, Value, compile,
    public_id,
};
use muster_orgfile::{ItemChange, export};

use crate::{apply, changes, org, read, told};

const SMALL: &str = r#"
[org]
name = "Small"

[attributes]
level = "integer"

[groups]
"A" = "first"
"B" = "second"

[rules.both]
when = 'user.title == "X"'
groups = ["A", "B"]
except_users = ["user7", "user3"]

[apps.crm]
kind = "scim"
[apps.crm.feed]
key = "id"
[apps.crm.feed.columns]
id = "string"
name = "string"
born = "date"
[apps.crm.provisioning]
[apps.crm.settings]
base_url = "https://x"
[apps.crm.secrets]
token = "env:CRM_TOKEN"
[apps.crm.to_app]
userName = 'user.login'
[apps.crm.groups.A]
[apps.crm.groups.B]
priority = 3
profile = { since = 2027-03-01, level = 4, share = 0.5, on = true, tags = ["x", "y"], phone = {} }
"#;

fn kinds(changes: &[ItemChange]) -> Vec<(ItemKind, bool)> {
    changes.iter().map(|c| (c.kind, c.item.is_some())).collect()
}

#[test]
fn a_new_org_gets_everything_in_order() {
    let none = muster_engine::Org::default();
    let first = changes(&read(SMALL), &none).unwrap();
    let kinds: Vec<ItemKind> = first.iter().map(|c| c.kind).collect();
    let mut sorted = kinds.clone();
    sorted.sort();
    assert_eq!(kinds, sorted);
    let org = apply(&none, first);
    assert_eq!(org.settings.name, "Small");
    assert_eq!(org.settings.timezone, "UTC");
    assert_eq!(org.group_named("Everyone").unwrap().1.kind, GroupKind::BuiltIn);
    let (_, rule) = org.rule_named("both").unwrap();
    assert_eq!(rule.except_users, [UserKey(7), UserKey(3)]);
    let given = org.app_groups.values().find(|g| g.priority == 3).unwrap();
    assert_eq!(given.profile["since"], Value::from("2027-03-01"));
    assert_eq!(given.profile["level"], Value::Int(4));
    assert_eq!(given.profile["share"], Value::Num(0.5));
    assert_eq!(given.profile["phone"], Value::Null);
    assert_eq!(changes(&read(SMALL), &org).unwrap(), []);
}

#[test]
fn an_empty_file_is_an_empty_org() {
    let made = org("");
    assert!(made.settings_key.is_some());
    assert_eq!(made.items().len(), 2);
    assert_eq!(changes(&read(""), &made).unwrap(), []);
}

#[test]
fn order_means_nothing() {
    let org = org(SMALL);
    let other = SMALL
        .replace("id = \"string\"\nname = \"string\"", "name = \"string\"\nid = \"string\"")
        .replace("[\"A\", \"B\"]", "[\"B\", \"A\"]")
        .replace("[\"user7\", \"user3\"]", "[\"user3\", \"user7\"]");
    assert_ne!(other, SMALL);
    assert_eq!(changes(&read(&other), &org).unwrap(), []);
    // New columns come after those there are, wherever they stand.
    let more = SMALL.replace("id = \"string\"\n", "new = \"string\"\nid = \"string\"\n");
    let found = changes(&read(&more), &org).unwrap();
    let Some(Item::App(app)) = &found[0].item else { panic!("{found:?}") };
    let names: Vec<&str> = app.feed.as_ref().unwrap().columns.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(names, ["id", "name", "born", "new"]);
}

#[test]
fn only_what_differs_changes_and_keys_stay() {
    let org = org(SMALL);
    let other = SMALL.replace("priority = 3", "priority = 4").replace("\"second\"", "\"zweite\"");
    let found = changes(&read(&other), &org).unwrap();
    assert_eq!(kinds(&found), [(ItemKind::Group, true), (ItemKind::AppGroup, true)]);
    assert_eq!(found[0].key.0, org.group_named("B").unwrap().0.0);
    let org = apply(&org, found);
    assert_eq!(changes(&read(&other), &org).unwrap(), []);
}

#[test]
fn what_is_gone_goes_last_and_referrers_first() {
    let org = org(SMALL);
    let found = changes(&read("[org]\nname = \"Other\"\n"), &org).unwrap();
    assert_eq!(
        kinds(&found),
        [
            (ItemKind::Org, true),
            (ItemKind::AppGroup, false),
            (ItemKind::AppGroup, false),
            (ItemKind::Rule, false),
            (ItemKind::Mapping, false),
            (ItemKind::App, false),
            (ItemKind::Group, false),
            (ItemKind::Group, false),
            (ItemKind::Attribute, false),
        ]
    );
    assert_eq!(apply(&org, found).items().len(), 2);
}

#[test]
fn a_group_may_be_called_as_an_imported_one_which_is_named_with_its_app_then() {
    let mut org = org(SMALL);
    let crm = org.app_named("crm").unwrap().0;
    let imported =
        Group { name: "A".to_owned(), kind: GroupKind::AppGroup, app: Some(crm), ..Group::default() };
    org.groups.insert(GroupKey(500), imported);
    assert_eq!(changes(&read(SMALL), &org).unwrap(), [], "A is the one made here");
    let both = SMALL.replace("[apps.crm.groups.A]", "[apps.crm.groups.\"crm/A\"]\n[apps.crm.groups.A]");
    let found = changes(&read(&both), &org).unwrap();
    assert!(matches!(&found[0].item, Some(Item::AppGroup(g)) if g.group == GroupKey(500)), "{found:?}");
    let org = apply(&org, found);
    let written = export(&org, &|u| Some(format!("user{u}")));
    assert!(written.contains("\"crm/A\""), "{written}");
    assert_eq!(changes(&read(&written), &org).unwrap(), []);
    // With its app a group goes that came from it.
    let gone = changes(&read("[groups]\nA = \"first\"\n"), &org).unwrap();
    assert!(gone.iter().any(|c| c.kind == ItemKind::Group && c.key.0 == 500 && c.item.is_none()));
}

#[test]
fn imported_groups_and_everyone_stay() {
    let mut org = org(SMALL);
    let crm = org.app_named("crm").unwrap().0;
    let imported =
        Group { name: "Imported".to_owned(), kind: GroupKind::AppGroup, app: Some(crm), ..Group::default() };
    org.groups.insert(GroupKey(500), imported);
    assert_eq!(changes(&read(SMALL), &org).unwrap(), []);
    let refers =
        SMALL.replace("[apps.crm.groups.A]", "[apps.crm.groups.Imported]\n[apps.crm.groups.Everyone]");
    let found = changes(&read(&refers), &org).unwrap();
    assert_eq!(kinds(&found).iter().filter(|k| **k == (ItemKind::AppGroup, true)).count(), 2);
    let org = apply(&org, found);
    assert!(
        org.app_groups
            .values()
            .any(|g| *g == AppGroup { app: crm, group: GroupKey(500), priority: 0, profile: [].into() })
    );
    assert_eq!(changes(&read(&export(&org, &|u| Some(format!("user{u}")))), &org).unwrap(), []);
    let described = SMALL.replace("\"A\" = \"first\"", "\"A\" = \"first\"\n\"Everyone\" = \"all of us\"");
    let found = changes(&read(&described), &org).unwrap();
    let everyone = found.iter().find(|c| c.kind == ItemKind::Group).unwrap();
    assert_eq!(everyone.key.0, org.group_named("Everyone").unwrap().0.0);
    assert!(matches!(&everyone.item, Some(Item::Group(g)) if g.kind == GroupKind::BuiltIn));
}

#[test]
fn people_without_a_login_go_by_id() {
    let org = org(SMALL);
    let written = export(&org, &|_| None);
    assert!(written.contains(&public_id(muster_engine::IdKind::User, 7)), "{written}");
    assert_eq!(changes(&read(&written), &org).unwrap(), []);
}

#[test]
fn base_attributes_keep_what_is_not_said() {
    let org = org(
        "[attributes.email]\nunique = true\n[attributes.title]\nmax_length = 9\n[attributes.login]\nmax_length = \"none\"\n[attributes]\ncity = \"integer\"\n[attributes.share]\ntype = \"number\"\nenum = [1, 2.5]\nminimum = 0\n",
    );
    let def = |name: &str| org.attributes.values().find(|a| a.name == name).unwrap().clone();
    let email = def("email");
    assert!(email.required && email.unique && email.kind == AttributeType::Email);
    assert_eq!(email.max_length, Some(100));
    assert_eq!((def("login").min_length, def("login").max_length), (Some(5), None));
    assert_eq!(def("city").kind, AttributeType::Integer);
    assert_eq!(def("share").allowed, [Value::Num(1.0), Value::Num(2.5)]);
    let written = export(&org, &|_| None);
    assert!(written.contains("max_length = \"none\""), "{written}");
    assert_eq!(changes(&read(&written), &org).unwrap(), [], "{written}");
}

#[test]
fn that_a_last_day_is_over_stays_until_the_file_names_another() {
    let text =
        format!("{SMALL}\n[apps.survey]\nkind = \"manual\"\nexpires = 2027-03-31\nprovisioning = {{}}\n");
    let mut org = org(&text);
    let (key, _) = org.app_named("survey").unwrap();
    org.apps.get_mut(&key).unwrap().expired = true;
    assert_eq!(changes(&read(&text), &org).unwrap(), []);
    assert_eq!(changes(&read(&export(&org, &|u| Some(format!("user{u}")))), &org).unwrap(), []);
    for other in ["expires = 2028-03-31", ""] {
        let found = changes(&read(&text.replace("expires = 2027-03-31", other)), &org).unwrap();
        assert!(
            matches!(&found[..], [ItemChange { item: Some(Item::App(app)), .. }] if !app.expired),
            "{other}"
        );
    }
}

#[test]
fn what_contradicts_itself_in_numbers_patterns_and_days_is_told() {
    let app = "[apps.hr]\nkind = \"csv\"\n[apps.hr.feed]\nkey = \"id\"\ncolumns = { id = \"string\" }\n[apps.hr.source]\n";
    let login = |expression: &str, taken: &str| {
        format!("{app}[apps.hr.to_user]\nlogin = {{ expression = {expression}, taken = \"{taken}\" }}\n")
    };
    let eleven = format!("[{}]", ["'appuser.id'"; 11].join(", "));
    let expires = |more: &str| format!("[apps.x]\nkind = \"scim\"\n{more}\n");
    for (text, expected) in [
        ("[attributes.a]\ngenerate = \"A{00}\"\n".to_owned(), "say `unique = true`"),
        ("[attributes.a]\nunique = true\ngenerate = \"A\"\n".to_owned(), "as braces around 1 to 18 zeros"),
        (login("['appuser.id']", "next"), "belong together"),
        (login("['appuser.id', 'appuser.id']", "counter"), "belong together"),
        (login("['appuser.id', 'appuser.di']", "next"), "appuser.di"),
        (login(&eleven, "next"), "more than 10 expressions"),
        (expires("expires = 2027-03-31"), "they have no accounts there"),
        (expires("warn_days = 3\nprovisioning = {}"), "there is no such day"),
        (expires("expires = 2027-03-31\nwarn_days = 9999\nprovisioning = {}"), "at most 3650"),
    ] {
        let none = muster_engine::Org::default();
        let org = apply(&none, changes(&read(&text), &none).unwrap());
        let told: Vec<String> = compile(1, org).unwrap_err().iter().map(ToString::to_string).collect();
        assert!(told.join("\n").contains(expected), "{text}: {told:?}");
    }
}

#[test]
fn dangling_items_are_cleared_away() {
    let mut org = org(SMALL);
    let lost = AppGroup { app: AppKey(999), group: GroupKey(998), priority: 0, profile: [].into() };
    org.app_groups.insert(ItemKey(900), lost);
    let found = changes(&read(SMALL), &org).unwrap();
    assert_eq!(found, [ItemChange { kind: ItemKind::AppGroup, key: ItemKey(900), item: None }]);
}

#[test]
fn mistakes_found_by_compiling_are_located() {
    let text =
        SMALL.replace("user.title == \"X\"", "user.titel == \"X\"").replace("key = \"id\"", "key = \"ID2\"");
    let file = read(&text);
    let none = muster_engine::Org::default();
    let org = apply(&none, changes(&file, &none).unwrap());
    let with_source = text.replace("[apps.crm.feed]", "[apps.crm.source]\n[apps.crm.feed]");
    let errors = compile(1, org.clone()).unwrap_err();
    let located = told(&file.locate(&org, &errors));
    assert!(located.starts_with("13:8: rules.both: in the expression at 1:6: "), "{located}");
    assert!(located.contains("title"), "{located}");
    assert_eq!(located.matches('^').count(), 5, "{located}");
    let file = read(&with_source);
    let org = apply(&none, changes(&file, &none).unwrap());
    let located = told(&file.locate(&org, &compile(1, org.clone()).unwrap_err()));
    assert!(located.contains("17:7: apps.crm: feed.key names the column \"ID2\""), "{located}");
    assert!(located.contains("  17 | [apps.crm]\n     |       ^^^\n"), "{located}");
}

#[test]
fn feeds_that_contradict_themselves_are_told() {
    for (feed, expected) in [
        (
            "key = \"id\"\ndeleted = { column = \"dept\", values = [\"D\"] }",
            "feed.deleted.column names the column \"dept\"",
        ),
        (
            "key = \"id\"\nmode = \"delta\"\npath = \"/srv/hr-*.csv\"",
            "feed.path has a * and feed.mode is \"delta\"",
        ),
        ("key = \"id\"\ndelimiter = \"ä\"", "feed.delimiter is 'ä'; give one ASCII character"),
        (
            "key = \"idd\"",
            "feed.key names the column \"idd\", which isn't among its columns; did you mean \"id\"?",
        ),
    ] {
        assert!(refused(feed, "dept = \"string\"").contains(expected), "{feed}");
    }
    for (columns, expected) in [
        ("dept = { names = [\"ID\"] }", "feed.columns: \"ID\" may be the column \"dept\" as well as \"id\""),
        (
            "dept = { names = [\"a\"] }\nroom = { names = [\" A \"] }",
            "\"a\" may be the column \"dept\" as well as \"room\"",
        ),
        ("dept = { names = [\" \"] }", "feed.columns.dept has an empty name"),
        ("dept = { date_format = \"%Y\" }", "feed.columns.dept has a date_format and isn't a date"),
    ] {
        assert!(refused("key = \"id\"", columns).contains(expected), "{columns}");
    }
}

/// What is said about a source whose feed is described so.
fn refused(feed: &str, columns: &str) -> String {
    let text = format!(
        "[apps.hr]\nkind = \"csv\"\n[apps.hr.source]\n[apps.hr.feed]\n{feed}\n[apps.hr.feed.columns]\nid = \"string\"\n{columns}\n"
    );
    let none = muster_engine::Org::default();
    let org = apply(&none, changes(&read(&text), &none).unwrap());
    compile(1, org).unwrap_err().iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}
