//! Groups by filters.

use std::collections::BTreeMap;

use muster_engine::{Millis, Value};
use muster_service::look::Language::{Filter, Full, Search};
use muster_service::look::{GroupSearch, Sort, parse_filter};
use muster_service::plan::Quiet;
use muster_service::{Actor, ImportOptions, Muster, ServiceError};

const ORG: &str = r#"
[groups]
Sales = "Who sells"
"Sales Süd" = "Who sells in the south"
Support = "Who helps"
[rules.South]
when = 'user.city == "Trier"'
groups = ["Sales Süd"]
"#;

fn admin() -> Actor {
    Actor::operator("test")
}

fn names(muster: &Muster, search: &GroupSearch) -> Vec<String> {
    let mut search = search.clone();
    let mut all = Vec::new();
    loop {
        let page = muster.search_groups(&search).unwrap();
        all.extend(page.items.into_iter().map(|group| group.profile.name));
        search.after = page.next;
        if search.after.is_none() {
            return all;
        }
    }
}

#[test]
fn groups_are_found_sorted_and_paged() {
    let dir = tempfile::tempdir().unwrap();
    let muster = Muster::open(dir.path(), true, Some("2026-01-01T00:00:00Z")).unwrap();
    let day = 86_400_000;
    let start = muster.now().0;
    let later = |days: i64| muster.set_clock(Millis(start + days * day)).unwrap();
    later(1);
    muster.org_apply(&admin(), "org.toml", ORG, ImportOptions::default(), &Quiet).unwrap();
    later(2);
    let values = [("email", "a@example.com"), ("firstName", "A"), ("lastName", "B"), ("city", "Trier")];
    let values: BTreeMap<String, Value> = values.map(|(k, v)| (k.to_owned(), Value::from(v))).into();
    muster.user_create(&admin(), "ann@example.com", &values, true, ImportOptions::default()).unwrap();
    later(3);
    let changed = ORG.replace("Who helps", "Who helped");
    muster.org_apply(&admin(), "org.toml", &changed, ImportOptions::default(), &Quiet).unwrap();

    let ask = |text: &str, language| {
        let filter = Some(parse_filter(text).unwrap());
        let sort = Some(Sort { by: "profile.name".into(), descending: false });
        names(&muster, &GroupSearch { filter, language, sort, limit: 1, ..GroupSearch::default() })
    };
    assert_eq!(ask("profile.name sw \"sales\"", Search), ["Sales", "Sales Süd"]);
    assert_eq!(ask("profile.description co \"SOUTH\"", Search), ["Sales Süd"]);
    assert_eq!(ask("type eq \"BUILT_IN\"", Filter), ["Everyone"]);
    assert_eq!(ask("type eq \"built_in\"", Filter), [""; 0]);
    assert_eq!(ask("type eq \"built_in\"", Search), ["Everyone"]);
    assert_eq!(ask("lastUpdated gt \"2026-01-03T00:00:00.000Z\"", Filter), ["Support"]);
    assert_eq!(ask("lastMembershipUpdated ge \"2026-01-03T00:00:00.000Z\"", Filter), ["Sales Süd"]);
    assert_eq!(ask("created lt \"2026-01-02T00:00:00.000Z\"", Search), ["Everyone"]);
    assert_eq!(ask("profile.name pr and not (profile.name sw \"S\")", Full), ["Everyone"]);

    let all = names(&muster, &GroupSearch { limit: 3, ..GroupSearch::default() });
    assert_eq!(all, ["Everyone", "Sales", "Sales Süd", "Support"]);
    let sort = Some(Sort { by: "lastMembershipUpdated".into(), descending: true });
    assert_eq!(names(&muster, &GroupSearch { sort, limit: 1, ..GroupSearch::default() })[0], "Sales Süd");
    let q = Some("sALES s".into());
    assert_eq!(names(&muster, &GroupSearch { q, ..GroupSearch::default() }), ["Sales Süd"]);

    let counted = muster.search_groups(&GroupSearch { stats: true, ..GroupSearch::default() }).unwrap();
    let counts: Vec<i64> = counted.items.iter().map(|g| g.embedded.unwrap().stats.users_count).collect();
    assert_eq!(counts, [1, 0, 1, 0]);
    let support = &counted.items[3];
    assert_eq!(support.created.as_deref(), Some("2026-01-02T00:00:00.000Z"));
    assert_eq!(support.last_updated.as_deref(), Some("2026-01-04T00:00:00.000Z"));
    assert_eq!(support.last_membership_updated.as_deref(), Some("2026-01-02T00:00:00.000Z"));

    for (text, language) in [
        ("profile.name eq \"Sales\"", Filter),
        ("type co \"x\"", Search),
        ("status eq \"x\"", Search),
        ("lastUpdated gt \"x\"", Search),
    ] {
        let filter = Some(parse_filter(text).unwrap());
        let refused = muster.search_groups(&GroupSearch { filter, language, ..GroupSearch::default() });
        assert!(matches!(refused, Err(ServiceError::Criteria(_))), "{text}: {refused:?}");
    }
    for after in ["00g", "7b7d"] {
        let refused =
            muster.search_groups(&GroupSearch { after: Some(after.into()), ..GroupSearch::default() });
        assert!(matches!(refused, Err(ServiceError::Cursor(_))), "{refused:?}");
    }
}
