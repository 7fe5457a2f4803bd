//! Guards: each tripped once, and each just not.

use std::collections::BTreeMap;

use muster_engine::model::{
    AppKey, GroupKey, GuardLimits, GuardSettings, ItemChange, ItemKey, ItemKind, Org, UserKey, UserStatus,
};
use muster_engine::outbound::AccountState;
use muster_engine::plan::{
    Changed, Diff, Effect, Finding, FindingKind, Limit, Losers, Loss, Losses, Taking, Tally, Watch, Window,
    judge, protection, suspects,
};
use muster_engine::{Config, Value};

use crate::support::{CRM, compiled, org};

fn one(loss: Loss, n: u64) -> Losses {
    BTreeMap::from([(loss, n)])
}

fn judged(config: &Config, losses: &Losses, before: &Losses, of: &Losses) -> Vec<Finding> {
    judge(config, Taking { losses, before, of, losers: &Losers::default() })
}

/// What is found when `n` of `of` are lost at once.
fn found(org: &Org, loss: &Loss, n: u64, of: u64) -> Vec<FindingKind> {
    let config = compiled(org.clone());
    let found = judged(&config, &one(loss.clone(), n), &Losses::new(), &one(loss.clone(), of));
    assert!(found.iter().all(|f| f.waivable && f.loss().as_ref() == Some(loss)), "{found:?}");
    found.into_iter().map(|f| f.kind).collect()
}

const KEYS: GroupKey = GroupKey(77);

fn every_loss() -> [(Loss, FindingKind); 6] {
    [
        (Loss::Person, FindingKind::PeopleEnd),
        (Loss::App(CRM), FindingKind::AppLost),
        (Loss::Group(KEYS), FindingKind::GroupLost),
        (Loss::Value("title".to_owned()), FindingKind::ValueLost),
        (Loss::Account(Some(CRM)), FindingKind::AccountsDeleted),
        (Loss::Account(None), FindingKind::AccountsDeleted),
    ]
}

#[test]
fn per_cent_count_where_there_are_enough() {
    for (loss, kind) in every_loss() {
        // Deletions are judged more strictly.
        let (percent, minimum) = if kind == FindingKind::AccountsDeleted { (5, 50) } else { (20, 100) };
        let found = |n, of| found(&org(), &loss, n, of);
        assert_eq!(found(percent * 10, 1_000), [], "{loss:?}: as many as may be");
        assert_eq!(found(percent * 10 + 1, 1_000), [kind], "{loss:?}: one more");
        assert_eq!(found(minimum - 1, minimum - 1), [], "{loss:?}: too few to say");
        assert_eq!(found(minimum, minimum), [kind], "{loss:?}: enough to say");
    }
}

#[test]
fn a_count_is_too_many_whatever_the_percentage() {
    let mut org = org();
    org.settings.guard.count = Some(5);
    for (loss, kind) in every_loss() {
        assert_eq!(found(&org, &loss, 5, 10_000), [], "{loss:?}");
        assert_eq!(found(&org, &loss, 6, 10_000), [kind], "{loss:?}");
    }
}

#[test]
fn each_kind_may_have_limits_of_its_own() {
    let strict = GuardLimits { percent: Some(1), minimum: Some(1), count: None };
    for (place, kind) in every_loss() {
        let mut org = org();
        let guard = &mut org.settings.guard;
        *match kind {
            FindingKind::PeopleEnd => &mut guard.people,
            FindingKind::AppLost => &mut guard.apps,
            FindingKind::GroupLost => &mut guard.groups,
            FindingKind::ValueLost => &mut guard.attributes,
            _ => &mut guard.deletions,
        } = strict;
        for (loss, other) in every_loss() {
            let expected = if kind == other { vec![kind] } else { vec![] };
            assert_eq!(found(&org, &loss, 2, 100), expected, "{loss:?} where {place:?} has limits");
            assert_eq!(found(&org, &loss, 1, 100), [], "{loss:?}");
        }
    }
}

#[test]
fn deletions_are_never_looser_than_the_rest_unless_that_is_said() {
    let mut org = org();
    let loss = Loss::Account(Some(CRM));
    org.settings.guard = GuardSettings { percent: 2, minimum: 10, ..GuardSettings::default() };
    assert_eq!(found(&org, &loss, 3, 100), [FindingKind::AccountsDeleted]);
    assert_eq!(found(&org, &loss, 10, 9), [], "fewer than the minimum");
    org.settings.guard.deletions.percent = Some(50);
    assert_eq!(found(&org, &loss, 50, 100), []);
}

#[test]
fn an_app_and_a_group_may_have_guards_of_their_own() {
    let mut org = org();
    let strict = GuardSettings { percent: 1, minimum: 1, ..GuardSettings::default() };
    org.apps.get_mut(&CRM).unwrap().guard = Some(strict);
    assert_eq!(found(&org, &Loss::App(CRM), 1, 100), []);
    assert_eq!(found(&org, &Loss::App(CRM), 2, 100), [FindingKind::AppLost]);
    assert_eq!(found(&org, &Loss::Account(Some(CRM)), 2, 100), [FindingKind::AccountsDeleted]);
    assert_eq!(found(&org, &Loss::App(AppKey(9_999)), 2, 100), [], "others go by the org's");
    let key = *org.groups.keys().next_back().unwrap();
    org.groups.get_mut(&key).unwrap().guard.count = Some(1);
    assert_eq!(found(&org, &Loss::Group(key), 1, 100), []);
    assert_eq!(found(&org, &Loss::Group(key), 2, 100), [FindingKind::GroupLost]);
    assert_eq!(found(&org, &Loss::Group(KEYS), 2, 100), [], "others go by the org's");
}

#[test]
fn what_was_taken_before_is_added() {
    let config = compiled(org());
    let losses = one(Loss::Person, 1);
    let of = one(Loss::Person, 100);
    assert_eq!(judged(&config, &losses, &one(Loss::Person, 19), &of), []);
    assert_eq!(judged(&config, &losses, &one(Loss::App(CRM), 90), &of), [], "of another kind");
    let found = judged(&config, &losses, &one(Loss::Person, 20), &of);
    let finding = &found[0];
    assert_eq!((finding.n, finding.of, finding.limit), (Some(21), Some(100), Some(Limit::Percent(20))));
    assert_eq!(finding.window, Some(Window { hours: 24, before: 20 }));
    assert_eq!(
        finding.message,
        "21 of 100 people would be deactivated or suspended, 20 of them before this plan (at most 20 % within 24 hours)"
    );
    // A plan that takes nothing of a kind isn't held for what others took.
    assert_eq!(judged(&config, &Losses::new(), &one(Loss::Person, 90), &of), []);
}

#[test]
fn how_many_there_are_is_asked_only_where_it_matters() {
    let config = compiled(org());
    let asked = |n, before| suspects(&config, &one(Loss::Person, n), &one(Loss::Person, before)).len();
    // 20 per cent of at least 100 are at least 20.
    assert_eq!((asked(20, 0), asked(21, 0), asked(1, 19), asked(1, 20)), (0, 1, 0, 1));
}

fn removed(group: GroupKey) -> Effect {
    Effect::GroupRemoved { group }
}

fn emptied(attribute: &str, from: Value, to: Value) -> Effect {
    Effect::ProfileChanged { changes: vec![Changed { attribute: attribute.to_owned(), from, to }] }
}

fn ended() -> Effect {
    Effect::StatusChanged { from: UserStatus::Active, to: UserStatus::Deprovisioned }
}

#[test]
fn what_goes_with_a_leaver_is_no_loss_of_its_own() {
    let effects = vec![ended(), removed(KEYS), emptied("title", Value::from("x"), Value::Null)];
    let stays = Diff { effects: effects[1..].to_vec(), ..Diff::default() };
    let leaves = Diff { effects, left: true, ..Diff::default() };
    assert_eq!(stays.losses(), [Loss::Group(KEYS), Loss::Value("title".to_owned())]);
    assert_eq!(leaves.losses(), [Loss::Person]);
    let mut tally = Tally::default();
    tally.add(&leaves);
    tally.add(&stays);
    assert_eq!(
        tally.losses(),
        Losses::from([(Loss::Person, 1), (Loss::Group(KEYS), 1), (Loss::Value("title".to_owned()), 1)])
    );
    assert_eq!(tally.memberships_removed[&KEYS], 2, "what is shown is all there is");
    let read: Tally = serde_json::from_str(&serde_json::to_string(&tally).unwrap()).unwrap();
    assert_eq!(read, tally);
}

#[test]
fn a_value_is_lost_where_there_was_one_and_none_is_left() {
    let list = |items: &[&str]| Value::List(items.iter().map(|i| Value::from(*i)).collect());
    for (from, to, lost) in [
        (Value::from("x"), Value::Null, true),
        (Value::from("x"), Value::from(""), true),
        (list(&["x"]), list(&[]), true),
        (Value::Int(0), Value::Null, true),
        (Value::from("x"), Value::from("y"), false),
        (Value::Null, Value::from("x"), false),
        (Value::from(""), Value::Null, false),
        (list(&["x", "y"]), list(&["x"]), false),
    ] {
        let diff = Diff { effects: vec![emptied("a", from.clone(), to.clone())], ..Diff::default() };
        assert_eq!(!diff.losses().is_empty(), lost, "{from:?} -> {to:?}");
    }
}

fn losers(config: &Config, user: i64, actor: Option<i64>, effects: Vec<Effect>) -> Losers {
    let mut losers = Losers::default();
    let watch = Watch { config, actor: actor.map(UserKey) };
    let login = format!("user{user}");
    losers.add(&watch, UserKey(user), &login, &Diff { effects, ..Diff::default() });
    losers
}

fn protected(config: &Config, user: i64, effects: Vec<Effect>) -> Vec<String> {
    let found = protection(config, &[], &losers(config, user, None, effects));
    assert!(found.iter().all(|f| f.kind == FindingKind::Protected && !f.waivable), "{found:?}");
    found.into_iter().map(|f| f.message).collect()
}

#[test]
fn nothing_is_taken_from_a_protected_person() {
    let mut org = org();
    org.settings.protected_users = vec![UserKey(7)];
    let config = compiled(org);
    let account = |from, to| Effect::AccountChanged { app: CRM, from, to, changes: Vec::new() };
    let suspended = Effect::StatusChanged { from: UserStatus::Active, to: UserStatus::Suspended };
    for effect in [
        ended(),
        suspended,
        Effect::AppUnassigned { app: CRM },
        removed(KEYS),
        account(AccountState::Active, AccountState::Inactive),
        account(AccountState::Active, AccountState::Absent),
    ] {
        assert_eq!(protected(&config, 7, vec![effect.clone()]).len(), 1, "{effect:?}");
        assert_eq!(protected(&config, 8, vec![effect.clone()]), [""; 0], "{effect:?} of another person");
    }
    for effect in [
        emptied("title", Value::from("x"), Value::Null),
        Effect::GroupAdded { group: KEYS },
        Effect::StatusChanged { from: UserStatus::Suspended, to: UserStatus::Active },
        account(AccountState::Active, AccountState::Active),
        account(AccountState::Absent, AccountState::Active),
    ] {
        assert_eq!(protected(&config, 7, vec![effect.clone()]), [""; 0], "{effect:?}");
    }
}

#[test]
fn a_protected_group_keeps_its_members_and_stays() {
    let mut org = org();
    let key = *org.groups.keys().next_back().unwrap();
    let other = *org.groups.keys().next().unwrap();
    org.groups.get_mut(&key).unwrap().protected = true;
    let config = compiled(org);
    assert_eq!(protected(&config, 1, vec![removed(key)]).len(), 1);
    assert_eq!(protected(&config, 1, vec![removed(other), Effect::GroupAdded { group: key }]), [""; 0]);
    let deleted = |group: GroupKey| {
        let change = ItemChange { kind: ItemKind::Group, key: ItemKey(group.0), item: None };
        protection(&config, &[change], &Losers::default()).len()
    };
    assert_eq!((deleted(key), deleted(other)), (1, 0));
}

#[test]
fn nobody_is_locked_out_by_her_own_word() {
    let config = compiled(org());
    let kinds = |user, actor, effects| -> Vec<(FindingKind, bool)> {
        let found = protection(&config, &[], &losers(&config, user, actor, effects));
        found.into_iter().map(|f| (f.kind, f.waivable)).collect()
    };
    assert_eq!(kinds(7, Some(7), vec![ended()]), [(FindingKind::SelfLockOut, false)]);
    assert_eq!(kinds(8, Some(7), vec![ended()]), []);
    assert_eq!(kinds(7, None, vec![ended()]), []);
    assert_eq!(kinds(7, Some(7), vec![removed(KEYS)]), []);
}

#[test]
fn a_few_losers_are_named() {
    let config = compiled(org());
    let mut all = Losers::default();
    for user in 1..20 {
        all.merge(losers(&config, user, None, vec![ended()]));
    }
    assert_eq!(all.named(&Loss::Person), ["user1", "user2", "user3", "user4", "user5"]);
}

#[test]
fn a_finding_of_an_earlier_version_is_read() {
    let text = r#"{"kind":"app_lost","message":"50 of 100 people would lose crm","waivable":true}"#;
    let read: Finding = serde_json::from_str(text).unwrap();
    assert_eq!(read, Finding::new(FindingKind::AppLost, "50 of 100 people would lose crm".to_owned(), true));
    assert_eq!(read.loss(), None, "which app isn't told");
    assert_eq!(serde_json::to_string(&read).unwrap(), text);
}
