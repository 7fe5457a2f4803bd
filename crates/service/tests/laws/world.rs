//! Random orgs, feeds and changes: small alphabets, so that everything that can collide does.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use muster_engine::Value;
use proptest::prelude::*;

use crate::settings::{Setting, setting};

pub(crate) const GROUPS: u8 = 5;
pub(crate) const APPS: [&str; 3] = ["dir", "crm", "lab"];
pub(crate) const SOURCES: [&str; 2] = ["hr", "ext"];
pub(crate) const DAY: i64 = 86_400_000;
/// 2024-01-01T00:00:00Z
pub(crate) const START: i64 = 1_704_067_200_000;

/// A rule's condition: our own tree, written in the expression language for Muster and evaluated here by ourselves.
#[derive(Clone, PartialEq)]
pub(crate) enum Cond {
    Department(u8),
    Title(u8),
    Level(i64),
    /// Member of the group.
    In(u8),
    /// Started at most so many days from now.
    Started(i64),
    /// The manager's department.
    Boss(u8),
    /// The mentor's department.
    Mentor(u8),
    Not(Box<Cond>),
    And(Box<Cond>, Box<Cond>),
    Or(Box<Cond>, Box<Cond>),
}

impl Cond {
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Department(d) => format!("user.department == \"{}\"", department(*d)),
            Self::Title(t) => format!("String.stringContains(user.title, \"{}\")", title_part(*t)),
            Self::Level(n) => format!("user.level >= {n}"),
            Self::In(g) => format!("isMemberOfGroupName(\"g{g}\")"),
            Self::Started(d) if *d < 0 => format!("user.startDate <= Time.now().minusDays({})", -d),
            Self::Started(d) => format!("user.startDate <= Time.now().plusDays({d})"),
            Self::Boss(d) => {
                format!("user.getLinkedObject(\"manager\").department == \"{}\"", department(*d))
            }
            Self::Mentor(d) => {
                format!("user.getLinkedObject(\"mentor\").department == \"{}\"", department(*d))
            }
            Self::Not(a) => format!("!({})", a.text()),
            Self::And(a, b) => format!("({}) AND ({})", a.text(), b.text()),
            Self::Or(a, b) => format!("({}) OR ({})", a.text(), b.text()),
        }
    }

    /// Only groups below `limit` are read, so that rules never depend on themselves.
    fn below(self, limit: u8) -> Self {
        match self {
            Self::In(g) if g >= limit => Self::Department(g),
            Self::Not(a) => Self::Not(Box::new(a.below(limit))),
            Self::And(a, b) => Self::And(Box::new(a.below(limit)), Box::new(b.below(limit))),
            Self::Or(a, b) => Self::Or(Box::new(a.below(limit)), Box::new(b.below(limit))),
            other => other,
        }
    }
}

impl fmt::Debug for Cond {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

pub(crate) fn department(d: u8) -> String {
    format!("D{}", d % 3)
}

pub(crate) fn title_part(t: u8) -> &'static str {
    ["Lead", "Clerk"][usize::from(t % 2)]
}

fn title(t: u8) -> &'static str {
    ["", "Lead", "Clerk", "Lead Clerk"][usize::from(t % 4)]
}

#[derive(Clone, Debug)]
pub(crate) struct RuleSpec {
    pub(crate) groups: Vec<u8>,
    pub(crate) cond: Cond,
    pub(crate) except: Option<u8>,
    pub(crate) active: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct SourceSpec {
    on_leave: &'static str,
    ends_person: bool,
    stage: bool,
    login_once: bool,
    department_once: bool,
    title_once: bool,
    /// Its records begin and end by dates.
    dated: bool,
    /// What ends by its word ends with the day.
    day_end: bool,
    /// It looks for those a row resembles, and asks.
    asks: bool,
    /// A title is a group as well.
    titled: bool,
}

/// What stays behind of an app.
#[derive(Clone, Debug)]
struct Stays {
    grace: u32,
    leaver: u32,
    delete: Option<u32>,
    assignments: bool,
    early: Option<u32>,
}

/// How a source matches that never asks, so that its rows' people follow from numbers alone.
const BY_NUMBER: &str = "confirm = { check_names = false }";
/// How one matches that asks wherever it can.
const ASKING: &str = "match = [{ on = [\"email\"] }, { on = [\"firstName\", \"startDate\"] }]\nconfirm = { partial = \"ask\" }";

#[derive(Clone, Debug)]
pub(crate) struct AppSpec {
    on_unassign: &'static str,
    disable_suspended: bool,
    before_start: bool,
    title_once: bool,
    stays: Stays,
    /// Group (`GROUPS` is Everyone), priority, role it gives.
    groups: BTreeMap<u8, (u32, Option<u8>)>,
}

/// An org before anything happens.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) sources: Vec<SourceSpec>,
    pub(crate) rules: Vec<RuleSpec>,
    apps: Vec<AppSpec>,
    /// Guards count from so many people on.
    minimum: u32,
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\n{}", self.file())
    }
}

pub(crate) const LOGIN: &str = "String.toLowerCase(appuser.last) + \"@x.io\"";
pub(crate) const DISPLAY: &str = "user.firstName + \" \" + user.lastName";
pub(crate) const SHOWN: &str = "Arrays.toCsvString(user.getGroups({'group.profile.name': 'g'}).![name])";
pub(crate) const RECORD: &str = "hr.title ?: ext.title";
pub(crate) const MENTOR_NAME: &str = "user.getLinkedObject(\"mentor\").lastName";
pub(crate) const BOSS_NAME: &str = "user.getLinkedObject(\"manager\").lastName";

impl World {
    pub(crate) fn file(&self) -> String {
        let mut out = format!(
            "[org]\nname = \"Laws\"\nguard = {{ percent = 40, minimum = {} }}\n\n[attributes]\nstartDate = \"date\"\nrole = \"string\"\n\
             [attributes.employeeNumber]\nunique = true\n[attributes.level]\ntype = \"integer\"\nminimum = 1\nmaximum = 5\n\n\
             [links.manager]\nattribute = \"managerId\"\nmatches = \"employeeNumber\"\n[links.mentor]\nassociated = \"mentee\"\n\n[groups]\n",
            self.minimum
        );
        for g in 0..GROUPS {
            let _ = writeln!(out, "g{g} = \"\"");
        }
        for (at, rule) in self.rules.iter().enumerate() {
            let groups: Vec<String> = rule.groups.iter().map(|g| format!("\"g{g}\"")).collect();
            let except = rule.except.map_or_else(String::new, |g| format!("\"g{g}\""));
            let _ = write!(
                out,
                "\n[rules.r{at}]\nwhen = '{}'\ngroups = [{}]\nexcept_groups = [{except}]\nactive = {}\n",
                rule.cond.text(),
                groups.join(", "),
                rule.active
            );
        }
        for (at, source) in self.sources.iter().enumerate() {
            source.write(at, &mut out);
        }
        for (name, app) in APPS.iter().zip(&self.apps) {
            app.write(name, &mut out);
        }
        out
    }
}

impl SourceSpec {
    fn write(&self, at: usize, out: &mut String) {
        let name = SOURCES[at];
        let when = |once: bool| if once { "create" } else { "always" };
        let dates = if self.dated { "starts = \"start\"\nends = \"end\"\n" } else { "" };
        let groups = if self.titled { "groups = \"title\"\n" } else { "" };
        let dates = format!("{dates}leave = \"{}\"\n", if self.day_end { "day_end" } else { "now" });
        let _ = write!(
            out,
            "\n[apps.{name}]\nkind = \"csv\"\n[apps.{name}.feed]\nkey = \"id\"\nterminated = {{ column = \"state\", values = [\"left\"] }}\n{groups}\
             [apps.{name}.feed.columns]\nid = {{ required = true }}\nnum = \"string\"\nfirst = \"string\"\nlast = {{ required = true }}\n\
             dept = \"string\"\ntitle = \"string\"\nboss = \"string\"\nlevel = \"integer\"\nstart = \"date\"\nend = \"date\"\nstate = \"string\"\n\
             [apps.{name}.source]\n{dates}priority = {}\nmatch_on = [\"employeeNumber\"]\n{}\non_leave = \"{}\"\nends_person = {}\nstage = {}\n\
             [apps.{name}.to_user]\nlogin = {{ expression = '{LOGIN}', taken = \"counter\", when = \"{}\" }}\n\
             email = '{LOGIN}'\nfirstName = 'appuser.first'\nlastName = 'appuser.last'\nemployeeNumber = 'appuser.num'\n\
             title = {{ expression = 'appuser.title', when = \"{}\" }}\n",
            at + 1,
            if self.asks { ASKING } else { BY_NUMBER },
            self.on_leave,
            self.ends_person,
            self.stage,
            when(self.login_once),
            when(self.title_once),
        );
        if at == 0 {
            let _ = write!(
                out,
                "department = {{ expression = 'appuser.dept', when = \"{}\" }}\nmanagerId = 'appuser.boss'\n\
                 level = 'appuser.level'\nstartDate = 'appuser.start'\n",
                when(self.department_once)
            );
        }
    }
}

impl AppSpec {
    fn write(&self, name: &str, out: &mut String) {
        let kind = if name == "dir" { "scim" } else { "manual" };
        let _ = write!(
            out,
            "\n[apps.{name}]\nkind = \"{kind}\"\n[apps.{name}.provisioning]\non_unassign = \"{}\"\ndisable_suspended = {}\nbefore_start = {}\n",
            self.on_unassign, self.disable_suspended, self.before_start
        );
        let days = |name: &str, n: Option<u32>| n.map_or_else(String::new, |n| format!("{name} = {n}\n"));
        let stays = &self.stays;
        let _ = write!(
            out,
            "grace_days = {}\nleaver_grace_days = {}\nkeep_assignments = {}\n{}{}",
            stays.grace,
            stays.leaver,
            stays.assignments,
            days("delete_after_days", stays.delete),
            days("before_start_days", stays.early),
        );
        if kind == "scim" {
            let _ = write!(out, "[apps.{name}.settings]\nbase_url = \"http://127.0.0.1:9/scim\"\n");
        }
        let _ = writeln!(out, "[apps.{name}.to_app]");
        let when = if self.title_once { "create" } else { "always" };
        match name {
            "dir" => {
                let _ = write!(
                    out,
                    "userName = 'user.login'\ndisplayName = '{DISPLAY}'\nboss = '{BOSS_NAME}'\nmentor = '{MENTOR_NAME}'\n"
                );
            }
            "crm" => {
                let _ = write!(
                    out,
                    "title = {{ expression = 'user.title', when = \"{when}\" }}\nrole = 'user.department'\nsince = 'user.startDate'\n"
                );
            }
            _ => {
                let _ = writeln!(out, "number = 'user.employeeNumber'");
            }
        }
        for (g, (priority, role)) in &self.groups {
            let group = if *g == GROUPS { "Everyone".to_owned() } else { format!("g{g}") };
            let role = role.map_or_else(String::new, |r| format!("profile = {{ role = \"R{r}\" }}\n"));
            let _ = write!(out, "[apps.{name}.groups.{group}]\npriority = {priority}\n{role}");
        }
    }
}

/// A row of a feed.
#[derive(Clone, PartialEq)]
pub(crate) struct Row {
    pub(crate) num: u8,
    first: u8,
    last: u8,
    dept: u8,
    title: u8,
    /// The employee number of the manager; 0: none.
    boss: u8,
    level: u8,
    /// Days from the beginning of the world.
    start: Option<i64>,
    /// The same for its end.
    end: Option<i64>,
    pub(crate) left: bool,
}

impl Row {
    /// Whether the row can't even be read.
    pub(crate) fn unreadable(&self) -> bool {
        self.level == 5
    }
}

impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(feed(&BTreeMap::from([(0, self.clone())])).lines().nth(1).unwrap_or_default())
    }
}

/// What an HR system has.
pub(crate) type Roster = BTreeMap<u8, Row>;

pub(crate) fn feed(roster: &Roster) -> String {
    let mut out = String::from("id,num,first,last,dept,title,boss,level,start,end,state\n");
    for (id, r) in roster {
        let first = ["Ann", "Bob", ""][usize::from(r.first)];
        let last = ["Ito", "Kim", "Lee"][usize::from(r.last % 3)];
        let boss = if r.boss == 0 { String::new() } else { format!("n{}", r.boss) };
        // 9 doesn't fit the schema, x isn't even a number: both rows are left out.
        let level = ["", "1", "3", "5", "9", "x"][usize::from(r.level)];
        let day = |d: Option<i64>| d.map_or_else(String::new, |d| date(START + d * DAY));
        let (start, end) = (day(r.start), day(r.end));
        let state = if r.left { "left" } else { "" };
        let dept = if r.dept == 3 { String::new() } else { department(r.dept) };
        let num = if r.num == 0 { String::new() } else { format!("n{}", r.num) };
        let _ = writeln!(
            out,
            "k{id},{num},{first},{last},{dept},{},{boss},{level},{start},{end},{state}",
            title(r.title)
        );
    }
    out
}

pub(crate) fn date(at: i64) -> String {
    let at = jiff::Timestamp::from_millisecond(at).unwrap();
    at.to_zoned_datetime(jiff::tz::TimeZone::UTC).date().to_string()
}

/// One change, as a person, a feed or time makes it. People are named by their place in the list of everybody.
#[derive(Clone)]
pub(crate) enum Step {
    /// The source's roster changes (`None`: the row is dropped) and is imported whole.
    Feed {
        source: usize,
        rows: Vec<(u8, Option<Row>)>,
        /// Keys that are other ones from now on.
        moves: Vec<(u8, u8)>,
        force: bool,
    },
    Create {
        login: u8,
        last: u8,
        active: bool,
    },
    Update {
        who: usize,
        attribute: &'static str,
        value: Value,
    },
    Transition {
        who: usize,
        to: u8,
    },
    Group {
        who: usize,
        group: u8,
        add: bool,
    },
    /// Somebody's mentor, by hand.
    Link {
        who: usize,
        other: Option<usize>,
    },
    RuleStatus {
        rule: usize,
        active: bool,
    },
    /// Through the org file: a rule is new or another one, or goes.
    Rule {
        rule: usize,
        spec: Option<RuleSpec>,
    },
    /// Through the org file: when the attribute is written.
    Once {
        app: usize,
        attribute: &'static str,
        once: bool,
    },
    Assign {
        who: usize,
        app: usize,
        days: Option<i64>,
        role: Option<u8>,
    },
    Unassign {
        who: usize,
        app: usize,
    },
    AssignGroup {
        group: u8,
        app: usize,
        priority: u32,
        role: Option<u8>,
    },
    UnassignGroup {
        group: u8,
        app: usize,
    },
    /// Through the org file: anything else of the configuration.
    Setting(Setting),
    /// Somebody says whose a row is that waits.
    Decide {
        source: usize,
        row: usize,
        verdict: u8,
    },
    /// Time goes on and what is due is done.
    Days(i64),
    /// The plan so many plans ago is taken back.
    Undo {
        back: usize,
    },
}

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Feed { source, rows, moves, force } => {
                write!(f, "feed of {} (force {force}):", SOURCES[*source])?;
                let last: BTreeMap<_, _> = rows.iter().map(|(id, row)| (id, row)).collect();
                last.iter().try_for_each(|(id, row)| match row {
                    Some(row) => write!(f, " k{id} is {row:?};"),
                    None => write!(f, " no k{id};"),
                })?;
                moves.iter().try_for_each(|(from, to)| write!(f, " k{from} becomes k{to};"))
            }
            Self::Create { login, last, active } => write!(f, "create {login} {last} {active}"),
            Self::Update { who, attribute, value } => write!(f, "update {who}: {attribute} = {value:?}"),
            Self::Transition { who, to } => {
                write!(
                    f,
                    "{} {who}",
                    ["activate", "deactivate", "suspend", "unsuspend", "reset"][usize::from(*to)]
                )
            }
            Self::Group { who, group, add } => {
                write!(f, "group g{group}: {} {who}", if *add { "add" } else { "remove" })
            }
            Self::Link { who, other } => write!(f, "mentor of {who}: {other:?}"),
            Self::RuleStatus { rule, active } => write!(f, "rule r{rule}: active = {active}"),
            Self::Rule { rule, spec } => write!(f, "rule r{rule} is {spec:?}"),
            Self::Once { app, attribute, once } => write!(f, "{attribute} of app {app}: once = {once}"),
            Self::Assign { who, app, days, role } => {
                write!(f, "assign {} to {who} for {days:?} days as {role:?}", APPS[*app])
            }
            Self::Unassign { who, app } => write!(f, "unassign {} from {who}", APPS[*app]),
            Self::AssignGroup { group, app, priority, role } => {
                write!(f, "assign {} to g{group} at {priority} as {role:?}", APPS[*app])
            }
            Self::UnassignGroup { group, app } => write!(f, "unassign {} from g{group}", APPS[*app]),
            Self::Setting(setting) => write!(f, "org file: {setting:?}"),
            Self::Decide { source, row, verdict } => {
                write!(f, "of {} the row {row} that waits: {verdict}", SOURCES[*source])
            }
            Self::Days(days) => write!(f, "{days} days"),
            Self::Undo { back } => write!(f, "undo {back} back"),
        }
    }
}

fn cond() -> impl Strategy<Value = Cond> {
    let leaf = prop_oneof![
        3 => (0u8..3).prop_map(Cond::Department),
        2 => (0u8..2).prop_map(Cond::Title),
        1 => (1i64..5).prop_map(Cond::Level),
        3 => (0u8..GROUPS).prop_map(Cond::In),
        2 => (-3i64..8).prop_map(Cond::Started),
        2 => (0u8..3).prop_map(Cond::Boss),
        1 => (0u8..3).prop_map(Cond::Mentor),
    ];
    leaf.prop_recursive(2, 4, 2, |inner| {
        prop_oneof![
            inner.clone().prop_map(|a| Cond::Not(Box::new(a))),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| Cond::And(Box::new(a), Box::new(b))),
            (inner.clone(), inner).prop_map(|(a, b)| Cond::Or(Box::new(a), Box::new(b))),
        ]
    })
}

pub(crate) fn rule() -> impl Strategy<Value = RuleSpec> {
    let groups = prop::collection::btree_set(0..GROUPS, 1..3);
    (groups, cond(), prop::option::weighted(0.2, 0..GROUPS), prop::bool::weighted(0.85)).prop_map(
        |(groups, cond, except, active)| {
            let groups: Vec<u8> = groups.into_iter().collect();
            let limit = groups[0];
            RuleSpec { groups, cond: cond.below(limit), except: except.filter(|e| *e < limit), active }
        },
    )
}

fn source() -> impl Strategy<Value = SourceSpec> {
    let leave = prop_oneof![3 => Just("deactivate"), 1 => Just("suspend"), 1 => Just("nothing")];
    let rare = || prop::bool::weighted(0.2);
    let asks = prop::bool::weighted(0.4);
    let titled = any::<bool>();
    (leave, rare(), rare(), any::<bool>(), rare(), rare(), prop::bool::weighted(0.4), (rare(), asks, titled))
        .prop_map(
            |(
                on_leave,
                ends_person,
                stage,
                login_once,
                department_once,
                title_once,
                dated,
                (day_end, asks, titled),
            )| {
                SourceSpec {
                    on_leave,
                    ends_person,
                    stage,
                    login_once,
                    department_once,
                    title_once,
                    dated,
                    day_end,
                    asks,
                    titled,
                }
            },
        )
}

fn stays() -> impl Strategy<Value = Stays> {
    let grace = || prop_oneof![2 => Just(0u32), 1 => 1u32..4];
    let days = || prop::option::weighted(0.3, 0u32..4);
    (grace(), grace(), days(), prop::bool::weighted(0.3), days()).prop_map(
        |(grace, leaver, delete, assignments, early)| Stays { grace, leaver, delete, assignments, early },
    )
}

fn app() -> impl Strategy<Value = AppSpec> {
    let unassign = prop_oneof![3 => Just("deactivate"), 1 => Just("delete"), 1 => Just("nothing")];
    let groups = prop::collection::btree_map(0..=GROUPS, (0u32..3, prop::option::of(0u8..3)), 0..3);
    (unassign, any::<bool>(), prop::bool::weighted(0.3), any::<bool>(), stays(), groups).prop_map(
        |(on_unassign, disable_suspended, before_start, title_once, stays, groups)| AppSpec {
            on_unassign,
            disable_suspended,
            before_start,
            title_once,
            stays,
            groups,
        },
    )
}

pub(crate) fn world() -> impl Strategy<Value = World> {
    let rules = prop::collection::vec(rule(), 3..7);
    let minimum = prop_oneof![3 => Just(100u32), 1 => Just(4)];
    (prop::collection::vec(source(), 1..3), rules, prop::collection::vec(app(), 3), minimum)
        .prop_map(|(sources, rules, apps, minimum)| World { sources, rules, apps, minimum })
}

fn row() -> impl Strategy<Value = Row> {
    let level = prop_oneof![12 => 0u8..4, 1 => 4u8..6];
    let first = prop_oneof![20 => 0u8..2, 1 => Just(2u8)];
    let start = prop::option::of(-3i64..10);
    let end = prop::option::weighted(0.3, -2i64..14);
    (
        prop_oneof![1 => Just(0u8), 12 => 1u8..9],
        first,
        0u8..3,
        0u8..4,
        0u8..4,
        0u8..9,
        level,
        (start, end),
        prop::bool::weighted(0.12),
    )
        .prop_map(|(num, first, last, dept, title, boss, level, (start, end), left)| Row {
            num,
            first,
            last,
            dept,
            title,
            boss,
            level,
            start,
            end,
            left,
        })
}

/// Mostly everybody has a number of her own.
fn rows(n: std::ops::Range<usize>) -> impl Strategy<Value = Vec<(u8, Option<Row>)>> {
    let one = (1u8..9, prop::option::weighted(0.85, row()), prop::bool::weighted(0.8))
        .prop_map(|(id, row, own)| (id, row.map(|r| if own { Row { num: id, ..r } } else { r })));
    prop::collection::vec(one, n)
}

pub(crate) fn import(n: std::ops::Range<usize>) -> impl Strategy<Value = Step> {
    let moves = prop::collection::vec((1u8..9, 1u8..9), 0..3);
    (prop_oneof![3 => Just(0usize), 1 => Just(1)], rows(n), moves, prop::bool::weighted(0.3))
        .prop_map(|(source, rows, moves, force)| Step::Feed { source, rows, moves, force })
}

fn value() -> impl Strategy<Value = (&'static str, Value)> {
    prop_oneof![
        (0u8..4).prop_map(|t| ("title", Value::from(title(t)))),
        (0u8..3).prop_map(|d| ("department", Value::from(department(d)))),
        (0i64..7).prop_map(|n| ("level", Value::Int(n))),
        (-3i64..10).prop_map(|d| ("startDate", Value::from(date(START + d * DAY)))),
        (1u8..9).prop_map(|n| ("managerId", Value::from(format!("n{n}")))),
        (1u8..9).prop_map(|n| ("employeeNumber", Value::from(format!("n{n}")))),
        Just(("title", Value::Null)),
        Just(("managerId", Value::Null)),
    ]
}

/// A change to one person.
pub(crate) fn personal() -> impl Strategy<Value = Step> {
    let who = || 0usize..12;
    prop_oneof![
        3 => (who(), value()).prop_map(|(who, (attribute, value))| Step::Update { who, attribute, value }),
        3 => (who(), 0u8..5).prop_map(|(who, to)| Step::Transition { who, to }),
        3 => (who(), 0..GROUPS, any::<bool>()).prop_map(|(who, group, add)| Step::Group { who, group, add }),
        2 => (who(), 0usize..3, prop::option::of(1i64..6), prop::option::of(0u8..3))
            .prop_map(|(who, app, days, role)| Step::Assign { who, app, days, role }),
        1 => (who(), 0usize..3).prop_map(|(who, app)| Step::Unassign { who, app }),
        2 => (who(), prop::option::weighted(0.8, who())).prop_map(|(who, other)| Step::Link { who, other }),
    ]
}

/// A change to the configuration.
pub(crate) fn configuring() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0usize..7, any::<bool>()).prop_map(|(rule, active)| Step::RuleStatus { rule, active }),
        3 => (0usize..7, prop::option::weighted(0.8, rule())).prop_map(|(rule, spec)| Step::Rule { rule, spec }),
        2 => (0..=GROUPS, 0usize..3, 0u32..3, prop::option::of(0u8..3))
            .prop_map(|(group, app, priority, role)| Step::AssignGroup { group, app, priority, role }),
        1 => (0..=GROUPS, 0usize..3).prop_map(|(group, app)| Step::UnassignGroup { group, app }),
        1 => (prop_oneof![Just((0usize, "department")), Just((0, "title")), Just((0, "login")), Just((2, "title"))], any::<bool>())
            .prop_map(|((app, attribute), once)| Step::Once { app, attribute, once }),
    ]
}

/// Any change that is no undo.
pub(crate) fn change() -> impl Strategy<Value = Step> {
    prop_oneof![
        5 => import(1..4),
        1 => (0u8..3, 0u8..3, any::<bool>()).prop_map(|(login, last, active)| Step::Create { login, last, active }),
        6 => personal(),
        4 => configuring(),
        4 => setting().prop_map(Step::Setting),
        3 => (prop_oneof![3 => Just(0usize), 1 => Just(1)], 0usize..5, 0u8..6)
            .prop_map(|(source, row, verdict)| Step::Decide { source, row, verdict }),
    ]
}

pub(crate) fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => change(),
        1 => (1i64..5).prop_map(Step::Days),
        2 => (0usize..4).prop_map(|back| Step::Undo { back }),
    ]
}

/// Steps one after the other, told one a line.
#[derive(Clone)]
pub(crate) struct Life(pub(crate) Vec<Step>);

impl fmt::Debug for Life {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().enumerate().try_for_each(|(at, step)| write!(f, "\n{at}: {step:?}"))
    }
}

/// A life: the first feed brings most people.
pub(crate) fn life(n: std::ops::Range<usize>) -> impl Strategy<Value = Life> {
    (import(6..10), prop::collection::vec(step(), n)).prop_map(|(first, rest)| {
        let first = match first {
            Step::Feed { rows, moves, force, .. } => Step::Feed { source: 0, rows, moves, force },
            other => other,
        };
        Life(std::iter::once(first).chain(rest).collect())
    })
}
