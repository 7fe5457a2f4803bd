//! What a search answers is what looking at everybody would, whatever index it uses and however it is paged.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::OnceLock;

use muster_engine::Value;
use muster_engine::model::{IdKind, Transition, key_of};
use muster_query::{AttributeName, Compare, Filter};
use muster_service::look::{Language, Sort, UserFilter, UserSearch, UserView, parse_filter};
use muster_service::plan::Quiet;
use muster_service::{Actor, ImportOptions, Muster, ServiceError};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value as Json, json};
use tempfile::TempDir;

const ORG: &str = r#"
[org]
name = "Example"
[attributes.city]
indexed = true
[attributes.badge]
unique = true
[attributes.level]
type = "integer"
indexed = true
[attributes.ratio]
type = "number"
indexed = true
[attributes.tags]
type = "string-array"
indexed = true
[attributes.remote]
type = "boolean"
indexed = true
[attributes.seen]
type = "date-time"
indexed = true
"#;

const TEXTS: [&str; 12] = [
    "Köln",
    "köln",
    "KÖLN-Süd",
    "Bonn",
    "bonn",
    "B",
    "b",
    "Straße",
    "5",
    "true",
    "2020-01-01T00:00:00Z",
    "2020-01-01T01:00:00+01:00",
];

struct World {
    muster: Muster,
    everybody: Vec<UserView>,
    _dir: TempDir,
}

/// A number that looks like chance.
fn dice(n: usize, salt: usize, sides: usize) -> usize {
    let mixed = (n as u64 * 31 + salt as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    ((mixed ^ (mixed >> 29)) >> 7) as usize % sides
}

fn text(n: usize, salt: usize) -> &'static str {
    TEXTS[dice(n, salt, TEXTS.len())]
}

fn person(n: usize) -> BTreeMap<String, Value> {
    let mut values = vec![
        ("email", Value::from(format!("{}{n}@Example.com", ["ann", "Bob", "büro"][dice(n, 1, 3)]))),
        ("firstName", Value::from(["Ann", "ANN", "Bob", "Zoë"][dice(n, 2, 4)])),
        ("lastName", Value::from(format!("{}{}", text(n, 3), dice(n, 4, 3)))),
    ];
    let mut sometimes = |name, salt, value: Value| {
        if dice(n, salt, 4) > 0 {
            values.push((name, value));
        }
    };
    sometimes("city", 5, Value::from(text(n, 6)));
    sometimes("nickName", 7, Value::from(text(n, 8)));
    sometimes("badge", 9, Value::from(format!("B{n}x")));
    sometimes("level", 10, Value::Int(dice(n, 11, 7) as i64 - 2));
    sometimes("ratio", 12, Value::Num(dice(n, 13, 9) as f64 / 2.0 - 1.0));
    sometimes("remote", 14, Value::Bool(dice(n, 15, 2) == 0));
    sometimes(
        "seen",
        16,
        Value::from(
            ["2020-01-01T00:00:00Z", "2020-01-01T01:00:00+01:00", "2021-05-05T05:05:05Z"][dice(n, 17, 3)],
        ),
    );
    let tags = (0..dice(n, 18, 4)).map(|i| Value::from(text(n, 19 + i))).collect();
    sometimes("tags", 22, Value::List(tags));
    values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn admin() -> Actor {
    Actor::operator("test")
}

fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| {
        let dir = tempfile::tempdir().unwrap();
        // So few at a time that every way of searching is taken among these few people.
        let muster = Muster::open(dir.path(), true, Some("2026-01-01T00:00:00Z")).unwrap().with_chunk(20);
        muster.org_apply(&admin(), "org.toml", ORG, ImportOptions::default(), &Quiet).unwrap();
        for n in 0..300 {
            muster.set_clock(muster_engine::Millis(1_767_225_600_000 + n as i64 / 7 * 1_000)).unwrap();
            let login = format!("{}{n}@example.com", ["user", "Person"][dice(n, 30, 2)]);
            let options = ImportOptions { force: true, ..ImportOptions::default() };
            muster.user_create(&admin(), &login, &person(n), dice(n, 31, 5) > 0, options).unwrap();
            if dice(n, 32, 6) == 0 {
                muster.user_transition(&admin(), &login, Transition::Deactivate, options).unwrap();
            }
        }
        let mut everybody = Vec::new();
        let mut after = None;
        loop {
            let page = muster.users(&UserFilter::default(), after.as_deref(), 77).unwrap();
            everybody.extend(page.items);
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(everybody.len(), 300);
        World { muster, everybody, _dir: dir }
    })
}

fn resource(view: &UserView) -> Map<String, Json> {
    let mut shown = serde_json::to_value(view).unwrap();
    shown["type"] =
        json!({ "id": muster_engine::model::public_id(IdKind::UserType, muster_service::look::USER_TYPE) });
    shown.as_object().unwrap().clone()
}

fn named(view: &UserView, q: &str) -> bool {
    ["firstName", "lastName", "email"]
        .iter()
        .any(|name| view.profile[*name].as_str().unwrap().to_lowercase().starts_with(&q.to_lowercase()))
}

/// What a person is sorted by: how many values come before it doesn't matter, only which of two does.
fn order(a: &UserView, b: &UserView, sort: &Sort) -> Ordering {
    let value = |view: &UserView| {
        let resource = resource(view);
        sort.by
            .split('.')
            .try_fold(Json::Object(resource), |at, name| at.get(name).cloned())
            .filter(|v| !v.is_null() && !v.is_array())
    };
    let id = |view: &UserView| key_of(IdKind::User, &view.id).unwrap();
    let by_id = id(a).cmp(&id(b));
    let order = match (value(a), value(b)) {
        (None, None) => return by_id,
        (None, _) => return Ordering::Greater,
        (_, None) => return Ordering::Less,
        _ if sort.by == "id" || sort.by == "type.id" => by_id,
        (Some(Json::Number(a)), Some(Json::Number(b))) => a.as_f64().unwrap().total_cmp(&b.as_f64().unwrap()),
        (Some(Json::String(a)), Some(Json::String(b))) if sort.by == "profile.seen" => {
            a.parse::<jiff::Timestamp>().unwrap().cmp(&b.parse().unwrap())
        }
        (Some(a), Some(b)) => {
            let text = |v: &Json| v.as_str().map_or_else(|| v.to_string(), str::to_lowercase);
            text(&a).cmp(&text(&b))
        }
    };
    let order = order.then(by_id);
    if sort.descending { order.reverse() } else { order }
}

fn name() -> impl Strategy<Value = String> {
    select(vec![
        "id",
        "status",
        "created",
        "lastUpdated",
        "activated",
        "profile.login",
        "profile.email",
        "profile.firstName",
        "profile.lastName",
        "profile.city",
        "profile.nickName",
        "profile.badge",
        "profile.level",
        "profile.ratio",
        "profile.tags",
        "profile.remote",
        "profile.seen",
        "profile.city",
        "profile.tags",
        "profile.level",
    ])
    .prop_map(str::to_owned)
}

/// A comparison, mostly with a value that somebody has.
fn comparison() -> impl Strategy<Value = Filter> {
    let compare = select(Compare::ALL.map(|(_, compare)| compare).to_vec());
    let likely = prop_oneof![3 => Just(Compare::Equal), 2 => Just(Compare::StartsWith), 1 => compare];
    (name(), likely, 0usize..300, 0usize..5, select(TEXTS.to_vec()), any::<bool>()).prop_map(
        |(name, compare, whose, cut, other, upper)| {
            let attribute = AttributeName::parse(&name).unwrap();
            let view = &resource(&world().everybody[whose]);
            let found =
                name.split('.').try_fold(Json::Object(view.clone()), |at, part| at.get(part).cloned());
            let mut value = match found {
                Some(Json::Array(values)) => values.into_iter().next().unwrap_or_else(|| Json::from(other)),
                Some(Json::Null) | None => Json::from(other),
                Some(value) => value,
            };
            if cut == 0 {
                value = Json::from(other);
            }
            if let Json::String(text) = &value {
                let mut text = text.clone();
                if compare == Compare::StartsWith {
                    text = text.chars().take(cut).collect();
                }
                if upper && name != "id" {
                    text = text.to_uppercase();
                }
                value = Json::from(text);
            }
            if cut == 4 && compare == Compare::Equal {
                value = value.as_i64().map_or(value, |n| Json::from(n as f64));
            }
            let ordered = !matches!(compare, Compare::Equal | Compare::NotEqual);
            let compare = if ordered && value.is_boolean() { Compare::Equal } else { compare };
            Filter::Compare(attribute, compare, value)
        },
    )
}

fn filter() -> impl Strategy<Value = Filter> {
    let leaf = prop_oneof![
        6 => comparison(),
        1 => name().prop_map(|name| Filter::Present(AttributeName::parse(&name).unwrap())),
    ];
    leaf.prop_recursive(3, 8, 3, |inner| {
        prop_oneof![
            3 => proptest::collection::vec(inner.clone(), 2..4).prop_map(Filter::And),
            3 => proptest::collection::vec(inner.clone(), 2..4).prop_map(Filter::Or),
            1 => inner.prop_map(|inner| Filter::Not(Box::new(inner))),
        ]
    })
}

fn sort() -> impl Strategy<Value = Option<Sort>> {
    proptest::option::of((name(), any::<bool>()).prop_map(|(by, descending)| Sort { by, descending }))
}

fn answer(search: &UserSearch) -> Result<Vec<UserView>, ServiceError> {
    let mut search = search.clone();
    let mut all = Vec::new();
    loop {
        let page = world().muster.search_users(&search)?;
        assert!(page.items.len() <= search.limit);
        all.extend(page.items);
        search.after = page.next;
        if search.after.is_none() {
            return Ok(all);
        }
    }
}

/// Comparisons of dates with what is none are refused; the rest of the language has everything.
fn is_askable(filter: &Filter) -> bool {
    let search = UserSearch {
        filter: Some(filter.clone()),
        language: Language::Full,
        limit: 1,
        ..UserSearch::default()
    };
    !matches!(world().muster.search_users(&search), Err(ServiceError::Criteria(_)))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 250, ..ProptestConfig::default() })]

    #[test]
    fn a_search_answers_what_looking_at_everybody_would(
        filter in proptest::option::weighted(0.9, filter()),
        q in proptest::option::weighted(0.2, select(vec!["a", "ann", "B", "k", "straß", "zz"])),
        sort in sort(),
        limit in select(vec![1usize, 7, 60, 200]),
        include_deprovisioned in any::<bool>(),
    ) {
        prop_assume!(filter.as_ref().is_none_or(is_askable));
        let is_id = |name: &AttributeName| name.is("id");
        let mut wanted: Vec<&UserView> = world()
            .everybody
            .iter()
            .filter(|view| include_deprovisioned || view.status != "DEPROVISIONED")
            .filter(|view| filter.as_ref().is_none_or(|f| f.matches(&resource(view), &is_id)))
            .filter(|view| q.is_none_or(|q| named(view, q)))
            .collect();
        if let Some(sort) = &sort {
            wanted.sort_by(|a, b| order(a, b, sort));
        }
        let limit = if wanted.len() > 20 { limit.max(7) } else { limit };
        let search = UserSearch {
            filter,
            language: Language::Full,
            q: q.map(str::to_owned),
            sort,
            after: None,
            limit,
            include_deprovisioned,
        };
        let ids = |views: &[&UserView]| views.iter().map(|v| v.id.clone()).collect::<Vec<_>>();
        let found = answer(&search).unwrap();
        prop_assert_eq!(ids(&found.iter().collect::<Vec<_>>()), ids(&wanted));
        prop_assert!(found.iter().zip(wanted).all(|(found, wanted)| found == wanted));
    }
}

fn ask(text: &str, language: Language) -> Result<usize, String> {
    let search = || {
        let filter = Some(parse_filter(text)?);
        answer(&UserSearch {
            filter,
            language,
            limit: 50,
            include_deprovisioned: true,
            ..UserSearch::default()
        })
    };
    match search() {
        Ok(found) => Ok(found.len()),
        Err(ServiceError::Criteria(told)) => Err(told),
        Err(other) => Err(format!("not refused, but failed: {other}")),
    }
}

#[test]
fn each_parameter_allows_its_own() {
    let id = &world().everybody[3].id;
    let login = world().everybody[3].profile["login"].as_str().unwrap();
    assert_eq!(ask(&format!("id eq \"{id}\""), Language::Filter), Ok(1));
    assert_eq!(
        ask(
            &format!("profile.login eq \"{login}\" and lastUpdated gt \"2000-01-01T00:00:00.000Z\""),
            Language::Filter
        ),
        Ok(1)
    );
    // Values keep their case in filter, and lose it in search.
    assert_eq!(ask(&format!("profile.login eq \"{}\"", login.to_uppercase()), Language::Filter), Ok(0));
    assert_eq!(ask(&format!("profile.login eq \"{}\"", login.to_uppercase()), Language::Search), Ok(1));
    assert_eq!(ask("type.id pr", Language::Search), Ok(300));
    assert!(ask("status eq \"deprovisioned\"", Language::Search).unwrap() > 10);
    assert!(ask("profile.lastName co \"OLN\" or profile.level ge 4", Language::Search).unwrap() > 10);
    for (text, language, told) in [
        (
            "status eq",
            Language::Search,
            "expected a quoted string, a number, true, false or null at character 10",
        ),
        ("profile.city eq \"x\"", Language::Filter, "profile.city can't be used in filter"),
        (
            "profile.login sw \"x\"",
            Language::Filter,
            "`sw` can't be used with profile.login in filter, only `eq`",
        ),
        ("status pr", Language::Filter, "`pr` can't be used in filter"),
        ("status gt \"A\"", Language::Filter, "`gt` can't be used with status in filter"),
        ("not (status eq \"ACTIVE\")", Language::Search, "`not` can't be used in search"),
        ("profile.city ne \"x\"", Language::Search, "write `profile.city lt … or profile.city gt …`"),
        (
            "profile.city co \"x\"",
            Language::Search,
            "`co` can't be used with profile.city, only with profile.firstName",
        ),
        ("profile.city ew \"x\"", Language::Search, "`ew` can't be used in search with profile.city"),
        (
            "profile.citty eq \"x\"",
            Language::Search,
            "there is no attribute \"profile.citty\"; did you mean \"profile.city\"?",
        ),
        ("profile.City eq \"x\"", Language::Search, "there is no attribute \"profile.City\""),
        ("Status eq \"x\"", Language::Full, "there is no attribute \"Status\""),
        ("profile.tags[value eq \"x\"]", Language::Search, "`profile.tags[…]` can't be used in search"),
        ("created gt \"yesterday\"", Language::Search, "created is compared with an instant"),
        ("created gt 5", Language::Full, "created is compared with an instant"),
    ] {
        let found = ask(text, language).unwrap_err();
        assert!(found.contains(told), "{text}: {found}");
    }
}

#[test]
fn a_cursor_belongs_to_its_list() {
    let muster = &world().muster;
    let sort = Sort { by: "profile.lastName".into(), descending: false };
    let search = UserSearch { sort: Some(sort), limit: 3, ..UserSearch::default() };
    let next = muster.search_users(&search).unwrap().next;
    let other = Sort { by: "profile.lastName".into(), descending: true };
    for (sort, after) in [
        (Some(other), next.clone()),
        (None, next),
        (None, Some("00u".into())),
        (None, Some("ö".into())),
        (search.sort.clone(), Some("7b7d".into())),
        (search.sort.clone(), Some("é0".into())),
        (search.sort.clone(), Some(String::new())),
    ] {
        let refused = muster.search_users(&UserSearch { sort, after, ..search.clone() });
        assert!(matches!(refused, Err(ServiceError::Cursor(_))), "{refused:?}");
    }
    let sort = Some(Sort { by: "profile.nothing".into(), descending: false });
    let refused = muster.search_users(&UserSearch { sort, ..UserSearch::default() });
    assert!(matches!(refused, Err(ServiceError::Criteria(_))), "{refused:?}");
}

#[test]
fn pages_have_okta_s_sizes() {
    let muster = &world().muster;
    let size = |search: UserSearch| muster.search_users(&search).unwrap().items.len();
    assert_eq!(size(UserSearch { include_deprovisioned: true, ..UserSearch::default() }), 200);
    assert_eq!(size(UserSearch { include_deprovisioned: true, limit: 5_000, ..UserSearch::default() }), 200);
    assert_eq!(size(UserSearch { q: Some("a".into()), ..UserSearch::default() }), 10);
    let living = world().everybody.iter().filter(|view| view.status != "DEPROVISIONED").count();
    assert_eq!(answer(&UserSearch { limit: 200, ..UserSearch::default() }).unwrap().len(), living);
}
