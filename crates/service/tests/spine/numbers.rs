//! Numbers that people get by themselves, and names that are tried in turn.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use muster_engine::Value;
use muster_service::plan::{PlanReport, PlanStatus, Quiet};
use muster_service::{ImportOptions, Muster};
use muster_store::lookups;

use crate::admin;

const NUMBERS: &str = r#"
    [attributes.employeeNumber]
    unique = true
    generate = "P{000}"
"#;
const HR: &str = r#"
    [org.guard]
    minimum = 1000
    [apps.hr]
    kind = "csv"
    [apps.hr.feed]
    key = "id"
    [apps.hr.feed.columns]
    id = "string"
    first = "string"
    last = "string"
    number = "string"
    [apps.hr.source]
    [apps.hr.to_user]
    firstName = 'appuser.first'
    lastName = 'appuser.last'
    email = '"user" + appuser.id + "@x.example"'
"#;
const BY_ID: &str = r#"
    login = '"user" + appuser.id'
    employeeNumber = 'appuser.number'
"#;
const IN_TURN: &str = r#"
    login = { expression = ['appuser.first + "." + appuser.last', 'String.substring(appuser.first, 0, 1) + "." + appuser.last', 'appuser.number == null ? null : appuser.last + "." + appuser.number'], taken = "next" }
"#;

const REAL: ImportOptions = ImportOptions { preview: false, force: false };

fn open(dir: &Path, chunk: usize, org: &str) -> Muster {
    let muster = Muster::open(dir, true, Some("2027-01-01T00:00:00Z")).unwrap().with_chunk(chunk);
    apply(&muster, org);
    muster
}

fn apply(muster: &Muster, org: &str) -> PlanReport {
    let report = muster.org_apply(&admin(), "org.toml", org, REAL, &Quiet).unwrap().report;
    assert_eq!(report.status, PlanStatus::Applied, "{:?}", report.notes);
    report
}

/// What a plan does to whom, by login.
fn effects(muster: &Muster, plan: &PlanReport) -> Vec<String> {
    let (mut all, mut from) = (Vec::new(), None);
    loop {
        let page = muster.plan_effects(plan.plan.unwrap(), from).unwrap();
        all.extend(page.effects.into_iter().map(|(_, login, effect)| format!("{login} {effect:?}")));
        match page.next {
            None => return all,
            next => from = next,
        }
    }
}

/// Imports, and checks that the preview showed what came of it.
fn import(muster: &Muster, rows: &[&str]) -> PlanReport {
    let text = format!("id,first,last,number\n{}\n", rows.join("\n"));
    let import = |preview| {
        let options = ImportOptions { preview, force: false };
        muster.import(&admin(), "hr", "feed.csv", text.as_bytes(), options, &Quiet).unwrap()
    };
    let (shown, done) = (import(true), import(false));
    assert_eq!(done.status, PlanStatus::Applied, "{:?}", done.notes);
    assert_eq!((&shown.counts, &shown.notes), (&done.counts, &done.notes));
    assert_eq!(effects(muster, &shown), effects(muster, &done));
    done
}

/// The number of each person, by login.
fn numbers(muster: &Muster) -> BTreeMap<String, Option<String>> {
    let rows = muster.store().read(|tx| {
        let keys = lookups::user_keys_after(tx, i64::MIN, 1000)?;
        muster_store::people::load_people(tx, &keys)
    });
    let of = |profile: &str| -> (String, Option<String>) {
        let profile: BTreeMap<String, Value> = serde_json::from_str(profile).unwrap();
        let text = |name| profile.get(name).and_then(Value::as_str).map(str::to_owned);
        (text("login").unwrap_or_default(), text("employeeNumber"))
    };
    rows.unwrap().iter().map(|p| of(&p.user.profile)).collect()
}

fn number(muster: &Muster, login: &str) -> String {
    numbers(muster).get(login).cloned().flatten().unwrap_or_default()
}

#[test]
fn who_comes_without_a_number_gets_the_next_one_past_those_a_source_brings() {
    for chunk in [2, 100] {
        let dir = tempfile::tempdir().unwrap();
        let muster = open(dir.path(), chunk, &format!("{NUMBERS}{HR}{BY_ID}"));
        import(&muster, &["1,A,A,P002", "2,A,A,", "3,A,A,", "4,A,A,X7", "5,A,A,"]);
        let told = ["P002", "P001", "P003", "X7", "P004"];
        for (id, wanted) in (1..).zip(told) {
            assert_eq!(number(&muster, &format!("user{id}")), wanted, "chunks of {chunk}");
        }
        let again = import(&muster, &["1,A,A,P002", "2,A,A,", "3,A,A,", "4,A,A,X7", "5,B,A,"]);
        assert_eq!(again.counts.tally.changed, 1, "who has a number keeps it");
        assert_eq!(number(&muster, "user5"), "P004");
    }
}

#[test]
fn what_a_source_or_an_admin_says_goes_before_and_the_number_comes_back() {
    let dir = tempfile::tempdir().unwrap();
    let muster = open(dir.path(), 100, &format!("{NUMBERS}{HR}{BY_ID}"));
    let person = [("firstName", "A"), ("lastName", "B"), ("email", "a@x.example")];
    let person = person.iter().map(|(n, v)| ((*n).to_owned(), Value::from(*v))).collect();
    muster.user_create(&admin(), "ann.b", &person, true, REAL).unwrap();
    assert_eq!(number(&muster, "ann.b"), "P001");
    let say = |value: Value| {
        let change = BTreeMap::from([("employeeNumber".to_owned(), value)]);
        muster.user_update(&admin(), "ann.b", &change, REAL).unwrap();
        number(&muster, "ann.b")
    };
    assert_eq!(say(Value::from("K1")), "K1");
    assert_eq!(say(Value::Null), "P001");

    import(&muster, &["1,A,A,"]);
    assert_eq!(number(&muster, "user1"), "P002");
    import(&muster, &["1,A,A,S9"]);
    assert_eq!(number(&muster, "user1"), "S9");
    import(&muster, &["1,A,A,S9", "2,A,A,"]);
    assert_eq!(number(&muster, "user2"), "P003", "P002 stays reserved");
    import(&muster, &["1,A,A,", "2,A,A,"]);
    assert_eq!(number(&muster, "user1"), "P002");
}

#[test]
fn an_undone_creation_keeps_its_number_and_nobody_else_ever_gets_it() {
    let dir = tempfile::tempdir().unwrap();
    let muster = open(dir.path(), 100, &format!("{NUMBERS}{HR}{BY_ID}"));
    let came = import(&muster, &["1,A,A,", "2,A,A,"]);
    muster.undo(&admin(), came.plan.unwrap(), REAL, &Quiet).unwrap();
    import(&muster, &["3,A,A,"]);
    import(&muster, &["1,A,A,", "2,A,A,", "3,A,A,", "4,A,A,"]);
    let told: Vec<String> = numbers(&muster).into_values().flatten().collect();
    assert_eq!(told, ["P001", "P002", "P003", "P004"], "users 1 to 4, each what was hers");
}

#[test]
fn those_who_were_there_before_get_numbers_too_and_get_the_same_ones_again() {
    let dir = tempfile::tempdir().unwrap();
    let plain = format!("[attributes.employeeNumber]\nunique = true\n{HR}{BY_ID}");
    let muster = open(dir.path(), 3, &plain);
    let rows: Vec<String> = (10..20).map(|id| format!("{id},A,A,")).collect();
    import(&muster, &rows.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(numbers(&muster).into_values().all(|n| n.is_none()));
    let numbered = apply(&muster, &format!("{NUMBERS}{HR}{BY_ID}"));
    let all = numbers(&muster);
    let distinct: BTreeSet<&String> = all.values().flatten().collect();
    assert_eq!((distinct.len(), distinct.last().map(|n| n.as_str())), (10, Some("P010")));
    muster.undo(&admin(), numbered.plan.unwrap(), REAL, &Quiet).unwrap();
    assert!(numbers(&muster).into_values().all(|n| n.is_none()));
    apply(&muster, &format!("{NUMBERS}{HR}{BY_ID}"));
    assert_eq!(numbers(&muster), all);
}

#[test]
fn eight_who_create_at_once_get_different_numbers_without_a_gap() {
    let dir = tempfile::tempdir().unwrap();
    let muster = open(dir.path(), 100, &format!("{NUMBERS}{HR}{BY_ID}"));
    std::thread::scope(|scope| {
        for maker in 0..8 {
            let muster = &muster;
            scope.spawn(move || {
                for n in 0..5 {
                    let login = format!("maker{maker}.{n}");
                    let email = format!("{login}@x.example");
                    let person = [("firstName", "A"), ("lastName", "B"), ("email", &email)];
                    let person = person.iter().map(|(n, v)| ((*n).to_owned(), Value::from(*v))).collect();
                    muster.user_create(&admin(), &login, &person, true, REAL).unwrap();
                }
            });
        }
    });
    let told: BTreeSet<String> = numbers(&muster).into_values().flatten().collect();
    let wanted: BTreeSet<String> = (1..=40).map(|n| format!("P{n:03}")).collect();
    assert_eq!(told, wanted);
}

#[test]
fn names_are_tried_in_turn_and_stay_with_whom_they_were_given() {
    for chunk in [2, 100] {
        let dir = tempfile::tempdir().unwrap();
        let muster = open(dir.path(), chunk, &format!("{HR}{IN_TURN}"));
        let rows =
            ["1,jo,smith,7", "2,jo,smith,7", "3,jim,smith,", "4,jo,smith,7", "5,jo,smith,7", "6,jo,smith,"];
        import(&muster, &rows);
        let told = |muster: &Muster| numbers(muster).into_keys().collect::<Vec<_>>();
        let all = ["j.smith", "j.smith2", "jim.smith", "jo.smith", "smith.7", "smith.72"];
        assert_eq!(
            told(&muster),
            all,
            "chunks of {chunk}; who has no number has nothing to try after the second"
        );
        // The first goes by another name, and hers isn't anybody's reason to change.
        import(&muster, &["1,joan,smith,7", rows[1], rows[2], rows[3], rows[4], rows[5]]);
        let all = ["j.smith", "j.smith2", "jim.smith", "joan.smith", "smith.7", "smith.72"];
        assert_eq!(told(&muster), all, "chunks of {chunk}");
    }
}
