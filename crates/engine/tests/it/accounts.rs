//! Assignments, what is wanted in applications, and the calls that bring it about.

use std::collections::BTreeMap;

use muster_engine::Value;
use muster_engine::derive::{AccountCause, AppScope, AppUser, Nobody, account_value};
use muster_engine::facts::{MembershipKind::Manual, RecordState::Living};
use muster_engine::model::{
    AppKind, Direction, GroupKey, ItemKey, Mapping, Millis, PushWhen, UserStatus, WhenTaken,
};
use muster_engine::outbound::{AccountState, Allowed, Call, DesiredAccount, RemoteAccount, bring_into_line};
use muster_engine::plan::{Stored, StoredApp, diff};

use crate::support::{AGENCY, CRM, EVERYONE, HR, Person, compiled, give, mistakes, org};

fn person() -> Person {
    Person::new().claim().record(HR, Living, 1)
}

fn values(app: &AppUser) -> BTreeMap<&str, &Value> {
    app.wanted.iter().flat_map(|w| &w.attributes).map(|(n, v)| (&**n, v)).collect()
}

fn mapping(target: &str, expression: &str, when: PushWhen) -> Mapping {
    Mapping {
        app: CRM,
        direction: Direction::ToApp,
        target: target.into(),
        expression: expression.into(),
        next: Vec::new(),
        when,
        taken: WhenTaken::Refuse,
    }
}

#[test]
fn of_the_values_that_groups_give_the_first_by_priority_counts() {
    let mut org = org();
    org.mappings.insert(ItemKey(40), mapping("role", "user.title", PushWhen::Always));
    give(&mut org, 50, GroupKey(2), 2, &[("role", "two"), ("seat", "desk")]);
    give(&mut org, 51, GroupKey(3), 1, &[("role", "one")]);
    give(&mut org, 52, GroupKey(4), 0, &[]);
    let config = compiled(org);
    let (desk, one, two, own) =
        (Value::from("desk"), Value::from("one"), Value::from("two"), Value::from("own"));
    let (clerk, null) = (Value::from("clerk"), Value::Null);
    for (case, person, scope, role, seat) in [
        ("one group", person().member(2, Manual, 0), AppScope::Group(GroupKey(2)), &two, &desk),
        (
            "two groups",
            person().member(2, Manual, 0).member(3, Manual, 0),
            AppScope::Group(GroupKey(3)),
            &one,
            &desk,
        ),
        (
            "the first gives none",
            person().member(4, Manual, 0).member(3, Manual, 0),
            AppScope::Group(GroupKey(4)),
            &one,
            &null,
        ),
        (
            "none gives one: the mapping",
            person().member(4, Manual, 0),
            AppScope::Group(GroupKey(4)),
            &clerk,
            &null,
        ),
        (
            "her own goes first",
            person().member(3, Manual, 0).assigned(None, &[("role", "own")]),
            AppScope::Direct,
            &own,
            &null,
        ),
        (
            "direct without values",
            person().member(3, Manual, 0).assigned(None, &[]),
            AppScope::Direct,
            &one,
            &null,
        ),
    ] {
        let derived = person.derived(&config, 10);
        assert_eq!(derived.apps.len(), 1, "{case}");
        assert_eq!(derived.apps[0].scope, scope, "{case}");
        assert_eq!(values(&derived.apps[0]), BTreeMap::from([("role", role), ("seat", seat)]), "{case}");
    }
    assert_eq!(person().derived(&config, 10).apps, []);
}

#[test]
fn what_several_groups_give_is_combined_where_the_app_is_set_so() {
    let list = |values: &[&str]| Value::from(values.to_vec());
    let mut org = org();
    org.apps.get_mut(&CRM).unwrap().provisioning.as_mut().unwrap().combine = vec!["role".into()];
    org.mappings.insert(ItemKey(40), mapping("role", "{user.title}", PushWhen::Always));
    give(&mut org, 50, GroupKey(2), 2, &[("seat", "desk")]);
    give(&mut org, 51, GroupKey(3), 1, &[("role", "a"), ("seat", "chair")]);
    give(&mut org, 52, GroupKey(4), 0, &[]);
    let role = |org: &mut muster_engine::model::Org, key: i64, value: Value| {
        org.app_groups.get_mut(&ItemKey(key)).unwrap().profile.insert("role".into(), value);
    };
    role(&mut org, 50, list(&["b", "a", "c", "b"]));
    role(&mut org, 52, Value::Null);
    let config = compiled(org);
    let own = Value::from("own");
    for (case, person, wanted, groups) in [
        (
            "two groups",
            person().member(2, Manual, 0).member(3, Manual, 0),
            list(&["a", "b", "c"]),
            Some(vec![3, 2]),
        ),
        ("one of them alone", person().member(3, Manual, 0), list(&["a"]), Some(vec![3])),
        (
            "a group that empties it adds nothing",
            person().member(2, Manual, 0).member(4, Manual, 0),
            list(&["b", "a", "c"]),
            Some(vec![2]),
        ),
        ("only a group that empties it", person().member(4, Manual, 0), Value::Null, Some(vec![4])),
        (
            "her own replaces them",
            person().member(2, Manual, 0).assigned(None, &[("role", "own")]),
            own,
            None,
        ),
        ("no group: the mapping", person().assigned(None, &[]), list(&["clerk"]), None),
    ] {
        let derived = person.derived(&config, 10);
        assert_eq!(values(&derived.apps[0])["role"], &wanted, "{case}");
        let target = config.target(CRM).unwrap();
        let (value, cause) = account_value(&config, &person.0, &derived, &Nobody, target, "role", Millis(10));
        assert_eq!(value, wanted, "{case}");
        match (cause, groups) {
            (AccountCause::Groups(found), Some(groups)) => {
                assert_eq!(found, groups.into_iter().map(GroupKey).collect::<Vec<_>>(), "{case}");
            }
            (AccountCause::Individual | AccountCause::Mapping(_), None) => {}
            (other, _) => panic!("{case}: {other:?}"),
        }
    }
    // Other attributes are the first group's still.
    let both = person().member(2, Manual, 0).member(3, Manual, 0).derived(&config, 10);
    assert_eq!(values(&both.apps[0])["seat"], &Value::from("chair"));
}

#[test]
fn what_cannot_be_combined_is_refused() {
    for (names, reason) in [
        (vec!["userName"], "userName, which is one value"),
        (vec!["a", "b", "a"], "\"a\" twice"),
        (vec![" "], "without a name"),
    ] {
        let mut org = org();
        let names = names.into_iter().map(str::to_owned).collect();
        org.apps.get_mut(&CRM).unwrap().provisioning.as_mut().unwrap().combine = names;
        let found = mistakes(org);
        assert!(found.iter().any(|e| e.reason.contains(reason)), "{found:?}");
    }
}

#[test]
fn mappings_read_the_records_of_sources() {
    use muster_engine::facts::RecordState::Ended;
    let mut org = org();
    org.apps.get_mut(&HR).unwrap().name = "active_directory".into();
    org.apps.get_mut(&AGENCY).unwrap().name = "active_directory_2".into();
    for (at, (target, expression)) in [
        ("title", "active_directory_2.title"),
        ("found", "findDirectoryUser().title"),
        ("has", "hasDirectoryUser()"),
        ("groups", "user.getGroups({'group.type': \"OKTA_GROUP\"}).![name]"),
        ("first", "getFilteredGroups({\"00g2\"}, \"group.name\", 1)"),
    ]
    .into_iter()
    .enumerate()
    {
        let id = muster_engine::model::public_id(muster_engine::model::IdKind::Group, 2);
        let expression = expression.replace("00g2", &id);
        org.mappings.insert(ItemKey(40 + at as i64), mapping(target, &expression, PushWhen::Always));
    }
    let config = compiled(org);
    let null = Value::Null;
    let given = |p: Person| {
        let app = p.assigned(None, &[]).derived(&config, 10).apps.remove(0);
        ["title", "found", "has", "groups", "first"].map(|n| values(&app)[n].clone())
    };
    let clerk = Value::from("clerk");
    let (none, a) = (Value::List(Vec::new()), Value::from(vec!["A"]));
    let one = person().member(2, Manual, 0);
    assert_eq!(given(one), [null.clone(), clerk, true.into(), a.clone(), a.clone()]);
    let two = person().record_with(AGENCY, Living, 1, "temp", "");
    assert_eq!(given(two), ["temp".into(), null.clone(), false.into(), none.clone(), none]);
    let ended = person().record_with(AGENCY, Ended, 1, "temp", "").member(3, Manual, 0).member(2, Manual, 0);
    assert_eq!(given(ended), [null, "clerk".into(), true.into(), Value::from(vec!["A", "B"]), a]);
}

#[test]
fn rules_read_no_records() {
    let mut org = org();
    org.apps.get_mut(&HR).unwrap().name = "active_directory".into();
    crate::support::rule(&mut org, 30, "hasDirectoryUser()", &[2]);
    let found = mistakes(org);
    assert!(found.iter().any(|e| e.reason.contains("has nothing to read here")), "{found:?}");
}

#[test]
fn a_direct_assignment_ends() {
    let config = compiled(org());
    let person = person().assigned(Some(100), &[]);
    let before = person.derived(&config, 99);
    assert_eq!((before.apps.len(), before.next_due.map(|d| d.0)), (1, Some(100)));
    let after = person.derived(&config, 100);
    assert_eq!((after.apps.len(), after.next_due), (0, None));
}

#[test]
fn the_status_decides_whether_there_is_an_account() {
    use AccountState::{Active, Inactive};
    for (status, disable_suspended, before_start, assigned, state) in [
        (UserStatus::Staged, false, false, true, None),
        (UserStatus::Staged, false, true, true, Some(Active)),
        (UserStatus::Active, true, false, true, Some(Active)),
        (UserStatus::Provisioned, false, false, true, Some(Active)),
        (UserStatus::LockedOut, false, false, true, Some(Active)),
        (UserStatus::Suspended, false, false, true, Some(Active)),
        (UserStatus::Suspended, true, false, true, Some(Inactive)),
        (UserStatus::Deprovisioned, false, true, false, None),
    ] {
        let mut org = org();
        let provisioning = org.apps.get_mut(&CRM).unwrap().provisioning.as_mut().unwrap();
        (provisioning.disable_suspended, provisioning.before_start) = (disable_suspended, before_start);
        give(&mut org, 50, EVERYONE, 0, &[]);
        let derived = person().admin(status, 5).derived(&compiled(org), 10);
        let got = derived.apps.first().map(|a| a.wanted.as_ref().map(|w| w.state));
        assert_eq!(got, assigned.then_some(state), "{status}");
    }
}

#[test]
fn a_value_set_once_stays() {
    let mut org = org();
    org.mappings.insert(ItemKey(40), mapping("role", "user.title", PushWhen::Create));
    let config = compiled(org);
    let mut person = person().assigned(None, &[]);
    let first = person.derived(&config, 10);
    assert_eq!(first.apps[0].keeps, [("role".into(), Value::from("clerk"))]);
    person.0.accounts.insert(CRM, BTreeMap::from([("role".to_owned(), Value::from("boss"))]));
    let later = person.derived(&config, 10);
    assert_eq!(later.apps[0].keeps, []);
    assert_eq!(values(&later.apps[0])["role"], &Value::from("boss"));
}

#[test]
fn the_calls_that_bring_an_account_into_line() {
    use AccountState::{Absent, Active, Inactive};
    let all = Allowed { create: true, update: true, deactivate: true, delete: true };
    let role = |v: Value| BTreeMap::from([("role".to_owned(), v)]);
    let desired = |state| DesiredAccount {
        external_id: "e".into(),
        user_name: "ann".into(),
        state,
        attributes: role(Value::from("clerk")),
    };
    let remote = |active, name: &str, value: Value| RemoteAccount {
        id: "1".into(),
        external_id: None,
        user_name: name.into(),
        active,
        attributes: role(value),
    };
    let same = |active| Some(remote(active, "ann", Value::from("clerk")));
    let other = |active| Some(remote(active, "ann", Value::from("boss")));
    let renamed = Some(remote(true, "anna", Value::from("clerk")));
    let no = |change: fn(&mut Allowed)| {
        let mut allowed = all;
        change(&mut allowed);
        allowed
    };
    for (case, state, known, allowed, calls) in [
        ("create", Active, None, all, vec![Call::Create]),
        ("create isn't allowed", Active, None, no(|a| a.create = false), vec![]),
        ("in line", Active, same(true), all, vec![]),
        ("another value", Active, other(true), all, vec![Call::Update]),
        ("another name", Active, renamed, all, vec![Call::Update]),
        ("update isn't allowed", Active, other(true), no(|a| a.update = false), vec![]),
        ("back again", Active, same(false), all, vec![Call::SetActive(true)]),
        ("back again and changed", Active, other(false), all, vec![Call::Update]),
        (
            "back again, no update",
            Active,
            other(false),
            no(|a| a.update = false),
            vec![Call::SetActive(true)],
        ),
        ("off", Inactive, same(true), all, vec![Call::SetActive(false)]),
        ("off already", Inactive, other(false), all, vec![]),
        ("off, never there", Inactive, None, all, vec![]),
        ("off isn't allowed", Inactive, same(true), no(|a| a.deactivate = false), vec![]),
        ("delete", Absent, same(true), all, vec![Call::Delete]),
        ("delete what is off", Absent, same(false), all, vec![Call::Delete]),
        (
            "delete isn't allowed: off",
            Absent,
            same(true),
            no(|a| a.delete = false),
            vec![Call::SetActive(false)],
        ),
        ("delete, never there", Absent, None, all, vec![]),
    ] {
        assert_eq!(bring_into_line(&desired(state), known.as_ref(), allowed), calls, "{case}");
    }
}

#[test]
fn a_value_that_is_empty_here_and_missing_there_is_in_line() {
    let all = Allowed { create: true, update: true, deactivate: true, delete: true };
    let desired = DesiredAccount {
        external_id: "e".into(),
        user_name: "ann".into(),
        state: AccountState::Active,
        attributes: BTreeMap::from([("role".to_owned(), Value::Null)]),
    };
    let known = RemoteAccount {
        id: "1".into(),
        external_id: None,
        user_name: "ann".into(),
        active: true,
        attributes: BTreeMap::from([("theirs".to_owned(), Value::from("x"))]),
    };
    assert_eq!(bring_into_line(&desired, Some(&known), all), []);
}

#[test]
fn a_user_name_of_her_own_goes_before_the_mapping() {
    let mut org = org();
    org.mappings.insert(ItemKey(40), mapping("userName", "user.login", PushWhen::Always));
    let config = compiled(org);
    let derived = person().assigned(None, &[("userName", "boss")]).derived(&config, 5);
    let wanted = derived.apps.first().and_then(|app| app.wanted.clone()).unwrap();
    assert_eq!((wanted.user_name.as_str(), wanted.attributes.len()), ("boss", 0));
}

#[test]
fn a_bookmark_makes_no_work_and_what_becomes_an_application_does() {
    let person = || person().assigned(None, &[]);
    let mut org = org();
    let crm = org.apps.get_mut(&CRM).unwrap();
    (crm.kind, crm.provisioning) = (AppKind::Bookmark, None);
    let bookmark = compiled(org.clone());
    let crm = org.apps.get_mut(&CRM).unwrap();
    (crm.kind, crm.provisioning) = (AppKind::Scim, Some(muster_engine::model::Provisioning::default()));
    let scim = compiled(org);
    let stored = |derived: &muster_engine::derive::Derived, asked| Stored {
        status: Some(derived.status),
        profile: derived.profile.clone(),
        gone: Vec::new(),
        groups: derived.groups.iter().map(|(g, _)| *g).collect(),
        links: derived.links.clone(),
        apps: derived
            .apps
            .iter()
            .map(|a| {
                let wanted = a.wanted.as_ref().map(muster_engine::derive::Wanted::to_json);
                (a.app, StoredApp { scope: Some(a.scope), wanted, asked })
            })
            .collect(),
    };
    let derived = person().derived(&bookmark, 5);
    let new = diff(&bookmark, &Stored::default(), &derived, true);
    assert_eq!(new.accounts.iter().map(|a| (a.app, a.work)).collect::<Vec<_>>(), [(CRM, false)]);
    assert!(diff(&bookmark, &stored(&derived, false), &derived, true).is_empty());
    let without = Person::new().claim().record(HR, Living, 1).derived(&bookmark, 5);
    let gone = diff(&bookmark, &stored(&derived, false), &without, true);
    assert_eq!(gone.accounts.iter().map(|a| (a.scope, a.work)).collect::<Vec<_>>(), [(None, false)]);
    // The same account, wanted of an application that was never asked for it.
    let derived = person().derived(&scim, 5);
    let turned = diff(&scim, &stored(&derived, false), &derived, true);
    assert_eq!(turned.accounts.iter().map(|a| (a.app, a.work)).collect::<Vec<_>>(), [(CRM, true)]);
    assert!(diff(&scim, &stored(&derived, true), &derived, true).is_empty());
}
