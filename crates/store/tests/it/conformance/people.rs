//! People: write-sets, loading, look-ups.

use muster_store::people::{
    AccountPut, AssignmentRow, ClaimRow, LinkRow, MembershipFactRow, MembershipRow, PeopleWrites, PersonRows,
    RecordRow, UserRow, ValueRow, load_people, write_people,
};
use muster_store::{Store, lookups, rederive, search};

use super::Open;

pub(crate) fn run(open: Open<'_>) {
    everything_written_is_loaded(&open("people"));
    putting_again_replaces(&open("replace"));
    removals_come_first(&open("removals"));
    look_ups_page_in_order(&open("look-ups"));
    due_people_wait_for_held_plans(&open("due"));
    values_lead_to_people(&open("search"));
    marks_are_drained(&open("rederive"));
}

/// A person with a row in every table, all columns different.
fn person(n: i64) -> PersonRows {
    PersonRows {
        user: UserRow {
            user_key: n,
            status: "ACTIVE".into(),
            login: Some(format!("user{n}@example.com")),
            profile: format!("{{\"firstName\":\"Änne{n}\"}}"),
            profile_since: Some("{\"firstName\":[1,2]}".into()),
            said: Some("{}".into()),
            as_of: 11,
            next_due: Some(1000 + n),
            config_version: 13,
            created: 14,
            created_plan: 15,
            activated: Some(16),
            status_changed: Some(17),
            last_updated: 18,
            rev: 19,
            plan: 20,
            held_plan: None,
        },
        records: vec![RecordRow {
            app_key: 5,
            external_id: format!("{n:05}"),
            user_key: n,
            record_key: n,
            state: "LIVING".into(),
            values: "{\"a\":\"b\"}".into(),
            hash: -n,
            said_at: 21,
            first_seen: 22,
            changed: 23,
            plan: 24,
        }],
        memberships: vec![
            MembershipRow { user_key: n, group_key: 1, since: 25, plan: 26 },
            MembershipRow { user_key: n, group_key: n % 2 + 2, since: 27, plan: 28 },
        ],
        membership_facts: vec![MembershipFactRow {
            user_key: n,
            group_key: 1,
            kind: "KEPT".into(),
            ref_key: 7,
            until: Some(29),
            gone: true,
            since: 30,
            plan: 31,
        }],
        assignments: vec![AssignmentRow {
            user_key: n,
            app_key: 6,
            kind: "DIRECT".into(),
            profile: Some("{}".into()),
            until: Some(32),
            gone: false,
            since: 33,
            plan: 34,
        }],
        links: vec![LinkRow { user_key: n, link_item: 8, value: (n / 10).to_string(), since: 35, plan: 36 }],
        claims: vec![ClaimRow {
            namespace: "user.login".into(),
            value: format!("user{n}@example.com"),
            user_key: n,
            shown: format!("User{n}@example.com"),
            base: "user".into(),
            state: "HELD".into(),
            reserved_until: Some(37),
            since: 38,
            plan: 39,
        }],
        accounts: Vec::new(),
    }
}

fn account(n: i64, app_key: i64) -> AccountPut {
    AccountPut {
        account_key: n * 100 + app_key,
        user_key: Some(n),
        app_key,
        scope: Some("GROUP".into()),
        group_key: Some(1),
        assigned_since: Some(40),
        assigned_plan: Some(41),
        wanted: Some("{}".into()),
        state: Some("ACTIVE".into()),
        kept: Some("{\"k\":1}".into()),
        wanted_rev: 1,
        since: 42,
        plan: 43,
        lane: 1,
    }
}

fn writes(people: &[PersonRows]) -> PeopleWrites {
    let mut writes = PeopleWrites::default();
    for person in people.iter().cloned() {
        writes.users.push(person.user);
        writes.records.extend(person.records);
        writes.memberships.extend(person.memberships);
        writes.membership_facts.extend(person.membership_facts);
        writes.assignments.extend(person.assignments);
        writes.links.extend(person.links);
        writes.claims.extend(person.claims);
        writes.accounts.extend(person.accounts.into_iter().map(AccountPut::from));
    }
    writes
}

fn fill(store: &Store, count: i64) -> Vec<PersonRows> {
    let people: Vec<PersonRows> = (1..=count).map(person).collect();
    let mut writes = writes(&people);
    writes.accounts = (1..=count).flat_map(|n| [account(n, 6), account(n, 7)]).collect();
    store.write(|tx| write_people(tx, &writes)).unwrap();
    people
}

fn everything_written_is_loaded(store: &Store) {
    let people = fill(store, 30);
    let keys: Vec<i64> = (1..=30).rev().chain([99]).collect();
    let mut loaded = store.read(|tx| load_people(tx, &keys)).unwrap();
    for person in &mut loaded {
        let accounts: Vec<AccountPut> = person.accounts.drain(..).map(AccountPut::from).collect();
        assert_eq!(accounts, [account(person.user.user_key, 6), account(person.user.user_key, 7)]);
    }
    assert_eq!(loaded, people);
    let some = store.read(|tx| load_people(tx, &[28, 3, 77, 28])).unwrap();
    assert_eq!(some.iter().map(|person| person.user.user_key).collect::<Vec<_>>(), [3, 28]);
    assert_eq!(some[0].memberships, people[2].memberships);
    assert!(store.read(|tx| load_people(tx, &[])).unwrap().is_empty());
}

fn putting_again_replaces(store: &Store) {
    fill(store, 1);
    store.write(|tx| lookups::hold_due(tx, 3, &[1])).unwrap();
    let mut changed = person(1);
    changed.user =
        UserRow { user_key: 1, status: "SUSPENDED".into(), profile: "{}".into(), ..UserRow::default() };
    changed.records[0].state = "ENDED".into();
    changed.memberships.iter_mut().for_each(|row| row.plan = 99);
    changed.membership_facts[0].gone = false;
    changed.assignments[0].profile = None;
    changed.links[0].value = "other".into();
    changed.claims[0].state = "RESERVED".into();
    store.write(|tx| write_people(tx, &writes(std::slice::from_ref(&changed)))).unwrap();
    let mut loaded = store.read(|tx| load_people(tx, &[1])).unwrap();
    assert_eq!(loaded[0].user.held_plan, Some(3), "operational columns stay");
    loaded[0].user.held_plan = None;
    loaded[0].accounts.clear();
    assert_eq!(loaded, [changed]);
}

fn removals_come_first(store: &Store) {
    let people = fill(store, 2);
    let claim = ClaimRow { user_key: 2, ..people[0].claims[0].clone() };
    let writes = PeopleWrites {
        records_removed: vec![1],
        memberships_removed: vec![(1, 1), (1, 3)],
        membership_facts_removed: vec![(1, 1, "KEPT".into(), 7)],
        assignments_removed: vec![(1, 6, "DIRECT".into())],
        links_removed: vec![(1, 8)],
        claims_removed: vec![("user.login".into(), claim.value.clone())],
        claims: vec![claim.clone()],
        accounts_removed: vec![106, 107],
        ..PeopleWrites::default()
    };
    assert!(!writes.is_empty());
    store.write(|tx| write_people(tx, &writes)).unwrap();
    let loaded = store.read(|tx| load_people(tx, &[1, 2])).unwrap();
    assert_eq!(loaded[0], PersonRows { user: people[0].user.clone(), ..PersonRows::default() });
    assert_eq!(loaded[1].claims, [claim, people[1].claims[0].clone()]);
}

fn look_ups_page_in_order(store: &Store) {
    fill(store, 25);
    store
        .read(|tx| {
            let mut heads = Vec::new();
            let mut after = String::new();
            loop {
                let page = lookups::scan_records(tx, 5, &after, 10)?;
                let Some(last) = page.last() else { break };
                after.clone_from(&last.external_id);
                heads.extend(page);
            }
            assert_eq!(heads.len(), 25);
            assert!(heads.is_sorted_by(|a, b| a.external_id < b.external_id));
            assert_eq!((heads[2].user_key, heads[2].hash, heads[2].state.as_str()), (3, -3, "LIVING"));
            assert_eq!(lookups::count_records(tx, 5, "LIVING")?, 25);
            assert_eq!(lookups::count_records(tx, 4, "LIVING")?, 0);
            assert_eq!(lookups::records_by_ids(tx, 5, &["00007", "nobody"])?, person(7).records);

            let claims = lookups::claims_by_value(tx, "user.login", &["user3@example.com", "x\"y"])?;
            assert_eq!(claims, person(3).claims);
            let claims = lookups::claims_by_prefix(tx, "user.login", "user2", 4)?;
            assert_eq!(claims.iter().map(|claim| claim.user_key).collect::<Vec<_>>(), [20, 21, 22, 23]);
            assert_eq!(lookups::users_by_login(tx, &["user9@example.com"])?[0].user_key, 9);

            assert_eq!(lookups::user_keys_after(tx, 20, 3)?, [21, 22, 23]);
            assert_eq!(lookups::profiles_after(tx, 24, 3)?[0].profile, person(25).user.profile);
            assert_eq!(lookups::profiles_of(tx, &[4, 2])?.len(), 2);
            assert_eq!(lookups::users_by_status(tx, "ACTIVE", 23, 9)?.len(), 2);
            assert_eq!(lookups::members_of(tx, 2, 20, 9)?, [22, 24]);
            assert_eq!(lookups::group_size(tx, 1)?, 25);
            assert_eq!(lookups::group_sizes(tx)?, [(1, 25), (2, 12), (3, 13)]);
            assert_eq!(lookups::users_with_account(tx, 7, 22, 2)?, [23, 24]);
            assert_eq!(lookups::users_with_facts_on_group(tx, 1, 22, 9)?, [23, 24, 25]);
            assert_eq!(lookups::users_assigned(tx, 6, 0, 2)?, [1, 2]);
            assert_eq!(lookups::users_with_record(tx, 5, 22, 2)?, [23, 24]);
            assert!(lookups::users_with_record(tx, 4, 0, 2)?.is_empty());
            assert!(lookups::users_kept_from(tx, 1, 0, 9)?.is_empty());
            assert_eq!(lookups::users_said(tx, 23, 9)?, [24, 25]);
            let values = ["user3@example.com", "user7@example.com", "nobody"];
            assert_eq!(lookups::holders(tx, "user.login", &values, 0, 9)?, [3, 7]);
            assert_eq!(lookups::holders(tx, "user.login", &values, 3, 9)?, [7]);
            let state = &lookups::states_after(tx, 24, 9)?[0];
            assert_eq!((state.user_key, state.as_of, state.status.as_str()), (25, 11, "ACTIVE"));
            assert_eq!(state.profile, person(25).user.profile);
            assert_eq!(lookups::groups_of_range(tx, 2, 4)?, [(3, 1), (3, 3), (4, 1), (4, 2)]);
            let dependants = lookups::dependants(tx, 8, &["2"])?;
            assert_eq!(
                dependants.iter().map(|row| row.user_key).collect::<Vec<_>>(),
                [20, 21, 22, 23, 24, 25]
            );
            assert_eq!(lookups::linked_to(tx, 8, "2", 21, 2)?, [22, 23]);
            let held = lookups::links_of_range(tx, 9, 11)?;
            let held: Vec<_> = held.iter().map(|l| (l.user_key, l.link_item, l.value.as_str())).collect();
            assert_eq!(held, [(10, 8, "1"), (11, 8, "1")]);
            assert_eq!(lookups::status_counts(tx)?, [("ACTIVE".to_owned(), 25)]);
            let counts = lookups::account_counts(tx)?;
            assert_eq!(
                (counts[1].app_key, counts[1].total, counts[1].assigned, counts[1].in_line),
                (7, 25, 25, 0)
            );
            let held = lookups::accounts_held(tx, &[7])?;
            assert_eq!(held.iter().map(|a| (a.app_key, a.assigned)).collect::<Vec<_>>(), [(7, 25)]);
            assert_eq!(lookups::living_members(tx, &[2, 3])?, [(2, 12), (3, 13)]);
            assert_eq!(lookups::people_with_value(tx, "firstName")?, 25);
            assert_eq!(lookups::people_with_value(tx, "firstname")?, 0, "names are as they are written");
            Ok(())
        })
        .unwrap();
}

fn due_people_wait_for_held_plans(store: &Store) {
    fill(store, 5);
    let start = (i64::MIN, i64::MIN);
    let due = |now, after, limit| store.read(|tx| lookups::due_users(tx, now, after, limit)).unwrap();
    assert_eq!(store.read(lookups::next_due).unwrap(), Some(1001));
    assert_eq!(due(1000, start, 9), []);
    assert_eq!(due(1003, start, 2), [(1001, 1), (1002, 2)]);
    assert_eq!(due(1003, (1002, 2), 9), [(1003, 3)]);
    assert_eq!(store.write(|tx| lookups::hold_due(tx, 77, &[1, 3])).unwrap(), 2);
    assert_eq!(due(2000, start, 9), [(1002, 2), (1004, 4), (1005, 5)]);
    assert_eq!(store.write(|tx| lookups::free_due(tx, 77)).unwrap(), 2);
    assert_eq!(due(2000, start, 9).len(), 5);
}

fn values_lead_to_people(store: &Store) {
    fill(store, 12);
    let row = |value: &str, user_key| ValueRow { attribute: "city".into(), value: value.into(), user_key };
    let values = vec![row("bonn", 3), row("köln", 7), row("bonn", 1), row("bonner", 2)];
    let groups_changed = [(2, 40), (1, 41)].into();
    let writes = PeopleWrites { values, groups_changed, ..PeopleWrites::default() };
    store.write(|tx| write_people(tx, &writes)).unwrap();
    let values_removed = vec![row("köln", 7), row("never there", 7)];
    let values = vec![row("bonn", 3), row("trier", 7)];
    let groups_changed = [(2, 42)].into();
    let writes = PeopleWrites { values, values_removed, groups_changed, ..PeopleWrites::default() };
    store.write(|tx| write_people(tx, &writes)).unwrap();
    store
        .read(|tx| {
            assert_eq!(search::keys_with_value(tx, "city", "bonn", 0, 9)?, [1, 3]);
            assert_eq!(search::keys_with_value(tx, "city", "bonn", 1, 9)?, [3]);
            assert_eq!(search::keys_with_value(tx, "town", "bonn", 0, 9)?, [0; 0]);
            let mut begin = search::keys_with_prefix(tx, "city", "bon", 9)?;
            begin.sort_unstable();
            assert_eq!(begin, [1, 2, 3]);
            let place = |value: &str, key| (value.to_owned(), key);
            assert_eq!(search::values_up(tx, "city", None, 2)?, [place("bonn", 1), place("bonn", 3)]);
            assert_eq!(search::values_up(tx, "city", Some(&place("bonn", 3)), 1)?, [place("bonner", 2)]);
            assert_eq!(search::values_down(tx, "city", None, 2)?, [place("trier", 7), place("bonner", 2)]);
            assert_eq!(search::values_down(tx, "city", Some(&place("bonn", 3)), 9)?, [place("bonn", 1)]);
            let found = search::found_after(tx, 10, "STAGED", 9)?;
            assert_eq!(found.iter().map(|row| row.user_key).collect::<Vec<_>>(), [11, 12]);
            assert_eq!((found[0].created, found[0].config_version), (14, 13));
            assert!(search::found_after(tx, 0, "ACTIVE", 9)?.is_empty());
            assert_eq!(search::found_of(tx, &[12, 2])?.len(), 2);
            assert_eq!(search::keys_of_status(tx, "ACTIVE", 10, 9)?, [11, 12]);
            assert_eq!(search::claims_with_prefix(tx, "user.login", "user1", 9)?.len(), 4);
            assert_eq!(search::group_states(tx)?, [(1, 41), (2, 42)]);
            assert_eq!(search::group_states_of(tx, &[2, 3])?, [(2, 42)]);
            assert_eq!(search::group_sizes_of(tx, &[1, 2, 9])?, [(1, 12), (2, 6)]);
            Ok(())
        })
        .unwrap();
}

fn marks_are_drained(store: &Store) {
    store
        .write(|tx| {
            rederive::mark(tx, 1, &[3, 1, 2])?;
            rederive::mark(tx, 2, &[2])?;
            assert_eq!(rederive::marked(tx, 0, 9)?, [(1, 1), (2, 2), (3, 1)]);
            assert_eq!(rederive::marked(tx, 1, 1)?, [(2, 2)]);
            assert_eq!(rederive::unmark(tx, &[1, 2, 9])?, 2);
            assert_eq!(rederive::count(tx)?, 1);
            Ok(())
        })
        .unwrap();
}
