//! Whom a change of the configuration can touch.

use std::collections::BTreeMap;

use muster_engine::model::{
    AttributeDef, AttributeType, Group, GroupKey, GroupKind, ItemKey, LeaverAction, LinkDef, LinkKeys,
    Mapping, Org, Provisioning, PushWhen, RuleStatus, WhenTaken,
};
use muster_engine::plan::{Selection, Touched, touched};

use crate::support::{AGENCY, CRM, EVERYONE, HR, compiled, give, org, rule, source};

const A: GroupKey = GroupKey(2);
const B: GroupKey = GroupKey(3);

/// What the step from one org to a changed one touches; the way back touches the same people.
fn step(from: &Org, change: impl FnOnce(&mut Org)) -> Touched {
    let mut to = from.clone();
    change(&mut to);
    touched(&compiled(from.clone()), &compiled(to))
}

fn everyone() -> Touched {
    Touched { everyone: true, ..Touched::default() }
}

fn by(selections: impl IntoIterator<Item = Selection>) -> Touched {
    Touched { by: selections.into_iter().collect(), ..Touched::default() }
}

fn to_app(org: &mut Org, expression: &str) {
    let mapping = Mapping {
        app: CRM,
        direction: muster_engine::model::Direction::ToApp,
        target: "title".into(),
        expression: expression.into(),
        next: Vec::new(),
        when: PushWhen::Always,
        taken: WhenTaken::Refuse,
    };
    org.mappings.insert(ItemKey(5000), mapping);
}

/// An org with a rule that gives A, and the application for members of A.
fn filled() -> Org {
    let mut org = org();
    rule(&mut org, 100, "user.title == \"clerk\"", &[2]);
    give(&mut org, 200, A, 1, &[]);
    to_app(&mut org, "user.title");
    org
}

#[test]
fn what_nobody_follows_from_touches_nobody() {
    let org = filled();
    let nobody = Touched::default();
    assert_eq!(step(&org, |_| {}), nobody);
    assert_eq!(step(&org, |o| o.settings.name = "Other".into()), nobody);
    assert_eq!(step(&org, |o| o.groups.get_mut(&B).unwrap().name = "Bees".into()), nobody);
    assert_eq!(step(&org, |o| o.groups.get_mut(&A).unwrap().description = "Clerks".into()), nobody);
    assert_eq!(step(&org, |o| o.rules.get_mut(&ItemKey(100)).unwrap().name = "Clerks".into()), nobody);
    assert_eq!(step(&org, |o| source(o, HR).match_on = vec!["login".into()]), nobody);
    let provisioning = |o: &mut Org, change: fn(&mut Provisioning)| {
        change(o.apps.get_mut(&CRM).unwrap().provisioning.as_mut().unwrap());
    };
    assert_eq!(step(&org, |o| provisioning(o, |p| p.concurrency = 9)), nobody);
    assert_eq!(step(&org, |o| o.apps.get_mut(&CRM).unwrap().label = "CRM".into()), nobody);
    let titled = AttributeDef { name: "nickName".into(), title: "Nick".into(), ..AttributeDef::default() };
    assert_eq!(step(&org, |o| drop(o.attributes.insert(ItemKey(21), titled))), nobody);
}

#[test]
fn what_everybody_follows_from_touches_everybody() {
    let org = filled();
    assert_eq!(step(&org, |o| o.settings.timezone = "Europe/Vienna".into()), everyone());
    assert_eq!(step(&org, |o| give(o, 201, EVERYONE, 2, &[])), everyone());
    assert_eq!(step(&org, |o| drop(o.groups.remove(&EVERYONE))), everyone());
    let attribute =
        |required, kind| AttributeDef { name: "startDate".into(), kind, required, ..AttributeDef::default() };
    let required = attribute(true, AttributeType::Date);
    assert_eq!(step(&org, |o| drop(o.attributes.insert(ItemKey(20), required))), everyone());
    let text = attribute(false, AttributeType::String);
    assert_eq!(step(&org, |o| drop(o.attributes.insert(ItemKey(20), text))), everyone());
    let mut named = org;
    rule(&mut named, 101, "org.name == \"Muster\"", &[3]);
    assert_eq!(step(&named, |o| o.settings.name = "Other".into()), everyone(), "a rule reads it");
}

#[test]
fn a_rule_is_asked_of_each_person_unless_an_index_knows_them() {
    let org = filled();
    let asked = |key: i64, by: Vec<Selection>| Touched {
        rules: [ItemKey(key)].into(),
        by: by.into_iter().collect(),
        ..Touched::default()
    };
    assert_eq!(
        step(&org, |o| rule(o, 101, "user.title == \"boss\"", &[3])),
        asked(101, vec![Selection::KeptFrom(ItemKey(101))])
    );
    assert_eq!(step(&org, |o| rule(o, 100, "user.title == \"boss\"", &[2])), asked(100, vec![]));
    assert_eq!(step(&org, |o| rule(o, 100, "user.title == \"clerk\"", &[2, 3])), asked(100, vec![]));
    assert_eq!(
        step(&org, |o| o.rules.get_mut(&ItemKey(100)).unwrap().except_groups = vec![B]),
        asked(100, vec![])
    );
    let members = [Selection::Members(A), Selection::KeptFrom(ItemKey(100))];
    let off = |o: &mut Org| o.rules.get_mut(&ItemKey(100)).unwrap().status = RuleStatus::Inactive;
    assert_eq!(step(&org, off), by(members.clone()));
    assert_eq!(step(&org, |o| drop(o.rules.remove(&ItemKey(100)))), by(members));
    // Time alone would have made them members: that changes when they are due.
    let mut dated = org.clone();
    rule(&mut dated, 101, "user.startDate <= Time.now()", &[3]);
    let gone = step(&dated, |o| drop(o.rules.remove(&ItemKey(101))));
    assert_eq!(gone, asked(101, vec![Selection::KeptFrom(ItemKey(101))]));
    let holder = |values: &[&str]| {
        Selection::Holders("login".into(), values.iter().map(|v| (*v).to_owned()).collect())
    };
    let one = |o: &mut Org| rule(o, 102, "user.login == \"Ann@x.io\"", &[3]);
    assert_eq!(step(&org, one), by([holder(&["ann@x.io"]), Selection::KeptFrom(ItemKey(102))]));
    let mut known = org;
    one(&mut known);
    let other = step(&known, |o| rule(o, 102, "user.login == \"bob@x.io\"", &[3]));
    assert_eq!(other, by([holder(&["ann@x.io"]), holder(&["bob@x.io"])]));
}

fn id_of(group: GroupKey) -> String {
    muster_engine::model::public_id(muster_engine::model::IdKind::Group, group.0)
}

#[test]
fn a_group_that_is_read_by_name_matters_where_it_is_read() {
    let mut org = filled();
    rule(&mut org, 101, "isMemberOfGroupNameStartsWith(\"A\")", &[4]);
    let reading = Touched { rules: [ItemKey(101)].into(), ..Touched::default() };
    assert_eq!(step(&org, |o| o.groups.get_mut(&B).unwrap().name = "AB".into()), reading);
    to_app(&mut org, "isMemberOfGroupName(\"B\") ? \"b\" : \"\"");
    let swapped = step(&org, |o| {
        o.groups.get_mut(&B).unwrap().name = "X".into();
        o.groups.insert(GroupKey(5), Group { name: "B".into(), ..Group::default() });
    });
    assert_eq!(
        swapped,
        by([Selection::Members(GroupKey(5)), Selection::FactsOn(GroupKey(5)), Selection::Accounts(CRM)])
    );
    to_app(&mut org, "user.getGroups({'group.id': \"GROUP\"}).![name]".replace("GROUP", &id_of(B)).as_str());
    let shown = step(&org, |o| o.groups.get_mut(&B).unwrap().name = "Y".into());
    assert_eq!(shown, by([Selection::Accounts(CRM)]), "a name that is shown");
    to_app(&mut org, "isMemberOfGroupName(\"B\") ? \"b\" : \"\"");
    let imported = step(&org, |o| o.groups.get_mut(&B).unwrap().kind = GroupKind::AppGroup);
    assert_eq!(imported, by([Selection::Members(B), Selection::FactsOn(B)]));
}

#[test]
fn mappings_and_settings_touch_those_of_their_app() {
    let org = filled();
    let records = by([Selection::Records(AGENCY)]);
    assert_eq!(step(&org, |o| source(o, AGENCY).on_leave = LeaverAction::Suspend), records);
    assert_eq!(step(&org, |o| source(o, AGENCY).priority = 0), records);
    let mapping = ItemKey(AGENCY.0 * 100 + 4);
    assert_eq!(step(&org, |o| o.mappings.get_mut(&mapping).unwrap().when = PushWhen::Create), records);
    assert_eq!(step(&org, |o| drop(o.mappings.remove(&mapping))), records);
    let accounts = by([Selection::Accounts(CRM)]);
    assert_eq!(step(&org, |o| to_app(o, "user.nickName")), accounts);
    assert_eq!(step(&org, |o| drop(o.mappings.remove(&ItemKey(5000)))), accounts);
    let before = |o: &mut Org| {
        o.apps.get_mut(&CRM).unwrap().provisioning.as_mut().unwrap().before_start = true;
    };
    assert_eq!(step(&org, before), accounts);
    let combine = |o: &mut Org| {
        o.apps.get_mut(&CRM).unwrap().provisioning.as_mut().unwrap().combine = vec!["role".into()];
    };
    assert_eq!(step(&org, combine), accounts);
    assert_eq!(step(&org, |o| give(o, 201, B, 2, &[])), by([Selection::Members(B)]));
    // A value that one group gives is an attribute of every account.
    let valued = step(&org, |o| give(o, 201, B, 2, &[("role", "x")]));
    assert_eq!(valued, by([Selection::Members(B), Selection::Accounts(CRM)]));
    let gone = by([Selection::Accounts(CRM), Selection::Assigned(CRM), Selection::Members(A)]);
    assert_eq!(step(&org, |o| o.apps.get_mut(&CRM).unwrap().inactive = true), gone);
    assert_eq!(step(&org, |o| o.apps.get_mut(&CRM).unwrap().expired = true), gone);
    let last = |o: &mut Org| o.apps.get_mut(&CRM).unwrap().expires = Some("2027-12-31".into());
    assert_eq!(step(&org, last), Touched::default(), "a plan says when it is over");
}

#[test]
fn attributes_and_links_touch_those_who_have_or_may_get_a_value() {
    let org = filled();
    let numbered = AttributeDef {
        name: "nickName".into(),
        unique: true,
        generate: Some("N{000}".into()),
        ..AttributeDef::default()
    };
    assert_eq!(step(&org, |o| drop(o.attributes.insert(ItemKey(21), numbered))), everyone());
    let new = AttributeDef { name: "badge".into(), ..AttributeDef::default() };
    let mut with = org.clone();
    with.attributes.insert(ItemKey(21), new);
    let comes = touched(&compiled(org.clone()), &compiled(with.clone()));
    assert_eq!(comes, by([Selection::Said]), "an earlier attribute of that name may have left words");
    let goes = touched(&compiled(with.clone()), &compiled(org.clone()));
    assert_eq!(goes, Touched { valued: ["badge".to_owned()].into(), ..Touched::default() });
    let title = AttributeDef { name: "title".into(), max_length: Some(3), ..AttributeDef::default() };
    let shorter = step(&org, |o| drop(o.attributes.insert(ItemKey(22), title)));
    assert_eq!(shorter, by([Selection::Said, Selection::Records(HR), Selection::Records(AGENCY)]));
    let link = LinkDef {
        name: "manager".into(),
        keys: Some(LinkKeys { attribute: "managerId".into(), matches: "login".into() }),
        ..LinkDef::default()
    };
    let linked = step(&org, |o| drop(o.links.insert(ItemKey(30), link)));
    assert_eq!(linked, Touched { valued: ["managerId".to_owned()].into(), ..Touched::default() });
    let none: BTreeMap<ItemKey, LinkDef> = BTreeMap::new();
    assert_eq!(step(&org, |o| o.links = none), Touched::default());
    let mentor = LinkDef { name: "mentor".into(), ..LinkDef::default() };
    let said = step(&org, |o| drop(o.links.insert(ItemKey(31), mentor)));
    assert_eq!(said, by([Selection::Said]), "words about an earlier link of that name count again");
}
