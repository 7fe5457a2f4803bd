//! Changes of the configuration other than rules and assignments, each through the org file.

use muster_engine::AppKey;
use muster_engine::model::schema::base_attributes;
use muster_engine::model::{
    AttributeDef, Confirm, Direction, Group, GroupKey, ItemKey, LeaveAt, LeaverAction, LinkDef, Mapping,
    MatchTier, OnReturn, Org, PushWhen, WhenPartial, WhenTaken,
};
use proptest::prelude::*;

use crate::world::{APPS, BOSS_NAME, DISPLAY, GROUPS, MENTOR_NAME, RECORD, SHOWN, SOURCES};

/// One of them.
#[derive(Clone, Debug)]
pub(crate) enum Setting {
    Name(&'static str),
    Zone(&'static str),
    /// The least and the greatest level.
    Levels(u8, u8),
    /// An attribute that comes with its mappings and goes with them.
    Badge {
        there: bool,
        mapped: [bool; 2],
        unique: bool,
    },
    /// What the manager's key stands in, and what finds her.
    Manager(&'static str, &'static str),
    /// A link that is said by hand comes with a mapping that reads it and goes with it.
    Mentor(bool),
    /// The second source ranks before the first.
    Swap(bool),
    Leave(usize, LeaverAction),
    Ends(usize, bool),
    Stage(usize, bool),
    OnReturn(usize, bool),
    /// Who gives an attribute.
    Voices(&'static str, &'static [&'static str]),
    Dated(usize, bool),
    DayEnd(usize, bool),
    Grace(usize, u32, u32),
    DeleteAfter(usize, Option<u32>),
    Early(usize, Option<u32>),
    /// It looks for those a row resembles, and asks.
    Asks(usize, bool),
    BeforeStart(usize, bool),
    DisableSuspended(usize, bool),
    /// What groups give for the role counts together.
    Combine(usize, bool),
    Inactive(usize, bool),
    ToApp {
        app: usize,
        target: &'static str,
        expression: Option<&'static str>,
    },
    ToUser {
        source: usize,
        target: &'static str,
        expression: Option<&'static str>,
    },
    Group {
        group: u8,
        there: bool,
    },
}

/// Any of them.
pub(crate) fn setting() -> impl Strategy<Value = Setting> {
    let app = || 0..APPS.len();
    let source = || 0..SOURCES.len();
    let any = any::<bool>;
    let leave = [LeaverAction::Deactivate, LeaverAction::Suspend, LeaverAction::Nothing];
    let out = ["user.title", "user.department", "user.employeeNumber", DISPLAY, BOSS_NAME, SHOWN, RECORD];
    let targets = ["role", "boss", "number", "displayName"];
    let inward = ["appuser.title", "appuser.dept", "appuser.first"];
    prop_oneof![
        1 => prop::sample::select(vec!["Laws", "Order"]).prop_map(Setting::Name),
        2 => prop::sample::select(vec!["UTC", "Pacific/Auckland", "America/Los_Angeles"])
            .prop_map(Setting::Zone),
        2 => (1u8..3, 3u8..6).prop_map(|(least, most)| Setting::Levels(least, most)),
        4 => (prop::bool::weighted(0.8), any(), any(), any())
            .prop_map(|(there, a, b, unique)| Setting::Badge { there, mapped: [a, b], unique }),
        2 => (prop::sample::select(vec!["managerId", "title"]),
              prop::sample::select(vec!["employeeNumber", "login"]))
            .prop_map(|(at, by)| Setting::Manager(at, by)),
        2 => any().prop_map(Setting::Mentor),
        2 => any().prop_map(Setting::Swap),
        2 => (source(), prop::sample::select(leave.to_vec())).prop_map(|(s, l)| Setting::Leave(s, l)),
        1 => (source(), any()).prop_map(|(s, on)| Setting::Ends(s, on)),
        1 => (source(), any()).prop_map(|(s, on)| Setting::Stage(s, on)),
        1 => (source(), any()).prop_map(|(s, on)| Setting::OnReturn(s, on)),
        2 => (prop::sample::select(vec!["title", "department"]),
              prop::sample::select(vec![&[][..], &["hr"], &["admin", "hr"], &["hr", "admin"]]))
            .prop_map(|(attribute, voices)| Setting::Voices(attribute, voices)),
        1 => (source(), any()).prop_map(|(s, on)| Setting::Dated(s, on)),
        1 => (source(), any()).prop_map(|(s, on)| Setting::DayEnd(s, on)),
        1 => (app(), 0u32..4, 0u32..4).prop_map(|(a, grace, leaver)| Setting::Grace(a, grace, leaver)),
        1 => (app(), prop::option::of(0u32..4)).prop_map(|(a, days)| Setting::DeleteAfter(a, days)),
        1 => (app(), prop::option::of(0u32..6)).prop_map(|(a, days)| Setting::Early(a, days)),
        2 => (source(), any()).prop_map(|(s, on)| Setting::Asks(s, on)),
        1 => (app(), any()).prop_map(|(a, on)| Setting::BeforeStart(a, on)),
        1 => (app(), any()).prop_map(|(a, on)| Setting::DisableSuspended(a, on)),
        2 => (app(), any()).prop_map(|(a, on)| Setting::Combine(a, on)),
        2 => (app(), any()).prop_map(|(a, on)| Setting::Inactive(a, on)),
        3 => (app(), prop::sample::select(targets.to_vec()), prop::option::weighted(0.7, prop::sample::select(out.to_vec())))
            .prop_map(|(app, target, expression)| Setting::ToApp { app, target, expression }),
        3 => (source(), prop::sample::select(vec!["department", "title"]),
              prop::option::weighted(0.7, prop::sample::select(inward.to_vec())))
            .prop_map(|(source, target, expression)| Setting::ToUser { source, target, expression }),
        2 => (0..GROUPS, any()).prop_map(|(group, there)| Setting::Group { group, there }),
    ]
}

impl Setting {
    /// Makes it so; what isn't there stays as it is.
    pub(crate) fn set(&self, org: &mut Org) {
        match self {
            Self::Name(name) => (*name).clone_into(&mut org.settings.name),
            Self::Zone(zone) => (*zone).clone_into(&mut org.settings.timezone),
            Self::Levels(least, most) => {
                for a in org.attributes.values_mut().filter(|a| a.name == "level") {
                    (a.minimum, a.maximum) = (Some(f64::from(*least)), Some(f64::from(*most)));
                }
            }
            Self::Badge { there, mapped, unique } => {
                org.attributes.retain(|_, a| a.name != "badge");
                for (source, on) in SOURCES.iter().zip(mapped) {
                    let expression = (*on && *there).then_some("appuser.num");
                    map(org, source, Direction::ToUser, "badge", expression);
                }
                if *there {
                    let badge =
                        AttributeDef { name: "badge".to_owned(), unique: *unique, ..AttributeDef::default() };
                    org.attributes.insert(ItemKey(2_000_000), badge);
                }
            }
            Self::Manager(attribute, matches) => {
                for keys in org.links.values_mut().filter_map(|l| l.keys.as_mut()) {
                    (*attribute).clone_into(&mut keys.attribute);
                    (*matches).clone_into(&mut keys.matches);
                }
            }
            Self::Mentor(there) => {
                org.links.retain(|_, l| l.name != "mentor");
                for app in APPS {
                    map(org, app, Direction::ToApp, "mentor", None);
                }
                if *there {
                    let mentor = LinkDef { name: "mentor".to_owned(), ..LinkDef::default() };
                    org.links.insert(ItemKey(3_000_000), mentor);
                    map(org, "dir", Direction::ToApp, "mentor", Some(MENTOR_NAME));
                }
            }
            Self::Swap(swap) => {
                for (at, name) in SOURCES.iter().enumerate() {
                    let rank = u32::from((at == 0) == *swap) + 1;
                    source(org, name, |s| s.priority = rank);
                }
            }
            Self::Leave(at, action) => source(org, SOURCES[*at], |s| s.on_leave = *action),
            Self::Ends(at, on) => source(org, SOURCES[*at], |s| s.ends_person = *on),
            Self::Stage(at, on) => source(org, SOURCES[*at], |s| s.stage = *on),
            Self::OnReturn(at, waits) => source(org, SOURCES[*at], |s| {
                s.on_return = if *waits { OnReturn::Nothing } else { OnReturn::Activate };
            }),
            Self::Voices(name, voices) => {
                let sources: Vec<String> = voices.iter().map(|v| (*v).to_owned()).collect();
                let known = org.attributes.values_mut().find(|a| a.name == *name);
                match known {
                    Some(known) => known.sources = sources,
                    None => {
                        let base = base_attributes().into_iter().find(|a| a.name == *name);
                        let key = ItemKey(5_000_000 + org.attributes.len() as i64);
                        org.attributes.insert(key, AttributeDef { sources, ..base.unwrap_or_default() });
                    }
                }
            }
            Self::Dated(at, on) => source(org, SOURCES[*at], |s| {
                s.starts = on.then(|| "start".to_owned());
                s.ends = on.then(|| "end".to_owned());
            }),
            Self::DayEnd(at, on) => source(org, SOURCES[*at], |s| {
                s.leave = if *on { LeaveAt::DayEnd } else { LeaveAt::Now };
            }),
            Self::Grace(at, grace, leaver) => app(org, APPS[*at], |a| {
                a.provisioning.iter_mut().for_each(|p| {
                    p.grace_days = *grace;
                    p.leaver_grace_days = *leaver;
                });
            }),
            Self::DeleteAfter(at, days) => app(org, APPS[*at], |a| {
                a.provisioning.iter_mut().for_each(|p| p.delete_after_days = *days);
            }),
            Self::Early(at, days) => app(org, APPS[*at], |a| {
                a.provisioning.iter_mut().for_each(|p| p.before_start_days = *days);
            }),
            Self::Asks(at, on) => source(org, SOURCES[*at], |s| {
                let partial = if *on { WhenPartial::Ask } else { WhenPartial::New };
                s.confirm = Confirm { partial, check_names: *on, ..Confirm::default() };
                s.tiers.truncate(0);
                if *on {
                    s.tiers.push(MatchTier { on: vec!["lastName".to_owned(), "title".to_owned()] });
                }
            }),
            Self::BeforeStart(at, on) => app(org, APPS[*at], |a| {
                a.provisioning.iter_mut().for_each(|p| p.before_start = *on);
            }),
            Self::DisableSuspended(at, on) => app(org, APPS[*at], |a| {
                a.provisioning.iter_mut().for_each(|p| p.disable_suspended = *on);
            }),
            Self::Combine(at, on) => app(org, APPS[*at], |a| {
                let names = if *on { vec!["role".to_owned()] } else { Vec::new() };
                a.provisioning.iter_mut().for_each(|p| p.combine.clone_from(&names));
            }),
            Self::Inactive(at, on) => app(org, APPS[*at], |a| a.inactive = *on),
            Self::ToApp { app, target, expression } => {
                map(org, APPS[*app], Direction::ToApp, target, *expression);
            }
            Self::ToUser { source, target, expression } => {
                map(org, SOURCES[*source], Direction::ToUser, target, *expression);
            }
            Self::Group { group, there } => {
                let name = format!("g{group}");
                match (org.group_named(&name).map(|(k, _)| k), there) {
                    (None, true) => {
                        org.groups.insert(GroupKey(3_000_000), Group { name, ..Group::default() });
                    }
                    (Some(key), false) => {
                        org.groups.remove(&key);
                        org.app_groups.retain(|_, g| g.group != key);
                        for rule in org.rules.values_mut() {
                            rule.groups.retain(|g| *g != key);
                            rule.except_groups.retain(|g| *g != key);
                        }
                        org.rules.retain(|_, r| !r.groups.is_empty());
                    }
                    _ => {}
                }
            }
        }
    }
}

fn app(org: &mut Org, name: &str, change: impl FnOnce(&mut muster_engine::model::App)) {
    if let Some(app) = org.apps.values_mut().find(|a| a.name == name) {
        change(app);
    }
}

fn source(org: &mut Org, name: &str, change: impl FnOnce(&mut muster_engine::model::Source)) {
    app(org, name, |a| {
        if let Some(source) = &mut a.source {
            change(source);
        }
    });
}

/// Sets what a mapping says, adds it, or takes it away.
fn map(org: &mut Org, app: &str, direction: Direction, target: &str, expression: Option<&str>) {
    let Some((app, _)) = org.app_named(app) else { return };
    let same = |m: &Mapping| m.app == app && m.direction == direction && m.target == target;
    let Some(expression) = expression.map(str::to_owned) else {
        org.mappings.retain(|_, m| !same(m));
        return;
    };
    if let Some(known) = org.mappings.values_mut().find(|m| same(m)) {
        known.expression = expression;
        return;
    }
    let key = ItemKey(4_000_000 + org.mappings.len() as i64);
    org.mappings.insert(key, new_mapping(app, direction, target, expression));
}

fn new_mapping(app: AppKey, direction: Direction, target: &str, expression: String) -> Mapping {
    let target = target.to_owned();
    let (next, when, taken) = (Vec::new(), PushWhen::Always, WhenTaken::Refuse);
    Mapping { app, direction, target, expression, next, when, taken }
}
