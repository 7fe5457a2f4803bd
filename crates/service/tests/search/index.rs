//! The rows of the index are at any time those that the stored profiles ask for.

use std::collections::BTreeMap;
use std::path::Path;

use muster_engine::Value;
use muster_service::plan::Quiet;
use muster_service::{Actor, ImportOptions, Muster};

fn admin() -> Actor {
    Actor::operator("test")
}

fn apply(muster: &Muster, attributes: &str) {
    let text = format!("[org]\nname = \"Example\"\n{attributes}");
    muster.org_apply(&admin(), "org.toml", &text, ImportOptions::default(), &Quiet).unwrap();
}

fn create(muster: &Muster, n: usize) {
    let long = format!("{}{n}", "Ä".repeat(300));
    let values = [
        ("email", Value::from(format!("User{n}@Example.com"))),
        ("firstName", Value::from("Ann")),
        ("lastName", Value::from(format!("L{n}"))),
        ("city", Value::from(if n.is_multiple_of(2) { "Köln" } else { "BONN" })),
        ("title", Value::from(long)),
    ];
    let values: BTreeMap<String, Value> = values.into_iter().map(|(k, v)| (k.to_owned(), v)).collect();
    let login = format!("user{n}@example.com");
    muster.user_create(&admin(), &login, &values, true, ImportOptions::default()).unwrap();
}

/// The rows of the index: attribute, value, person.
fn rows(dir: &Path) -> Vec<(String, String, i64)> {
    let store = rusqlite::Connection::open(dir.join("muster.db")).unwrap();
    let mut query =
        store.prepare("SELECT attribute, value, user_key FROM user_value ORDER BY 3, 1, 2").unwrap();
    let found = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
    found.map(Result::unwrap).collect()
}

fn of(dir: &Path, attribute: &str) -> Vec<String> {
    rows(dir).into_iter().filter(|(name, ..)| name == attribute).map(|(_, value, _)| value).collect()
}

#[test]
fn values_come_and_go_with_profiles_and_with_what_is_indexed() {
    let dir = tempfile::tempdir().unwrap();
    let muster = Muster::open(dir.path(), true, Some("2026-01-01T00:00:00Z")).unwrap().with_chunk(2);
    apply(&muster, "");
    (0..5).for_each(|n| create(&muster, n));
    assert_eq!(of(dir.path(), "firstName"), ["ann"; 5]);
    assert_eq!(of(dir.path(), "email")[3], "user3@example.com");
    assert!(of(dir.path(), "city").is_empty());
    let updated = |muster: &Muster| muster.user("user4@example.com").unwrap().user.last_updated;

    // An attribute that is indexed later is so for those who were there before, whom nothing else changes.
    muster
        .set_clock(
            "2026-01-02T00:00:00Z"
                .parse::<jiff::Timestamp>()
                .map(|t| muster_engine::Millis(t.as_millisecond()))
                .unwrap(),
        )
        .unwrap();
    let before = updated(&muster);
    apply(&muster, "[attributes.city]\nindexed = true\n[attributes.title]\nindexed = true\n");
    assert_eq!(of(dir.path(), "city"), ["köln", "bonn", "köln", "bonn", "köln"]);
    assert_eq!(of(dir.path(), "title"), vec!["ä".repeat(200); 5]);
    assert_eq!(updated(&muster), before);

    let change = |name: &str, value: Value| {
        let values = BTreeMap::from([(name.to_owned(), value)]);
        muster.user_update(&admin(), "user4@example.com", &values, ImportOptions::default()).unwrap();
    };
    change("city", Value::from("Trier"));
    change("firstName", Value::from("Bob"));
    assert_eq!(of(dir.path(), "city"), ["köln", "bonn", "köln", "bonn", "trier"]);
    change("city", Value::Null);
    assert_eq!(of(dir.path(), "city").len(), 4);
    assert_eq!(of(dir.path(), "firstName")[4], "bob");

    // What is no longer indexed goes; a value that changes meanwhile leaves nothing behind.
    apply(&muster, "[attributes.title]\nindexed = true\n");
    assert!(of(dir.path(), "city").is_empty());
    change("city", Value::from("Trier"));
    apply(&muster, "[attributes.city]\nindexed = true\n");
    assert_eq!(of(dir.path(), "city"), ["köln", "bonn", "köln", "bonn", "trier"]);
    assert!(of(dir.path(), "title").is_empty());
}

#[test]
fn undoing_a_change_of_what_is_indexed_brings_the_rows_back() {
    let dir = tempfile::tempdir().unwrap();
    let muster = Muster::open(dir.path(), true, Some("2026-01-01T00:00:00Z")).unwrap().with_chunk(2);
    apply(&muster, "");
    (0..5).for_each(|n| create(&muster, n));
    let before = rows(dir.path());
    let text = "[org]\nname = \"Example\"\n[attributes.city]\nindexed = true\n";
    let applied = muster.org_apply(&admin(), "org.toml", text, ImportOptions::default(), &Quiet).unwrap();
    let after = rows(dir.path());
    assert_eq!(after.len(), before.len() + 5);
    let undone =
        muster.undo(&admin(), applied.report.plan.unwrap(), ImportOptions::default(), &Quiet).unwrap();
    assert_eq!(rows(dir.path()), before);
    muster.undo(&admin(), undone.plan.unwrap(), ImportOptions::default(), &Quiet).unwrap();
    assert_eq!(rows(dir.path()), after);
}

#[test]
fn a_store_from_before_the_index_gets_its_rows_when_it_is_opened() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Some("2026-01-01T00:00:00Z");
    let muster = Muster::open(dir.path(), true, clock).unwrap();
    apply(&muster, "[attributes.city]\nindexed = true\n");
    (0..5).for_each(|n| create(&muster, n));
    drop(muster);
    let before = rows(dir.path());
    let store = rusqlite::Connection::open(dir.path().join("muster.db")).unwrap();
    store.execute_batch("DELETE FROM user_value; DELETE FROM meta WHERE name = 'user_value'").unwrap();
    Muster::open(dir.path(), false, clock).unwrap();
    assert_eq!(rows(dir.path()), before);
}

#[test]
fn a_group_knows_when_its_members_changed() {
    let dir = tempfile::tempdir().unwrap();
    let muster = Muster::open(dir.path(), true, Some("2026-01-01T00:00:00Z")).unwrap();
    apply(
        &muster,
        "[groups.Cologne]\n[groups.Empty]\n[rules.Cologne]\nwhen = 'user.city == \"Köln\"'\ngroups = [\"Cologne\"]\n",
    );
    let changed = || {
        let store = rusqlite::Connection::open(dir.path().join("muster.db")).unwrap();
        let mut query = store.prepare("SELECT members_changed FROM group_state ORDER BY group_key").unwrap();
        let found = query.query_map([], |row| row.get::<_, i64>(0)).unwrap().map(Result::unwrap);
        found.collect::<Vec<_>>()
    };
    create(&muster, 1);
    assert!(changed().is_empty());
    create(&muster, 2);
    let first = changed();
    assert_eq!(first.len(), 1);
    muster.set_clock(muster_engine::Millis(first[0] + 5)).unwrap();
    create(&muster, 3);
    assert_eq!(changed(), first);
    let values = BTreeMap::from([("city".to_owned(), Value::Null)]);
    muster.user_update(&admin(), "user2@example.com", &values, ImportOptions::default()).unwrap();
    assert_eq!(changed(), [first[0] + 5]);
}
