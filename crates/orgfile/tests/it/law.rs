//! What an export says is what the org is.

use std::collections::BTreeMap;

use muster_engine::model::app::AppGroup;
use muster_engine::model::schema::{AttributeDef, base_attributes};
use muster_engine::{
    App, AppKey, AppKind, AttributeType, Column, Confirm, Direction, Encoding, Feed, FeedMode, Group,
    GroupKey, GroupKind, GroupRule, GuardLimits, GuardSettings, ItemKey, LeaveAt, LeaverAction, LinkDef,
    LinkKeys, MailSettings, MailTls, Mapping, Marked, MatchTier, OnReturn, OnUnassign, Org, OrgSettings,
    Provisioning, PushWhen, Retention, RuleStatus, Source, UserKey, Value, WhenExact, WhenNew, WhenPartial,
    WhenTaken,
};
use muster_orgfile::export;
use proptest::collection::{btree_map, btree_set, vec};
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::json;

use crate::{apply, changes, read};

/// Texts with everything that could break quoting.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{0,8}",
        "[a-zA-Zäß '\"\\\\\n\r\t\u{0}\u{7f}\u{85}#=\\[\\]{}.,:$-]{0,12}",
        select(vec!["'''", "\"\"\"", "none", "a\nb'", "\n", "\nx", "x\n", "\r\n", "{}", "", "2027-01-01"])
            .prop_map(str::to_owned),
    ]
}

/// Names: not empty, not blank.
fn name() -> impl Strategy<Value = String> {
    text().prop_map(|text| if text.trim().is_empty() { format!("n{text}") } else { text })
}

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        (-100i32..100).prop_map(f64::from),
        any::<f64>().prop_filter("JSON has no others", |n| n.is_finite()),
        Just(-0.0),
        Just(9e15),
        Just(1e300),
    ]
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        number().prop_map(Value::Num),
        text().prop_map(Value::from),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![3 => scalar(), 1 => vec(scalar(), 0..12).prop_map(Value::List)]
}

fn values() -> impl Strategy<Value = BTreeMap<String, Value>> {
    btree_map(text(), value(), 0..3)
}

fn kind() -> impl Strategy<Value = AttributeType> {
    use AttributeType as T;
    select(vec![
        T::String,
        T::Boolean,
        T::Number,
        T::Integer,
        T::Date,
        T::DateTime,
        T::Email,
        T::StringArray,
        T::NumberArray,
        T::IntegerArray,
    ])
}

fn attribute(name: String) -> impl Strategy<Value = AttributeDef> {
    let constraints = ((of(text()), of(text())), of(0u32..9), of(0u32..200), of(number()), of(number()));
    (kind(), text(), any::<[bool; 3]>(), vec(value(), 0..3), constraints).prop_map(
        move |(
            kind,
            title,
            [required, unique, indexed],
            allowed,
            ((pattern, generate), min_length, max_length, minimum, maximum),
        )| {
            let number = matches!(kind, AttributeType::Number | AttributeType::NumberArray);
            let unfit = |v: &Value| matches!(v, Value::List(_)) || number && matches!(v, Value::Int(_));
            let allowed = allowed.into_iter().filter(|v| !unfit(v)).collect();
            AttributeDef {
                name: name.clone(),
                title,
                kind,
                required,
                unique,
                indexed,
                generate,
                allowed,
                pattern,
                min_length,
                max_length,
                minimum,
                maximum,
                ..AttributeDef::default()
            }
        },
    )
}

fn limits() -> impl Strategy<Value = GuardLimits> {
    (of(0u32..9), of(0u64..9), of(0u64..9)).prop_map(|(percent, minimum, count)| GuardLimits {
        percent,
        minimum,
        count,
    })
}

/// The guard of an app, which knows fewer kinds.
fn guard() -> impl Strategy<Value = GuardSettings> {
    (select(vec![20u32, 5]), select(vec![100u64, 1]), of(0u64..9), select(vec![50u32, 0]), limits()).prop_map(
        |(percent, minimum, count, feed_percent, deletions)| GuardSettings {
            percent,
            minimum,
            count,
            feed_percent,
            deletions,
            ..GuardSettings::default()
        },
    )
}

fn org_guard() -> impl Strategy<Value = GuardSettings> {
    (guard(), 23u32..26, limits(), limits(), limits(), limits()).prop_map(
        |(guard, window_hours, people, apps, groups, attributes)| GuardSettings {
            window_hours,
            people,
            apps,
            groups,
            attributes,
            ..guard
        },
    )
}

fn feed() -> impl Strategy<Value = Feed> {
    let column = (kind(), any::<bool>(), vec(text(), 0..3), of(text()));
    let columns = btree_map(name(), column, 0..5).prop_map(|columns| {
        let columns = columns.into_iter().map(|(name, (kind, required, names, date_format))| Column {
            name,
            kind,
            required,
            names,
            date_format,
        });
        columns.rev().collect::<Vec<_>>()
    });
    let marked = || of((text(), vec(text(), 0..3)).prop_map(|(column, values)| Marked { column, values }));
    let mode = select(vec![FeedMode::Full, FeedMode::Delta]);
    let encoding = select(Encoding::NAMES).prop_map(|(_, encoding)| encoding);
    (
        text(),
        of(any::<char>()),
        of(text()),
        of(select(vec!['|', '\t', '\'', '"'])),
        (marked(), marked(), of(text())),
        columns,
        any::<bool>(),
        of(text()),
        (mode, encoding),
    )
        .prop_map(
            |(
                key,
                delimiter,
                date_format,
                list_separator,
                (terminated, deleted, groups),
                columns,
                ignore_unknown_columns,
                path,
                (mode, encoding),
            )| {
                Feed {
                    key,
                    mode,
                    encoding,
                    delimiter,
                    date_format,
                    list_separator,
                    terminated,
                    deleted,
                    groups,
                    columns,
                    ignore_unknown_columns,
                    path,
                }
            },
        )
}

fn confirm() -> impl Strategy<Value = Confirm> {
    (any::<[bool; 4]>(), select(vec![80u32, 0, 100])).prop_map(
        |([exact, partial, new, check_names], partial_score)| Confirm {
            exact: if exact { WhenExact::Ask } else { WhenExact::Link },
            partial: if partial { WhenPartial::Ask } else { WhenPartial::New },
            new: if new { WhenNew::Ask } else { WhenNew::Create },
            partial_score,
            check_names,
        },
    )
}

fn source() -> impl Strategy<Value = Source> {
    let leave = select(vec![LeaverAction::Deactivate, LeaverAction::Suspend, LeaverAction::Nothing]);
    let tiers = vec(vec(text(), 0..4).prop_map(|on| MatchTier { on }), 0..3);
    let matching = (vec(text(), 0..3), tiers, confirm());
    let texts = (of(text()), of(text()), of(text()), of(text()));
    (0u32..3, matching, leave, any::<[bool; 5]>(), texts).prop_map(
        |(
            priority,
            (match_on, tiers, confirm),
            on_leave,
            [ends_person, stage, day_end, several, waits],
            (starts, ends, schedule, timezone),
        )| {
            Source {
                priority,
                match_on,
                tiers,
                confirm,
                on_leave,
                on_return: if waits { OnReturn::Nothing } else { OnReturn::Activate },
                ends_person,
                stage,
                starts,
                ends,
                leave: if day_end { LeaveAt::DayEnd } else { LeaveAt::Now },
                several,
                schedule,
                timezone,
            }
        },
    )
}

fn provisioning() -> impl Strategy<Value = Provisioning> {
    let unassign =
        select(vec![OnUnassign::Deactivate, OnUnassign::Delete, OnUnassign::Task, OnUnassign::Nothing]);
    let days = (of(0u32..9), 0u32..2, 0u32..2, of(0u32..9));
    let names = (vec(name(), 0..3), vec(text(), 0..3));
    (any::<[bool; 6]>(), unassign, 3u32..6, text(), 6u32..9, of(0u32..9), days, names).prop_map(
        |(
            [enabled, create, update, disable_suspended, before_start, keep_assignments],
            on_unassign,
            concurrency,
            owner,
            task_days,
            rate_limit,
            (before_start_days, grace_days, leaver_grace_days, delete_after_days),
            (protected_accounts, combine),
        )| {
            Provisioning {
                enabled,
                create,
                update,
                on_unassign,
                disable_suspended,
                before_start,
                concurrency,
                owner,
                task_days,
                rate_limit,
                before_start_days,
                grace_days,
                leaver_grace_days,
                delete_after_days,
                keep_assignments,
                protected_accounts,
                combine,
            }
        },
    )
}

fn app(app_name: String) -> impl Strategy<Value = App> {
    let kind = select(vec![AppKind::Csv, AppKind::Scim, AppKind::Manual, AppKind::Bookmark]);
    let reference = prop_oneof!["env:[A-Z_][A-Z0-9_]{0,5}", "file:[a-z/'\"\\\\]{1,6}", "sealed:[0-9]{1,6}"];
    // In boxes: as one value they would outgrow the stack of a test.
    let parts = (of(feed()).boxed(), of(source()).boxed(), of(provisioning()).boxed(), of(guard()).boxed());
    let extra = btree_map(name(), text().prop_map(|said| json!({ "said": said })), 0..3);
    let expiry = (of((1u32..29).prop_map(|day| format!("2027-02-{day:02}"))), of(0u32..40));
    let status = (any::<bool>(), expiry);
    (text(), kind, status, parts, values(), btree_map(name(), reference, 0..3), extra).prop_map(
        move |(
            label,
            kind,
            (inactive, (expires, warn_days)),
            (feed, source, provisioning, guard),
            settings,
            secrets,
            extra,
        )| App {
            name: app_name.clone(),
            label,
            kind,
            inactive,
            expires,
            warn_days,
            expired: false,
            feed,
            source,
            provisioning,
            settings,
            secrets,
            guard,
            extra: extra.into_iter().collect(),
        },
    )
}

type Mappings = BTreeMap<(usize, bool, String), (String, Vec<String>, bool, bool)>;
type Given = BTreeMap<(usize, usize), (u32, BTreeMap<String, Value>)>;
type Rules = BTreeMap<String, (String, Vec<usize>, Vec<i64>, Vec<usize>, bool)>;

fn mappings() -> impl Strategy<Value = Mappings> {
    btree_map(
        (0usize..9, any::<bool>(), name()),
        (text(), vec(text(), 0..3), any::<bool>(), any::<bool>()),
        0..8,
    )
}

fn rules() -> impl Strategy<Value = Rules> {
    let groups = || btree_set(0usize..9, 0..4).prop_map(|set| set.into_iter().rev().collect::<Vec<_>>());
    let users = btree_set(0i64..50, 0..4).prop_map(|set| set.into_iter().collect::<Vec<_>>());
    btree_map(name(), (text(), groups(), users, groups(), any::<bool>()), 0..4)
}

fn mail() -> impl Strategy<Value = MailSettings> {
    let tls = select(vec![MailTls::Auto, MailTls::Required, MailTls::None]);
    let password = prop_oneof![Just(String::new()), "env:[A-Z_][A-Z0-9_]{0,5}"];
    (text(), password, text(), tls, text(), 14u32..17).prop_map(
        |(smtp, password, from, tls, ca, digest_minutes)| MailSettings {
            smtp,
            password,
            from,
            tls,
            ca,
            digest_minutes,
        },
    )
}

fn retention() -> impl Strategy<Value = Retention> {
    any::<[bool; 6]>().prop_map(|[log, undo, plans, feeds, tasks, mail]| {
        let days = |usual: bool, usually: u32| if usual { usually } else { 7 };
        Retention {
            log: days(log, 90),
            undo: days(undo, 90),
            plans: days(plans, 30),
            feeds: days(feeds, 90),
            tasks: days(tasks, 365),
            mail: days(mail, 30),
        }
    })
}

fn settings() -> impl Strategy<Value = OrgSettings> {
    let leaving = (of(text()), of(text()), 6u32..9);
    let guards = (org_guard(), btree_set(0i64..50, 0..4));
    (text(), text(), vec(text(), 0..4), leaving, guards, mail(), retention()).prop_map(
        |(
            name,
            timezone,
            admins,
            (legal_hold, tell_leaver, postpone_days),
            (guard, protected),
            mail,
            retention,
        )| {
            OrgSettings {
                name,
                timezone,
                admins,
                legal_hold,
                tell_leaver,
                postpone_days,
                guard,
                protected_users: protected.into_iter().map(UserKey).collect(),
                mail,
                retention,
            }
        },
    )
}

/// Orgs whose references lead somewhere.
fn any_org() -> impl Strategy<Value = Org> {
    let base = base_attributes().into_iter().map(|a| a.name).collect::<Vec<_>>();
    let attributes = btree_set(prop_oneof![name(), select(base)], 0..5)
        .prop_flat_map(|names| names.into_iter().map(attribute).collect::<Vec<_>>());
    let links = btree_map(name(), (of((text(), text())), [text(), text(), text(), text(), text()]), 0..3);
    let kinds = select(vec![GroupKind::OktaGroup, GroupKind::AppGroup]);
    let groups = btree_map(name(), (text(), kinds, any::<bool>(), limits()), 0..6);
    let apps = btree_set(name(), 0..4).prop_flat_map(|names| names.into_iter().map(app).collect::<Vec<_>>());
    let given = btree_map((0usize..9, 0usize..9), (0u32..3, values()), 0..6);
    let configured = (attributes, links, groups, apps);
    (settings().boxed(), text(), configured, mappings().boxed(), rules().boxed(), given).prop_map(
        |(settings, everyone, (attributes, links, groups, apps), mappings, rules, given)| {
            built(settings, everyone, attributes, links, groups, apps, mappings, rules, given)
        },
    )
}

/// By name: attribute and matches, where it takes its values from one; titles and the other end.
type Links = BTreeMap<String, (Option<(String, String)>, [String; 5])>;

#[expect(clippy::too_many_arguments, reason = "one a part of the org")]
fn built(
    settings: OrgSettings,
    everyone: String,
    attributes: Vec<AttributeDef>,
    links: Links,
    groups: BTreeMap<String, (String, GroupKind, bool, GuardLimits)>,
    apps: Vec<App>,
    mappings: Mappings,
    rules: Rules,
    given: Given,
) -> Org {
    let mut last = 0;
    let mut next = || {
        last += 7;
        last
    };
    let mut org = Org { settings, settings_key: Some(ItemKey(next())), ..Org::default() };
    let built_in = Group {
        name: "Everyone".to_owned(),
        description: everyone,
        kind: GroupKind::BuiltIn,
        ..Group::default()
    };
    org.groups.insert(GroupKey(next()), built_in);
    org.attributes.extend(attributes.into_iter().map(|a| (ItemKey(next()), a)));
    for (name, (keys, texts)) in links {
        let [title, description, associated, associated_title, associated_description] = texts;
        let keys = keys.map(|(attribute, matches)| LinkKeys { attribute, matches });
        let link =
            LinkDef { name, title, description, associated, associated_title, associated_description, keys };
        org.links.insert(ItemKey(next()), link);
    }
    org.apps.extend(apps.into_iter().map(|a| (AppKey(next()), a)));
    let apps: Vec<AppKey> = org.apps.keys().copied().collect();
    for (name, (description, kind, protected, guard)) in groups {
        let app = apps.first().copied().filter(|_| kind == GroupKind::AppGroup);
        org.groups.insert(GroupKey(next()), Group { name, description, kind, app, protected, guard });
    }
    let groups: Vec<GroupKey> = org.groups.keys().copied().collect();
    for ((app, to_user, target), (expression, later, once, counted)) in mappings {
        let Some(&app) = apps.get(app) else { continue };
        let direction = if to_user { Direction::ToUser } else { Direction::ToApp };
        let when = if once { PushWhen::Create } else { PushWhen::Always };
        let taken = match (to_user, counted, later.is_empty()) {
            (false, ..) | (true, false, true) => WhenTaken::Refuse,
            (true, true, true) => WhenTaken::Counter,
            (true, _, false) => WhenTaken::Next,
        };
        let key = ItemKey(next());
        let next = if to_user { later } else { Vec::new() };
        org.mappings.insert(key, Mapping { app, direction, target, expression, next, when, taken });
    }
    let at = |places: Vec<usize>| places.into_iter().filter_map(|at| groups.get(at).copied()).collect();
    for (name, (expression, filled, users, except, active)) in rules {
        let status = if active { RuleStatus::Active } else { RuleStatus::Inactive };
        let except_users = users.into_iter().map(UserKey).collect();
        let rule = GroupRule {
            name,
            expression,
            groups: at(filled),
            except_users,
            except_groups: at(except),
            status,
        };
        org.rules.insert(ItemKey(next()), rule);
    }
    for ((app, group), (priority, profile)) in given {
        let (Some(&app), Some(&group)) = (apps.get(app), groups.get(group)) else { continue };
        org.app_groups.insert(ItemKey(next()), AppGroup { app, group, priority, profile });
    }
    org
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn reading_back_an_export_changes_nothing(org in any_org()) {
        // Some people have no login (any more).
        let written = export(&org, &|user| (user.0 % 3 > 0).then(|| format!("user{user}")));
        let found = changes(&read(&written), &org).unwrap();
        prop_assert_eq!(found, vec![], "{}", written);
    }

    #[test]
    fn any_org_becomes_any_other(from in any_org(), mut to in any_org()) {
        // Groups imported from apps are none of the file's.
        to.groups.retain(|_, group| group.kind != GroupKind::AppGroup);
        let kept = to.groups.keys().copied().collect::<Vec<_>>();
        to.app_groups.retain(|_, given| kept.contains(&given.group));
        to.rules.values_mut().for_each(|rule| {
            rule.groups.retain(|group| kept.contains(group));
            rule.except_groups.retain(|group| kept.contains(group));
        });
        let from_names: Vec<&String> =
            from.groups.values().filter(|g| g.kind == GroupKind::AppGroup).map(|g| &g.name).collect();
        prop_assume!(!to.groups.values().any(|group| from_names.contains(&&group.name)));
        let login = |user: UserKey| Some(format!("user{user}"));
        let written = export(&to, &login);
        let file = read(&written);
        let made = apply(&from, changes(&file, &from).unwrap());
        prop_assert_eq!(changes(&file, &made).unwrap(), vec![]);
        let imported = made.groups.values().filter(|group| group.kind == GroupKind::AppGroup).count();
        prop_assert_eq!(made.items().len() - imported, to.items().len());
    }
}
